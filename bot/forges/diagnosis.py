"""What the doctor asks GitHub: credentials, permissions, events, installations, the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from bot.diagnosis import TIMEOUT, Answer
from bot.model import BotError
from bot.settings import Settings

PERMISSIONS = {
    "checks": ("write", "to show the check run"),
    "contents": ("read", "to read code and runbooks"),
    "pull_requests": ("write", "to read pull requests and answer commands in comments"),
    "members": ("read", "to know who is in the team that owns a runbook"),
    "administration": ("read", "to see which reviews and checks a branch requires"),
    "metadata": ("read", "which every App has"),
}
"""What the GitHub App may do, and why (docs/github.md says the same)."""

EVENTS = ("pull_request", "push", "issue_comment", "check_run", "repository")
"""What GitHub tells the App."""

CLOCK_SECONDS = 60.0
"""How wrong the clock may be: Slack refuses after 300 s, an App's token request after 60 s in the future."""


def examine(settings: Settings) -> Iterator[Answer]:
    """What GitHub says to our credentials."""
    if settings.uses_app:
        yield from _app(settings)
    elif settings.github_token.get_secret_value():
        yield from _token(settings)
    else:
        yield Answer("missing", "GitHub", "set GITHUB_APP_ID and its private key, or GITHUB_TOKEN (docs/github.md)")
    yield from _hearing(settings)


def _hearing(settings: Settings) -> Iterator[Answer]:
    """How the bot hears of pull requests: by deliveries, by polling, or not at all."""
    signed, polled = bool(settings.github_webhook_secret.get_secret_value()), _polled(settings)
    if settings.poll_interval and not polled:
        yield Answer("warning", "POLL_INTERVAL", "nothing is polled: name the repositories in GITHUB_REPOSITORIES")
    if not signed and polled:
        yield Answer("ok", "GITHUB_WEBHOOK_SECRET", f"not set; polling every {settings.poll_interval:g} s instead")
    elif not signed:
        text = "set it as in the App, or poll (POLL_INTERVAL, GITHUB_REPOSITORIES): without it no delivery counts"
        yield Answer("missing", "GITHUB_WEBHOOK_SECRET", text)


def _polled(settings: Settings) -> bool:
    return bool(settings.poll_interval and settings.github_repositories)


def _app(settings: Settings) -> Iterator[Answer]:
    from github import Auth

    try:
        token = Auth.AppAuth(settings.github_app_id, settings.private_key()).create_jwt()
    except BotError as problem:
        yield Answer("missing", "GITHUB_APP_PRIVATE_KEY", str(problem))
        return
    except Exception:  # what a broken key raises depends on how it is broken, and may quote it
        yield Answer("missing", "GITHUB_APP_PRIVATE_KEY", "is not a private key in PEM form")
        return
    answer = _asked(f"{settings.github_api_url}/app", {"Authorization": f"Bearer {token}"})
    if isinstance(answer, Answer):
        yield answer
        return
    yield from _clock(answer)
    if answer.status_code != 200:
        yield Answer(
            "missing", "GitHub App", f"GitHub answers {answer.status_code}: number and key do not fit together"
        )
        return
    app = _body(answer)
    if not isinstance(app, dict):
        yield Answer("missing", "GitHub App", "what answers at GITHUB_API_URL is not GitHub's API")
        return
    yield Answer("ok", "GitHub App", str(app.get("slug", settings.github_app_id))[:100])
    permissions, events = app.get("permissions"), app.get("events")
    yield from _permissions(permissions if isinstance(permissions, dict) else {})
    if settings.github_webhook_secret.get_secret_value() or not _polled(settings):
        yield from _events(events if isinstance(events, list) else [])
    yield from _installations(settings, token)


def _installations(settings: Settings, token: str) -> Iterator[Answer]:
    installed = _asked(f"{settings.github_api_url}/app/installations", {"Authorization": f"Bearer {token}"})
    if isinstance(installed, Answer) or installed.status_code != 200:
        return
    found = _body(installed)
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    accounts = [entry.get("account") for entry in entries[:10]]
    if entries:
        names = [str(account.get("login", "?"))[:60] if isinstance(account, dict) else "?" for account in accounts]
        yield Answer("ok", "installations", ", ".join(names))
    else:
        yield Answer("missing", "installations", "the App is installed nowhere; install it on a repository")


def _permissions(granted: Mapping[str, object]) -> Iterator[Answer]:
    for name, (level, reason) in PERMISSIONS.items():
        has = str(granted.get(name, ""))
        if not has or (level == "write" and has == "read"):
            needed = "missing" if name in {"checks", "contents", "pull_requests"} else "warning"
            yield Answer(needed, f"permission {name}", f"give the App {level} access, {reason}")


def _events(subscribed: list[object]) -> Iterator[Answer]:
    lacking = [event for event in EVENTS if event not in subscribed]
    if lacking:
        yield Answer("missing", "events", f"subscribe the App to {', '.join(lacking)}")


def _token(settings: Settings) -> Iterator[Answer]:
    token = settings.github_token.get_secret_value()
    answer = _asked(f"{settings.github_api_url}/user", {"Authorization": f"Bearer {token}"})
    if isinstance(answer, Answer):
        yield answer
        return
    yield from _clock(answer)
    if answer.status_code == 401:
        yield Answer("missing", "GITHUB_TOKEN", "GitHub does not accept it: revoked or expired")
        return
    yield Answer("warning", "check runs", "need a GitHub App; with a token there is a commit status and one comment")
    for repo in settings.github_repositories:
        seen = _asked(f"{settings.github_api_url}/repos/{repo}", {"Authorization": f"Bearer {token}"})
        if not isinstance(seen, Answer) and seen.status_code != 200:
            yield Answer("missing", repo, f"the token cannot read it (GitHub answers {seen.status_code})")


def _asked(url: str, headers: Mapping[str, str]) -> requests.Response | Answer:
    try:
        return requests.get(
            url, headers={"Accept": "application/vnd.github+json", **headers}, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.RequestException as problem:
        host = url.split("/", 3)[2]
        return Answer("missing", "GitHub", f"{host} cannot be reached: {type(problem).__name__}")


def _body(answer: requests.Response) -> object:
    """The answer's JSON; None where it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


def _clock(answer: requests.Response) -> Iterator[Answer]:
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
        if theirs.tzinfo is None:  # HTTP's times are UTC; Python reads "-0000" and no zone at all as a naive time
            theirs = theirs.replace(tzinfo=UTC)
        off = (datetime.now(UTC) - theirs).total_seconds()
    except (KeyError, ValueError, TypeError, OverflowError):
        return
    if abs(off) > CLOCK_SECONDS:
        yield Answer("missing", "clock", f"{off:+.0f} s from GitHub's: set it right, or signatures will be refused")
    else:
        yield Answer("ok", "clock", f"{off:+.0f} s from GitHub's")
