"""The shop that the demo and the walk are about: its repository, its people, and a bot's settings for them."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.slack.preview import terminal
from demo.bot.outside import SIGNING_SECRET, WEBHOOK_SECRET
from demo.bot.slackstand import Slack, User
from demo.bot.standins import APP, AUTHOR, BRANCH, OWNER, GitHub
from demo.build import main as build

CHANNEL, DANA, PAT, SAM, GROUP = "C0ONCALL", "U0DANA", "U0PAT", "U0SAM", "S0IDENTITY"
NAMES = {DANA: "dana", PAT: "pat", SAM: "sam", GROUP: "identity", CHANNEL: "on-call"}

CONFIG = """\
# What the target branch says to the bot: its services, and that it wants to be reviewed at all.
[services.payments]
paths = ["payments/**", "deploy/**"]
runbooks = ["docs/runbooks/payments.md", "docs/runbooks/sessions.md"]
owners = ["@shop/platform"]
channel = "#on-call"
"""
MENDED = (
    ("docs/runbooks/sessions.md", "`SESSION_TTL` is 1 hour", "`SESSION_TTL` is 5 minutes"),
    ("docs/runbooks/payments.md", "`GATEWAY_TIMEOUT_SECONDS` (30 seconds)", "`GATEWAY_TIMEOUT_SECONDS` (10 seconds)"),
)
"""What the author takes over from the suggested edits: path, before, after."""


def repository(folder: Path) -> Path:
    """The shop's repository in a folder, with the configuration of the bot on ``main``."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        failed = build(folder)
    if failed:
        raise SystemExit(told.getvalue().strip())
    return folder


def github(folder: Path) -> GitHub:
    """GitHub with the shop's repository."""
    made = GitHub(repository(folder))
    made.commit("main", {".runbook-drift.toml": CONFIG}, "Runbooks are checked")
    made.git("switch", "--quiet", BRANCH)
    return made


def slack(heard: Callable[[dict[str, Any]], None] = lambda message: None) -> Slack:
    """Slack with the shop's people."""
    return Slack({CHANNEL: "on-call"}, {GROUP: (PAT,)}, {DANA: User(), PAT: User(), SAM: User()}, heard)


def settings(github: GitHub, slack: Slack, state: Path, port: int) -> dict[str, str]:
    """The settings of the bot, as they would stand in ``.env``."""
    return {
        "GITHUB_API_URL": f"{github.url}/api", "GITHUB_WEB_URL": github.url,
        "GITHUB_APP_ID": str(APP), "GITHUB_APP_PRIVATE_KEY": private_key(),
        "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SLACK_API_URL": f"{slack.url}/api/", "SLACK_BOT_TOKEN": "xoxb-demo",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_DEFAULT_CHANNEL": CHANNEL,
        "PEOPLE": f"{AUTHOR}={DANA},{OWNER}={PAT}", "TEAMS": f"@shop/identity={GROUP}",
        "STATE_DIR": str(state), "HOST": "127.0.0.1", "PORT": str(port), "WORKERS": "1",
    }  # fmt: skip


def mended(github: GitHub, branch: str = BRANCH) -> None:
    """A commit that makes code and runbooks agree: the suggested edits, and the guard that went by mistake."""
    github.git("switch", "--quiet", branch)
    files = {path: github.text(path, branch).replace(before, after) for path, before, after in MENDED}
    files["payments/api.py"] = github.text("payments/api.py", f"{BRANCH}~1" if branch == "main" else "main")
    github.commit(branch, files, "Runbooks as suggested; refunds ask for the role again")


def shown(message: Mapping[str, object]) -> Iterator[str]:
    """The lines of a message or modal for a terminal."""
    for line in named(terminal(message, 92)).rstrip("\n").split("\n"):
        yield _bold(line)


def named(text: str) -> str:
    """Slack shows names; messages hold ids."""
    for known, name in NAMES.items():
        sign = "#" if known == CHANNEL else "@"
        text = text.replace(f"@{known}", f"{sign}{name}")
    return text


def _bold(line: str) -> str:
    """Slack's bold as the terminal's, or as plain text where the output is none."""
    marked = "\033[1m\\1\033[22m" if sys.stdout.isatty() else r"\1"
    return re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", marked, line)


def private_key() -> str:
    """A key such as an App has."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
