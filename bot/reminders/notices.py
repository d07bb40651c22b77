"""What a reminder shows, as nouns, and how reminders look, as a port: the use case gathers, ``slack/digests.py`` words.

All of it is plain values, so that a message can be built, shown and tested without Slack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.model import Directory, Drift, Pull
from bot.ports import Message
from bot.reminders.nouns import Audience, Due, Entry, Numbers, Recipient, ReviewDue, Step

HANDED_OVER = "handed over"
"""What became of an item that others have now; ``Drift.assignee`` says who."""


@dataclass(frozen=True, slots=True)
class Line:
    """Open drift in a digest. ``steps`` is the ladder of its phase, ``next_to`` who hears of the following step, and
    ``pull`` the pull request where the store still has it."""

    entry: Entry
    drift: Drift
    steps: tuple[Step, ...]
    pull: Pull | None = None
    next_to: tuple[Recipient, ...] = ()

    @property
    def audience(self) -> Audience:
        """Whose step this is; the owner's where the ladder was shortened meanwhile."""
        return self.steps[self.entry.step].audience if 0 <= self.entry.step < len(self.steps) else Audience.OWNER

    @property
    def nth(self) -> int:
        """Which reminder this is, from 1: the steps of one day are one reminder, told to several."""
        return max(len({step.after for step in self.steps[: self.entry.step + 1]}), 1)


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A review in a digest: the runbook's title, when and by whom it was reviewed last (None, empty: no record), every
    how many days it should be, and the branch that the editor opens (empty: the default one)."""

    entry: Entry
    review: ReviewDue
    title: str = ""
    last: date | None = None
    by: str = ""
    every: int | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a digest said and is no longer so: in words what became of it, and whether it only sleeps. ``drift`` is as
    it is now, None for a review."""

    entry: Entry
    how: str
    asleep: bool = False
    drift: Drift | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """An owner who leads to nobody, in a note: whether they ``left`` (else nobody knows who they are on Slack), how
    many sections and reviews were theirs, and who gets them now (nobody: ``to`` is empty)."""

    handle: str
    service: str
    left: bool
    sections: int
    reviews: int = 0
    to: tuple[Recipient, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open drift in a weekly digest, and the login of who opened the pull request (empty: not known)."""

    drift: Drift
    author: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of a service (all of them: an empty name) from ``since`` to ``until``, that day included, and those
    of the span before it."""

    service: str
    since: date
    until: date
    now: Numbers
    before: Numbers


class Notices(Protocol):
    """How reminders look. Pure: equal nouns, equal messages; ``Due.key`` is what they are posted under."""

    def digest(
        self, due: Due, lines: Sequence[Line | ReviewLine | Settled], directory: Directory, now: datetime
    ) -> Message:
        """What waits for somebody. ``lines`` are those of ``due.entries`` that are still open, in their order (worst
        first), at least one; in a digest that is brought up to date also what was settled since."""
        ...

    def note(self, due: Due, absent: Sequence[Absent]) -> Message:
        """The word to a channel about owners who lead to nobody; at least one."""
        ...

    def weekly(
        self, due: Due, tally: Tally, waiting: Sequence[Waiting], directory: Directory, now: datetime
    ) -> Message:
        """A service's week; ``waiting`` is all of its open drift."""
        ...

    def monthly(self, due: Due, tally: Tally, services: Sequence[Tally]) -> Message:
        """The workspace's month, and each service's."""
        ...
