"""``runbook-drift-bot doctor``: is everything there that the bot needs? Each answer says in words what to do.

Asks GitHub, Slack, the database and the disk; changes nothing. Secrets appear in no answer.
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


def examine(settings: Settings, open_store: Callable[[str], object]) -> Iterator[Answer]:
    """All answers in a sensible order. Raises nothing."""
    yield _git()
    yield _disk(settings)
    yield _database(settings, open_store)
    yield from github.examine(settings)
    yield from slack.examine(settings)
    if not settings.public_url and not settings.slack_app_token.get_secret_value():
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
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        probe = settings.state_dir / ".doctor"
        probe.write_text("")
        probe.unlink()
        free = shutil.disk_usage(settings.state_dir).free
    except OSError as problem:
        return Answer("missing", "STATE_DIR", f"{settings.state_dir} cannot be written: {problem.strerror}")
    if free < settings.checkout_bytes:
        text = f"{free / 1e9:.1f} GB free, but CHECKOUT_BYTES allows {settings.checkout_bytes / 1e9:.1f}"
        return Answer("warning", "disk", text)
    return Answer("ok", "disk", f"{free / 1e9:.1f} GB free")


def _database(settings: Settings, open_store: Callable[[str], object]) -> Answer:
    kind = "PostgreSQL" if settings.postgresql else "SQLite"
    try:
        store = open_store(store_url(settings))
        close = getattr(store, "close", None)
        if close is not None:
            close()
    except BotError as problem:
        return Answer("missing", "database", redacted(str(problem)))
    return Answer("ok", "database", kind)


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
