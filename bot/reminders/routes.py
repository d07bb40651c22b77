"""To whom each step of a ladder goes: owners by precedence, then the service's channel; nobody's step is lost.

- *Author*: the person; when nobody knows who that is on Slack, the step is skipped, as the owner hears of it as well.
- *Owner*: the first handle that leads to somebody, else the service's channel.
- *Channel*: the service's, else what ``Addresses.channel`` falls back to.
- *Escalation*: the configured contacts, else the service's channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.reminders.nouns import Audience, Availability, OpenItem, Place, Recipient
from bot.reminders.ports import Addresses


@dataclass(frozen=True, slots=True)
class Route:
    """Who hears, and which handles (with their place in the order of precedence) led to nobody."""

    to: tuple[Recipient, ...]
    missing: tuple[tuple[int, str], ...] = ()


class Routes:
    """Addresses, asked once for each handle and service, without people who left."""

    def __init__(self, addresses: Addresses, availability: Mapping[str, Availability]) -> None:
        self._addresses = addresses
        self._availability = availability
        self._people: dict[tuple[str, str], tuple[Recipient, ...]] = {}
        self._owners: dict[tuple[tuple[str, ...], str, str], Route] = {}
        self._channels: dict[tuple[str, str], Recipient | None] = {}
        self._escalations: dict[tuple[str, str], Route] = {}

    def of(self, audience: Audience, item: OpenItem) -> Route:
        """Who hears of a step of an item."""
        if audience is Audience.AUTHOR:
            return Route(self._person(item.author, item.service))
        if audience is Audience.OWNER:
            return self.owner(item.handles, item.service, item.repo)
        if audience is Audience.ESCALATION:
            return self._escalation(item.service, item.repo)
        return Route(self._fallback(item.service, item.repo))

    def owner(self, handles: tuple[str, ...], service: str, repo: str) -> Route:
        """The first owner who can be reached, else the channel, and who could not be reached before."""
        key = (handles, service, repo)
        if key not in self._owners:
            self._owners[key] = self._owner(handles, service, repo)
        return self._owners[key]

    def channel(self, service: str, repo: str) -> Recipient | None:
        """The service's channel; None when not even a default is configured."""
        key = (service, repo)
        if key not in self._channels:
            self._channels[key] = self._addresses.channel(service, repo)
        return self._channels[key]

    def _owner(self, handles: tuple[str, ...], service: str, repo: str) -> Route:
        missing: list[tuple[int, str]] = []
        for index, handle in enumerate(handles):
            if found := self._person(handle, service):
                return Route(found, tuple(missing))
            missing.append((index, handle))
        return Route(self._fallback(service, repo), tuple(missing))

    def _escalation(self, service: str, repo: str) -> Route:
        key = (service, repo)
        if key not in self._escalations:
            found = self._present(self._addresses.escalation(service))
            self._escalations[key] = Route(found or self._fallback(service, repo))
        return self._escalations[key]

    def _person(self, handle: str, service: str) -> tuple[Recipient, ...]:
        key = (handle, service)
        if key not in self._people:
            self._people[key] = self._present(self._addresses.of(handle, service)) if handle else ()
        return self._people[key]

    def _present(self, found: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        """Without people who left, and everybody once."""
        return tuple(dict.fromkeys(recipient for recipient in found if not self._left(recipient)))

    def _left(self, recipient: Recipient) -> bool:
        known = self._availability.get(recipient.id) if recipient.place is Place.PERSON else None
        return known is not None and known.gone

    def _fallback(self, service: str, repo: str) -> tuple[Recipient, ...]:
        channel = self.channel(service, repo)
        return (channel,) if channel else ()
