"""Where open drift stands on its service's ladder: which steps are reached, who hears of them, what comes next.

Steps are counted in working days of the *service* (its time zone, holidays and days off), so that everybody sees the
same step on the same day; they are delivered in the morning of whoever hears of them. The day on which drift was opened
(after the merge: merged) does not count. A snooze silences the item to the end of its last day, and then the ladder
starts anew from that day: whoever snoozes gets the time of the ladder again, and not the escalation on waking up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from bot.reminders.calendar import WorkDays, local_day, work_days
from bot.reminders.nouns import Audience, OpenItem, ReminderPolicy, Step
from runbooks.model import Status

OPEN, MERGED, REVIEW, NOTE = "open", "merged", "review", "note"
"""The phases under which steps are told; ``note`` is for the word about an owner who cannot be reached."""
_after = attrgetter("after")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item stands on a day: its phase and ladder, how many working days it has waited, how many steps of the
    ladder are reached (0: none yet), and whether it sleeps."""

    phase: str
    steps: tuple[Step, ...]
    days: int
    reached: int
    snoozed: bool

    @property
    def told(self) -> tuple[Step, ...]:
        """The steps that are reached."""
        return self.steps[: self.reached]


def ladder(item: OpenItem, policy: ReminderPolicy) -> tuple[str, tuple[Step, ...]]:
    """The phase of an item and the ladder that counts in it, in the order of its days."""
    if not item.merged:
        return OPEN, policy.open
    return MERGED, policy.contradicted if item.status is Status.CONTRADICTED else policy.suspect


@dataclass(frozen=True, slots=True)
class Ladder:
    """A ladder's steps, and which of them (indices) each audience hears of."""

    steps: tuple[Step, ...]
    groups: tuple[tuple[Audience, tuple[int, ...]], ...]

    @classmethod
    def of(cls, steps: tuple[Step, ...]) -> Ladder:
        """Steps with their audiences sorted out."""
        groups: dict[Audience, tuple[int, ...]] = {}
        for index, step in enumerate(steps):
            groups[step.audience] = (*groups.get(step.audience, ()), index)
        return cls(steps, tuple(groups.items()))


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy with its ladders, made once for all items of a service."""

    policy: ReminderPolicy
    open: Ladder
    contradicted: Ladder
    suspect: Ladder

    def of(self, item: OpenItem) -> Ladder:
        """The ladder that counts for an item, as :func:`ladder` says."""
        if not item.merged:
            return self.open
        return self.contradicted if item.status is Status.CONTRADICTED else self.suspect


def calendar(policy: ReminderPolicy) -> WorkDays:
    """The working days of a service."""
    return work_days(policy.holidays, policy.days_off)


def start(item: OpenItem, policy: ReminderPolicy) -> date:
    """The day from which working days are counted; it does not count itself."""
    opened = local_day(policy.timezone, item.since)
    return max(opened, item.snoozed_until) if item.snoozed_until else opened


def snoozed(item: OpenItem, day: date) -> bool:
    """Whether nobody is to hear of an item on a day; the last day of a snooze is silent."""
    return item.snoozed_until is not None and day <= item.snoozed_until


def standing(item: OpenItem, policy: ReminderPolicy, day: date) -> Standing:
    """Where an item stands on a day of whoever asks."""
    phase, steps = ladder(item, policy)
    days = calendar(policy).between(start(item, policy), day)
    return Standing(phase, steps, days, reached(steps, days), snoozed(item, day))


def reached(steps: Sequence[Step], days: int) -> int:
    """How many steps of a ladder are reached after so many working days."""
    return bisect_right(steps, days, key=_after)


def following(
    item: OpenItem, policy: ReminderPolicy, days: int, audiences: frozenset[Audience] = frozenset()
) -> tuple[Step, date] | None:
    """The next step after so many working days and the day on which it comes; of several on one day the one that is
    told to one of ``audiences``, else the first. None when nothing more follows."""
    _, steps = ladder(item, policy)
    rest = steps[reached(steps, days) :]
    if not rest:
        return None
    together = [step for step in rest if step.after == rest[0].after]
    step = next((step for step in together if step.audience in audiences), rest[0])
    return step, calendar(policy).after(start(item, policy), step.after)
