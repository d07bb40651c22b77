"""The use cases of reminders: what a tick claims, what an order sends, and what people ask of them.

A tick reads the world, plans, and takes the row of each message that is due (compare and set); only who took it orders
it, under an id that comes from the row. The order builds the message from what is open *then*, posts it under the row's
key, and puts on record what it told. A process that dies between any two of these repeats the later one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from bot.context import Bot
from bot.model import Actor, BotError, content_hash
from bot.observe import REMINDERS
from bot.ports import Message, Refused
from bot.reminders import ladder, when
from bot.reminders.board import Board, World
from bot.reminders.calendar import Window, local_day, zone
from bot.reminders.notices import Absent, Line, Notices, ReviewLine, Tally, Waiting
from bot.reminders.nouns import Due, Entry, Kind, Place, Recipient, ReviewDue, Sending
from bot.reminders.plan import Memory, due, for_one
from bot.reminders.ports import Ledger, Presence
from bot.reminders.routes import Inbox
from bot.reminders.scene import Scene
from bot.reminders.simulate import forecast
from bot.rights import NotAllowed, answers_for

KEPT = timedelta(days=400)
"""How long rows of messages are kept."""
ASKED_FOR = timedelta(hours=6)
"""For how long a digest that a person asked for may still be sent."""
_CLAIMED = timedelta(days=3)


class Orders(Protocol):
    """The part of the jobs that reminders need."""

    def remind(self, key: str) -> None:
        """Send the message of a row; once for each key, however often it is asked for."""
        ...


class Reminders:
    """Implements ``Reminding``."""

    def __init__(self, bot: Bot, ledger: Ledger, presence: Presence, notices: Notices, orders: Orders) -> None:
        self._bot, self._ledger, self._presence = bot, ledger, presence
        self._notices, self._orders = notices, orders
        self._scene = Scene(bot, ledger, presence)

    # -- by the clock --

    def tick(self) -> int:
        """Claim and order what is due; order again what was claimed and not sent. Returns how many are new."""
        now = self._bot.clock.now()
        for sending in self._ledger.claimed(now.date() - _CLAIMED):
            self._orders.remind(sending.key)
        board = Board(self._scene.world())
        if self._scene.ask_slack(board):
            board = Board(self._scene.world())
        fresh = [one for one in due(board, now, self._scene.memory(now.date())) if self._ledger.claim(one, now)]
        for one in fresh:
            self._orders.remind(one.key)
        return len(fresh)

    def prune(self) -> int:
        """Forget messages of long ago."""
        return self._ledger.prune_sendings((self._bot.clock.now() - KEPT).date())

    def schedule(self, days: int) -> Iterator[tuple[datetime, Due]]:
        """Who would get what and when in the next days, if nothing changed meanwhile."""
        now = self._bot.clock.now()
        return forecast(self._scene.world(), self._scene.memory(now.date()), now, now + timedelta(days=days))

    # -- one message --

    def send(self, key: str) -> str:
        """Send the message of a row; returns a word on the outcome. Raises ``Unavailable``: try again."""
        sending, now = self._ledger.sending(key), self._bot.clock.now()
        if sending is None or sending.state != "claimed":
            return "done before"
        if now >= sending.due.not_after:
            return self._drop(sending, "late", "its hours had passed")
        message, kept = self._message(sending.due, now)
        if message is None:
            return self._drop(sending, "empty", "nothing was left to say")
        recipient = sending.due.recipient
        try:
            channel = recipient.id
            if recipient.place is Place.PERSON:
                channel = self._presence.open_direct(recipient.id)
            self._bot.chat.post(channel, message, key=sending.key)
        except Refused as problem:
            if recipient.place is Place.PERSON:
                self._ledger.keep_availability(recipient.id, self._presence.availability(recipient.id), now)
            return self._drop(sending, "refused", str(problem))
        content = content_hash(*(f"{entry.key}/{entry.phase}/{entry.step}" for entry in kept.entries))
        self._ledger.sent(sending.key, content, kept.told, now)
        REMINDERS.labels(sending.kind.value).inc()
        return "sent"

    def _drop(self, sending: Sending, state: str, reason: str) -> str:
        self._ledger.dropped(sending.key, state, reason, self._bot.clock.now())
        return state

    def _message(self, asked: Due, now: datetime) -> tuple[Message | None, Due]:
        """What a row says now, and its entries that still hold."""
        if asked.kind is Kind.WEEKLY:
            return self._weekly(asked, now), asked
        if asked.kind is Kind.MONTHLY:
            return self._monthly(asked), asked
        world = self._scene.world()
        board = Board(world)
        if asked.kind is Kind.NOTE:
            absent = self._absent(asked, world, board)
            return (self._notices.note(asked, absent) if absent else None), asked
        open_now = {item.key: item for item in world.items} | {review.key: review for review in world.reviews}
        entries = tuple(entry for entry in asked.entries if _holds(entry, open_now.get(entry.key), asked.day))
        kept = replace(asked, entries=entries)
        lines = list(self._lines(kept, board, world))
        if not lines or not any(entry.fresh for entry in entries):
            return None, kept
        return self._notices.digest(kept, lines, self._bot.directory(), now), kept

    def _lines(self, asked: Due, board: Board, world: World) -> Iterator[Line | ReviewLine]:
        items = {item.key: item for item in world.items}
        reviews = {found.due.key: found for found in self._scene.reviews()}
        repos = {items[entry.key].repo for entry in asked.entries if entry.key in items}
        drift = {
            f"{d.repo}:{d.item.fingerprint}": d for repo in sorted(repos) for d in self._bot.store.drift(repo=repo)
        }
        for entry in asked.entries:
            if entry.key in drift:
                item, found = items[entry.key], drift[entry.key]
                _, steps = ladder.ladder(item, board.policy(item.repo, item.service))
                to = board.hears(entry.following.audience, item) if entry.following else ()
                yield Line(entry, found, steps, self._bot.store.pull(found.ref), to)
            elif entry.key in reviews:
                of = reviews[entry.key]
                yield ReviewLine(entry, of.due, of.runbook.title, of.last, of.by, of.every)

    def _absent(self, asked: Due, world: World, board: Board) -> list[Absent]:
        items = {item.key: item for item in world.items}
        reviews = {review.key: review for review in world.reviews}
        found: list[Absent] = []
        for entry in asked.entries:
            of = items.get(entry.key) or reviews.get(entry.key)
            if of is None or entry.about not in of.handles:
                continue
            same = [i for i in world.items if i.service == of.service and entry.about in i.handles]
            due_too = [r for r in world.reviews if r.service == of.service and entry.about in r.handles]
            left = any(
                known is not None and known.gone
                for recipient in world.addresses.of(entry.about, of.service)
                for known in [world.availability.get(recipient.id)]
            )
            found.append(Absent(entry.about, of.service, left, len(same), len(due_too), board.owner_of(of)))
        return found

    def _weekly(self, asked: Due, now: datetime) -> Message | None:
        tally = self._tally(asked.subject, asked.day, 7)
        waiting = [
            Waiting(drift, pull.author if (pull := self._bot.store.pull(drift.ref)) else "")
            for drift in self._bot.store.drift(service=asked.subject)
        ]
        if not (waiting or tally.now.opened or tally.now.closed):
            return None
        return self._notices.weekly(asked, tally, waiting, self._bot.directory(), now)

    def _monthly(self, asked: Due) -> Message | None:
        end = asked.day.replace(day=1)
        days = (end - timedelta(days=1)).day  # of the month before
        names = sorted({service.name for service in self._bot.store.services() if service.name})
        whole = self._tally("", end, days)
        return self._notices.monthly(asked, whole, [self._tally(name, end, days) for name in names])

    def _tally(self, service: str, end: date, days: int) -> Tally:
        """The numbers of so many days before ``end``, and of as many before them."""
        until = datetime.combine(end, time(), self._bot.clock.now().tzinfo)
        since, before = until - timedelta(days=days), until - timedelta(days=2 * days)
        return Tally(
            service, since.date(), end - timedelta(days=1),
            self._ledger.numbers(service, since, until), self._ledger.numbers(service, before, since),
        )  # fmt: skip

    # -- what people ask --

    def digest_now(self, slack: str) -> str:
        """Order the digest of a user now, whatever was said before; it counts as today's."""
        now = self._bot.clock.now()
        board = Board(self._scene.world())
        inbox = next((i for i in board.inboxes() if i.recipient == Recipient(Place.PERSON, slack)), None)
        found = self._asked(board, inbox, now) if inbox is not None else None
        if found is None:
            return "nothing waits for you"
        if not self._ledger.claim(found, now):
            found = _again(found, now)
            self._ledger.claim(found, now)
        self._orders.remind(found.key)
        return "your digest is on its way, as a direct message"

    def _asked(self, board: Board, inbox: Inbox, now: datetime) -> Due | None:
        timezone = board.availability(inbox).timezone
        window = Window(local_day(timezone, now), now, now, now + ASKED_FOR)
        fresh = for_one(board, inbox, window, now, Memory(frozenset(), {}, early=True))
        return next((one for one in fresh if one.kind is Kind.DIGEST), None)

    def quiet(self, slack: str, until: date | timedelta | None) -> str:
        """A user wants silence until the end of a day or for a length, or no more silence."""
        now = self._bot.clock.now()
        known = self._ledger.availabilities().get(slack)
        timezone = (known[0].timezone if known else "") or "UTC"
        end = when.ends(until, timezone, now) if until is not None else None
        self._ledger.quiet(slack, end, now)
        if end is None:
            return "reminders come again"
        return f"no reminders until {end.astimezone(zone(timezone)):%A, %d %B %Y, %H:%M} ({timezone})"

    def reviewed(self, actor: Actor, repo: str, path: str) -> str:
        """Somebody read a runbook and says that it is still right."""
        found = next((f for f in self._scene.reviews() if (f.due.repo, f.due.path) == (repo, path)), None)
        if found is None:
            raise BotError("no runbook of that name is to be reviewed")
        if not answers_for(self._bot, actor, repo, found.due.handles):
            raise NotAllowed(f"only {', '.join(found.due.handles) or 'its owners'} may say that a runbook is reviewed")
        at = self._bot.clock.now()
        who = f"@{actor.login}" if actor.login else actor.slack
        self._ledger.reviewed(repo, path, who, at.date(), at)
        body = {"by": who, "surface": actor.surface.value, "on": at.date().isoformat()}
        self._bot.store.append("runbook reviewed", repo, path, body, at)
        return f"reviewed today; due again on {at.date() + timedelta(days=found.every)}"

    def reviews_of(self, slack: str) -> tuple[ReviewDue, ...]:
        """The reviews that are due for a user, the longest overdue first."""
        today = self._bot.clock.now().date()
        board = Board(self._scene.world())
        mine = [r for i in board.inboxes() if i.recipient.id == slack for r in i.reviews if r.due <= today]
        return tuple(sorted(mine, key=lambda review: (review.due, review.key)))


def _holds(entry: Entry, found: object, today: date) -> bool:
    """Whether what an entry says is still so: it is open, in the same phase, and nobody snoozed it meanwhile."""
    if found is None:
        return False
    if isinstance(found, ReviewDue):
        return True
    phase = ladder.MERGED if getattr(found, "merged", False) else ladder.OPEN
    until = getattr(found, "snoozed_until", None)
    return entry.phase == phase and (until is None or until < today)


def _again(asked: Due, now: datetime) -> Due:
    """The same under a key of its own: the day's digest is out, and a person asks for another."""
    return replace(asked, subject=f"asked {now:%H%M%S}")
