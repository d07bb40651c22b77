"""What would be sent, and when: the plan played forward over a span, on a memory of its own.

``forecast`` is for the schedule that people ask for: the world stays as it is, so only instants at which somebody's
hours begin are looked at. ``replay`` is for tests and benchmarks: every tick, in a world that changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

from bot.reminders.board import Board, World
from bot.reminders.nouns import Due, Kind, Sending, Told
from bot.reminders.plan import GAP, Memory, due

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
    """Who would get what and when from ``start`` to before ``until``, if nothing changed meanwhile, by instant."""
    board, diary = Board(world), Diary.of(memory)
    day, last = start.date() - _DAY, until.date() + _DAY
    moments = {_on_tick(start, tick)}
    while day <= last:
        moments |= {_on_tick(moment, tick) for moment in board.openings(day) if start <= moment < until}
        day += _DAY
    queue = list(moments)
    for sent in memory.last_sent.values():  # the gap after what was sent before may end within the span
        queue += {_on_tick(one.claimed_at + GAP, tick) for one in sent.values() if start < one.claimed_at + GAP < until}
    heapify(queue)
    previous: datetime | None = None
    while queue:
        now = heappop(queue)
        if now == previous or now >= until:
            continue
        previous = now
        messages = due(board, now, diary.memory())
        for message in messages:
            diary.keep(message, now)
            yield now, message
        if messages:
            heappush(queue, _on_tick(now + GAP, tick))


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
