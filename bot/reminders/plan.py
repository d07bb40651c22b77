"""What is due at an instant: one digest a day for each recipient, notes, and the weekly and monthly digests.

Pure: the same world, memory and instant give the same plan, so a restart or a second scheduler changes nothing.

A digest is due within the working hours of its recipient, as soon as the tick comes round, when something in it is
*fresh*: a step that was reached and that this recipient was not told of, nor of a later one. Its content is as of their
morning: a step counts on the day in their calendar, and drift that came in after the morning waits for the next. So a
digest that comes late (a process was down, do-not-disturb ended) says what it would have said in the morning, and a
morning that was missed altogether is folded into the next: the highest step is told, lower ones count as told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.reminders import ladder
from bot.reminders.board import Board, Missing, Policies, Task, World
from bot.reminders.calendar import Window, work_days
from bot.reminders.nouns import (
    Audience,
    Availability,
    Due,
    Entry,
    Kind,
    OpenItem,
    Recipient,
    ReviewDue,
    Sending,
    Step,
    Told,
)
from bot.reminders.ports import Addresses
from runbooks.model import Status

LastSent = Mapping[Kind, Mapping[str, Sending]]
"""The newest message that was sent, by kind and ``Due.series``."""
GAP = timedelta(hours=12)
"""The least time between two messages of a kind to one recipient, whatever day it is where they have moved to."""
OVERDUE = timedelta(days=14)
"""Days after which a review is told of once more."""
_AHEAD = timedelta(hours=24)
"""A message on record later than this was sent by a clock that ran ahead; it does not count."""
_REVIEW_STEPS = 2


@dataclass(frozen=True, slots=True)
class Memory:
    """What was said before: steps, the newest messages, and keys of messages on record, which are not planned again."""

    told: AbstractSet[Told]
    last_sent: LastSent
    taken: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Line:
    """A task or review on a day for one recipient: which step it has reached, whether that is fresh, and after how many
    working days."""

    of: Task | ReviewDue
    step: int
    fresh: bool
    days: int = 0


def plan(
    now: datetime,
    items: Sequence[OpenItem],
    reviews: Sequence[ReviewDue],
    policies: Policies,
    availability: Mapping[str, Availability],
    addresses: Addresses,
    told: AbstractSet[Told],
    last_sent: LastSent,
    taken: AbstractSet[str] = frozenset(),
    quiet: Mapping[str, datetime] | None = None,
) -> list[Due]:
    """Every message that is due now, in the order of its key. The arguments are those of :class:`World` and
    :class:`Memory`; asking again before anything is on record gives the same."""
    world = World(items, reviews, policies, availability, addresses, quiet or {})
    return due(Board(world), now, Memory(told, last_sent, taken))


def due(board: Board, now: datetime, memory: Memory) -> list[Due]:
    """The same for a board that is made already: what :func:`plan` says of its world at an instant."""
    found: list[Due] = []
    for recipient, window in board.awake(now):
        found.extend(_digest(board, recipient, window, now, memory))
        found.extend(_note(board, recipient, window, now, memory))
        found.extend(_periodic(board, recipient, window, now, memory))
    return sorted(found, key=lambda message: message.key)


def _message(
    recipient: Recipient, kind: Kind, window: Window, now: datetime, memory: Memory, subject: str = ""
) -> Due | None:
    """An empty message of today; None when there was one today or within the last hours, or one is on record."""
    message = Due(recipient, kind, window.day, (), window.start, window.end, subject)
    last = memory.last_sent.get(kind, {}).get(message.series)
    earliest = window.start
    if last is not None and last.claimed_at <= now + _AHEAD:
        if last.day >= window.day:
            return None
        earliest = max(earliest, last.claimed_at + GAP)
    if now < earliest or message.key in memory.taken:
        return None
    return Due(recipient, kind, window.day, (), earliest, window.end, subject)


def _digest(board: Board, recipient: Recipient, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """The digest of one recipient, when something in it is fresh."""
    tasks, reviews = board.tasks.get(recipient, ()), board.reviews.get(recipient, ())
    message = _message(recipient, Kind.DIGEST, window, now, memory) if tasks or reviews else None
    if message is None:
        return
    told, key = memory.told, recipient.key
    found = [line for task in tasks if (line := _line(task, window, told, key))]
    found += [line for review in reviews if (line := _review_line(review, window.day, told, key))]
    if any(line.fresh for line in found):
        entries = tuple(_entry(line) for line in sorted(found, key=_worst_first))
        yield Due(recipient, Kind.DIGEST, window.day, entries, message.not_before, message.not_after)


def _line(task: Task, window: Window, told: AbstractSet[Told], recipient: str) -> _Line | None:
    """Where an item stands for a recipient this morning; None when it sleeps, or no step of theirs is reached."""
    item = task.item
    if item.since >= window.morning or ladder.snoozed(item, window.day):
        return None
    days = ladder.calendar(task.policy).between(ladder.start(item, task.policy), window.day)
    step = max((index for index in task.mine if task.steps[index].after <= days), default=-1)
    if step < 0:
        return None
    return _Line(task, step, _fresh(told, item.key, task.phase, range(step, len(task.steps)), recipient), days)


def _review_line(review: ReviewDue, day: date, told: AbstractSet[Told], recipient: str) -> _Line | None:
    """Where a review stands: due, or overdue."""
    if day < review.due:
        return None
    step = int(day >= review.due + OVERDUE)
    return _Line(review, step, _fresh(told, review.key, ladder.REVIEW, range(step, _REVIEW_STEPS), recipient))


def _fresh(told: AbstractSet[Told], key: str, phase: str, steps: range, recipient: str) -> bool:
    """Whether none of these steps was told: neither the one that is reached nor a later one."""
    return not any(Told(key, phase, step, recipient) in told for step in steps)


def _worst_first(line: _Line) -> tuple[int, bool, bool, int, str, str]:
    """Contradicted before suspect before reviews; debt before what is not merged; fresh, high and old ones first."""
    if isinstance(line.of, ReviewDue):
        return 2, False, not line.fresh, -line.step, line.of.due.isoformat(), line.of.key
    item = line.of.item
    rank = int(item.status is not Status.CONTRADICTED)
    return rank, not item.merged, not line.fresh, -line.step, item.since.isoformat(), item.key


def _entry(line: _Line) -> Entry:
    """A line as what stands in the message."""
    of = line.of
    if isinstance(of, ReviewDue):
        comes = (Step(OVERDUE.days, Audience.OWNER), of.due + OVERDUE) if line.step == 0 else (None, None)
        return Entry(of.key, of.service, ladder.REVIEW, line.step, _REVIEW_STEPS, line.fresh, *comes)
    audiences = frozenset(of.steps[index].audience for index in of.mine)
    step, day = ladder.following(of.item, of.policy, line.days, audiences) or (None, None)
    return Entry(of.item.key, of.item.service, of.phase, line.step, len(of.steps), line.fresh, step, day)


def _note(board: Board, channel: Recipient, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """The word to a channel about owners who cannot be reached: once for each of them and service, as long as one of
    the items that it named is still open; when the first step that was theirs is told to somebody else."""
    missing = [one for one in board.missing.get(channel, ()) if _waits(one, window)]
    message = _message(channel, Kind.NOTE, window, now, memory) if missing else None
    if message is None:
        return
    said = {
        (one.service, one.handle)
        for one in board.missing[channel]
        if Told(one.key, ladder.NOTE, one.index, channel.key) in memory.told
    }
    entries = tuple(
        Entry(one.key, one.service, ladder.NOTE, one.index, 0, fresh=True, about=one.handle)
        for one in sorted(missing, key=lambda one: (one.service, one.handle, one.key))
        if (one.service, one.handle) not in said
    )
    if entries:
        yield Due(channel, Kind.NOTE, window.day, entries, message.not_before, message.not_after)


def _waits(one: Missing, window: Window) -> bool:
    """Whether an owner would have been told by now."""
    if isinstance(one.waits, ReviewDue):
        return window.day >= one.waits.due
    return _line(one.waits, window, frozenset(), "") is not None


def _periodic(board: Board, recipient: Recipient, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """The weekly digests of a channel's services on the first working day of the week, and the monthly one of the
    workspace on the first of the month; one that was missed is not made up for: the next has the numbers."""
    services = board.services.get(recipient, ())
    if not services and recipient != board.workspace:
        return
    hours, day = board.availability(recipient), window.day
    working = work_days(hours.holidays, hours.days_off)
    subjects: list[tuple[Kind, str]] = []
    if working.between(day - timedelta(days=day.weekday() + 1), day) == 1:
        subjects += [(Kind.WEEKLY, service) for service in services]
    if recipient == board.workspace and working.between(day.replace(day=1) - timedelta(days=1), day) == 1:
        subjects.append((Kind.MONTHLY, ""))
    for kind, subject in subjects:
        if message := _message(recipient, kind, window, now, memory, subject):
            yield message


__all__ = ["GAP", "OVERDUE", "Board", "LastSent", "Memory", "Policies", "World", "due", "plan"]
