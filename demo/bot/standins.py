"""Stand-ins for GitHub and Slack on the loopback address: as much of both as the demo's bot asks for, in plain Python.

GitHub is a REST API over one git repository (its branch is the pull request's head) and ``git http-backend`` to fetch
from it. Slack keeps messages, modals and words to one person, and remembers the order in which they came.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

REPOSITORY, NUMBER, BRANCH = "shop/payments", 12, "shorter-sessions"
TITLE = "Shorten sessions, let support refund, calm the gateway alert"
AUTHOR, OWNER = "dana", "pat"
APP, INSTALLATION = 4711, 1

Answer = tuple[int, Mapping[str, str], bytes]


class StandIn:
    """A server on a free port of this machine."""

    def __init__(self) -> None:
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                status, headers, answer = standin.answer(self.command, self.path, _body(self), dict(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PATCH = serve  # noqa: N815 - the names that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Status, headers and body for a request."""
        raise NotImplementedError

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class GitHub(StandIn):
    """``/api/…`` is REST, everything else is git. ``checks`` holds the check runs, oldest first."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self.checks: list[dict[str, Any]] = []
        for key, value in {"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true"}.items():
            self.git("config", key, value)
        found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        self._backend = Path(found) / "git-http-backend"
        if not self._backend.exists():
            raise SystemExit("git http-backend is missing: the demo needs the whole of git (on Alpine: git-daemon)")
        super().__init__()

    def git(self, *arguments: str) -> str:
        """The output of git on the repository."""
        done = subprocess.run(
            ["git", "-C", str(self._repository), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def pull(self) -> dict[str, Any]:
        """The pull request, as GitHub shows it and tells of it in deliveries."""
        repo = {"full_name": REPOSITORY, "default_branch": "main"}
        return {
            "number": NUMBER, "title": TITLE, "state": "open", "draft": False, "merged": False,
            "user": {"login": AUTHOR}, "head": {"ref": BRANCH, "sha": self.git("rev-parse", BRANCH), "repo": repo},
            "base": {"ref": "main", "sha": self.git("rev-parse", "main"), "repo": repo},
        }  # fmt: skip

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """REST or git."""
        where = urlsplit(path)
        if not where.path.startswith("/api/"):
            return self._fetched(method, path, body, headers)
        rest = where.path.removeprefix("/api").removeprefix(f"/repos/{REPOSITORY}")
        found = self._rest(method, unquote(rest), json.loads(body) if body else {})
        status = 404 if found is None else 201 if method == "POST" else 200
        shown = {"message": "Not Found"} if found is None else found
        return status, {"Content-Type": "application/json"}, json.dumps(shown).encode()

    def _rest(self, method: str, rest: str, given: dict[str, Any]) -> Any:
        if rest == "/check-runs" and method == "POST":
            self.checks.append({**given, "id": len(self.checks) + 1, "app": {"id": APP}})
            return self.checks[-1]
        if found := re.fullmatch(r"/check-runs/(\d+)", rest):
            run = self.checks[int(found[1]) - 1]
            run.update(given | {"output": {**run["output"], **given.get("output", {})}})
            return run
        if found := re.fullmatch(r"/commits/(\w+)/check-runs", rest):
            return {"check_runs": [run for run in self.checks if run["head_sha"] == found[1]]}
        if found := re.fullmatch(r"/compare/(\w+)\.\.\.(\w+)", rest):
            return {"merge_base_commit": {"sha": self.git("merge-base", found[1], found[2])}}
        answers: dict[str, Any] = {
            "": {"default_branch": "main"},
            "/installation": {"id": INSTALLATION},
            f"/app/installations/{INSTALLATION}/access_tokens": {
                "token": "ghs_demo", "expires_at": "2099-01-01T00:00:00Z"
            },
            "/app/hook/deliveries": [],
            f"/pulls/{NUMBER}": self.pull(),
            f"/pulls/{NUMBER}/commits": [
                {"author": {"login": AUTHOR}, "commit": {"author": {"name": "Dana", "email": "dana@example.com"}}}
            ],
            f"/pulls/{NUMBER}/reviews": [],
            "/branches/main": {"name": "main", "commit": {"sha": self.git("rev-parse", "main")}, "protected": False},
            "/rules/branches/main": [],
        }  # fmt: skip
        return answers.get(rest)

    def _fetched(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """``git http-backend``, for whoever shows a token."""
        named = {name.lower(): value for name, value in headers.items()}
        where, _, query = path.partition("?")
        inside = where.removeprefix(f"/{REPOSITORY}.git")
        if not named.get("authorization", "").startswith("Basic ") or inside == where:
            return 401, {"WWW-Authenticate": 'Basic realm="demo"'}, b""
        variables = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self._repository / ".git"), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": inside, "QUERY_STRING": query, "REQUEST_METHOD": method, "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": named.get("content-type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": named.get("content-encoding", ""), "GIT_PROTOCOL": named.get("git-protocol", ""),
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        }  # fmt: skip
        done = subprocess.run([self._backend], input=body, env=variables, capture_output=True, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        told = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        return int(told.pop("Status", "200").split()[0]), told, answer


class Slack(StandIn):
    """Channels as lists of messages; ``views`` and ``whispers`` as they came."""

    def __init__(self, channels: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]) -> None:
        self._channels, self._groups = channels, groups
        self.messages: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        super().__init__()

    def top(self, channel: str) -> list[dict[str, Any]]:
        """The messages of a channel that are no replies."""
        return [m for m in self.messages if m["channel"] == channel and not m.get("thread_ts")]

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One call of the Web API."""
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        given = json.loads(body) if "json" in kind else dict(parse_qsl(body.decode()))
        found = self._call(urlsplit(path).path.rpartition("/")[2], given)
        return 200, {"Content-Type": "application/json"}, json.dumps({"ok": "error" not in found, **found}).encode()

    def _call(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name == "chat.postMessage":
            self.messages.append({**given, "ts": f"1700000000.{len(self.messages):06d}"})
            return {"channel": given["channel"], "ts": self.messages[-1]["ts"]}
        if name == "chat.update":
            known = next((m for m in self.messages if m["ts"] == given["ts"]), None)
            if known is None:
                return {"error": "message_not_found"}
            known.update({"text": given["text"], "blocks": given["blocks"]})
        elif name == "views.open":
            self.views.append(given["view"])
        elif name == "chat.postEphemeral":
            self.whispers.append(given)
        elif name == "conversations.list":
            return {"channels": [{"id": known, "name": name} for known, name in self._channels.items()]}
        elif name in {"conversations.history", "conversations.replies"}:
            thread = given.get("ts", "")
            return {"messages": [m for m in self.messages if m.get("thread_ts", "") == thread][::-1]}
        elif name == "usergroups.users.list":
            return {"users": list(self._groups.get(str(given.get("usergroup")), ()))}
        return {}


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    body = b""
    while size := int(handler.rfile.readline(), 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body
