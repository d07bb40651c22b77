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
    if not settings.github_webhook_secret.get_secret_value():
        if settings.poll_interval:
            yield Answer("ok", "GITHUB_WEBHOOK_SECRET", f"not set; polling every {settings.poll_interval:g} s instead")
        else:
            yield Answer(
                "missing",
                "GITHUB_WEBHOOK_SECRET",
                "set it as in the App, or set POLL_INTERVAL: without it no delivery counts",
            )


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
    app = answer.json()
    yield Answer("ok", "GitHub App", str(app.get("slug", settings.github_app_id))[:100])
    yield from _permissions(app.get("permissions") or {}, app.get("events") or [])
    installed = _asked(f"{settings.github_api_url}/app/installations", {"Authorization": f"Bearer {token}"})
    if not isinstance(installed, Answer) and installed.status_code == 200:
        found = installed.json()
        names = ", ".join(str((entry.get("account") or {}).get("login", "?"))[:60] for entry in found[:10])
        if found:
            yield Answer("ok", "installations", names)
        else:
            yield Answer("missing", "installations", "the App is installed nowhere; install it on a repository")


def _permissions(granted: Mapping[str, object], events: list[object]) -> Iterator[Answer]:
    for name, (level, reason) in PERMISSIONS.items():
        has = str(granted.get(name, ""))
        if not has or (level == "write" and has == "read"):
            needed = "missing" if name in {"checks", "contents", "pull_requests"} else "warning"
            yield Answer(needed, f"permission {name}", f"give the App {level} access, {reason}")
    lacking = [event for event in EVENTS if event not in events and event != "repository"]
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


def _clock(answer: requests.Response) -> Iterator[Answer]:
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return
    off = (datetime.now(UTC) - theirs).total_seconds()
    if abs(off) > CLOCK_SECONDS:
        yield Answer("missing", "clock", f"{off:+.0f} s from GitHub's: set it right, or signatures will be refused")
    else:
        yield Answer("ok", "clock", f"{off:+.0f} s from GitHub's")
