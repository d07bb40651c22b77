"""What is due at an instant: one digest a day for each recipient, notes, and the weekly and monthly digests.

Pure: the same world, memory and instant give the same plan, so a restart or a second scheduler changes nothing.

A digest is due within the working hours of its recipient, as soon as the tick comes round, when something in it is
*fresh*: a step that was reached and that this recipient was not told of, nor of a later one. Its content is as of their
morning: a step counts on the day in their calendar, and drift that came in after the morning waits for the next. So a
digest that comes late (a process was down, do-not-disturb ended) says what it would have said in the morning, and a
morning that was missed altogether is folded into the next: the highest step is told, lower ones count as told.

What may wait (suspects, reviews) gathers: it brings no digest sooner than some days after the last one
(``ReminderPolicy.gather``), but is in each that comes for something else. Why: docs/decisions/0009-suspects-gather.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.reminders import ladder
from bot.reminders.board import Board, Policies, World
from bot.reminders.calendar import Window, work_days
from bot.reminders.ladder import Rules
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
from bot.reminders.routes import Inbox, Missing
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
_OWN = frozenset({Audience.AUTHOR, Audience.OWNER})
"""Whose things are listed when they ask, whatever the ladder says."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was said before: steps, the newest messages, and keys of messages on record, which are not planned again.
    With ``early`` the first step of authors and owners is told before its day: to somebody who asks."""

    told: AbstractSet[Told]
    last_sent: LastSent
    taken: AbstractSet[str] = frozenset()
    early: bool = False


@dataclass(slots=True)
class _ItemLine:
    """An item on a day for one recipient: its rules, which steps are theirs, after how many working days it has reached
    which of them, and whether that is fresh; a contradicted one does not wait for others."""

    item: OpenItem
    rules: Rules
    mine: tuple[int, ...]
    days: int
    step: int
    fresh: bool


@dataclass(slots=True)
class _ReviewLine:
    """A review on a day for one recipient: due (0) or overdue (1), and whether that is fresh."""

    review: ReviewDue
    step: int
    fresh: bool


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
    found = [message for inbox, window in board.awake(now) for message in for_one(board, inbox, window, now, memory)]
    return sorted(found, key=lambda message: message.key)


def for_one(board: Board, inbox: Inbox, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """What is due for one recipient, who may be written to in this window."""
    yield from _digest(board, inbox, window, now, memory)
    yield from _note(board, inbox, window, now, memory)
    yield from _periodic(board, inbox, window, now, memory)


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


def _digest(board: Board, inbox: Inbox, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """The digest of one recipient, when something in it is fresh and need not wait."""
    waiting = inbox.items or inbox.reviews
    message = _message(inbox.recipient, Kind.DIGEST, window, now, memory) if waiting else None
    if message is None:
        return
    told = memory.told
    found: list[_ItemLine | _ReviewLine] = [
        line
        for item, rules, mine in zip(inbox.items, inbox.rules, inbox.mine, strict=True)
        if (line := _line(item, rules, mine, window, told, inbox.key) or _early(item, rules, mine, window, memory))
    ]
    reviews = (_review_line(review, window.day, told, inbox.key) for review in inbox.reviews)
    found += [line for line in reviews if line]
    since = _since_last(message, now, memory)
    if any(line.fresh and _patience(board, line) <= since for line in found):
        entries = tuple(_entry(line, window.day) for line in sorted(found, key=_worst_first))
        yield replace(message, entries=entries)


def _since_last(message: Due, now: datetime, memory: Memory) -> timedelta:
    """How many days of the recipient's calendar lie between the last digest and this one."""
    last = memory.last_sent.get(message.kind, {}).get(message.series)
    return timedelta.max if last is None or last.claimed_at > now + _AHEAD else message.day - last.day


def _patience(board: Board, line: _ItemLine | _ReviewLine) -> timedelta:
    """So long after the last digest a line brings another one."""
    if isinstance(line, _ReviewLine):
        return timedelta(days=board.rules(line.review.repo, line.review.service).policy.gather)
    wrong = line.item.status is Status.CONTRADICTED
    return timedelta(0) if wrong else timedelta(days=line.rules.policy.gather)


def _line(
    item: OpenItem, rules: Rules, mine: tuple[int, ...], window: Window, told: AbstractSet[Told], recipient: str
) -> _ItemLine | None:
    """Where an item stands for a recipient this morning; None when it sleeps, or no step of theirs is reached."""
    days = _waited(item, rules, window)
    steps, step = rules.of(item).steps, -1
    for index in mine:
        if steps[index].after > days:
            break
        step = index
    if step < 0:
        return None
    phase = ladder.MERGED if item.merged else ladder.OPEN
    fresh = _fresh(told, item.key, phase, range(step, len(steps)), recipient)
    return _ItemLine(item, rules, mine, days, step, fresh)


def _early(item: OpenItem, rules: Rules, mine: tuple[int, ...], window: Window, memory: Memory) -> _ItemLine | None:
    """An item before the first step of its author or owner, told as that step; None unless early words are wanted."""
    first = rules.of(item).steps[mine[0]]
    if not memory.early or ladder.snoozed(item, window.day) or first.audience not in _OWN:
        return None
    return _ItemLine(item, rules, mine, first.after, mine[0], True)


def _waited(item: OpenItem, rules: Rules, window: Window) -> int:
    """For how many working days an item has waited this morning; -1 when it sleeps, or came in later."""
    if item.since >= window.morning or ladder.snoozed(item, window.day):
        return -1
    return ladder.calendar(rules.policy).between(ladder.start(item, rules.policy), window.day)


def _review_line(review: ReviewDue, day: date, told: AbstractSet[Told], recipient: str) -> _ReviewLine | None:
    """Where a review stands: due, or overdue."""
    if day < review.due:
        return None
    step = int(day >= review.due + OVERDUE)
    return _ReviewLine(review, step, _fresh(told, review.key, ladder.REVIEW, range(step, _REVIEW_STEPS), recipient))


def _fresh(told: AbstractSet[Told], key: str, phase: str, steps: range, recipient: str) -> bool:
    """Whether none of these steps was told: neither the one that is reached nor a later one."""
    return not any(Told(key, phase, step, recipient) in told for step in steps)


def _worst_first(line: _ItemLine | _ReviewLine) -> tuple[int, bool, bool, int, str, str]:
    """Contradicted before suspect before reviews; debt before what is not merged; fresh, high and old ones first."""
    if isinstance(line, _ReviewLine):
        return 2, False, not line.fresh, -line.step, line.review.due.isoformat(), line.review.key
    item = line.item
    rank = int(item.status is not Status.CONTRADICTED)
    return rank, not item.merged, not line.fresh, -line.step, item.since.isoformat(), item.key


def _entry(line: _ItemLine | _ReviewLine, today: date) -> Entry:
    """A line as what stands in the message."""
    if isinstance(line, _ReviewLine):
        of = line.review
        comes = (Step(OVERDUE.days, Audience.OWNER), of.due + OVERDUE) if line.step == 0 else (None, None)
        return Entry(of.key, of.service, ladder.REVIEW, line.step, _REVIEW_STEPS, line.fresh, *comes)
    item, policy = line.item, line.rules.policy
    phase, steps = ladder.ladder(item, policy)
    audiences = frozenset([steps[index].audience for index in line.mine])
    step, day = ladder.following(item, policy, line.days, audiences) or (None, None)
    if step and day and step.audience in audiences and item.status is not Status.CONTRADICTED:
        last_silent = today + timedelta(days=policy.gather - 1)
        day = max(day, ladder.calendar(policy).after(last_silent, 1))
    return Entry(item.key, item.service, phase, line.step, len(steps), line.fresh, step, day)


def _note(board: Board, inbox: Inbox, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """The word to a channel about owners who cannot be reached: once for each of them and service, as long as one of
    the items that it named is still open; when the first step that was theirs is told to somebody else."""
    missing = [one for one in inbox.missing if _waits(board, one, window)]
    message = _message(inbox.recipient, Kind.NOTE, window, now, memory) if missing else None
    if message is None:
        return
    said = {
        (one.waits.service, one.handle)
        for one in inbox.missing
        if Told(one.waits.key, ladder.NOTE, one.index, inbox.key) in memory.told
    }
    entries = tuple(
        Entry(one.waits.key, one.waits.service, ladder.NOTE, one.index, 0, fresh=True, about=one.handle)
        for one in sorted(missing, key=lambda one: (one.waits.service, one.handle, one.waits.key))
        if (one.waits.service, one.handle) not in said
    )
    if entries:
        yield replace(message, entries=entries)


def _waits(board: Board, one: Missing, window: Window) -> bool:
    """Whether an owner would have been told by now."""
    of = one.waits
    if isinstance(of, ReviewDue):
        return window.day >= of.due
    rules = board.rules(of.repo, of.service)
    first = min(step.after for step in rules.of(of).steps if step.audience is Audience.OWNER)
    return _waited(of, rules, window) >= first


def _periodic(board: Board, inbox: Inbox, window: Window, now: datetime, memory: Memory) -> Iterator[Due]:
    """The weekly digests of a channel's services on the first working day of the week, and the monthly one of the
    workspace on the first of the month; one that was missed is not made up for: the next has the numbers."""
    if not inbox.services and inbox is not board.workspace:
        return
    hours, day = board.availability(inbox), window.day
    working = work_days(hours.holidays, hours.days_off)
    subjects: list[tuple[Kind, str]] = []
    if working.between(day - timedelta(days=day.weekday() + 1), day) == 1:
        subjects += [(Kind.WEEKLY, service) for service in inbox.services]
    if inbox is board.workspace and working.between(day.replace(day=1) - timedelta(days=1), day) == 1:
        subjects.append((Kind.MONTHLY, ""))
    for kind, subject in subjects:
        if message := _message(inbox.recipient, kind, window, now, memory, subject):
            yield message


__all__ = ["GAP", "OVERDUE", "Board", "LastSent", "Memory", "Policies", "World", "due", "plan"]
