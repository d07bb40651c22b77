"""What would be sent, and when: the plan played forward over a span, on a memory of its own.

``forecast`` is for the schedule that people ask for: the world stays as it is, so only instants at which somebody's
hours begin are looked at. ``replay`` is for tests and benchmarks: every tick, in a world that changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

from bot.reminders.board import Board, World
from bot.reminders.nouns import Due, Kind, Sending, Told
from bot.reminders.plan import GAP, Memory, due, for_one
from bot.reminders.routes import Inbox

TICK = timedelta(minutes=15)
"""How often the scheduler asks; ticks are at whole quarters of an hour."""
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Diary:
    """A memory that is written: what the store does, in a dictionary. Messages in it went out when they were planned,
    and no clock of it runs ahead."""

    told: set[Told] = field(default_factory=set)
    last_sent: dict[Kind, dict[str, Sending]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, memory: Memory) -> Diary:
        """A copy of what is on record."""
        sent = {kind: dict(by_series) for kind, by_series in memory.last_sent.items()}
        return cls(set(memory.told), sent, set(memory.taken))

    def memory(self) -> Memory:
        """It as the plan reads it; a view, not a copy."""
        return Memory(self.told, self.last_sent, self.taken)

    def keep(self, message: Due, at: datetime) -> None:
        """Write down that a message went out."""
        self.told.update(message.told)
        self.taken.add(message.key)
        sending = Sending(message.key, message.recipient.key, message.kind, message.day, at, message, "sent")
        self.last_sent.setdefault(message.kind, {})[message.series] = sending


def forecast(
    world: World, memory: Memory, start: datetime, until: datetime, tick: timedelta = TICK
) -> Iterator[tuple[datetime, Due]]:
    """Who would get what and when from ``start`` to before ``until``, if nothing changed meanwhile, by instant.

    The same as a plan at every tick: in a world that stays as it is, something becomes due only when a stretch of
    somebody's hours begins, or when the gap after their last message ends."""
    board, diary = Board(world), Diary.of(memory)
    again = _gaps(board, memory, start, tick)
    queue = [moment for moment in _openings(board, start, until, tick) | again.keys() if moment < until]
    heapify(queue)
    queued, previous = set(queue), None
    while queue:
        now = heappop(queue)
        awake = dict(board.awake(now, previous))
        awake |= {inbox: window for inbox in again.pop(now, ()) if (window := board.window(inbox, now))}
        found = [(m, inbox) for inbox, at in awake.items() for m in for_one(board, inbox, at, now, diary.memory())]
        for message, inbox in sorted(found, key=lambda one: one[0].key):
            diary.keep(message, now)
            after = _on_tick(now + GAP, tick)
            again[after][inbox] = None
            if after not in queued and after < until:
                queued.add(after)
                heappush(queue, after)
            yield now, message
        previous = now


def _openings(board: Board, start: datetime, until: datetime, tick: timedelta) -> set[datetime]:
    """The first tick, and those at which stretches begin."""
    moments, day = {_on_tick(start, tick)}, start.date() - _DAY
    while day <= until.date() + _DAY:
        moments |= {_on_tick(moment, tick) for moment in board.openings(day) if start < moment < until}
        day += _DAY
    return moments


def _gaps(board: Board, memory: Memory, start: datetime, tick: timedelta) -> defaultdict[datetime, dict[Inbox, None]]:
    """Who is to be looked at when: those whose gap after what was sent before ends later than the start."""
    ends: defaultdict[str, set[datetime]] = defaultdict(set)
    for by_series in memory.last_sent.values():
        for sent in by_series.values():
            ends[sent.recipient].add(sent.claimed_at + GAP)
    found: defaultdict[datetime, dict[Inbox, None]] = defaultdict(dict)
    for inbox in board.inboxes():
        for end in ends.get(inbox.key, ()):
            if end > start:
                found[_on_tick(end, tick)][inbox] = None
    return found


def replay(
    worlds: Callable[[datetime], World], diary: Diary, ticks: Iterable[datetime]
) -> Iterator[tuple[datetime, Due]]:
    """What is sent at each tick in a world that changes; a world that is the same object as before is not sorted
    again."""
    world: World | None = None
    board: Board | None = None
    for now in ticks:
        current = worlds(now)
        if board is None or current is not world:
            world, board = current, Board(current)
        for message in due(board, now, diary.memory()):
            diary.keep(message, now)
            yield now, message


def ticks(start: datetime, until: datetime, tick: timedelta = TICK) -> Iterator[datetime]:
    """Every tick from ``start`` to before ``until``."""
    now = _on_tick(start, tick)
    while now < until:
        yield now
        now += tick


def _on_tick(moment: datetime, tick: timedelta) -> datetime:
    """The first tick at or after a moment."""
    return moment + (_EPOCH - moment) % tick
