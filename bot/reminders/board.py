"""Who has what: open drift and reviews sorted by who would hear of them, and recipients sorted by their hours.

Made once from what is open (:class:`World`); at most instants most recipients sleep, so :mod:`bot.reminders.plan` looks
only at the drift of those who may be written to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.reminders import calendar
from bot.reminders.ladder import ladder
from bot.reminders.nouns import (
    Audience,
    Availability,
    OpenItem,
    Place,
    Recipient,
    ReminderPolicy,
    ReviewDue,
    Step,
)
from bot.reminders.policy import availability_of
from bot.reminders.ports import Addresses
from bot.reminders.routes import Routes

Policies = Mapping[tuple[str, str], ReminderPolicy]
"""Policies by repository and service; the empty service is for all others of a repository, two empty names for all
others at all."""


@dataclass(frozen=True, slots=True)
class World:
    """What a plan is made of, beside what was said before. ``availability`` is by Slack user, and of those who are not
    in it the hours of the service count; ``quiet`` says until when users want silence, whoever knows their hours."""

    items: Sequence[OpenItem]
    reviews: Sequence[ReviewDue]
    policies: Policies
    availability: Mapping[str, Availability]
    addresses: Addresses
    quiet: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """An item as one recipient's: its policy, its ladder and phase, and which steps of it are theirs (indices)."""

    item: OpenItem
    policy: ReminderPolicy
    phase: str
    steps: tuple[Step, ...]
    mine: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """An owner who cannot be reached: handle, its place among the owners, and the item or review that waits."""

    handle: str
    index: int
    service: str
    waits: Task | ReviewDue

    @property
    def key(self) -> str:
        """The key of what waits."""
        return self.waits.key if isinstance(self.waits, ReviewDue) else self.waits.item.key


class Board:
    """A world in the order in which it is asked. Nothing of it changes once it is made."""

    def __init__(self, world: World) -> None:
        self.tasks: defaultdict[Recipient, list[Task]] = defaultdict(list)
        self.reviews: defaultdict[Recipient, list[ReviewDue]] = defaultdict(list)
        self.missing: defaultdict[Recipient, list[Missing]] = defaultdict(list)
        self.services: defaultdict[Recipient, set[str]] = defaultdict(set)
        self._world = world
        self._routes = Routes(world.addresses, world.availability)
        self._homes: dict[Recipient, tuple[str, str]] = {}
        self._groups: dict[tuple[Audience, ...], list[tuple[Audience, tuple[int, ...]]]] = {}
        self.workspace = self._routes.channel("", "")
        self._place_services()
        for item in world.items:
            self._place_item(item)
        for review in world.reviews:
            self._place_review(review)
        self._hours = self._by_hours()

    def policy(self, repo: str, service: str) -> ReminderPolicy:
        """The policy that counts for a service of a repository."""
        for key in ((repo, service), (repo, ""), ("", "")):
            if found := self._world.policies.get(key):
                return found
        return ReminderPolicy()

    def awake(self, now: datetime) -> Iterator[tuple[Recipient, calendar.Window]]:
        """Who may be written to now."""
        for (timezone, hours), people in self._hours.items():
            morning, evening = calendar.span(timezone, hours, calendar.local_day(timezone, now))
            if not morning <= now < evening:
                continue
            for person, recipients in people:
                if window := calendar.window(person, now):
                    yield from ((recipient, window) for recipient in recipients)

    def openings(self, day: date) -> set[datetime]:
        """The instants at which somebody's stretch of a day begins."""
        people = (person for group in self._hours.values() for person, _ in group)
        return {window.start for person in people for window in calendar.windows(person, day)}

    def availability(self, recipient: Recipient) -> Availability:
        """The hours of a recipient: a person's own, else those of the first service (by name) that led there."""
        person = recipient.place is Place.PERSON
        known = self._world.availability.get(recipient.id) if person else None
        known = known or availability_of(self.policy(*self._homes.get(recipient, ("", ""))))
        quiet = self._world.quiet.get(recipient.id) if person else None
        if quiet is None:
            return known
        return replace(known, quiet_until=max(quiet, known.quiet_until or quiet))

    def _place_services(self) -> None:
        """Services by channel, for weekly digests; a channel's hours are those of its first service."""
        for repo, service in sorted(self._world.policies):
            channel = self._routes.channel(service, repo) if service else None
            if channel and self._world.policies[repo, service].enabled:
                self.services[channel].add(service)
                self._homes.setdefault(channel, (repo, service))

    def _place_item(self, item: OpenItem) -> None:
        policy = self.policy(item.repo, item.service)
        if not policy.enabled:
            return
        phase, steps = ladder(item, policy)
        mine: dict[Recipient, tuple[int, ...]] = {}
        for audience, indices in self._grouped(steps):
            route = self._routes.of(audience, item)
            for recipient in route.to:
                mine[recipient] = tuple(sorted((*mine[recipient], *indices))) if recipient in mine else indices
            if route.missing:
                self._miss(item.repo, item.service, route.missing, Task(item, policy, phase, steps, indices))
        for recipient, indices in mine.items():
            self.tasks[recipient].append(Task(item, policy, phase, steps, indices))
            self._at_home(recipient, item.repo, item.service)

    def _place_review(self, review: ReviewDue) -> None:
        if not self.policy(review.repo, review.service).enabled:
            return
        route = self._routes.owner(review.handles, review.service, review.repo)
        for recipient in route.to:
            self.reviews[recipient].append(review)
            self._at_home(recipient, review.repo, review.service)
        self._miss(review.repo, review.service, route.missing, review)

    def _grouped(self, steps: tuple[Step, ...]) -> list[tuple[Audience, tuple[int, ...]]]:
        """The steps of each audience of a ladder."""
        audiences = tuple([step.audience for step in steps])
        if audiences not in self._groups:
            self._groups[audiences] = [
                (audience, tuple(index for index, other in enumerate(audiences) if other is audience))
                for audience in dict.fromkeys(audiences)
            ]
        return self._groups[audiences]

    def _miss(self, repo: str, service: str, missing: tuple[tuple[int, str], ...], waits: Task | ReviewDue) -> None:
        channel = self._routes.channel(service, repo) if missing else None
        if channel:
            self.missing[channel].extend(Missing(handle, index, service, waits) for index, handle in missing)
            self._at_home(channel, repo, service)

    def _at_home(self, recipient: Recipient, repo: str, service: str) -> None:
        if recipient not in self._homes:
            self._homes[recipient] = (repo, service)
        elif recipient not in self.services:
            self._homes[recipient] = min(self._homes[recipient], (repo, service))

    def _by_hours(self) -> dict[tuple[str, str], list[tuple[Availability, list[Recipient]]]]:
        """Recipients by time zone and working hours, and in those by all that is known of them."""
        same: defaultdict[Availability, list[Recipient]] = defaultdict(list)
        for recipient in self._homes:
            same[self.availability(recipient)].append(recipient)
        if self.workspace and self.workspace not in self._homes:
            same[self.availability(self.workspace)].append(self.workspace)
        found: defaultdict[tuple[str, str], list[tuple[Availability, list[Recipient]]]] = defaultdict(list)
        for person, recipients in same.items():
            found[person.timezone, person.working_hours].append((person, recipients))
        return dict(found)
