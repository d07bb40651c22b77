"""Where owners' handles lead, as the bot knows people, teams and channels: the ``Addresses`` of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from bot.context import Rules
from bot.model import Directory, Proof, ServiceStatus
from bot.reminders.nouns import UNRESOLVED, Place, Recipient

_REST = r"(?:(?=[A-Z]*[0-9])[A-Z0-9]{4,20}|[A-Z]{8,20})"
"""Of a Slack id behind its first letter. Short words without a digit are names: ``WORKERS``, ``CHECKOUT``."""
_USER = re.compile(f"[UW]{_REST}")
_GROUP = re.compile(f"S{_REST}")
_ROOM = re.compile(f"[CG]{_REST}")


def named(channel: str) -> bool:
    """Whether a channel stands there by its name; else by its id."""
    return not _ROOM.fullmatch(channel)


class Book:
    """Made for one plan. ``email`` gives the Slack user of an address, an empty string for nobody, or None where that
    cannot be said at the moment; ``room`` the id of a channel
    by its name, or the name where nobody knows it: whoever writes ``#payments`` and ``C0PAY`` means one channel, which
    has one digest. Both may remember."""

    def __init__(
        self, directory: Directory, services: Sequence[ServiceStatus], rules: Rules, email: Callable[[str], str | None],
        room: Callable[[str], str] = str,
    ) -> None:  # fmt: skip
        self._email, self._room = email, room
        self._rules = rules
        weakest_first = sorted(directory.people, key=lambda person: list(Proof).index(person.proof), reverse=True)
        self._people = {person.login.casefold(): person.slack for person in weakest_first}
        self._channels = {(s.repo, s.name): s.channel for s in services if s.channel}
        self._any: Mapping[str, str] = {s.name: s.channel for s in reversed(services) if s.channel and s.name}
        self._contacts = {(s.repo, s.name): s.escalation for s in services if s.escalation}
        self._any_contact: Mapping[str, str] = {s.name: s.escalation for s in reversed(services) if s.escalation}

    def of(self, handle: str, service: str, repo: str) -> tuple[Recipient, ...]:
        """A person by Slack id, ``@login`` or e-mail; a channel by its id or name; for a team (a bare name is one too)
        or user group the service's channel, because a team reads together."""
        name = handle.strip()
        if _USER.fullmatch(name):
            return (Recipient(Place.PERSON, name),)
        if name.startswith("#") or _ROOM.fullmatch(name):
            return (self._channel(name),)
        if _GROUP.fullmatch(name) or "/" in name or (name and "@" not in name):
            channel = self.channel(service, repo)
            return (channel,) if channel else ()
        bare = name.removeprefix("@")
        slack = self._email(bare) if "@" in bare else self._people.get(bare.casefold(), "")
        if slack is None:
            return (Recipient(Place.PERSON, f"{UNRESOLVED}{bare.casefold()}"),)
        return (Recipient(Place.PERSON, slack),) if slack else ()

    def channel(self, service: str, repo: str) -> Recipient | None:
        """The service's channel, else the repository's, else the default."""
        found = (
            self._channels.get((repo, service))
            or self._any.get(service)
            or self._rules.channel_of(repo)
            or self._rules.default_channel
        )
        return self._channel(found) if found else None

    def _channel(self, name: str) -> Recipient:
        return Recipient(Place.CHANNEL, self._room(name) if named(name) else name)

    def escalation(self, service: str, repo: str) -> tuple[Recipient, ...]:
        """The service's contacts, each once: as its repository names them, else as another with the service does."""
        named_here = self._contacts.get((repo, service)) or self._any_contact.get(service, "")
        handles = [handle for handle in named_here.split(",") if handle.strip()]
        return tuple(dict.fromkeys(recipient for handle in handles for recipient in self.of(handle, service, repo)))
