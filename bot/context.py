"""What the use cases work with: the ports and the few settings they read. Made in ``app.py``, and in tests of fakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model import Directory, Person, Proof
from bot.ports import Analyst, Chat, Clock, Fetcher, Forge, Jobs, Pages, Store


@dataclass(frozen=True)
class Rules:
    """The settings that the use cases read."""

    default_channel: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    opt_in: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()

    def watches(self, repo: str) -> bool:
        """Whether a repository is reviewed at all."""
        return not self.repositories or repo.casefold() in {name.casefold() for name in self.repositories}

    def channel_of(self, repo: str) -> str:
        """The channel of a repository, however its name is written; empty without one."""
        return next((to for name, to in self.channels.items() if name.casefold() == repo.casefold()), "")

    def opted_in(self, repo: str) -> bool:
        """Whether its owner asked for all of its repositories."""
        return repo.partition("/")[0].casefold() in {owner.casefold() for owner in self.opt_in}


@dataclass(frozen=True)
class Bot:
    """The ports that the use cases work with; made in ``app.py``."""

    forge: Forge
    fetcher: Fetcher
    analyst: Analyst
    chat: Chat
    store: Store
    jobs: Jobs
    pages: Pages
    clock: Clock
    rules: Rules = field(default_factory=Rules)

    def directory(self) -> Directory:
        """All links of people; configured ones first."""
        configured = tuple(Person(login, slack, Proof.CONFIGURED) for login, slack in self.rules.people.items())
        return Directory((*configured, *self.store.people()), tuple(self.rules.teams.items()))
