"""The ``Chat`` port on Slack's Web API. Nothing but ``Unavailable``, ``Refused`` and ``Gone`` comes out, and no token
is in their texts."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.ports import Clock, Gone, Message, Refused, Unavailable

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
TIMEOUT = 10
"""Seconds for one call."""

_ID = re.compile(r"[CDG][A-Z0-9]{2,20}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
_WORD = re.compile(r"[a-z0-9_]{1,60}")

_FOR_NOW = frozenset(
    "ratelimited rate_limited internal_error fatal_error service_unavailable request_timeout "
    "message_limit_exceeded accesslimited team_added_to_org".split()
)
"""Slack's words for what passes by itself."""
_GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})

_ADVICE = {
    "channel_not_found": "the channel does not exist, or the app cannot see it: invite the app",
    "not_in_channel": "the app is not in the channel: invite it",
    "is_archived": "the channel is archived: choose another one",
    "missing_scope": "the app lacks a permission: install it again with the manifest",
    "invalid_auth": "the bot token is not valid",
    "not_authed": "no bot token was given",
    "account_inactive": "the bot token belongs to an app or workspace that is gone",
    "token_revoked": "the bot token was revoked: install the app again",
    "token_expired": "the bot token expired",
    "restricted_action": "a workspace setting forbids the app to post there",
    "invalid_blocks": "the message was built wrongly; this is a defect, please report it",
    "expired_trigger_id": "it took too long; press the button again",
}


class SlackChat:
    """Slack, over one bot token. Safe to use from several threads."""

    def __init__(self, token: str, clock: Clock, base_url: str = WebClient.BASE_URL) -> None:
        # No retries inside: one that repeats a post would post twice, while the caller's looks the message up first.
        self._client = WebClient(token, base_url=base_url, timeout=TIMEOUT, retry_handlers=[])
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
        sent = self._call(
            "chat.postMessage", channel=where, metadata=metadata, unfurl_links=False, unfurl_media=False,
            parse="none", link_names=False, **({"thread_ts": thread} if thread else {}), **message,
        )  # fmt: skip
        return _string(sent, "ts")

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message; its metadata stays. Raises ``Gone`` when a person deleted it."""
        where = self._channel(channel)
        self._call("chat.update", channel=where, ts=ts, parse="none", link_names=False, **message)

    def whisper(self, channel: str, user: str, text: str, blocks: object = None) -> None:
        """Say something that only one user sees; ``text`` is mrkdwn, escaped by whoever built it."""
        shown = {"blocks": blocks} if blocks else {}
        where = self._channel(channel)
        self._call("chat.postEphemeral", channel=where, user=user, text=text, parse="none", **shown)

    def open_view(self, trigger: str, view: Mapping[str, object]) -> None:
        """Open a modal."""
        self._call("views.open", trigger_id=trigger, view=view)

    def publish_home(self, user: str, view: Mapping[str, object]) -> None:
        """Replace a user's App Home."""
        self._call("views.publish", user_id=user, view=view)

    def user_by_email(self, email: str) -> str:
        """A user's id, or an empty string."""
        return self._cached("email", email.strip().casefold(), self._find_user)

    def group_named(self, handle: str) -> str:
        """A user group's id by its handle, or an empty string."""
        return self._cached("groups", "", self._find_groups).get(handle.removeprefix("@").casefold(), "")

    def group_members(self, group: str) -> tuple[str, ...]:
        """The user ids in a user group; nobody where it is gone."""
        return self._cached("members", group, self._find_members)

    # -- look-ups --

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
            user = _mapping(self._call("users.lookupByEmail", email=email).get("user"))
        except Refused as problem:
            if problem.code == "users_not_found":
                return ""
            raise
        return "" if user.get("deleted") else _string(user, "id")

    def _find_groups(self, _: str) -> dict[str, str]:
        groups = _mappings(self._call("usergroups.list", include_disabled=False).get("usergroups"))
        return {_string(group, "handle").casefold(): _string(group, "id") for group in groups}

    def _find_members(self, group: str) -> tuple[str, ...]:
        try:
            users = self._call("usergroups.users.list", usergroup=group).get("users")
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
            return self._cached("direct", name, self._open_direct)
        found = self._cached("channel", name.removeprefix("#").casefold(), self._find_channel)
        if not found:
            raise Refused("Slack: channel_not_found; " + _ADVICE["channel_not_found"], "channel_not_found")
        return found

    def _open_direct(self, user: str) -> str:
        return _string(_mapping(self._call("conversations.open", users=user).get("channel")), "id")

    def _find_channel(self, name: str) -> str:
        asked = {"types": "public_channel,private_channel", "exclude_archived": True, "limit": 1000}
        for page in self._pages("conversations.list", CHANNEL_PAGES, **asked):
            for channel in _mappings(page.get("channels")):
                if _string(channel, "name").casefold() == name:
                    return _string(channel, "id")
        return ""

    def _known(self, channel: str, key: str, thread: str) -> str:
        """The ``ts`` of a message of ours with this key, or an empty string."""
        asked: dict[str, object] = {"channel": channel, "limit": PAGE, "include_all_metadata": True}
        if thread:
            pages = self._pages("conversations.replies", THREAD_PAGES, ts=thread, **asked)
        else:
            pages = self._pages("conversations.history", LOOK_BACK_PAGES, **asked)
        for page in pages:
            for message in _mappings(page.get("messages")):
                metadata = _mapping(message.get("metadata"))
                if metadata.get("event_type") == EVENT and _mapping(metadata.get("event_payload")).get("key") == key:
                    return _string(message, "ts")
        return ""

    def _pages(self, method: str, most: int, **asked: object) -> Iterator[Mapping[str, object]]:
        cursor = ""
        for _ in range(most):
            page = self._call(method, **asked, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = _string(_mapping(page.get("response_metadata")), "next_cursor")
            if not cursor:
                return

    def _call(self, method: str, **arguments: object) -> Mapping[str, object]:
        """One call. The SDK's own errors quote whole responses, so none of their text is kept."""
        try:
            if method.startswith(("chat.", "views.")):
                answer = self._client.api_call(method, json=arguments)
            else:
                answer = self._client.api_call(method, data=arguments)
        except SlackApiError as problem:
            raise _error(method, problem.response) from None
        except (SlackClientError, OSError, http.client.HTTPException, ValueError, AttributeError) as problem:
            # AttributeError is how the SDK meets an answer that is JSON and no object (a proxy's, say).
            raise Unavailable(f"Slack did not answer {method}: {type(problem).__name__}") from None
        data = answer.data
        return data if isinstance(data, dict) else {}


def _error(method: str, response: SlackResponse) -> Unavailable | Refused:
    """Slack's refusal in our words. Only its error word is taken over, and only where it looks like one."""
    data = response.data if isinstance(response.data, dict) else {}
    said = str(data.get("error", ""))
    word = said if _WORD.fullmatch(said) else "unknown_error"
    if response.status_code == 429 or response.status_code >= 500 or word in _FOR_NOW or word == "unknown_error":
        return Unavailable(f"Slack cannot do {method} now: {word}", _retry_after(response))
    if word in _GONE:
        return Gone(f"Slack: {word}", word)
    needed = str(data.get("needed", ""))
    scope = f" ({needed})" if word == "missing_scope" and re.fullmatch(r"[a-z.:_,]{1,100}", needed) else ""
    return Refused(f"Slack refused {method}: {word}{scope}" + (f"; {_ADVICE[word]}" if word in _ADVICE else ""), word)


def _retry_after(response: SlackResponse) -> float:
    """Seconds, from a header that is a whole number; at most an hour."""
    headers = {str(name).casefold(): value for name, value in response.headers.items()}
    value = headers.get("retry-after", "")
    text = str(value[0] if isinstance(value, list) and value else value)
    return min(float(text), 3600.0) if text.isdecimal() and len(text) < 8 else 0.0


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> Sequence[Mapping[str, object]]:
    return [_mapping(entry) for entry in value] if isinstance(value, list) else ()


def _string(value: Mapping[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
