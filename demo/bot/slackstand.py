"""A stand-in for Slack on the loopback address: as much of it as the bot asks for, in plain Python. It keeps messages,
modals and words to one person, and remembers the order in which they came. The demo, the walk and tests use it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from demo.bot.standins import Answer, StandIn

MANIFEST = Path(__file__).resolve().parents[2] / "slack-manifest.json"


@dataclass
class User:
    """Somebody in Slack: their time zone, whether they left, and what ``dnd.info`` says of them."""

    timezone: str = "Europe/Berlin"
    left: bool = False
    dnd: dict[str, Any] = field(default_factory=dict)
    email: str = ""


class Slack(StandIn):
    """Channels as lists of messages; ``views`` and ``whispers`` as they came. ``users`` are people by their ids; the
    conversation with ``U0PAT`` is ``D0PAT``. ``faults`` holds answers that a method gives once each, before it works;
    ``heard`` is called with each new or changed message."""

    def __init__(
        self,
        channels: Mapping[str, str],
        groups: Mapping[str, tuple[str, ...]],
        users: Mapping[str, User] | None = None,
        heard: Callable[[dict[str, Any]], None] = lambda message: None,
    ) -> None:
        self._channels, self._groups, self._heard = channels, groups, heard
        self.users = dict(users or {})
        self.messages: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        self.faults: dict[str, list[Answer]] = {}
        self._guard = threading.Lock()
        super().__init__()

    def top(self, channel: str) -> list[dict[str, Any]]:
        """The messages of a channel that are no replies."""
        return [m for m in self.messages if m["channel"] == channel and not m.get("thread_ts")]

    def refuse(self, method: str, word: str, times: int = 1) -> None:
        """Answer the next calls of a method with an error word; ``ratelimited`` as Slack does, with 429."""
        limited = (429, {"Retry-After": "1"}) if word == "ratelimited" else (200, {})
        body = json.dumps({"ok": False, "error": word}).encode()
        self.faults.setdefault(method, []).extend([(*limited, body)] * times)

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One call of the Web API."""
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        where = urlsplit(path)
        given = json.loads(body) if body and "json" in kind else dict(parse_qsl(body.decode()))
        given |= dict(parse_qsl(where.query))
        name = where.path.rpartition("/")[2]
        told = {"Content-Type": "application/json", "X-OAuth-Scopes": ",".join(_scopes())}
        with self._guard:
            if self.faults.get(name):
                status, more, answer = self.faults[name].pop(0)
                return status, {**told, **more}, answer
            found = self._call(name, given)
        return 200, told, json.dumps({"ok": "error" not in found, **found}).encode()

    def _call(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name.startswith(("chat.", "views.")):
            return self._written(name, given)
        if name.startswith(("users.", "dnd.")) or name == "conversations.open":
            return self._person(name, given)
        if name == "auth.test":
            return {"user": "runbook-drift", "team": "Stand-in", "user_id": "U0BOT", "bot_id": "B0BOT"}
        if name == "conversations.list":
            return {"channels": [{"id": known, "name": name} for known, name in self._channels.items()]}
        if name == "conversations.info":
            known = self._channels.get(given["channel"])
            return {"channel": {"name": known, "is_member": True}} if known else {"error": "channel_not_found"}
        if name in {"conversations.history", "conversations.replies"}:
            thread = given.get("ts", "")
            mine = [m for m in self.messages if m["channel"] == given["channel"] and m.get("thread_ts", "") == thread]
            return {"messages": mine[::-1]}
        if name == "usergroups.users.list":
            return {"users": list(self._groups.get(str(given.get("usergroup")), ()))}
        if name == "usergroups.list":
            return {"usergroups": [{"id": group, "handle": group.removeprefix("S0").lower()} for group in self._groups]}
        return {"error": "unknown_method"}

    def _written(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name == "chat.postMessage":
            directs = (f"D{user[1:]}" for user, known in self.users.items() if not known.left)
            if given["channel"] not in {*self._channels, *directs}:
                return {"error": "channel_not_found"}
            self.messages.append({**given, "ts": f"1700000000.{len(self.messages):06d}"})
            self._heard(self.messages[-1])
            return {"channel": given["channel"], "ts": self.messages[-1]["ts"]}
        if name == "chat.update":
            known = next((m for m in self.messages if (m["channel"], m["ts"]) == (given["channel"], given["ts"])), None)
            if known is None:
                return {"error": "message_not_found"}
            known.update({"text": given["text"], "blocks": given["blocks"]})
            self._heard(known)
        elif name == "views.open":
            self.views.append(given["view"])
        elif name == "chat.postEphemeral":
            self.whispers.append(given)
        return {}

    def _person(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name == "users.lookupByEmail":
            of = {known.email: user for user, known in self.users.items() if known.email}
            found = of.get(given["email"])
            return {"user": {"id": found}} if found else {"error": "users_not_found"}
        user = str(given.get("user") or given.get("users"))
        known = self.users.get(user)
        if known is None:
            return {"error": "user_not_found"}
        if name == "users.info":
            return {"user": {"id": user, "tz": known.timezone, "deleted": known.left}}
        if name == "dnd.info":
            return {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, **known.dnd}
        return {"error": "user_disabled"} if known.left else {"channel": {"id": f"D{user[1:]}"}}


def _scopes() -> Sequence[str]:
    """The scopes of an app that was made from the project's manifest."""
    scopes: list[str] = json.loads(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"]
    return scopes
