"""What people ask of reminders: their digest now, silence, a review that is done, the reviews that are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.context import Bot
from bot.model import Actor, BotError
from bot.reminders import when
from bot.reminders.board import Board
from bot.reminders.calendar import Window, known_zone, local_day, zone
from bot.reminders.nouns import Due, Kind, Place, Recipient, ReviewDue
from bot.reminders.plan import Memory, for_one
from bot.reminders.ports import Ledger
from bot.reminders.routes import Inbox
from bot.reminders.scene import Scene
from bot.rights import NotAllowed, answers_for, mine

ASKED_FOR = timedelta(hours=6)
"""For how long a digest that a person asked for may still be sent."""
SETTLED = "settled:"
"""How the order begins to bring digests up to date that show a review or the drift of a pull request."""


class Orders(Protocol):
    """The part of the jobs that reminders need."""

    def remind(self, key: str) -> None:
        """Send the message of a row; once for each key, however often it is asked for."""
        ...


class Asked:
    """Implements ``Reminding``."""

    def __init__(self, bot: Bot, ledger: Ledger, scene: Scene, orders: Orders) -> None:
        self._bot, self._ledger, self._scene, self._orders = bot, ledger, scene, orders

    def digest_now(self, slack: str) -> str:
        """Order the digest of a user now, whatever was said before; it counts as today's."""
        now = self._bot.clock.now()
        board = Board(self._scene.world())
        inbox = _of(board, slack)
        found = self._digest(board, inbox, now) if inbox is not None else None
        if found is None:
            teams = len(mine(self._bot, slack))
            if not teams:
                return "nothing waits for you"
            said = "1 finding waits" if teams == 1 else f"{teams} findings wait"
            return f"nothing waits for you by name; {said} for your teams, who are told in their channels"
        if not self._ledger.claim(found, now):
            found = replace(found, subject=f"asked {now:%H%M%S}")  # the day's digest is on record already
            self._ledger.claim(found, now)
        self._orders.remind(found.key)
        return "your digest is on its way, as a direct message"

    def _digest(self, board: Board, inbox: Inbox, now: datetime) -> Due | None:
        timezone = board.availability(inbox).timezone
        window = Window(local_day(timezone, now), now, now, now + ASKED_FOR)
        fresh = for_one(board, inbox, window, now, Memory(frozenset(), {}, early=True))
        return next((replace(one, asked=True) for one in fresh if one.kind is Kind.DIGEST), None)

    def quiet(self, slack: str, until: date | timedelta | None) -> str:
        """A user wants silence until the end of a day or for a length, or no more silence."""
        now = self._bot.clock.now()
        timezone = self._timezone(slack)
        end = when.ends(until, timezone, now) if until is not None else None
        self._ledger.quiet(slack, end, now)
        if end is None:
            return "reminders come again"
        return f"no reminders until {end.astimezone(zone(timezone)):%A, %d %B %Y, %H:%M} ({timezone})"

    def _timezone(self, slack: str) -> str:
        """Where somebody is: as Slack says, else as it is usual in the service that has something for them."""
        known = self._ledger.availabilities().get(slack)
        if known is not None and known_zone(known[0].timezone):
            return known[0].timezone
        board = Board(self._scene.world())
        inbox = _of(board, slack)
        return board.availability(inbox).timezone if inbox is not None else "UTC"

    def reviewed(self, actor: Actor, repo: str, path: str) -> str:
        """Somebody read a runbook and says that it is still right."""
        found = next(iter(self._scene.reviews([(repo, path)])), None)
        if found is None:
            raise BotError("no runbook of that name is to be reviewed")
        if not answers_for(self._bot, actor, repo, found.due.handles):
            raise NotAllowed(f"only {', '.join(found.due.handles) or 'its owners'} may say that a runbook is reviewed")
        at = self._bot.clock.now()
        who = f"@{actor.login}" if actor.login else actor.slack
        body = {"by": who, "surface": actor.surface.value, "on": at.date().isoformat()}
        with self._bot.store.together():
            self._ledger.reviewed(repo, path, who, at.date(), at)
            self._bot.store.append("runbook reviewed", repo, path, body, at)
        self._orders.remind(f"{SETTLED}{found.due.key}")
        return f"reviewed today; due again on {at.date() + timedelta(days=found.every)}"

    def reviews_of(self, slack: str) -> tuple[ReviewDue, ...]:
        """The reviews that are due for a user, the longest overdue first."""
        today = self._bot.clock.now().date()
        mine = (review for review in self._scene.reviews_of(slack) if review.due <= today)
        return tuple(sorted(mine, key=lambda review: (review.due, review.key)))


def _of(board: Board, slack: str) -> Inbox | None:
    return next((i for i in board.inboxes() if i.recipient == Recipient(Place.PERSON, slack)), None)
