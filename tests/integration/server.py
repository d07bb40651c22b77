"""The bot as a process, and what GitHub and Slack send it: everything signed as they sign it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.integration.standins import APP, CHANNEL, FULL, GitHubFront, SlackFront

T = TypeVar("T")

WEBHOOK_SECRET = "canary-webhook-secret"
SIGNING_SECRET = "canary-signing-secret"
API_TOKEN = "canary-api-token"


def until(found: Callable[[], T], what: str, seconds: float = 60.0) -> T:
    """Wait until something is true and return it; ``what`` is said when it never is."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} seconds still not: {what}")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """``runbook-drift-bot serve`` in a process of its own, in an empty folder, with no environment but its settings."""

    def __init__(
        self, folder: Path, github: GitHubFront, slack: SlackFront, private_key: str, people: Mapping[str, str],
        **settings: str,
    ) -> None:  # fmt: skip
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = {
            "GITHUB_API_URL": f"{github.url}/api", "GITHUB_WEB_URL": github.url, "GITHUB_APP_ID": str(APP),
            "GITHUB_APP_PRIVATE_KEY": private_key, "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SLACK_API_URL": f"{slack.url}/api/", "SLACK_BOT_TOKEN": "xoxb-canary-0123456789",
            "SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_DEFAULT_CHANNEL": f"#{CHANNEL}",
            "PEOPLE": ",".join(f"{login}={user}" for login, user in people.items()), "STATE_DIR": str(folder / "state"),
            "HOST": "127.0.0.1", "PORT": str(self.port), "API_TOKEN": API_TOKEN, "WORKERS": "1", **settings,
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start it and wait until it says that it is ready."""
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "serve"], cwd=self.folder, stdout=log, stderr=log,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **self.settings},
        )  # fmt: skip
        log.close()
        until(self._ready, f"the server is ready; its log:\n{self.log()[-3000:]}", 90)
        return self

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended:\n{self.log()[-3000:]}"
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def kill(self) -> None:
        """As the kernel or a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """As an operator would (SIGTERM); the exit code."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop:\n{self.log()[-3000:]}") from None

    def log(self) -> str:
        """What it said so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request to it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            said = connection.getresponse()
            return said.status, said.read()
        finally:
            connection.close()

    # -- as GitHub --

    def deliver(self, event: str, payload: Mapping[str, Any], delivery: str = "") -> int:
        """Send a signed delivery; the status it was answered with."""
        body = json.dumps(payload).encode()
        return self.ask("POST", "/github/webhook", body, github_headers(event, body, delivery))[0]

    def deliver_pull(self, action: str, pull: Mapping[str, Any], delivery: str = "") -> int:
        """Send the delivery that tells of a pull request."""
        payload = {
            "action": action, "number": pull["number"], "pull_request": pull, "sender": pull["user"],
            "repository": pull["base"]["repo"], "installation": {"id": 99},
        }  # fmt: skip
        return self.deliver("pull_request", payload, delivery)

    # -- as Slack --

    def slack(self, form: Mapping[str, str]) -> tuple[int, Any]:
        """Send a signed form (a slash command, or an interaction as ``payload``)."""
        body = urlencode(form).encode()
        status, said = self.ask("POST", "/slack/events", body, slack_headers(body, "application/x-www-form-urlencoded"))
        return status, json.loads(said) if said.startswith(b"{") else said.decode()

    def interact(self, payload: Mapping[str, Any]) -> tuple[int, Any]:
        """Send a signed interaction."""
        return self.slack({"payload": json.dumps(payload)})

    def command(self, text: str, user: str, channel: str) -> tuple[int, Any]:
        """Send ``/runbook TEXT``."""
        return self.slack(slash(text, user, channel))

    # -- what it knows --

    def api(self, path: str) -> Any:
        """An answer of its own API."""
        status, said = self.ask("GET", path, headers={"Authorization": f"Bearer {API_TOKEN}"})
        assert status in {200, 404}, said
        return json.loads(said) if status == 200 else None

    def known(self, number: int) -> Any:
        """What it knows of a pull request, or None."""
        return self.api(f"/api/pulls/{FULL}/{number}")


def github_headers(event: str, body: bytes, delivery: str = "") -> dict[str, str]:
    """The headers of a delivery, signed as GitHub signs."""
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {
        "X-GitHub-Event": event, "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json",
    }  # fmt: skip


def slack_headers(body: bytes, kind: str, age: int = 0) -> dict[str, str]:
    """The headers of a request, signed as Slack signs; ``age`` in seconds."""
    now = str(int(time.time()) - age)
    signature = hmac.new(SIGNING_SECRET.encode(), b"v0:" + now.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={signature}", "Content-Type": kind}


def slash(text: str, user: str, channel: str) -> dict[str, str]:
    """The form of ``/runbook TEXT``."""
    return {
        "command": "/runbook", "text": text, "user_id": user, "channel_id": channel, "team_id": "T000000001",
        "trigger_id": "none", "api_app_id": "A1", "token": "none", "response_url": "http://127.0.0.1:9/none",
    }  # fmt: skip


def press(action: str, value: str, user: str, channel: str, trigger: str) -> dict[str, Any]:
    """The interaction of a pressed button."""
    return {
        "type": "block_actions", "user": {"id": user}, "team": {"id": "T000000001"}, "channel": {"id": channel},
        "trigger_id": trigger, "api_app_id": "A1", "token": "none", "container": {"type": "message"},
        "actions": [{
            "type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": f"{time.time():.6f}",
        }],
    }  # fmt: skip


def submit(view: Mapping[str, Any], values: Mapping[str, Any], user: str) -> dict[str, Any]:
    """The interaction of a submitted modal that was opened as ``view``."""
    filled = {**view, "id": "V1", "type": "modal", "state": {"values": values}, "hash": "1.1"}
    return {
        "type": "view_submission", "user": {"id": user}, "team": {"id": "T000000001"}, "view": filled,
        "api_app_id": "A1", "token": "none", "trigger_id": "none",
    }  # fmt: skip
