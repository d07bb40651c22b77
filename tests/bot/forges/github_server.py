"""GitHub on the loopback address: routes to set, requests to look at, and the published description as judge of both.

What the adapter asks and what the routes answer is held against ``github-openapi.json``; so is every name that the
adapter reads from an answer. A test in which GitHub says what it never says sets ``published`` to False.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.forges.api import Answer
from bot.forges.github import GitHub
from bot.model import CheckSheet, Conclusion, Pull, PullRef, PullState
from tests.bot.forges import openapi

REPO = "acme/shop"
REF = PullRef(REPO, 7)
HEAD, BASE = "a" * 40, "b" * 40
APP = 99
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()
Reply = tuple[int, dict[str, str], Any]
Route = Callable[["Request"], Any]


class Request:
    """What the server was asked."""

    def __init__(self, verb: str, target: str, authorization: str, body: Any) -> None:
        self.verb, self.authorization, self.body = verb, authorization, body
        parts = urlsplit(target)
        self.path = parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}

    @property
    def line(self) -> str:
        return f"{self.verb} {self.path}"


class Hub:
    """A forge under a prefix, as GitHub Enterprise has it. Routes are functions of a request or plain answers."""

    def __init__(self) -> None:
        self.routes: dict[str, Any] = {}
        self.requests: list[Request] = []
        self.tokens = 0
        self.lives = timedelta(hours=1)
        self.revoked: set[str] = set()
        self.published = True
        self.problems: list[str] = []
        self.unknown: set[str] = set()
        self.server: ThreadingHTTPServer | None = None
        self.routes[f"GET /repos/{REPO}/installation"] = {"id": 42}
        self.routes["POST /app/installations/42/access_tokens"] = self._token

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_port}/api/v3"

    def _token(self, request: Request) -> Any:
        jwt.decode(request.authorization.removeprefix("Bearer "), KEY.public_key(), ["RS256"], issuer=str(APP))
        self.tokens += 1
        end = (datetime.now(UTC) + self.lives).strftime("%Y-%m-%dT%H:%M:%SZ")
        return 201, {}, {"token": f"ghs_canary{self.tokens}", "expires_at": end}

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        self.problems += openapi.request_problems(request.verb, request.path, request.query, request.body)
        status, headers, data = self._said(request)
        if self.published and not isinstance(data, bytes):
            self.problems += openapi.answer_problems(request.verb, request.path, status, data)
        return status, headers, data

    def _said(self, request: Request) -> Reply:
        if request.authorization.removeprefix("token ") in self.revoked:
            return 401, {}, {"message": "Bad credentials"}
        route = self.routes.get(request.line, (404, {}, {"message": "Not Found"}))
        found = route(request) if callable(route) else route
        return found if isinstance(found, tuple) else (200, {}, found)

    def asked(self, line: str) -> list[Request]:
        return [request for request in self.requests if request.line == line]

    def heard(self, verb: str, path: str, answer: Answer) -> Answer:
        """An answer as the adapter gets it, with every name that it reads noted."""
        if not self.published:
            return answer
        return replace(answer, data=openapi.watched_answer(verb, path, answer.status, answer.data, self.unknown))

    def complaints(self) -> list[str]:
        """What the published description has against what was asked, answered and read."""
        read = (f"{name} is read, and GitHub never says it" for name in sorted(self.unknown))
        return [*dict.fromkeys(self.problems), *read]

    def app(self, **options: Any) -> GitHub:
        return GitHub.as_app(APP, PEM, api_url=self.url, web_url="https://forge.example", **options)

    def plain(self) -> GitHub:
        return GitHub.with_token("ghp_canary", api_url=self.url, web_url="https://forge.example")


@contextmanager
def running() -> Iterator[Hub]:
    """A hub that answers."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def _any(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.path.removeprefix("/api/v3")
            status, headers, data = hub.answer(
                Request(self.command, target, self.headers.get("Authorization", ""), json.loads(text) if text else None)
            )
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            try:
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                return

        do_GET = do_POST = do_PATCH = _any

    hub.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.server.daemon_threads = True
    thread = threading.Thread(target=hub.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()
    thread.join()


PULL_DATA = {
    "number": 7, "title": "Shorter sessions", "state": "open", "draft": False, "merged_at": None,
    "merge_commit_sha": "f" * 40, "user": {"login": "mallory"},
    "base": {"ref": "main", "sha": BASE}, "head": {"sha": HEAD, "repo": {"full_name": "mallory/shop"}},
}  # fmt: skip
PULL = Pull(
    REF, "Shorter sessions", "mallory", PullState.OPEN, False, "main", BASE, HEAD, "mallory/shop",
    "https://forge.example/acme/shop/pull/7", installation=42,
)  # fmt: skip
SHEET = CheckSheet(
    Conclusion.FAILURE, "1 runbook line is now wrong", "a table", "### Suggested edits",
    (("app/settings.py", 3, "wrong", "why"),), (("Acknowledge", "They still hold", "acknowledge"),),
    "https://bot.example/x",
)  # fmt: skip


class Runs:
    """Check runs as GitHub keeps them: annotations are appended, never replaced."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.kept: list[dict[str, Any]] = []
        self.writes = 0
        self.fail_after = 99
        self.suite = "completed"
        hub.routes[f"GET /repos/{REPO}/check-suites/5"] = lambda _: {"id": 5, "head_sha": HEAD, "status": self.suite}
        hub.routes[f"POST /repos/{REPO}/check-runs"] = self.create
        hub.routes[f"GET /repos/{REPO}/commits/{HEAD}/check-runs"] = lambda _: {
            "check_runs": [self.shown(r) for r in self.kept]
        }

    def shown(self, run: dict[str, Any]) -> dict[str, Any]:
        output = {name: value for name, value in run["output"].items() if name != "annotations"}
        kept = {name: value for name, value in run.items() if name != "actions"}
        return {**kept, "output": {**output, "annotations_count": len(run["output"]["annotations"])}}

    def create(self, request: Request) -> Any:
        if failed := self.write(request):
            return failed
        run = {**request.body, "id": 100 + len(self.kept), "app": {"id": APP}, "check_suite": {"id": 5}}
        self.kept.append(run)
        self.hub.routes[f"PATCH /repos/{REPO}/check-runs/{run['id']}"] = lambda r: self.update(run, r)
        return 201, {}, self.shown(run)

    def update(self, run: dict[str, Any], request: Request) -> Any:
        if failed := self.write(request):
            return failed
        assert "head_sha" not in request.body
        output = {**run["output"], **request.body.get("output", {})}
        output["annotations"] = run["output"]["annotations"] + request.body.get("output", {}).get("annotations", [])
        run.update({**request.body, "output": output})
        return self.shown(run)

    def write(self, request: Request) -> Any:
        self.writes += 1
        self.suite = "completed"
        output = request.body["output"]
        assert len(output.get("annotations", [])) <= 50
        assert len(output["summary"]) <= 65_535
        assert len(output.get("text", "")) <= 65_535
        for action in request.body.get("actions", []):
            assert [len(action[key]) <= most for key, most in (("label", 20), ("description", 40), ("identifier", 20))]
        return (502, {}, {}) if self.writes > self.fail_after else None


class Talk:
    """Statuses and comments as GitHub keeps them."""

    def __init__(self, hub: Hub) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.writes = 0
        hub.routes["GET /user"] = {"login": "drift-bot"}
        hub.routes[f"GET /repos/{REPO}/commits/{HEAD}/status"] = lambda _: {"statuses": self.statuses[-1:]}
        hub.routes[f"POST /repos/{REPO}/statuses/{HEAD}"] = self.status
        hub.routes[f"GET /repos/{REPO}/issues/7/comments"] = self.page
        hub.routes[f"POST /repos/{REPO}/issues/7/comments"] = lambda r: self.comment(hub, r)

    def status(self, request: Request) -> Any:
        self.writes += 1
        assert len(request.body["description"]) <= 140
        self.statuses.append(request.body)
        return 201, {}, request.body

    def page(self, request: Request) -> Any:
        start = (int(request.query["page"]) - 1) * 100
        return self.comments[start : start + 100]

    def comment(self, hub: Hub, request: Request) -> Any:
        self.writes += 1
        made = {"id": 500 + len(self.comments), "user": {"login": "drift-bot"}, "body": request.body["body"]}
        self.comments.append(made)
        hub.routes[f"PATCH /repos/{REPO}/issues/comments/{made['id']}"] = lambda r: self.edit(made, r)
        return 201, {}, made

    def edit(self, made: dict[str, Any], request: Request) -> Any:
        self.writes += 1
        made["body"] = request.body["body"].replace("\n", "\r\n")
        return made
