"""To whom each step of a ladder goes: owners by precedence, then the service's channel; nobody's step is lost.

- *Author*: the person; when nobody knows who that is on Slack, the step is skipped, as the owner hears of it as well.
- *Owner*: the first handle that leads to somebody, else the service's channel.
- *Channel*: the service's, else what ``Addresses.channel`` falls back to.
- *Escalation*: the configured contacts, else the service's channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.reminders.ladder import Rules
from bot.reminders.nouns import Audience, Availability, OpenItem, Place, Recipient, ReviewDue
from bot.reminders.ports import Addresses

Inboxes = tuple["Inbox", ...]
_NOBODY: Inboxes = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """An owner who cannot be reached: the handle, its place among the owners, and what waits."""

    handle: str
    index: int
    waits: OpenItem | ReviewDue


@dataclass(slots=True, eq=False)
class Inbox:
    """All that one recipient would hear of: items (with the rules of each, and the steps of its ladder that are this
    recipient's, as indices), reviews, owners who cannot be reached, services with a weekly digest; ``home`` is the
    repository and service whose hours count when nobody knows theirs.

    One object for each recipient, compared by identity, and lists side by side: hashing a recipient, or making an
    object, for each of 20,000 items would take half of a tick."""

    recipient: Recipient
    key: str
    home: tuple[str, str] | None = None
    items: list[OpenItem] = field(default_factory=list)
    rules: list[Rules] = field(default_factory=list)
    mine: list[tuple[int, ...]] = field(default_factory=list)
    reviews: list[ReviewDue] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    alone: Inboxes = ()

    def add(self, item: OpenItem, rules: Rules, mine: tuple[int, ...]) -> None:
        """Put an item in; or more of its steps, when it is the one that was put in last."""
        if self.items and self.items[-1] is item:
            self.mine[-1] = tuple(sorted((*self.mine[-1], *mine)))
            return
        self.items.append(item)
        self.rules.append(rules)
        self.mine.append(mine)


class Routes:
    """Addresses, asked once for each handle and service, without people who left. Every answer is a tuple of inboxes,
    each once."""

    def __init__(self, addresses: Addresses, availability: Mapping[str, Availability]) -> None:
        self._addresses = addresses
        self._gone = frozenset(slack for slack, known in availability.items() if known.gone)
        self._persons: dict[str, Inbox] = {}
        self._rooms: dict[str, Inbox] = {}
        self._unsure: set[tuple[str, ...]] = set()
        self._people: dict[tuple[str, str, str], Inboxes] = {}
        self.left: set[str] = set()
        """The people (Slack ids) who would have been an answer, had they not left."""
        self._owners: dict[tuple[tuple[str, ...], str, str], Inboxes] = {}
        self._channels: dict[tuple[str, str], Inboxes] = {}
        self._escalations: dict[tuple[str, str], Inboxes] = {}

    def inboxes(self) -> Iterator[Inbox]:
        """Every inbox that was ever an answer."""
        yield from self._persons.values()
        yield from self._rooms.values()

    def of(self, audience: Audience, item: OpenItem) -> Inboxes:
        """Who hears of a step of an item."""
        if audience is Audience.OWNER:
            return self.owner(item)
        if audience is Audience.AUTHOR:
            return self._person(item.author, item.service, item.repo)
        if audience is Audience.ESCALATION:
            return self._escalation(item.service, item.repo)
        return self.channel(item.service, item.repo)

    def owner(self, of: OpenItem | ReviewDue) -> Inboxes:
        """The first owner who can be reached, else the channel."""
        key = (of.handles, of.service, of.repo)
        found = self._owners.get(key)
        if found is None:
            people = [self._person(handle, of.service, of.repo) for handle in of.handles]
            if not people or not people[0]:
                self._unsure.add(of.handles)
            found = next((person for person in people if person), None) or self.channel(of.service, of.repo)
            self._owners[key] = found
        return found

    def missing(self, of: OpenItem | ReviewDue) -> Iterator[Missing]:
        """The owners before the first who can be reached; after :meth:`owner`."""
        if of.handles not in self._unsure:
            return
        for index, handle in enumerate(of.handles):
            if self._person(handle, of.service, of.repo):
                return
            yield Missing(handle, index, of)

    def channel(self, service: str, repo: str) -> Inboxes:
        """The service's channel; nobody when not even a default is configured."""
        key = (service, repo)
        if key not in self._channels:
            found = self._addresses.channel(service, repo)
            self._channels[key] = self._present((found,)) if found else _NOBODY
        return self._channels[key]

    def _escalation(self, service: str, repo: str) -> Inboxes:
        key = (service, repo)
        if key not in self._escalations:
            found = self._present(self._addresses.escalation(service, repo))
            self._escalations[key] = found or self.channel(service, repo)
        return self._escalations[key]

    def _person(self, handle: str, service: str, repo: str) -> Inboxes:
        key = (handle, service, repo)
        found = self._people.get(key)
        if found is None:
            found = self._people[key] = self._present(self._addresses.of(*key)) if handle else _NOBODY
        return found

    def _present(self, found: tuple[Recipient, ...]) -> Inboxes:
        """The inboxes of recipients, without people who left, and everybody once."""
        if len(found) == 1:
            inbox = self._inbox(found[0])
            return inbox.alone if inbox else _NOBODY
        return tuple(dict.fromkeys(inbox for recipient in found if (inbox := self._inbox(recipient))))

    def _inbox(self, recipient: Recipient) -> Inbox | None:
        person = recipient.place is Place.PERSON
        known = self._persons if person else self._rooms
        inbox = known.get(recipient.id)
        if inbox is None:
            if person and recipient.id in self._gone:
                self.left.add(recipient.id)
                return None
            inbox = known[recipient.id] = Inbox(recipient, recipient.key)
            inbox.alone = (inbox,)
        return inbox
