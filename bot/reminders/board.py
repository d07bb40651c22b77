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
from bot.reminders.ladder import Ladder, Rules
from bot.reminders.nouns import (
    Audience,
    Availability,
    OpenItem,
    Place,
    Recipient,
    ReminderPolicy,
    ReviewDue,
    Step,
    unresolved,
)
from bot.reminders.policy import availability_of, filled
from bot.reminders.ports import Addresses
from bot.reminders.routes import Inbox, Routes

Policies = Mapping[tuple[str, str], ReminderPolicy]
"""Policies by repository and service; the empty service is for all others of a repository, two empty names for all
others at all."""


@dataclass(frozen=True, slots=True)
class World:
    """What a plan is made of, beside what was said before. ``availability`` is by Slack user; for what is not known of
    somebody the hours, holidays and time zone of the service count; ``quiet`` says until when users want silence,
    whoever knows their hours."""

    items: Sequence[OpenItem]
    reviews: Sequence[ReviewDue]
    policies: Policies
    availability: Mapping[str, Availability]
    addresses: Addresses
    quiet: Mapping[str, datetime] = field(default_factory=dict)


class Board:
    """A world in the order in which it is asked. Nothing of it changes once it is made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = Routes(world.addresses, world.availability)
        self._rules: dict[tuple[str, str], Rules] = {}
        self._ladders: dict[int, Ladder] = {}
        self.workspace = next(iter(self._routes.channel("", "")), None)
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

    def awake(self, now: datetime, after: datetime | None = None) -> Iterator[tuple[Inbox, calendar.Window]]:
        """Who may be written to now; with ``after`` only whose stretch of time began later than that."""
        for (timezone, hours), people in self._hours.items():
            morning, evening = calendar.span(timezone, hours, calendar.local_day(timezone, now))
            if not morning <= now < evening:
                continue
            for person, inboxes in people:
                window = calendar.window(person, now)
                if window and (after is None or window.start > after):
                    yield from ((inbox, window) for inbox in inboxes)

    def window(self, inbox: Inbox, now: datetime) -> calendar.Window | None:
        """The stretch in which a recipient may be written to now."""
        return calendar.window(self.availability(inbox), now)

    def hears(self, audience: Audience, item: OpenItem) -> tuple[Recipient, ...]:
        """Who hears of a step for an audience."""
        return tuple(inbox.recipient for inbox in self._routes.of(audience, item))

    def owner_of(self, of: OpenItem | ReviewDue) -> tuple[Recipient, ...]:
        """Who hears as the owner of an item or a review."""
        return tuple(inbox.recipient for inbox in self._routes.owner(of))

    def missing(self, of: OpenItem | ReviewDue) -> frozenset[str]:
        """The owners who would hear of an item or a review, and lead to nobody."""
        return frozenset(one.handle for one in self._routes.missing(of))

    def inboxes(self) -> Iterator[Inbox]:
        """Everybody who may hear of something."""
        yield from (inbox for group in self._hours.values() for _, inboxes in group for inbox in inboxes)

    def people(self) -> set[str]:
        """Everybody (Slack ids) who may hear of something, those too who would if they had not left."""
        there = {inbox.recipient.id for inbox in self.inboxes() if inbox.recipient.place is Place.PERSON}
        return there | self._routes.left

    def openings(self, day: date) -> set[datetime]:
        """The instants at which somebody's stretch of a day begins."""
        people = (person for group in self._hours.values() for person, _ in group)
        return {window.start for person in people for window in calendar.windows(person, day)}

    def timezone(self, recipient: Recipient) -> str:
        """The time zone of a recipient; UTC for one to whom nothing leads."""
        inbox = next((inbox for inbox in self._routes.inboxes() if inbox.recipient == recipient), None)
        return self.availability(inbox).timezone if inbox is not None else "UTC"

    def availability(self, inbox: Inbox) -> Availability:
        """The hours of a recipient: what is known of a person, else as in the first service (by name) that led
        there."""
        slack = inbox.recipient.id if inbox.recipient.place is Place.PERSON else ""
        usual = availability_of(self.policy(*(inbox.home or ("", ""))))
        known = self._world.availability.get(slack)
        known = usual if known is None else filled(known, usual)
        quiet = self._world.quiet.get(slack)
        if quiet is None:
            return known
        return replace(known, quiet_until=max(quiet, known.quiet_until or quiet))

    def _place_services(self) -> None:
        """Services by channel, for weekly digests; a channel's hours are those of its first service."""
        for repo, service in sorted(self._world.policies):
            if service and self._world.policies[repo, service].enabled:
                for channel in self._routes.channel(service, repo):
                    channel.services.add(service)
                    channel.home = channel.home or (repo, service)

    def rules(self, repo: str, service: str) -> Rules:
        """The policy of a service with its ladders."""
        key = (repo, service)
        if key not in self._rules:
            policy = self.policy(repo, service)
            ladders = [self._ladder(steps) for steps in (policy.open, policy.contradicted, policy.suspect)]
            self._rules[key] = Rules(policy, *ladders)
        return self._rules[key]

    def _ladder(self, steps: tuple[Step, ...]) -> Ladder:
        """One ladder for all services that share it; by identity, which is cheap, and the world keeps it alive."""
        if id(steps) not in self._ladders:
            self._ladders[id(steps)] = Ladder.of(steps)
        return self._ladders[id(steps)]

    def _place_item(self, item: OpenItem) -> None:
        rules = self.rules(item.repo, item.service)
        if not rules.policy.enabled:
            return
        for audience, mine in rules.of(item).groups:
            for inbox in self._routes.of(audience, item):
                inbox.add(item, rules, mine)
                _at_home(inbox, item)
            if audience is Audience.OWNER:
                self._place_missing(item)

    def _place_review(self, review: ReviewDue) -> None:
        if self.rules(review.repo, review.service).policy.enabled:
            for inbox in self._routes.owner(review):
                inbox.reviews.append(review)
                _at_home(inbox, review)
            self._place_missing(review)

    def _place_missing(self, waits: OpenItem | ReviewDue) -> None:
        for missing in self._routes.missing(waits):
            for channel in self._routes.channel(waits.service, waits.repo):
                channel.missing.append(missing)
                _at_home(channel, waits)

    def _by_hours(self) -> dict[tuple[str, str], list[tuple[Availability, list[Inbox]]]]:
        """Inboxes by time zone and working hours, and in those by all that is known of them."""
        same: defaultdict[Availability, list[Inbox]] = defaultdict(list)
        for inbox in self._routes.inboxes():
            if (inbox.home or inbox is self.workspace) and not unresolved(inbox.recipient):
                same[self.availability(inbox)].append(inbox)
        found: defaultdict[tuple[str, str], list[tuple[Availability, list[Inbox]]]] = defaultdict(list)
        for person, inboxes in same.items():
            found[person.timezone, person.working_hours].append((person, inboxes))
        return dict(found)


def _at_home(inbox: Inbox, of: OpenItem | ReviewDue) -> None:
    """The first repository and service is what an inbox is at home in; a channel's first own service stays."""
    home = inbox.home
    if home is None or (not inbox.services and (of.repo, of.service) < home):
        inbox.home = (of.repo, of.service)
