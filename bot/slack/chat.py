"""The ``Chat`` port on Slack's Web API. Nothing but ``Unavailable``, ``Refused`` and ``Gone`` comes out, and no token
is in their texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar, cast

from slack_sdk import WebClient

from bot.ports import Clock, Gone, Message, Refused
from bot.slack.calls import ADVICE, Calls, mapping, mappings, string

T = TypeVar("T")

EVENT = "runbook_drift"
"""The ``event_type`` of the metadata of every message of ours; its payload is ``{"key": …}``."""
PAGE = 200
LOOK_BACK_PAGES = 2
"""Messages that are looked through before one is posted: a crash between a post and its record is retried within
minutes, so four hundred reach far enough in a busy channel."""
THREAD_PAGES = 5
CHANNEL_PAGES = 20
KEPT = timedelta(minutes=5)
"""How long look-ups of users, groups and channels are believed."""

_ID = re.compile(r"[CDG][A-Z0-9]{2,20}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")


class SlackChat:
    """Slack, over one bot token. Safe to use from several threads."""

    def __init__(self, token: str, clock: Clock, base_url: str = WebClient.BASE_URL) -> None:
        self._calls = Calls(token, base_url)
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[datetime, object]] = {}

    def post(self, channel: str, message: Message, *, key: str, thread: str = "") -> str:
        """Post and return the message's ``ts``. A message of ours with this key that is there already is brought up
        to date instead: whoever asks again may ask for newer content."""
        where = self._channel(channel)
        known = self._known(where, key, thread)
        if known:
            try:
                self.update(where, known, message)
            except Gone:
                pass  # deleted, or somebody else's with the same metadata: then it is posted
            else:
                return known
        metadata = {"event_type": EVENT, "event_payload": {"key": key}}
        sent = self._calls.call(
            "chat.postMessage", channel=where, metadata=metadata, unfurl_links=False, unfurl_media=False,
            parse="none", link_names=False, **({"thread_ts": thread} if thread else {}), **message,
        )  # fmt: skip
        return string(sent, "ts")

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message; its metadata stays. Raises ``Gone`` when a person deleted it."""
        where = self._channel(channel)
        self._calls.call("chat.update", channel=where, ts=ts, parse="none", link_names=False, **message)

    def whisper(self, channel: str, user: str, text: str, blocks: object = None) -> None:
        """Say something that only one user sees; ``text`` is mrkdwn, escaped by whoever built it."""
        shown = {"blocks": blocks} if blocks else {}
        where = self._channel(channel)
        self._calls.call("chat.postEphemeral", channel=where, user=user, text=text, parse="none", **shown)

    def open_view(self, trigger: str, view: Mapping[str, object]) -> None:
        """Open a modal."""
        self._calls.call("views.open", trigger_id=trigger, view=view)

    def publish_home(self, user: str, view: Mapping[str, object]) -> None:
        """Replace a user's App Home."""
        self._calls.call("views.publish", user_id=user, view=view)

    def user_by_email(self, email: str) -> str:
        """A user's id, or an empty string."""
        return self._cached("email", email.strip().casefold(), self._find_user)

    def group_named(self, handle: str) -> str:
        """A user group's id by its handle, or an empty string."""
        return self._cached("groups", "", self._find_groups).get(handle.removeprefix("@").casefold(), "")

    def group_members(self, group: str) -> tuple[str, ...]:
        """The user ids in a user group; nobody where it is gone."""
        return self._cached("members", group, self._find_members)

    def knows(self, slack: str) -> bool:
        """Whether an id is that of a user who is here, or of a user group that is in use."""
        if slack.startswith("S"):
            return slack in self._cached("groups", "", self._find_groups).values()
        return self._cached("user", slack, self._is_here)

    # -- look-ups --

    def _is_here(self, user: str) -> bool:
        try:
            return mapping(self._calls.call("users.info", user=user).get("user")).get("deleted") is not True
        except Refused as problem:
            if problem.code in {"user_not_found", "user_not_visible"}:
                return False
            raise

    def _cached(self, kind: str, name: str, find: Callable[[str], T]) -> T:
        now = self._clock.now()
        found = self._kept.get((kind, name))
        if found is not None and now - found[0] < KEPT:
            return cast(T, found[1])
        value = find(name)
        if len(self._kept) > 10_000:
            self._kept = {}
        self._kept[kind, name] = (now, value)
        return value

    def _find_user(self, email: str) -> str:
        try:
            user = mapping(self._calls.call("users.lookupByEmail", email=email).get("user"))
        except Refused as problem:
            if problem.code == "users_not_found":
                return ""
            raise
        return "" if user.get("deleted") else string(user, "id")

    def _find_groups(self, _: str) -> dict[str, str]:
        groups = mappings(self._calls.call("usergroups.list", include_disabled=False).get("usergroups"))
        return {string(group, "handle").casefold(): string(group, "id") for group in groups}

    def _find_members(self, group: str) -> tuple[str, ...]:
        try:
            users = self._calls.call("usergroups.users.list", usergroup=group).get("users")
        except Refused as problem:
            if problem.code == "no_such_subteam":
                return ()
            raise
        return tuple(str(user) for user in users) if isinstance(users, list) else ()

    def _channel(self, name: str) -> str:
        """The id of a channel; for a user the direct conversation. Only ids can be read and updated."""
        if _ID.fullmatch(name):
            return name
        if _USER_ID.fullmatch(name):
            return self._cached("direct", name, self._calls.open_direct)
        found = self._cached("channel", name.removeprefix("#").casefold(), self._find_channel)
        if not found:
            raise Refused("Slack: channel_not_found; " + ADVICE["channel_not_found"], "channel_not_found")
        return found

    def _find_channel(self, name: str) -> str:
        asked = {"types": "public_channel,private_channel", "exclude_archived": True, "limit": 1000}
        for page in self._calls.pages("conversations.list", CHANNEL_PAGES, **asked):
            for channel in mappings(page.get("channels")):
                if string(channel, "name").casefold() == name:
                    return string(channel, "id")
        return ""

    def _known(self, channel: str, key: str, thread: str) -> str:
        """The ``ts`` of a message of ours with this key, or an empty string."""
        asked: dict[str, object] = {"channel": channel, "limit": PAGE, "include_all_metadata": True}
        if thread:
            pages = self._calls.pages("conversations.replies", THREAD_PAGES, ts=thread, **asked)
        else:
            pages = self._calls.pages("conversations.history", LOOK_BACK_PAGES, **asked)
        for page in pages:
            for message in mappings(page.get("messages")):
                metadata = mapping(message.get("metadata"))
                if metadata.get("event_type") == EVENT and mapping(metadata.get("event_payload")).get("key") == key:
                    return string(message, "ts")
        return ""
