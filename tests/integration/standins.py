"""What stands in for the world: emulate's GitHub and Slack behind a loopback front that adds what emulate lacks.

The front of GitHub also gives out repositories (``git http-backend``) and moves a pull request's head when its branch
is pushed to, which emulate 0.12.2 does not do. The front of Slack records every call. Both can hold requests back, so
that a process can be killed in the middle of something.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.node import FOLDER, environment, node
from tests.repositories import TempRepo

APP = 4711
OWNER, REPO = "acme", "shop"
FULL = f"{OWNER}/{REPO}"
AUTHOR, OWNER_OF_RUNBOOK, STRANGER = "bob", "ann", "sam"
SLACK_TOKEN = "xoxb-canary-0123456789"
CHANNEL = "oncall"
_TOKENS = {name: {"login": name, "scopes": ["repo", "admin:org"]} for name in (AUTHOR, OWNER_OF_RUNBOOK, OWNER)}

SEED: dict[str, Any] = {
    "tokens": _TOKENS,
    "github": {
        "users": [
            {"login": name, "name": name.title()} for name in (OWNER, AUTHOR, OWNER_OF_RUNBOOK, STRANGER)
        ],
        "repos": [{"owner": OWNER, "name": REPO, "auto_init": False}],
        "apps": [{
            "app_id": APP, "slug": "runbook-drift", "name": "runbook-drift",
            "permissions": {"contents": "read", "checks": "write", "pull_requests": "write", "issues": "write",
                            "metadata": "read", "administration": "read"},
            "events": ["pull_request"],
            "installations": [{"installation_id": 99, "account": OWNER, "repository_selection": "all"}],
        }],
    },
    "slack": {
        "users": [{"name": name, "email": f"{name}@example.com"} for name in (OWNER_OF_RUNBOOK, AUTHOR, STRANGER)],
        "channels": [{"name": CHANNEL}],
        "tokens": [{"token": SLACK_TOKEN, "type": "bot", "user": "admin"}],
    },
}  # fmt: skip


class Emulated:
    """One Node process with both services; it ends with its standard input."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), "start.mjs"], cwd=FOLDER, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(SEED) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline() or "{}")
        self.github: str = told["github"]
        self.slack: str = told["slack"]
        self.private_key: str = told["github.app_private_key"]

    def stop(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)


@dataclass
class Call:
    """A request that went through a front."""

    method: str
    path: str
    body: Mapping[str, Any]
    status: int
    answer: Any


@dataclass
class Hold:
    """Requests that are held back: ``reached`` once one waits, ``release`` lets all go."""

    matches: Callable[[str, str], bool]
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


class Front:
    """A loopback server before one upstream."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.calls: list[Call] = []
        self.holds: list[Hold] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        for hold in self.holds:
            hold.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def held(self, matches: Callable[[str, str], bool]) -> Iterator[Hold]:
        """Hold back requests whose method and path match."""
        hold = Hold(matches)
        self.holds.append(hold)
        try:
            yield hold
        finally:
            hold.release.set()
            self.holds.remove(hold)

    def wait(self, method: str, path: str) -> None:
        for hold in list(self.holds):
            if hold.matches(method, path):
                hold.reached.set()
                hold.release.wait(60)

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Pass a request on to the upstream."""
        where = urlsplit(self.upstream)
        assert where.hostname is not None
        connection = http.client.HTTPConnection(where.hostname, where.port or 80, timeout=20)
        try:
            kept = {n: v for n, v in headers.items() if n.lower() not in {"host", "connection", "accept-encoding"}}
            connection.request(method, path, body or None, kept)
            said = connection.getresponse()
            answer = said.read()
            return said.status, {n.lower(): v for n, v in said.getheaders()}, answer
        finally:
            connection.close()

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
        return self.ask(method, path, body, headers)


class GitHubFront(Front):
    """``/api/…`` is emulate's REST API, everything else is git."""

    def __init__(self, upstream: str, projects: Path) -> None:
        self._projects = projects
        super().__init__(upstream)

    def answer(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if not path.startswith("/api/"):
            return _git(self._projects, method, path, body, headers)
        path = path.removeprefix("/api")
        status, told, answer = self.ask(method, path, body, headers)
        if method == "GET" and status == 200 and re.fullmatch(r"/repos/[^/]+/[^/]+/pulls/\d+", path.split("?")[0]):
            answer = self._moved(json.loads(answer), headers)
        return status, told, answer

    def _moved(self, pull: dict[str, Any], headers: Mapping[str, str]) -> bytes:
        repo, ref = pull["head"]["repo"]["full_name"], pull["head"]["ref"]
        status, _, found = self.ask("GET", f"/repos/{repo}/git/ref/heads/{ref}", b"", headers)
        if status == 200:
            pull["head"]["sha"] = json.loads(found)["object"]["sha"]
        return json.dumps(pull).encode()


class SlackFront(Front):
    """emulate's Web API, with what emulate lacks: Socket Mode's door (``socket`` is the websocket's address) and
    do-not-disturb, which nobody here has."""

    socket = ""

    def answer(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if path == "/api/apps.connections.open":
            return 200, {"content-type": "application/json"}, json.dumps({"ok": True, "url": self.socket}).encode()
        if path.split("?")[0] == "/api/dnd.info":
            return 200, {"content-type": "application/json"}, b'{"ok": true, "dnd_enabled": false}'
        return self.ask(method, path, body, headers)

    def made(self, method: str) -> list[Call]:
        """The calls of one API method that succeeded."""
        return [call for call in self.calls if call.path == f"/api/{method}" and call.answer.get("ok")]

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask Slack something as a test; not recorded."""
        headers = {"Authorization": f"Bearer {SLACK_TOKEN}", "Content-Type": "application/json"}
        _, _, answer = self.ask("POST", f"/api/{method}", json.dumps(arguments).encode(), headers)
        told: dict[str, Any] = json.loads(answer)
        assert told["ok"], told
        return told


class _Handler(BaseHTTPRequestHandler):
    front: Front
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        return

    def _serve(self) -> None:
        body = _body(self)
        path = self.path
        self.front.wait(self.command, path)
        status, headers, answer = self.front.answer(self.command, path, body, dict(self.headers.items()))
        call = Call(self.command, path.split("?")[0], _read(body, dict(self.headers.items())), status, _json(answer))
        self.front.calls.append(call)
        self.send_response(status)
        for name, value in headers.items():
            if name not in {"content-length", "transfer-encoding", "connection", "keep-alive", "date"}:
                self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        try:
            self.wfile.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    body = b""
    while size := int(handler.rfile.readline(), 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


def _read(body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    if "json" in (headers.get("Content-Type") or ""):
        found = _json(body)
        return found if isinstance(found, dict) else {}
    if "form" in (headers.get("Content-Type") or ""):
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return {}


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return {}


@cache
def _backend() -> str:
    found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{found}/git-http-backend"


def _git(
    projects: Path, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """Read-only, and only with a token, as GitHub gives out a private repository."""
    if not headers.get("Authorization", "").startswith("Basic "):
        return 401, {"www-authenticate": 'Basic realm="GitHub"'}, b""
    where, _, query = path.partition("?")
    variables = {
        "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(projects), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": where,
        "QUERY_STRING": query, "REQUEST_METHOD": method, "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "REMOTE_ADDR": "127.0.0.1", "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    done = subprocess.run([_backend()], input=body, env=variables, capture_output=True, check=False)
    head, _, answer = done.stdout.partition(b"\r\n\r\n")
    told = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    return int(told.pop("Status", "200").split()[0]), {n.lower(): v for n, v in told.items()}, answer


class Repository:
    """A git repository whose commits, branches and pull requests emulate knows too, under the same ids."""

    def __init__(self, github: GitHubFront, projects: Path) -> None:
        self._github = github
        self.work = TempRepo(projects / FULL)
        self._known: set[str] = set()
        bare = projects / f"{FULL}.git"
        bare.symlink_to(self.work.root / ".git")
        self.work.git("config", "uploadpack.allowFilter", "true")
        self.work.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def push(self, branch: str, *, force: bool = False) -> str:
        """Tell emulate of a branch and every commit behind it; its tip."""
        for sha in self.work.git("rev-list", "--reverse", branch).splitlines():
            if sha not in self._known:
                self._commit(sha)
        tip = self.work.git("rev-parse", branch)
        if branch in self._known:
            self.api("PATCH", f"/git/refs/heads/{branch}", sha=tip, force=force)
        else:
            self.api("POST", "/git/refs", ref=f"refs/heads/{branch}", sha=tip)
            self._known.add(branch)
        return tip

    def _commit(self, sha: str) -> None:
        entries = []
        for line in self.work.git("ls-tree", "-r", sha).splitlines():
            (mode, kind, blob), path = line.split("\t")[0].split(), line.split("\t")[1]
            if blob not in self._known:
                content = self.work.git("cat-file", "blob", blob) + "\n"
                assert self.api("POST", "/git/blobs", content=content)["sha"] == blob, f"{path} must end in a newline"
                self._known.add(blob)
            entries.append({"mode": mode, "type": kind, "sha": blob, "path": path})
        tree = self.api("POST", "/git/trees", tree=entries)["sha"]
        shown = self.work.git("show", "--no-patch", "--format=%an%n%ae%n%aI%n%P%n%B", sha).split("\n", 4)
        name, email, day, parents, message = shown
        told = self.api(
            "POST", "/git/commits", tree=tree, parents=parents.split(), message=message.rstrip("\n"),
            author={"name": name, "email": email, "date": day}, committer={"name": name, "email": email, "date": day},
        )  # fmt: skip
        assert told["sha"] == sha, "emulate's commit is not git's"
        self._known.add(sha)

    def open(self, head: str, title: str, *, draft: bool = False) -> dict[str, Any]:
        """Open a pull request as the author."""
        told: dict[str, Any] = self.api("POST", "/pulls", as_=AUTHOR, title=title, head=head, base="main", draft=draft)
        return told

    def pull(self, number: int) -> dict[str, Any]:
        """A pull request as GitHub shows it."""
        told: dict[str, Any] = self.api("GET", f"/pulls/{number}")
        return told

    def check_runs(self, sha: str) -> list[dict[str, Any]]:
        """The check runs of a commit, newest first."""
        found: list[dict[str, Any]] = self.api("GET", f"/commits/{sha}/check-runs")["check_runs"]
        return sorted(found, key=lambda run: -run["id"])

    def api(self, method: str, rest: str, *, as_: str = OWNER, **body: Any) -> Any:
        """One request to emulate, as a user; not recorded."""
        headers = {"Authorization": f"Bearer {as_}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if method != "GET" else b""
        status, _, answer = self._github.answer(method, f"/api/repos/{FULL}{rest}", data, headers)
        assert status < 300, (method, rest, status, answer[:500])
        return json.loads(answer) if answer else None
