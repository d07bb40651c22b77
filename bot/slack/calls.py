"""Slack's Web API over one bot token: a call, its pages, and its refusals in our words.

Nothing but ``Unavailable``, ``Refused`` and ``Gone`` comes out, and no token is in their texts.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping, Sequence

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.observe import counted
from bot.ports import Gone, Refused, Unavailable

TIMEOUT = 10
"""Seconds for one call."""
CHANNEL_PAGES = 20
"""Pages of a thousand channels that are read."""

_WORD = re.compile(r"[a-z0-9_]{1,60}")

_FOR_NOW = frozenset(
    "ratelimited rate_limited internal_error fatal_error service_unavailable request_timeout "
    "message_limit_exceeded accesslimited team_added_to_org".split()
)
"""Slack's words for what passes by itself."""
_GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})

ADVICE = {
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
    "user_disabled": "the person left the workspace",
    "cannot_dm_bot": "the user is a bot: name a person",
}


class Calls:
    """A client. Safe to use from several threads."""

    def __init__(self, token: str, base_url: str = WebClient.BASE_URL) -> None:
        # No retries inside: one that repeats a post would post twice, while the caller's looks the message up first.
        self._client = WebClient(token, base_url=base_url, timeout=TIMEOUT, retry_handlers=[])

    def open_direct(self, user: str) -> str:
        """The channel of direct messages with a user (``conversations.open``, scope ``im:write``)."""
        found = string(mapping(self.call("conversations.open", users=user).get("channel")), "id")
        if not found:
            raise Unavailable("Slack did not say where to write to the person")
        return found

    def channels(self) -> dict[str, str]:
        """The ids of the channels that the bot can see, by name (``conversations.list``, at most so many pages)."""
        found: dict[str, str] = {}
        asked = {"types": "public_channel,private_channel", "exclude_archived": True, "limit": 1000}
        for page in self.pages("conversations.list", CHANNEL_PAGES, **asked):
            for channel in mappings(page.get("channels")):
                found.setdefault(string(channel, "name").casefold(), string(channel, "id"))
        return found

    def pages(self, method: str, most: int, **asked: object) -> Iterator[Mapping[str, object]]:
        """The pages of a listing, at most ``most`` of them."""
        cursor = ""
        for _ in range(most):
            page = self.call(method, **asked, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = string(mapping(page.get("response_metadata")), "next_cursor")
            if not cursor:
                return

    def call(self, method: str, **arguments: object) -> Mapping[str, object]:
        """One call. The SDK's own errors quote whole responses, so none of their text is kept."""
        with counted("slack"):
            return self._call(method, arguments)

    def _call(self, method: str, arguments: dict[str, object]) -> Mapping[str, object]:
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
    return Refused(f"Slack refused {method}: {word}{scope}" + (f"; {ADVICE[word]}" if word in ADVICE else ""), word)


def _retry_after(response: SlackResponse) -> float:
    """Seconds, from a header that is a whole number; at most an hour."""
    headers = {str(name).casefold(): value for name, value in response.headers.items()}
    value = headers.get("retry-after", "")
    text = str(value[0] if isinstance(value, list) and value else value)
    return min(float(text), 3600.0) if text.isdecimal() and len(text) < 8 else 0.0


def mapping(value: object) -> Mapping[str, object]:
    """A value of an answer as an object; an empty one where it is none."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> Sequence[Mapping[str, object]]:
    """A value of an answer as a list of objects."""
    return [mapping(entry) for entry in value] if isinstance(value, list) else ()


def string(value: Mapping[str, object], name: str) -> str:
    """A field of an answer that is text; empty where it is none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""
