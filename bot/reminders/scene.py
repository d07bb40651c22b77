"""The world of a plan, read from the store: what is open or due for review, whose it is, when they may be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.context import Bot
from bot.model import BotError, RunbookStatus, ServiceStatus
from bot.observe import log
from bot.reminders.addresses import Book
from bot.reminders.board import Board, World
from bot.reminders.nouns import Kind, Place, ReviewDue
from bot.reminders.plan import Memory
from bot.reminders.ports import Ledger, Presence

FRESH = timedelta(hours=20)
"""How long what Slack said of a user counts: asked again before each morning."""
ASKED = 100
"""Users that Slack is asked about in one tick; its limit for these calls is 50 a minute and more."""
NEVER = date(2000, 1, 1)
"""The day on which the review of a runbook without any was due: one key, so that it is told of once."""
_DAYS_BACK = timedelta(days=3)


@dataclass(frozen=True)
class Reviewable:
    """A runbook with a review that is due: its last one and its interval beside the noun that the plan reads."""

    due: ReviewDue
    runbook: RunbookStatus
    last: date | None
    by: str
    every: int


class Scene:
    """Reads worlds. Safe to use from several threads; e-mail addresses are remembered as long as it lives."""

    def __init__(self, bot: Bot, ledger: Ledger, presence: Presence) -> None:
        self._bot, self._ledger, self._presence = bot, ledger, presence
        self._emails: dict[str, tuple[str, datetime]] = {}

    def world(self) -> World:
        """What there is to remind of, now."""
        services = self._bot.store.services()
        book = Book(self._bot.directory(), services, self._bot.rules, self._slack_of)
        now = self._bot.clock.now()
        return World(
            self._ledger.open_items(),
            tuple(found.due for found in self.reviews(services)),
            {(service.repo, service.name): service.reminders for service in services},
            {slack: known for slack, (known, _) in self._ledger.availabilities().items()},
            book,
            self._ledger.quiet_users(now),
        )

    def memory(self, today: date) -> Memory:
        """What was said before. What was claimed in the last days and not sent is on record too."""
        sent = {kind: self._ledger.last_sent(kind) for kind in Kind}
        taken = {sending.key for sending in self._ledger.claimed(today - _DAYS_BACK)}
        return Memory(self._ledger.told(), sent, taken)

    def reviews(self, services: tuple[ServiceStatus, ...] | None = None) -> list[Reviewable]:
        """Every runbook that is to be reviewed some day, with the day."""
        done = self._ledger.reviews_done()
        found = []
        for service in self._bot.store.services() if services is None else services:
            for runbook in service.runbooks:
                every = runbook.review_every or service.reminders.review_every
                if every:
                    found.append(_reviewable(service, runbook, every, done))
        return found

    def ask_slack(self, board: Board) -> int:
        """Ask Slack about people who may be told something and of whom nothing fresh is known; returns how many."""
        known, now = self._ledger.availabilities(), self._bot.clock.now()
        people = [inbox.recipient.id for inbox in board.inboxes() if inbox.recipient.place is Place.PERSON]
        stale = [slack for slack in people if slack not in known or known[slack][1] < now - FRESH]
        for slack in stale[:ASKED]:
            try:
                self._ledger.keep_availability(slack, self._presence.availability(slack), now)
            except BotError as problem:
                log.warning("presence unknown", subject=slack, reason=str(problem))
                break  # Slack is away or refuses: the next tick asks again, and the services' hours count
        return len(stale)

    def _slack_of(self, email: str) -> str:
        now = self._bot.clock.now()
        known = self._emails.get(email.casefold())
        if known is None or known[1] < now - timedelta(days=1):
            try:
                known = (self._bot.chat.user_by_email(email), now)
            except BotError:
                return known[0] if known else ""
            self._emails[email.casefold()] = known
        return known[0]


def _reviewable(
    service: ServiceStatus, runbook: RunbookStatus, every: int, done: Mapping[tuple[str, str], tuple[date, str]]
) -> Reviewable:
    by_hand = done.get((service.repo, runbook.path))
    last, by = runbook.last_reviewed, ""
    if by_hand is not None and (last is None or by_hand[0] > last):
        last, by = by_hand
    due = last + timedelta(days=every) if last else NEVER
    handles = tuple(owner.handle for owner in runbook.owners or service.owners)
    return Reviewable(ReviewDue(service.repo, runbook.path, service.name, due, handles), runbook, last, by, every)
