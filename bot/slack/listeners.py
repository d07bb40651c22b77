"""What people do in Slack: buttons, modals, ``/runbook``, mentions, App Home. A handler acknowledges, parses, calls one
use case and renders; who may do what is decided in ``rights.py``, for every surface alike.

Slack is answered when the work is recorded, not before: what a killed process did not do shows as an error to whoever
pressed the button. Slack offers an event again when it saw no answer in time: one that was handled is on record and is
left alone, and so is one that is being handled; what a kill interrupted is done then.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

from slack_bolt import Ack, App, BoltResponse

from bot import decide, rights
from bot.answers import find_service, nearest, open_drift
from bot.context import Bot
from bot.model import Actor, BotError, PullRef, Surface
from bot.observe import DELIVERIES, log
from bot.ports import Message
from bot.reminders.ports import Reminding
from bot.slack import blocks, home, reminders, status, views
from bot.slack.desk import Body, Desk, cause, place, pressed
from bot.slack.escape import prose

Link = Callable[[str], str]
"""Makes the address at which a Slack user proves a GitHub login; empty where that is not set up."""

_MENTION = re.compile(r"<@[A-Z0-9]{1,20}>")


class Listeners:
    """Registers everything on a Bolt app. ``web`` is where the forge's pages are; without ``reminding`` the commands
    about reminders say that they are not set up."""

    def __init__(self, bot: Bot, web: str, link: Link = lambda slack: "", reminding: Reminding | None = None) -> None:
        self._bot, self._web, self._link = bot, web, link
        self._desk = Desk(bot)
        self._running: set[str] = set()
        self._guard = threading.Lock()
        self._reminders = reminders.Reminders(bot, self._desk, web, reminding)

    def register(self, app: App) -> None:
        """Add the handlers to the app."""
        app.middleware(self._once)
        app.error(self._failed)
        app.action(blocks.RECHECK)(self._recheck)
        self._reminders.register(app)
        for action in (blocks.OPEN_PULL, blocks.OPEN_RUNBOOK):
            app.action(action)(lambda ack: ack())
        app.view(views.STILL_ACCURATE_VIEW)(self._submitted)
        app.view(views.SNOOZE_VIEW)(self._submitted)
        app.view(views.HAND_OVER_VIEW)(self._submitted)
        app.command("/runbook")(self._command)
        app.event("app_mention")(self._recorded(self._mentioned))
        app.event("app_home_opened")(self._recorded(self._home))

    # -- around every request --

    def _once(self, body: Body, next: Callable[[], None]) -> BoltResponse | None:
        """An event that was handled already, or is being handled, is answered and left alone."""
        event = _event(body)
        if event and (event in self._running or self._bot.store.accepted(event)):
            DELIVERIES.labels("slack", "repeated").inc()
            return BoltResponse(status=200, body="")
        DELIVERIES.labels("slack", "handled").inc()
        next()
        return None

    def _recorded(self, handle: Callable[[Mapping[str, Any]], None]) -> Callable[[Body, Mapping[str, Any]], None]:
        """A handler of events whose events are on record once they are handled."""

        def handled(body: Body, event: Mapping[str, Any]) -> None:
            named = _event(body)
            with self._guard:
                if named and named in self._running:
                    return
                self._running.add(named)
            try:
                handle(event)
                if named:
                    self._bot.store.accept(named, "slack", self._bot.clock.now())
            finally:
                with self._guard:
                    self._running.discard(named)

        return handled

    def _failed(self, error: Exception, body: Body) -> BoltResponse:
        """The last resort: the person hears that it did not work, the log why."""
        log.error("slack listener failed", error=type(error).__name__)
        channel, user = place(body)
        if user:
            sorry = "⚠️ That did not work, and it is our fault. It is in the log; please try again."
            try:
                self._desk.whisper(channel or user, user, sorry)
            except BotError as problem:  # Slack itself is away
                log.warning("could not say so", reason=str(problem))
        return BoltResponse(status=200, body="")

    # -- buttons --

    def _recheck(self, ack: Ack, body: Body) -> None:
        ack()
        ref, _ = pressed(body)
        if ref is not None:
            self._bot.jobs.review(ref, f"recheck:{cause(body)}")
            channel, user = place(body)
            self._desk.whisper(
                channel, user, f"🔍 Looking at {prose(ref.key, 200)} again; the message will show the result."
            )

    # -- modals --

    def _submitted(self, ack: Ack, body: Body, view: Mapping[str, Any]) -> None:
        """A decision. Where asking GitHub for rights takes longer than Slack waits (3 s), the modal shows Slack's own
        error, and the words to the person say how it ended."""
        entered = views.submitted(view)
        callback = view.get("callback_id")
        if not entered.chosen:  # to the use cases that would mean every section
            ack(response_action="errors", errors={views.SECTIONS: "Choose at least one section."})
            return
        if callback == views.HAND_OVER_VIEW and not (entered.to or entered.group):
            ack(response_action="errors", errors={views.USER: "Choose a person, or name a user group."})
            return
        if callback == views.SNOOZE_VIEW and entered.until is None:
            ack(response_action="errors", errors={views.UNTIL: "Choose a day."})
            return
        ack()
        user = str((body.get("user") or {}).get("id", ""))
        actor = rights.acting(self._bot, slack=user, surface=Surface.BUTTON)
        try:
            done = self._decided(str(callback), actor, entered)
        except BotError as problem:
            self._desk.whisper(entered.channel or user, user, views.refusal(str(problem)))
            return
        self._desk.whisper(entered.channel or user, user, done)

    def _decided(self, callback: str, actor: Actor, entered: views.Submitted) -> str:
        ref = PullRef.parse(entered.key)
        chosen = entered.chosen
        if callback == views.HAND_OVER_VIEW:
            to = entered.to or self._bot.chat.group_named(entered.group.removeprefix("@"))
            if not to:
                raise BotError(f"there is no user group {entered.group}")
            items = decide.hand_over(self._bot, actor, ref, chosen, to)
            return f"✅ Handed over: {len(items)}."
        if callback == views.SNOOZE_VIEW and entered.until is not None:
            items = decide.snooze(self._bot, actor, ref, chosen, entered.reason, entered.until)
            return f"💤 Snoozed until {entered.until}: {len(items)}."
        items = decide.acknowledge(self._bot, actor, ref, chosen, entered.reason)
        return f"✅ Recorded as still accurate: {len(items)}."

    # -- /runbook and mentions --

    def _command(self, ack: Ack, body: Body) -> None:
        """Answered in the acknowledgement itself, which also works where the bot is no member."""
        user = str(body.get("user_id", ""))
        word, _, rest = str(body.get("text", "")).strip().partition(" ")
        if word == "link":
            address = self._link(user)
            offer = f"<{address}|Prove your GitHub login> (the link is yours alone and ends in ten minutes)"
            refused = "Linking is not set up; ask to be listed in the bot's PEOPLE setting."
            ack(text=offer if address else refused, response_type="ephemeral")
            return
        message = self._reminders.command(word, rest, body) if word in reminders.WORDS else self.reply(word, rest, user)
        if message is None:
            ack()
        else:
            shown = cast("list[dict[Any, Any]] | None", message.get("blocks"))
            ack(text=str(message["text"]), blocks=shown, response_type="ephemeral")

    def _mentioned(self, event: Mapping[str, Any]) -> None:
        word, _, rest = _MENTION.sub("", str(event.get("text", ""))).strip().partition(" ")
        message = self.reply(word, rest, str(event.get("user", "")))
        thread = str(event.get("thread_ts") or event.get("ts") or "")
        channel = str(event.get("channel", ""))
        self._bot.chat.post(channel, message, key=f"mention:{event.get('ts', '')}", thread=thread)

    def reply(self, word: str, rest: str, user: str) -> Message:
        """The answer to ``/runbook WORD REST``, from the store alone."""
        bot, now = self._bot, self._bot.clock.now()
        name = rest.strip()[:200]
        if word == "mine":
            return status.mine(rights.mine(bot, user), now, self._web, self._reminders.reviews_of(user))
        if word == "list":
            return status.listing(bot.store.services(), bot.store.open_counts())
        if word == "owners" and not name:
            return status.owners(bot.store.services())
        if word in {"status", "owners"} and name:
            found = find_service(bot, name)
            if not found.services:
                return status.unknown(name, found.nearest)
            if word == "owners":
                return status.owners(found.services)
            return status.status(found.services, open_drift(bot, found.services), now, self._web)
        if word and word not in {"help", "status"}:
            # `/runbook payments` is what people type first.
            found = find_service(bot, f"{word} {name}".strip())
            if found.services:
                return status.status(found.services, open_drift(bot, found.services), now, self._web)
            if nearest(word, bot.store.service_names()):
                return status.unknown(word, found.nearest)
        return status.help_text()

    # -- App Home --

    def _home(self, event: Mapping[str, Any]) -> None:
        if event.get("tab", "home") != "home":
            return
        user = str(event.get("user", ""))
        self._bot.chat.publish_home(user, self.home_of(user))

    def home_of(self, user: str) -> dict[str, object]:
        """The home tab of a user, from the store alone."""
        bot = self._bot
        own, teams = rights.shared(bot, user, rights.mine(bot, user))
        services, counts, reviews = bot.store.services(), bot.store.open_counts(), self._reminders.reviews_of(user)
        return home.home(own, teams, services, counts, bot.clock.now(), self._web, reviews)


def _event(body: Body) -> str:
    """The id of an event on record; empty for what is none."""
    event = str(body.get("event_id", ""))[:100]
    return f"slack:{event}" if event else ""
