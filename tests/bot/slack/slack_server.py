"""A Slack Web API of one channel on the loopback address, with plain fields to look at and faults to set."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

CHANNEL = "C012ABCDE"


class SlackServer:
    """Answers as Slack does. ``faults`` maps a method to (status, headers, body) given once each."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[tuple[int, dict[str, str], str]]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.dnd: dict[str, Any] = {}
        self.url = ""

    def refuse(self, method: str, word: str, status: int = 200, **headers: str) -> None:
        """Answer one call of a method with an error word."""
        self.faults.setdefault(method, []).append((status, headers, json.dumps({"ok": False, "error": word})))

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(name == method for name, _ in self.calls)

    def answer(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        """What Slack says to a call that goes well."""
        if method == "chat.postMessage":
            self.messages.append({**given, "ts": f"1700000000.{len(self.messages):06d}"})
            return {"channel": given["channel"], "ts": self.messages[-1]["ts"]}
        if method == "chat.update":
            found = next((m for m in self.messages if m["ts"] == given["ts"]), None)
            if found is None:
                return {"ok": False, "error": "message_not_found"}
            found.update({"text": given["text"], "blocks": given["blocks"]})
        if method in {"conversations.history", "conversations.replies"}:
            at, size = int(given.get("cursor", "0")), int(given["limit"])
            found_all = [m for m in self.messages if m.get("thread_ts", "") == given.get("ts", "")]
            if method == "conversations.history":
                found_all.reverse()
            after = str(at + size) if at + size < len(found_all) else ""
            return {"messages": found_all[at : at + size], "response_metadata": {"next_cursor": after}}
        return {
            "conversations.list": {"channels": [{"id": CHANNEL, "name": "alerts"}]},
            "conversations.open": {"channel": {"id": "D012ABCDE"}},
            "users.lookupByEmail": {"user": {"id": "U0OLGA"}},
            "users.info": {"user": self.users.get(given.get("user", ""), {"id": given.get("user"), "tz": "Etc/UTC"})},
            "dnd.info": {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1, **self.dnd},
            "usergroups.list": {"usergroups": [{"id": "S0PAY", "handle": "Payments-oncall"}]},
            "usergroups.users.list": {"users": ["U0OLGA", "U0DAN"]},
        }.get(method, {})


@contextmanager
def running() -> Iterator[SlackServer]:
    """The server for the time of a test."""
    slack = SlackServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            method = self.path.rpartition("/")[2]
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            typed = self.headers.get("Content-Type", "")
            given = json.loads(body) if "json" in typed else dict(parse_qsl(body))
            slack.calls.append((method, given))
            status, headers, text = 200, {}, ""
            if slack.faults.get(method):
                status, headers, text = slack.faults[method].pop(0)
            if not text:
                text = json.dumps({"ok": True, **slack.answer(method, given)})
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    slack.url = f"http://127.0.0.1:{server.server_port}/api/"
    try:
        yield slack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
