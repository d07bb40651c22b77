"""What every listener needs: where an interaction came from, which pull request it is about, a modal, a word to one
person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.context import Bot
from bot.decide import decidable
from bot.model import BotError, PullRef, content_hash
from bot.observe import log
from bot.ports import Refused
from bot.slack import views

Body = Mapping[str, Any]  # what Slack sends, before it is read
Build = Callable[..., Mapping[str, object]]
"""Makes a modal from a pull request, its open items and the channel of the button."""


class Desk:
    """Opens modals and says things to one person."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def open(self, body: Body, build: Build, ref: PullRef | None, fingerprints: Sequence[str] = ()) -> None:
        """Open a modal about a pull request's open sections (all, or those of ``fingerprints``), or say why there are
        none."""
        channel, _ = place(body)
        try:
            if ref is None:
                raise BotError("the button names no pull request")
            view: Mapping[str, object] = build(*decidable(self._bot, ref, fingerprints), channel)
        except BotError as problem:
            view = views.notice_view("Nothing to decide", f"{problem}.")
        self._bot.chat.open_view(str(body.get("trigger_id", "")), view)

    def whisper(self, channel: str, user: str, text: str) -> None:
        """Say something that only one person sees: where they are, else directly."""
        try:
            self._bot.chat.whisper(channel, user, text)
        except Refused as problem:  # not a member there: say it to the person
            log.warning("could not whisper", code=problem.code)
            self._bot.chat.post(user, {"text": text}, key=content_hash(user, text, self._bot.clock.now().isoformat()))


def pressed(body: Body) -> tuple[PullRef | None, tuple[str, ...]]:
    """The pull request that a button stands for, and its section where it stands for one (``KEY|fingerprint``)."""
    key, _, fingerprint = value(body).partition("|")
    try:
        return PullRef.parse(key), (fingerprint,) if fingerprint else ()
    except ValueError:
        return None, ()


def value(body: Body) -> str:
    """What the pressed button carries; empty where it carries nothing."""
    try:
        return str(body["actions"][0]["value"])
    except (KeyError, IndexError, TypeError):
        return ""


def place(body: Body) -> tuple[str, str]:
    """Channel and user of an interaction, a command or an event; empty where there is none."""
    asked = body.get("event")
    where, who = ((asked if isinstance(asked, Mapping) else body).get(name) for name in ("channel", "user"))
    where = where.get("id") if isinstance(where, Mapping) else where
    who = who.get("id") if isinstance(who, Mapping) else who
    return str(where or body.get("channel_id") or ""), str(who or body.get("user_id") or "")


def cause(body: Body) -> str:
    """What made somebody ask, as the id of an order: pressing again is asking again."""
    actions = body.get("actions") or [{}]
    return f"{actions[0].get('action_ts', '')}:{place(body)[1]}"[:100]
