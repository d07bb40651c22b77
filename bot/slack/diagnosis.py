"""What the doctor asks Slack: tokens, scopes, mode, channels."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.diagnosis import TIMEOUT, Answer
from bot.settings import Settings

SCOPES = {
    "app_mentions:read": "for @bot status",
    "channels:history": "to find a message again after a crash",
    "channels:read": "to find channels and check that they exist",
    "chat:write": "to post and update alerts",
    "chat:write.public": "to post in public channels",
    "commands": "for /runbook",
    "dnd:read": "to keep quiet when people do",
    "groups:history": "to find a message again in a private channel",
    "groups:read": "to find private channels",
    "im:history": "to find a digest again after a crash",
    "im:write": "to write to one person",
    "metadata.message:read": "to find a message again after a crash",
    "usergroups:read": "to know who is in a team's user group",
    "users:read": "which the next one needs",
    "users:read.email": "to know the Slack users of owners and commit authors",
}
"""The bot token's scopes, and why: those of slack-manifest.json, which is not installed with the package; a test
compares the two (docs/slack.md says the same)."""

SPARE = frozenset({"chat:write.public"})
"""Scopes without which nothing breaks: the bot has to be in a channel anyway."""

_FAILURES = (SlackClientError, OSError, http.client.HTTPException, ValueError, AttributeError, TypeError)
"""What the SDK raises besides Slack's own errors; the last ones where an answer is no object (a proxy's, say)."""


def examine(settings: Settings) -> Iterator[Answer]:
    """What Slack says to our tokens, and which channels can be reached."""
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        yield Answer("missing", "SLACK_BOT_TOKEN", "set it (docs/slack.md)")
        return
    client = WebClient(token, base_url=_ending(settings.slack_api_url), timeout=int(TIMEOUT))
    try:
        said = client.auth_test()
    except SlackApiError as problem:
        yield Answer("missing", "SLACK_BOT_TOKEN", f"Slack says {_word(problem)}")
        return
    except _FAILURES as problem:
        yield Answer("missing", "Slack", f"cannot be reached: {type(problem).__name__}")
        return
    yield Answer("ok", "Slack", f"{said.get('user', '?')} in {said.get('team', '?')}")
    headers = {name.lower(): value for name, value in (said.headers or {}).items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}
    if granted != {""}:
        for scope, reason in SCOPES.items():
            if scope not in granted:
                state = "warning" if scope in SPARE else "missing"
                yield Answer(state, f"scope {scope}", f"add it to the Slack app, {reason}, and install it again")
    yield _mode(settings)
    yield from _channels(settings, client)


def _mode(settings: Settings) -> Answer:
    token = settings.slack_app_token.get_secret_value()
    if token:
        try:
            WebClient(base_url=_ending(settings.slack_api_url), timeout=int(TIMEOUT)).apps_connections_open(
                app_token=token
            )
        except SlackApiError as problem:
            return Answer("missing", "SLACK_APP_TOKEN", f"Slack says {_word(problem)}; it needs connections:write")
        except _FAILURES as problem:
            return Answer("missing", "SLACK_APP_TOKEN", f"cannot be tried: {type(problem).__name__}")
        return Answer("ok", "Socket Mode", "connected")
    if settings.slack_signing_secret.get_secret_value():
        return Answer("ok", "HTTP mode", "Slack has to reach /slack/events of this server")
    return Answer("missing", "Slack", "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")


def _channels(settings: Settings, client: WebClient) -> Iterator[Answer]:
    if not settings.slack_default_channel:
        yield Answer("warning", "SLACK_DEFAULT_CHANNEL", "not set: alerts of services without a channel go nowhere")
    for channel in dict.fromkeys([settings.slack_default_channel, *settings.channels.values()]):
        if not channel or channel.startswith("#"):
            continue  # a name can only be found by reading every channel
        try:
            said = client.conversations_info(channel=channel).get("channel")
        except SlackApiError as problem:
            yield Answer("missing", f"channel {channel}", f"Slack says {_word(problem)}")
        except _FAILURES as problem:
            yield Answer("missing", f"channel {channel}", f"cannot be looked up: {type(problem).__name__}")
        else:
            yield _channel(channel, said if isinstance(said, Mapping) else {})


def _channel(channel: str, found: Mapping[str, object]) -> Answer:
    """Whether the bot can work in a channel. In a public one too it has to be a member: before it posts it looks for
    its own message, and Slack lets it read only where it is."""
    if found.get("is_archived"):
        return Answer("missing", f"channel {channel}", "is archived")
    if found.get("is_member") or found.get("is_im"):
        return Answer("ok", f"channel {channel}", str(found.get("name", ""))[:80])
    kind = "is private" if found.get("is_private") else "the bot is not in it"
    return Answer("missing", f"channel {channel}", f"{kind}: invite the bot (/invite in the channel)")


def _word(problem: SlackApiError) -> str:
    data = getattr(problem.response, "data", None)
    word = data.get("error") if isinstance(data, Mapping) else ""
    return str(word or "no")[:60]


def _ending(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
