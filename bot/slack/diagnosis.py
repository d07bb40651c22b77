"""What the doctor asks Slack: tokens, scopes, mode, channels."""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.diagnosis import TIMEOUT, Answer
from bot.settings import Settings

SCOPES = {
    "chat:write": "to post and update alerts",
    "commands": "for /runbook",
    "app_mentions:read": "for @bot status",
    "channels:history": "to find a message again after a crash",
    "channels:read": "to check that channels exist",
    "metadata.message:read": "to find a message again after a crash",
    "users:read": "to know time zones and who left",
    "users:read.email": "to mention commit authors",
    "usergroups:read": "to mention teams",
    "dnd:read": "to keep quiet when people do",
}
"""The bot token's scopes, and why (docs/slack.md says the same)."""


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
    except (SlackClientError, OSError) as problem:
        yield Answer("missing", "Slack", f"cannot be reached: {type(problem).__name__}")
        return
    yield Answer("ok", "Slack", f"{said.get('user', '?')} in {said.get('team', '?')}")
    headers = {name.lower(): value for name, value in (said.headers or {}).items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")}
    if granted != {""}:
        for scope, reason in SCOPES.items():
            if scope not in granted:
                yield Answer("missing", f"scope {scope}", f"add it to the Slack app, {reason}, and install it again")
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
        except (SlackClientError, OSError) as problem:
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
            found = client.conversations_info(channel=channel).get("channel") or {}
        except SlackApiError as problem:
            yield Answer("missing", f"channel {channel}", f"Slack says {_word(problem)}")
            continue
        except (SlackClientError, OSError):
            continue
        if found.get("is_archived"):
            yield Answer("missing", f"channel {channel}", "is archived")
        elif not found.get("is_member") and found.get("is_private"):
            yield Answer("missing", f"channel {channel}", "is private: invite the bot")
        else:
            yield Answer("ok", f"channel {channel}", str(found.get("name", ""))[:80])


def _word(problem: SlackApiError) -> str:
    response = problem.response
    word = response.get("error") if hasattr(response, "get") else ""
    return str(word or "no")[:60]


def _ending(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
