"""What people do in Slack: buttons, modals, ``/runbook``, mentions, App Home. A handler acknowledges, parses, calls one
use case and renders; who may do what is decided in ``decide.py``, for every surface alike.

Slack is answered when the work is recorded, not before: what a killed process did not do shows as an error to whoever
pressed the button. Slack offers events again when it saw no answer in time, so each is recorded first, in middleware.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from slack_bolt import Ack, App, BoltResponse

from bot import decide
from bot.answers import find_service, nearest, open_drift
from bot.context import Bot
from bot.model import Actor, BotError, Drift, Item, PullRef, Surface, content_hash
from bot.observe import DELIVERIES, log
from bot.ports import Message, Refused
from bot.slack import blocks, home, status, views
from bot.slack.escape import prose

Body = Mapping[str, Any]  # what Slack sends, before it is read
Link = Callable[[str], str]
"""Makes the address at which a Slack user proves a GitHub login; empty where that is not set up."""

_PULL = re.compile(r"([\w.-]{1,100}/[\w.-]{1,100})#(\d{1,9})")
_MENTION = re.compile(r"<@[A-Z0-9]{1,20}>")


class Listeners:
    """Registers everything on a Bolt app. ``web`` is where the forge's pages are."""

    def __init__(self, bot: Bot, web: str, link: Link = lambda slack: "") -> None:
        self._bot, self._web, self._link = bot, web, link

    def register(self, app: App) -> None:
        """Add the handlers to the app."""
        app.middleware(self._once)
        app.error(self._failed)
        opening = {
            blocks.STILL_ACCURATE: self._open_still_accurate,
            blocks.SNOOZE: self._open_snooze,
            blocks.HAND_OVER: self._open_hand_over,
            blocks.SHOW_EDIT: self._open_edit,
            blocks.RECHECK: self._recheck,
        }
        for action, handler in opening.items():
            app.action(action)(handler)
        for action in (blocks.OPEN_PULL, blocks.OPEN_RUNBOOK):
            app.action(action)(lambda ack: ack())
        app.view(views.STILL_ACCURATE_VIEW)(self._submitted)
        app.view(views.SNOOZE_VIEW)(self._submitted)
        app.view(views.HAND_OVER_VIEW)(self._submitted)
        app.command("/runbook")(self._command)
        app.event("app_mention")(self._mentioned)
        app.event("app_home_opened")(self._home)

    # -- around every request --

    def _once(self, body: Body, next: Callable[[], None]) -> BoltResponse | None:
        """An event that was seen already is answered and not handled."""
        event = str(body.get("event_id", ""))[:100]
        if event and not self._bot.store.accept(f"slack:{event}", "slack", self._bot.clock.now()):
            DELIVERIES.labels("slack", "repeated").inc()
            return BoltResponse(status=200, body="")
        DELIVERIES.labels("slack", "handled").inc()
        next()
        return None

    def _failed(self, error: Exception, body: Body) -> BoltResponse:
        """The last resort: the person hears that it did not work, the log why."""
        log.error("slack listener failed", error=type(error).__name__)
        channel, user = _place(body)
        if user:
            sorry = "⚠️ That did not work, and it is our fault. It is in the log; please try again."
            try:
                self._whisper(channel or user, user, sorry)
            except BotError as problem:  # Slack itself is away
                log.warning("could not say so", reason=str(problem))
        return BoltResponse(status=200, body="")

    # -- buttons --

    def _open_still_accurate(self, ack: Ack, body: Body) -> None:
        ack()
        self._open(body, lambda pull, items, channel: views.still_accurate_view(pull, items, channel))

    def _open_snooze(self, ack: Ack, body: Body) -> None:
        ack()
        today = self._bot.clock.now().date()
        self._open(body, lambda pull, items, channel: views.snooze_view(pull, items, today, channel))

    def _open_hand_over(self, ack: Ack, body: Body) -> None:
        ack()
        self._open(body, lambda pull, items, channel: views.hand_over_view(pull, items, channel))

    def _open_edit(self, ack: Ack, body: Body) -> None:
        ack()
        self._open(body, lambda pull, items, channel: views.suggested_edit_view(pull, items, self._web))

    def _open(self, body: Body, build: Callable[..., Mapping[str, object]], ref: PullRef | None = None) -> None:
        """Open a modal about a pull request's open sections, or say why there is none."""
        channel, _ = _place(body)
        ref = ref or _pressed(body)
        pull = self._bot.store.pull(ref) if ref else None
        found = self._bot.store.review(ref) if ref else None
        items: tuple[Item, ...] = found.drift if found else ()
        if pull is None or not items:
            view = views.notice_view("Nothing open", "It has been settled meanwhile; the message shows how it stands.")
        else:
            view = dict(build(pull, items, channel))
        self._bot.chat.open_view(str(body.get("trigger_id", "")), view)

    def _recheck(self, ack: Ack, body: Body) -> None:
        ack()
        ref = _pressed(body)
        if ref is not None:
            self._bot.jobs.review(ref, f"recheck:{_cause(body)}")
            channel, user = _place(body)
            self._whisper(
                channel, user, f"🔍 Looking at {prose(ref.key, 200)} again; the message will show the result."
            )

    # -- modals --

    def _submitted(self, ack: Ack, body: Body, view: Mapping[str, Any]) -> None:
        """A decision. Where asking GitHub for rights takes longer than Slack waits (3 s), the modal shows Slack's own
        error, and the words to the person say how it ended."""
        entered = views.submitted(view)
        callback = view.get("callback_id")
        if callback == views.HAND_OVER_VIEW and not entered.to:
            ack(response_action="errors", errors={views.USER: "Choose a person, or name a user group."})
            return
        if callback == views.SNOOZE_VIEW and entered.until is None:
            ack(response_action="errors", errors={views.UNTIL: "Choose a day."})
            return
        ack()
        user = str((body.get("user") or {}).get("id", ""))
        actor = decide.acting(self._bot, slack=user, surface=Surface.BUTTON)
        try:
            done = self._decided(str(callback), actor, entered)
        except BotError as problem:
            self._whisper(entered.channel or user, user, views.refusal(str(problem)))
            return
        self._whisper(entered.channel or user, user, done)

    def _decided(self, callback: str, actor: Actor, entered: views.Submitted) -> str:
        ref = PullRef.parse(entered.key)
        chosen = entered.fingerprints
        if callback == views.HAND_OVER_VIEW:
            to = entered.to
            if not to.startswith(("U", "W")):
                to = self._bot.chat.group_named(to.removeprefix("@"))
                if not to:
                    raise BotError(f"there is no user group {entered.to}")
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
        known = _PULL.search(rest)
        if word in {"ack", "snooze"} and known:
            ack()
            self._open(body, self._builder(word), PullRef(known.group(1), int(known.group(2))))
        elif word == "link":
            address = self._link(user)
            offer = f"<{address}|Prove your GitHub login> (the link is yours alone and ends in ten minutes)"
            refused = "Linking is not set up; ask to be listed in the bot's PEOPLE setting."
            ack(text=offer if address else refused, response_type="ephemeral")
        else:
            message = self.reply(word, rest, user)
            shown = cast("list[dict[Any, Any]] | None", message.get("blocks"))
            ack(text=str(message["text"]), blocks=shown, response_type="ephemeral")

    def _builder(self, word: str) -> Callable[..., Mapping[str, object]]:
        today = self._bot.clock.now().date()
        if word == "snooze":
            return lambda pull, items, channel: views.snooze_view(pull, items, today, channel)
        return views.still_accurate_view

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
            return status.mine(decide.mine(bot, user), now, self._web)
        services = bot.store.services()
        if word == "list":
            return status.listing(services, bot.store.drift())
        if word == "owners" and not name:
            return status.owners(services)
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
            if nearest(word, [service.name for service in services]):
                return status.unknown(word, found.nearest)
        return status.help_text()

    # -- App Home --

    def _home(self, event: Mapping[str, Any]) -> None:
        if event.get("tab", "home") != "home":
            return
        user = str(event.get("user", ""))
        every = self._bot.store.drift()
        mine = decide.mine(self._bot, user)
        own = tuple(drift for drift in mine if self._personally(drift, user))
        teams = tuple(drift for drift in mine if drift not in own)
        view = home.home(own, teams, self._bot.store.services(), every, self._bot.clock.now(), self._web)
        self._bot.chat.publish_home(user, view)

    def _personally(self, drift: Drift, user: str) -> bool:
        logins = {p.login.casefold() for p in self._bot.directory().people if p.slack == user}
        named = {owner.handle.removeprefix("@").casefold() for owner in drift.item.owners}
        return drift.assignee == user or (not drift.assignee and bool(logins & named))

    # -- words to one person --

    def _whisper(self, channel: str, user: str, text: str) -> None:
        try:
            self._bot.chat.whisper(channel, user, text)
        except Refused as problem:  # not a member there: say it to the person
            log.warning("could not whisper", code=problem.code)
            self._bot.chat.post(user, {"text": text}, key=content_hash(user, text, self._bot.clock.now().isoformat()))


def _pressed(body: Body) -> PullRef | None:
    """The pull request that a button stands for."""
    try:
        return PullRef.parse(str(body["actions"][0]["value"]))
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _place(body: Body) -> tuple[str, str]:
    """Channel and user of an interaction, a command or an event; empty where there is none."""
    asked = body.get("event")
    where, who = ((asked if isinstance(asked, Mapping) else body).get(name) for name in ("channel", "user"))
    where = where.get("id") if isinstance(where, Mapping) else where
    who = who.get("id") if isinstance(who, Mapping) else who
    return str(where or body.get("channel_id") or ""), str(who or body.get("user_id") or "")


def _cause(body: Body) -> str:
    actions = body.get("actions") or [{}]
    return f"{actions[0].get('action_ts', '')}:{_place(body)[1]}"[:100]
