"""``runbook-drift-bot doctor``: is everything there that the bot needs? Each answer says in words what to do.

Asks GitHub, Slack, the database and the disk; makes and changes nothing. Secrets appear in no answer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

from bot.diagnosis import Answer
from bot.forges import diagnosis as github
from bot.model import BotError
from bot.observe import redacted
from bot.settings import Settings
from bot.slack import diagnosis as slack


def examine(settings: Settings, look: Callable[[str], str]) -> Iterator[Answer]:
    """All answers in a sensible order. ``look`` says what the next start does to the database at an address, and
    raises ``BotError``. Raises nothing."""
    yield _git()
    yield _disk(settings)
    yield _database(settings, look)
    yield from github.examine(settings)
    yield from slack.examine(settings)
    yield from _linking(settings)


def _linking(settings: Settings) -> Iterator[Answer]:
    """Whether people can link themselves, where somebody began to set it up."""
    given = {
        "GITHUB_OAUTH_CLIENT_ID": settings.github_oauth_client_id,
        "GITHUB_OAUTH_CLIENT_SECRET": settings.github_oauth_client_secret.get_secret_value(),
    }
    lacking = [name for name, value in {**given, "PUBLIC_URL": settings.public_url}.items() if not value]
    if not lacking:
        yield Answer("ok", "linking", f"browsers have to reach {settings.public_url}/link")
    elif any(given.values()):
        yield Answer("warning", "linking", f"/runbook link is off: set {' and '.join(lacking)} too (docs/github.md)")
    elif not settings.public_url and not settings.slack_app_token.get_secret_value():
        yield Answer("warning", "PUBLIC_URL", "not set: links to this server and linking of accounts are off")


def _git() -> Answer:
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return Answer("missing", "git", "not found; install git 2.39 or newer")
    version = said.split()[2] if len(said.split()) > 2 else said
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    if numbers < [2, 39]:
        return Answer("missing", "git", f"{version} is too old; install 2.39 or newer")
    return Answer("ok", "git", version)


def _disk(settings: Settings) -> Answer:
    place, later = settings.state_dir, ""
    while not os.path.lexists(place) and place != place.parent:
        place, later = place.parent, f"; {settings.state_dir} is made at the first start"
    try:
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            return Answer("missing", "STATE_DIR", f"{settings.state_dir} cannot be written: look at {place}")
        free = shutil.disk_usage(place).free
    except OSError as problem:
        return Answer("missing", "STATE_DIR", f"{settings.state_dir} cannot be written: {problem.strerror}")
    if free < settings.checkout_bytes:
        text = f"{free / 1e9:.1f} GB free, but CHECKOUT_BYTES allows {settings.checkout_bytes / 1e9:.1f}"
        return Answer("warning", "disk", text + later)
    return Answer("ok", "disk", f"{free / 1e9:.1f} GB free{later}")


def _database(settings: Settings, look: Callable[[str], str]) -> Answer:
    kind = "PostgreSQL" if settings.postgresql else "SQLite"
    try:
        coming = look(store_url(settings))
    except BotError as problem:
        return Answer("missing", "database", redacted(str(problem)))
    return Answer("ok", "database", f"{kind}, {coming}" if coming else kind)


def store_url(settings: Settings) -> str:
    """Where the bot remembers: ``DATABASE_URL``, or a file in the state directory."""
    return settings.database_url.get_secret_value() or f"sqlite:///{settings.state_dir.absolute()}/bot.db"


def report(answers: Iterator[Answer], write: Callable[[str], object]) -> int:
    """Print the answers; 0 when nothing is missing, else 1."""
    marks = {"ok": "ok      ", "warning": "warning ", "missing": "MISSING "}
    missing = 0
    for answer in answers:
        missing += answer.state == "missing"
        write(f"{marks[answer.state]} {answer.subject}: {redacted(answer.text)}{os.linesep}")
    write(f"{missing} missing{os.linesep}" if missing else f"all is there{os.linesep}")
    return 1 if missing else 0
