"""What GitHub and Slack send to the bot, signed as they sign it: deliveries, commands, buttons, modals."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from demo.bot.standins import INSTALLATION, REPOSITORY, GitHub

WEBHOOK_SECRET, SIGNING_SECRET = "demo-webhook-secret", "demo-signing-secret"
TEAM = "T0SHOP"


class Unanswered(Exception):  # noqa: N818 - the bot did not answer as it should
    """The bot did not accept what was sent."""


class Outside:
    """The world around a bot that listens on a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """One request to the bot."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, named)
            said = connection.getresponse()
            return said.status, said.read()
        finally:
            connection.close()

    # -- as GitHub --

    def deliver(self, event: str, payload: Mapping[str, Any]) -> int:
        """A delivery; returns the status with which it was answered."""
        body = json.dumps(payload).encode()
        mark = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return self.ask(
            "POST", "/github/webhook", body, X_GitHub_Event=event, X_GitHub_Delivery=str(uuid.uuid4()),
            X_Hub_Signature_256=f"sha256={mark}", Content_Type="application/json",
        )[0]  # fmt: skip

    def deliver_pull(self, action: str, pull: Mapping[str, Any]) -> int:
        """A delivery about a pull request."""
        return self.deliver("pull_request", {
            "action": action, "number": pull["number"], "pull_request": pull, "sender": pull["user"],
            "repository": pull["base"]["repo"], "installation": {"id": INSTALLATION},
        })  # fmt: skip

    def deliver_push(self, github: GitHub) -> int:
        """A delivery about a push to main."""
        return self.deliver("push", {
            "ref": "refs/heads/main", "after": github.git("rev-parse", "main"), "installation": {"id": INSTALLATION},
            "repository": {"full_name": REPOSITORY, "default_branch": "main"}, "sender": {"login": "dana"},
        })  # fmt: skip

    # -- as Slack --

    def from_slack(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A form; returns what the bot answers."""
        body, now = urlencode(form).encode(), str(int(time.time()))
        mark = hmac.new(SIGNING_SECRET.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
        status, said = self.ask(
            "POST", "/slack/events", body, X_Slack_Request_Timestamp=now, X_Slack_Signature=f"v0={mark}",
            Content_Type="application/x-www-form-urlencoded",
        )  # fmt: skip
        if status != 200:
            raise Unanswered(f"the bot answered Slack with {status}")
        answer: dict[str, Any] = json.loads(said) if said.startswith(b"{") else {}
        return answer

    def command(self, user: str, text: str, channel: str) -> dict[str, Any]:
        """``/runbook TEXT``; returns the answer."""
        return self.from_slack({
            "command": "/runbook", "text": text, "user_id": user, "channel_id": channel, "team_id": TEAM,
            "trigger_id": "demo",
        })  # fmt: skip

    def press(self, user: str, channel: str, action: str, value: str) -> None:
        """Press a button."""
        self.from_slack({"payload": json.dumps({
            "type": "block_actions", "user": {"id": user}, "team": {"id": TEAM}, "channel": {"id": channel},
            "trigger_id": "demo", "container": {"type": "message"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value,
                         "action_ts": f"{time.time():.6f}"}],
        })})  # fmt: skip

    def submit(self, user: str, view: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Submit a modal, with all of its sections chosen where it has some to choose."""
        chosen = next((b["element"]["options"] for b in view["blocks"] if b.get("block_id") == "sections"), None)
        filled = {"sections": {"sections": {"selected_options": chosen}}} if chosen else {}
        self.from_slack({"payload": json.dumps({
            "type": "view_submission", "user": {"id": user}, "team": {"id": TEAM},
            "view": {**view, "id": "V0DEMO", "state": {"values": {**filled, **values}}},
        })})  # fmt: skip


def reason(text: str) -> dict[str, Any]:
    """The reason of a modal."""
    return {"reason": {"reason": {"value": text}}}


def buttons(message: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    """The buttons of a message: label, action, value."""
    return [
        (element["text"]["text"], element["action_id"], element.get("value", ""))
        for block in message.get("blocks", ())
        for element in (*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ()))
        if element.get("type") == "button"
    ]
