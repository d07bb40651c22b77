"""The nouns of reminders: ladders, calendars, what is due and what was said.

Frozen, plain values, no imports of ours but verdicts, so that ``bot.model`` may carry a policy. Times are aware
datetimes in UTC; days are of somebody's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from runbooks.model import Status


class Audience(StrEnum):
    """Who hears of a step of the ladder."""

    AUTHOR = "author"
    OWNER = "owner"
    CHANNEL = "channel"
    ESCALATION = "escalation"


class Kind(StrEnum):
    """What a message is. A recipient gets one of each kind (and subject) a day at most."""

    DIGEST = "digest"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    NOTE = "note"


class Place(StrEnum):
    """What a recipient is: a Slack user (direct message) or a channel."""

    PERSON = "person"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A step of a ladder: who hears of it, so many working days after the drift was opened (before the merge) or merged
    (after it)."""

    after: int
    audience: Audience


def _steps(*told: tuple[int, Audience]) -> tuple[Step, ...]:
    return tuple(Step(after, audience) for after, audience in told)


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """What a service's repository says of reminders; the figures are those of the design. ``working_hours`` is
    ``HH:MM-HH:MM`` in ``timezone``; ``holidays`` names a country or part of one as the ``holidays`` library does
    (``DE``, ``DE-BY``); ``review_every`` is in days and counts for runbooks that set none, None for no reminders;
    ``gather`` is for how many days after somebody's last digest suspects and reviews wait for company."""

    enabled: bool = True
    timezone: str = "UTC"
    working_hours: str = "09:00-17:00"
    holidays: str = ""
    days_off: tuple[date, ...] = ()
    review_every: int | None = None
    open: tuple[Step, ...] = _steps(
        (1, Audience.AUTHOR), (1, Audience.OWNER), (5, Audience.AUTHOR), (5, Audience.OWNER)
    )
    contradicted: tuple[Step, ...] = _steps(
        (1, Audience.OWNER), (3, Audience.OWNER), (5, Audience.CHANNEL), (10, Audience.ESCALATION)
    )
    suspect: tuple[Step, ...] = _steps(
        (2, Audience.OWNER), (7, Audience.OWNER), (12, Audience.CHANNEL), (20, Audience.ESCALATION)
    )
    gather: int = 7


@dataclass(frozen=True, slots=True, order=True)
class Recipient:
    """Where a message goes: a Slack user's id or a channel."""

    place: Place
    id: str

    @property
    def key(self) -> str:
        """``person:U123``: the key of rows and orders."""
        return f"{self.place.value}:{self.id}"

    @classmethod
    def parse(cls, key: str) -> Recipient:
        """The reverse of ``key``. Raises ``ValueError``."""
        place, _, name = key.partition(":")
        return cls(Place(place), name)


UNRESOLVED = "?"
"""What the id of a person begins with of whom only the address is known: Slack could not be asked who that is."""


def unresolved(recipient: Recipient) -> bool:
    """Whether nobody can write to a recipient yet: what is theirs waits, as they may well be there."""
    return recipient.id.startswith(UNRESOLVED)


@dataclass(frozen=True, slots=True)
class Availability:
    """When somebody may be written to. What is empty is not known of them: then their service's counts
    (:func:`bot.reminders.policy.filled`). ``dnd`` is a span of do-not-disturb (UTC) that is known to come,
    ``quiet_until`` what they asked for themselves; ``gone`` is whether they left the workspace."""

    timezone: str
    working_hours: str = ""
    holidays: str = ""
    days_off: tuple[date, ...] = ()
    dnd: tuple[datetime, datetime] | None = None
    quiet_until: datetime | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Open drift, as far as reminders need it. ``handles`` are owners by precedence of their source (before them
    whom it was handed to); ``since`` is when it was opened, or merged if it was."""

    repo: str
    fingerprint: str
    number: int
    service: str
    status: Status
    since: datetime
    merged: bool
    author: str
    handles: tuple[str, ...]
    snoozed_until: date | None = None

    @property
    def key(self) -> str:
        """What rows and contents name it by."""
        return f"{self.repo}:{self.fingerprint}"


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """A runbook whose next review is due on a day."""

    repo: str
    path: str
    service: str
    due: date
    handles: tuple[str, ...]

    @property
    def key(self) -> str:
        """What rows and contents name it by; a review that is done gives the next one another key."""
        return f"{self.repo}:{self.path}@{self.due.isoformat()}"


@dataclass(frozen=True, slots=True)
class Told:
    """A step that somebody was told of: ``key`` of the item or review, which step (its index in the ladder of its
    phase; for reviews 0 when due, 1 when overdue), of which phase (``open``, ``merged``, ``review``)."""

    key: str
    phase: str
    step: int
    recipient: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a digest: an item or a review, the step that it has reached for this recipient, whether that is new
    since the last digest, and the next step (None: nothing more follows) with the day on which it comes. In a note,
    ``phase`` is ``note``, ``about`` the handle that leads to nobody and ``step`` its place among the owners."""

    key: str
    service: str
    phase: str
    step: int
    steps: int
    fresh: bool
    following: Step | None = None
    following_on: date | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent: to whom, on which day of their calendar, what stands in it, and the span (UTC) in
    which it may arrive. ``subject`` is a service's name for weekly digests, else empty. ``asked`` is whether a person
    asked for it; ``channel`` and ``ts`` say where it stands in Slack once it was sent."""

    recipient: Recipient
    kind: Kind
    day: date
    entries: tuple[Entry, ...]
    not_before: datetime
    not_after: datetime
    subject: str = ""
    asked: bool = False
    channel: str = ""
    ts: str = ""

    @property
    def key(self) -> str:
        """The id of row and order: one a day for each recipient, kind and subject."""
        return f"{self.kind.value}:{self.recipient.key}:{self.day.isoformat()}" + (
            f":{self.subject}" if self.subject else ""
        )

    @property
    def series(self) -> str:
        """What this is the next message of, among those of its kind: the recipient's key, and the subject if any; one
        that was asked for is the next of the usual ones."""
        return f"{self.recipient.key}:{self.subject}" if self.subject and not self.asked else self.recipient.key

    @property
    def told(self) -> tuple[Told, ...]:
        """What is on record once it was sent."""
        return tuple(Told(e.key, e.phase, e.step, self.recipient.key) for e in self.entries if e.fresh)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on record, claimed before it is sent: whoever inserted the row sends it. ``content`` is a digest of the
    entries' keys and steps; ``state`` is ``claimed``, ``sent``, ``empty`` (nothing was left to say), ``late`` (its span
    passed; the next morning says it) or ``refused`` (Slack said no for good: ``reason``)."""

    key: str
    recipient: str
    kind: Kind
    day: date
    claimed_at: datetime
    due: Due
    state: str = "claimed"
    content: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What happened in a span, for weekly and monthly digests: counts, and seconds until half of the closed ones were
    closed (0 without any)."""

    opened: int
    closed: int
    open_now: int
    oldest: datetime | None
    median_seconds: float
