"""Small worlds for the tests of reminders: addresses by name, one service, one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.reminders.board import World
from bot.reminders.nouns import (
    Availability,
    Due,
    Kind,
    OpenItem,
    Place,
    Recipient,
    ReminderPolicy,
    ReviewDue,
)
from bot.reminders.plan import plan
from bot.reminders.simulate import Diary
from runbooks.model import Status

MERGED = datetime(2026, 11, 20, 15, tzinfo=UTC)  # a Friday
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
POLICY = ReminderPolicy()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def person(name: str) -> Recipient:
    return Recipient(Place.PERSON, name)


def channel(name: str) -> Recipient:
    return Recipient(Place.CHANNEL, name)


@dataclass
class Book:
    """Addresses: ``@ann`` is the user ``ann`` unless nobody knows them, ``@team`` is the service's channel."""

    unknown: tuple[str, ...] = ()
    bosses: tuple[str, ...] = ("boss",)
    channels: bool = True

    def of(self, handle: str, service: str, repo: str) -> tuple[Recipient, ...]:
        if handle == "@team":
            return (channel(f"#{service}"),)
        return () if handle in self.unknown else (person(handle[1:]),)

    def channel(self, service: str, repo: str) -> Recipient | None:
        return channel(f"#{service or 'all'}") if self.channels else None

    def escalation(self, service: str, repo: str) -> tuple[Recipient, ...]:
        return tuple(person(name) for name in self.bosses)


def item(name: str = "f1", **said: object) -> OpenItem:
    """Contradicted debt of *pay*, merged on a Friday, of @ann's making and @bob's."""
    values: dict[str, object] = {
        "repo": "o/r",
        "fingerprint": name,
        "number": 7,
        "service": "pay",
        "status": Status.CONTRADICTED,
        "since": MERGED,
        "merged": True,
        "author": "@ann",
        "handles": ("@bob",),
    }
    return OpenItem(**{**values, **said})  # type: ignore[arg-type]


@dataclass
class Office:
    """A world with a diary: ``at`` sends what is due and gives it back."""

    items: Sequence[OpenItem] = ()
    reviews: Sequence[ReviewDue] = ()
    policies: Mapping[tuple[str, str], ReminderPolicy] = field(default_factory=lambda: {("o/r", ""): POLICY})
    availability: Mapping[str, Availability] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    quiet: Mapping[str, datetime] = field(default_factory=dict)
    diary: Diary = field(default_factory=Diary)

    def world(self) -> World:
        return World(self.items, self.reviews, self.policies, self.availability, self.book, self.quiet)

    def due(self, now: datetime) -> list[Due]:
        """What is due, digests and notes only: the weekly ones have their own tests."""
        diary = self.diary
        found = plan(
            now, self.items, self.reviews, self.policies, self.availability, self.book, diary.told, diary.last_sent,
            diary.taken, self.quiet,
        )  # fmt: skip
        return [due for due in found if due.kind in (Kind.DIGEST, Kind.NOTE)]

    def at(self, now: datetime) -> list[Due]:
        found = self.due(now)
        for due in found:
            self.diary.keep(due, now)
        return found
