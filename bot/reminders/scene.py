"""The world of a plan, read from the store: what is open or due for review, whose it is, when they may be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from bot.context import Bot
from bot.model import BotError, RunbookStatus, ServiceStatus
from bot.observe import log
from bot.ports import Unavailable
from bot.reminders.addresses import Book, named
from bot.reminders.board import Board, Policies, World
from bot.reminders.nouns import Availability, Kind, OpenItem, Place, ReviewDue
from bot.reminders.plan import Memory
from bot.reminders.ports import Ledger, Presence
from bot.reminders.routes import Routes

FRESH = timedelta(hours=20)
"""How long what Slack said of a user counts: asked again before each morning."""
ASKED = 100
"""Users that Slack is asked about in one tick; its limit for these calls is 50 a minute and more."""
PATIENCE = timedelta(minutes=1)
"""How long nothing is asked about addresses after Slack gave no answer."""
LISTED = timedelta(hours=1)
"""How long a list of Slack's channels counts for a name that is not in it."""
SETTING = timedelta(minutes=6)
"""How long services, people and hours count for one message: a tick every five minutes reads them anyway."""
NEVER = date(2000, 1, 1)
"""The day on which the review of a runbook without any was due: one key, so that it is told of once."""
NEVER_ASKED = datetime(2000, 1, 1, tzinfo=UTC)
"""When Slack was asked about what it never was asked about."""
_DAYS_BACK = timedelta(days=3)


@dataclass(frozen=True)
class Reviewable:
    """A runbook with a review that is due: its last one and its interval beside the noun that the plan reads."""

    due: ReviewDue
    runbook: RunbookStatus
    last: date | None
    by: str
    every: int


@dataclass(frozen=True)
class _Setting:
    """What changes seldom: services, whose handles lead where, when people may be told."""

    at: datetime
    services: tuple[ServiceStatus, ...]
    policies: Policies
    book: Book
    availability: Mapping[str, Availability]

    @cached_property
    def readers(self) -> Mapping[str, list[tuple[ServiceStatus, RunbookStatus, int]]]:
        """Whose reviews of which runbooks are, by Slack user; asked for often, and it takes a while."""
        routes = Routes(self.book, self.availability)
        found: dict[str, list[tuple[ServiceStatus, RunbookStatus, int]]] = {}
        for service, runbook, every in self.reviewable():
            for inbox in routes.owner(_due(service, runbook, NEVER)) if service.reminders.enabled else ():
                if inbox.recipient.place is Place.PERSON:
                    found.setdefault(inbox.recipient.id, []).append((service, runbook, every))
        return found

    def reviewable(self) -> Iterator[tuple[ServiceStatus, RunbookStatus, int]]:
        """Every runbook that is to be reviewed, and every how many days."""
        for service in self.services:
            for runbook in service.runbooks:
                if every := runbook.review_every or service.reminders.review_every:
                    yield service, runbook, every


class Scene:
    """Reads worlds. Safe to use from several threads; e-mail addresses and the names of channels are remembered as long
    as it lives."""

    def __init__(self, bot: Bot, ledger: Ledger, presence: Presence) -> None:
        self._bot, self._ledger, self._presence = bot, ledger, presence
        self._emails: dict[str, tuple[str, datetime]] = {}
        self._away = NEVER_ASKED
        self._rooms: tuple[Mapping[str, str], datetime] | None = None
        self._setting: _Setting | None = None

    def world(self) -> World:
        """What there is to remind of, now."""
        self._setting = setting = self._read()
        reviews = self._reviews(setting.reviewable())
        return self._world(setting, self._ledger.open_items(), tuple(found.due for found in reviews))

    def near(self, keys: Collection[str]) -> World:
        """The world with these items alone and without reviews; who is who may be some minutes old. What one message
        needs: a morning has thousands."""
        return self._world(self._lately(), self._ledger.open_items(keys), ())

    def _world(self, setting: _Setting, items: tuple[OpenItem, ...], reviews: tuple[ReviewDue, ...]) -> World:
        quiet = self._ledger.quiet_users(self._bot.clock.now())
        return World(items, reviews, setting.policies, setting.availability, setting.book, quiet)

    def _lately(self) -> _Setting:
        known, now = self._setting, self._bot.clock.now()
        if known is None or not known.at <= now < known.at + SETTING:
            known = self._setting = self._read()
        return known

    def _read(self) -> _Setting:
        services = self._bot.store.services()
        return _Setting(
            self._bot.clock.now(),
            services,
            {(service.repo, service.name): service.reminders for service in services},
            Book(self._bot.directory(), services, self._bot.rules, self._slack_of, self._room_of),
            {slack: known for slack, (known, _) in self._ledger.availabilities().items()},
        )

    def memory(self, today: date) -> Memory:
        """What was said before. Whatever became of a message of the last days, it is not planned again."""
        sent = {kind: self._ledger.last_sent(kind) for kind in Kind}
        return Memory(self._ledger.told(), sent, self._ledger.on_record(today - _DAYS_BACK))

    def reviews(self, runbooks: Collection[tuple[str, str]]) -> list[Reviewable]:
        """The reviews of these runbooks (repository, path), with the day."""
        every = self._lately().reviewable() if runbooks else iter(())
        return self._reviews(one for one in every if (one[0].repo, one[1].path) in runbooks)

    def reviews_of(self, slack: str) -> list[ReviewDue]:
        """The reviews that are a user's, some day."""
        return [found.due for found in self._reviews(self._lately().readers.get(slack, ()))]

    def _reviews(self, which: Iterable[tuple[ServiceStatus, RunbookStatus, int]]) -> list[Reviewable]:
        done = self._ledger.reviews_done()
        return [_reviewable(*one, done) for one in which]

    def ask_slack(self, world: World, board: Board) -> World:
        """Ask Slack about people who may be told something and of whom nothing fresh is known, whom nobody was asked
        about for longest first; returns the world with what it said, the same where it was not asked. Who was never
        answered for waits: it may be night there."""
        known, now = self._ledger.availabilities(), self._bot.clock.now()
        since = {slack: known[slack][1] if slack in known else NEVER_ASKED for slack in board.people()}
        stale = sorted((at, slack) for slack, at in since.items() if not now - FRESH <= at <= now)
        said: dict[str, Availability] = {}
        for _, slack in stale[:ASKED]:
            try:
                said[slack] = self._presence.availability(slack)
            except Unavailable as problem:
                log.warning("presence unknown", subject=slack, reason=str(problem))
                break  # Slack is away: the next tick asks again, and what was known counts
            except BotError as problem:  # nobody of that name, say: others are asked all the same
                log.warning("presence refused", subject=slack, reason=str(problem))
                said[slack] = known[slack][0] if slack in known else Availability("")
            self._ledger.keep_availability(slack, said[slack], now)
        if said and self._setting is not None:  # a message of this tick says the same
            self._setting = replace(self._setting, availability={**self._setting.availability, **said})
        strangers = {slack: now + PATIENCE for slack in since if slack not in known and slack not in said}
        return (
            replace(world, availability={**world.availability, **said}, quiet={**strangers, **world.quiet})
            if said or strangers
            else world
        )

    def rooms(self) -> None:
        """Ask Slack for the names of its channels, where some are configured by name and that was long ago. Raises
        ``Unavailable`` where nothing is known yet: before a message is planned for a channel it has to be known which
        one that is, lest it has two."""
        configured = {self._bot.rules.default_channel, *self._bot.rules.channels.values()}
        for service in self._bot.store.services():
            configured |= {service.channel, *(one for one in service.escalation.split(",") if one.strip()[:1] == "#")}
        wanted = {_bare(name) for name in configured if name and named(name)}
        now = self._bot.clock.now()
        known, at = self._rooms or ({}, NEVER_ASKED)
        if not wanted or (now - LISTED < at <= now) or (wanted <= known.keys() and now - FRESH < at <= now):
            return
        try:
            self._rooms = (self._presence.channels(), now)
        except Unavailable:
            if self._rooms is None:
                raise
        except BotError as problem:  # the bot may not list channels: then names stay names
            log.warning("channels not listed", reason=str(problem))
            self._rooms = (known, now)

    def _room_of(self, name: str) -> str:
        return self._rooms[0].get(_bare(name), name) if self._rooms else name

    def _slack_of(self, email: str) -> str | None:
        """The user of an address, or an empty string; None where nobody can say at the moment."""
        now = self._bot.clock.now()
        known = self._emails.get(email.casefold())
        if known is not None and now - timedelta(days=1) <= known[1]:
            return known[0]
        if self._away <= now < self._away + PATIENCE:
            return known[0] if known else None
        try:
            found = self._bot.chat.user_by_email(email)
        except Unavailable:
            self._away = now
            return known[0] if known else None
        except BotError:
            return known[0] if known else ""
        self._emails[email.casefold()] = (found, now)
        return found


def _bare(channel: str) -> str:
    return channel.strip().removeprefix("#").casefold()


def _reviewable(
    service: ServiceStatus, runbook: RunbookStatus, every: int, done: Mapping[tuple[str, str], tuple[date, str]]
) -> Reviewable:
    by_hand = done.get((service.repo, runbook.path))
    last, by = runbook.last_reviewed, ""
    if by_hand is not None and (last is None or by_hand[0] >= last):
        last, by = by_hand
    due = _due(service, runbook, last + timedelta(days=every) if last else NEVER)
    return Reviewable(due, runbook, last, by, every)


def _due(service: ServiceStatus, runbook: RunbookStatus, day: date) -> ReviewDue:
    handles = tuple(owner.handle for owner in runbook.owners or service.owners)
    return ReviewDue(service.repo, runbook.path, service.name, day, handles)
