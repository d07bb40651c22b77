"""The use cases of reminders: what a tick claims, what an order sends, and what people ask of them.

A tick reads the world, plans, and takes the row of each message that is due (compare and set); only who took it orders
it, under an id that comes from the row. The order builds the message from what is open *then*, posts it under the row's
key, and puts on record what it told. A process that dies between any two of these repeats the later one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.context import Bot
from bot.message import CLOSED_CHANNEL
from bot.model import BotError, PullRef
from bot.observe import REMINDERS, log
from bot.ports import Message, Refused
from bot.reminders.asked import SETTLED, Asked, Orders
from bot.reminders.board import Board
from bot.reminders.letters import Letters
from bot.reminders.notices import Notices
from bot.reminders.nouns import Due, OpenItem, Place, Recipient, Sending
from bot.reminders.plan import due
from bot.reminders.ports import Ledger, Presence
from bot.reminders.scene import Scene
from bot.reminders.simulate import forecast

KEPT = timedelta(days=400)
"""How long rows of messages are kept."""
SHOWN = timedelta(days=7)
"""How long a digest is brought up to date, where it is its recipient's newest."""
_CLAIMED = timedelta(days=3)
UNREACHABLE = frozenset({"cannot_dm_bot", "messages_tab_disabled", "restricted_action", "user_disabled",
                         "user_not_visible"})  # fmt: skip
"""Slack's words for somebody who takes no direct messages from us (docs.slack.dev, ``conversations.open`` and
``chat.postMessage``). They are tried again the next day."""


class Reminders(Asked):
    """What the clock and the jobs ask; what people ask lies behind it."""

    def __init__(self, bot: Bot, ledger: Ledger, presence: Presence, notices: Notices, orders: Orders) -> None:
        super().__init__(bot, ledger, Scene(bot, ledger, presence), orders)
        self._presence = presence
        self._letters = Letters(bot, ledger, notices, self._scene)
        self._ordered: frozenset[str] = frozenset()
        self._woken: frozenset[tuple[str, str, date]] = frozenset()

    # -- by the clock --

    def tick(self) -> int:
        """Claim and order what is due; order again what was claimed and not sent; have what woke up reviewed. Returns
        how many messages are new."""
        now = self._bot.clock.now()
        self._order_again(now)
        self._scene.rooms()
        world = self._scene.world()
        board = Board(world)
        told = self._scene.ask_slack(world, board)
        if told is not world:
            board = Board(told)
        fresh = [one for one in due(board, now, self._scene.memory(now.date())) if self._ledger.claim(one, now)]
        for one in fresh:
            self._orders.remind(one.key)
        self._wake(world.items, now.date())
        return len(fresh)

    def _order_again(self, now: datetime) -> None:
        """Order what was claimed and not sent: whoever claimed it may have died before it ordered. Once by this
        process; that the jobs lose nothing is their business."""
        waiting = frozenset(sending.key for sending in self._ledger.claimed(now.date() - _CLAIMED))
        for key in sorted(waiting - self._ordered):
            self._orders.remind(key)
        self._ordered = waiting

    def _wake(self, items: Sequence[OpenItem], today: date) -> None:
        """Order a review of each open pull request with a section whose snooze is over, so that its check run and alert
        say so too; the id of the order makes it one for each pull request and day. Merged debt joins the digest by
        itself."""
        lately = today - SHOWN
        rows = ((item.repo, item.fingerprint, item.snoozed_until) for item in items if item.snoozed_until)
        woken = frozenset(
            (*(row for row in rows if lately <= row[2] < today), *self._bot.store.snoozes_over(lately, today))
        )
        sections: defaultdict[tuple[str, date], set[str]] = defaultdict(set)
        for repo, fingerprint, until in woken - self._woken:
            sections[repo, until].add(fingerprint)
        for (repo, until), fingerprints in sorted(sections.items()):
            for ref in self._bot.store.pulls_with(repo, fingerprints):
                self._bot.jobs.review(ref, f"woken:{until}")
        self._woken = woken

    def prune(self) -> int:
        """Forget messages of long ago."""
        return self._ledger.prune_sendings((self._bot.clock.now() - KEPT).date())

    def schedule(self, days: int) -> Iterator[tuple[datetime, Due]]:
        """Who would get what and when in the next days, if nothing changed meanwhile."""
        now = self._bot.clock.now()
        try:
            self._scene.rooms()
        except BotError as problem:  # then channels stand there by the names that were configured
            log.warning("channels not listed", reason=str(problem))
        world = self._scene.world()
        world = self._scene.ask_slack(world, Board(world))  # whose hours nobody knows yet, as the first tick does
        return forecast(world, self._scene.memory(now.date()), now, now + timedelta(days=days))

    # -- one message --

    def send(self, key: str) -> str:
        """Send the message of a row, or bring digests up to date where ``key`` says what was settled; returns a word on
        the outcome. Raises ``Unavailable``: try again."""
        if key.startswith(SETTLED):
            return f"{self._bring_up_to_date(key.removeprefix(SETTLED))} up to date"
        sending, now = self._ledger.sending(key), self._bot.clock.now()
        if sending is None or sending.state != "claimed":
            return "done before"
        if now >= sending.due.not_after:
            return self._drop(sending, "late", "its hours had passed")
        if not sending.due.asked and self._ledger.quiet_users(now).get(_person(sending.due.recipient)):
            return self._drop(sending, "late", "they asked for silence meanwhile")
        message, kept, content = self._letters.first(sending.due, now)
        if message is None:
            return self._drop(sending, "empty", "nothing was left to say")
        try:
            stands = self._post(sending, kept, message)
        except Refused as problem:
            self._ask_again(sending.due.recipient, problem.code, now)
            return self._drop(sending, "refused", str(problem))
        self._ledger.sent(sending.key, content, kept.told, now, stands)
        REMINDERS.labels(sending.kind.value).inc()
        return "sent"

    def _post(self, sending: Sending, kept: Due, message: Message) -> Due:
        """Post a message; where Slack lets nobody write in a channel, in the default one, as alerts. Returns it with
        its place."""
        recipient, default = sending.due.recipient, self._bot.rules.default_channel
        if recipient.place is Place.PERSON:
            channel = self._presence.open_direct(recipient.id)
            return replace(kept, channel=channel, ts=self._bot.chat.post(channel, message, key=sending.key))
        try:
            return replace(kept, channel=recipient.id, ts=self._bot.chat.post(recipient.id, message, key=sending.key))
        except Refused as problem:
            if problem.code not in CLOSED_CHANNEL or not default or recipient.id == default:
                raise
            log.warning("channel closed", subject=recipient.id, reason=str(problem))
            return replace(kept, channel=default, ts=self._bot.chat.post(default, message, key=sending.key))

    def _ask_again(self, recipient: Recipient, code: str, now: datetime) -> None:
        """A person to whom Slack lets nobody write may have left, or takes no messages from apps: then somebody else
        hears, the same day still."""
        if recipient.place is not Place.PERSON:
            return
        try:
            known = self._presence.availability(recipient.id)
            self._ledger.keep_availability(recipient.id, replace(known, gone=known.gone or code in UNREACHABLE), now)
        except BotError as problem:
            log.warning("presence unknown", subject=recipient.id, reason=str(problem))

    def _drop(self, sending: Sending, state: str, reason: str) -> str:
        if state != "empty":
            log.warning("reminder not sent", subject=sending.key, outcome=state, reason=reason)
        self._ledger.dropped(sending.key, state, reason, self._bot.clock.now())
        return state

    def _bring_up_to_date(self, what: str) -> int:
        """Say in digests what became of a review, or of the drift of a pull request; returns in how many."""
        try:
            keys: Sequence[str] = self._ledger.items_of(PullRef.parse(what))
        except ValueError:
            keys = (what,)
        now, changed = self._bot.clock.now(), 0
        for sending in self._ledger.showing(keys, (now - SHOWN).date()) if keys else ():
            message, due_then, content = self._letters.again(sending.due, now)
            if message is None or content == sending.content:
                continue
            try:
                self._bot.chat.update(due_then.channel, due_then.ts, message)
            except Refused as problem:  # deleted, or the bot was put out
                log.warning("digest not updated", subject=sending.key, reason=str(problem))
            self._ledger.shown(sending.key, content)
            changed += 1
        return changed


def _person(recipient: Recipient) -> str:
    return recipient.id if recipient.place is Place.PERSON else ""
