"""A stand-in for GitHub on the loopback address: as much of it as the bot asks for, in plain Python.

A REST API over one git repository (a pull request's head is a branch of it) and ``git http-backend`` to fetch from it.
The demo, the walk and tests use it, beside the one for Slack in ``slackstand.py``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

REPOSITORY, NUMBER, BRANCH = "shop/payments", 12, "shorter-sessions"
TITLE = "Shorten sessions, let support refund, calm the gateway alert"
AUTHOR, OWNER = "dana", "payments-oncall"
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


@dataclass
class Opened:
    """A pull request; ``head`` and ``merged`` are commits once it has been merged."""

    branch: str
    title: str
    author: str = AUTHOR
    head: str = ""
    merged: str = ""


class GitHub(StandIn):
    """``/api/…`` is REST, everything else is git. ``checks`` holds the check runs, oldest first; ``pulls`` the pull
    requests by their numbers."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self.checks: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.pulls: dict[int, Opened] = {NUMBER: Opened(BRANCH, TITLE)}
        for key, value in {"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true"}.items():
            self.git("config", key, value)
        found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        self._backend = Path(found) / "git-http-backend"
        if not self._backend.exists():
            raise SystemExit("git http-backend is missing: the demo needs the whole of git (on Alpine: git-daemon)")
        super().__init__()

    def git(self, *arguments: str) -> str:
        """The output of git on the repository, with nothing of the user's own configuration."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        plain = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", f"core.hooksPath={os.devnull}"]
        done = subprocess.run(
            ["git", "-C", str(self._repository), *plain, *arguments], capture_output=True, text=True, check=True,
            env=environment,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, branch: str, files: Mapping[str, str], message: str) -> str:
        """A commit on a branch (made from the branch of now where it is missing) that writes files; its id."""
        known = self.git("branch", "--list", branch)
        self.git("switch", "--quiet", *([] if known else ["--create"]), branch)
        for path, text in files.items():
            file = self._repository / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def text(self, path: str, revision: str = "main") -> str:
        """A file of a revision."""
        return f"{self.git('show', f'{revision}:{path}')}\n"

    def merge(self, number: int = NUMBER) -> None:
        """Merge a pull request into main."""
        pull = self.pulls[number]
        pull.head = self.git("rev-parse", pull.branch)
        self.git("switch", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", f"Merge pull request #{number}", pull.branch)
        pull.merged = self.git("rev-parse", "main")

    def pull(self, number: int = NUMBER) -> dict[str, Any]:
        """A pull request, as GitHub shows it and tells of it in deliveries."""
        pull = self.pulls[number]
        head = pull.head or self.git("rev-parse", pull.branch)
        repo = {"full_name": REPOSITORY, "default_branch": "main"}
        return {
            "number": number, "title": pull.title, "state": "closed" if pull.merged else "open", "draft": False,
            "merged": bool(pull.merged), "merged_at": "2026-03-10T09:00:00Z" if pull.merged else None,
            "merge_commit_sha": pull.merged or None, "user": {"login": pull.author},
            "head": {"ref": pull.branch, "sha": head, "repo": repo},
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
        if re.fullmatch(r"/issues/\d+/comments", rest) and method == "POST":
            self.comments.append({**given, "id": len(self.comments) + 1, "user": {"login": "runbook-drift[bot]"}})
            return self.comments[-1]
        if found := re.fullmatch(r"/check-runs/(\d+)", rest):
            run = self.checks[int(found[1]) - 1]
            run.update(given | {"output": {**run["output"], **given.get("output", {})}})
            return run
        if found := re.fullmatch(r"/commits/(\w+)/check-runs", rest):
            return {"check_runs": [run for run in self.checks if run["head_sha"] == found[1]]}
        if found := re.fullmatch(r"/compare/(\w+)\.\.\.(\w+)", rest):
            return {"merge_base_commit": {"sha": self.git("merge-base", found[1], found[2])}}
        if found := re.fullmatch(r"/pulls/(\d+)(/\w+)?", rest):
            return self._of_pull(int(found[1]), found[2] or "")
        answers: dict[str, Any] = {
            "": {"default_branch": "main"},
            "/app": {"slug": "runbook-drift", "permissions": PERMISSIONS, "events": EVENTS},
            "/app/installations": [{"id": INSTALLATION, "account": {"login": REPOSITORY.partition("/")[0]}}],
            "/installation": {"id": INSTALLATION},
            f"/app/installations/{INSTALLATION}/access_tokens": {
                "token": "ghs_demo", "expires_at": "2099-01-01T00:00:00Z"
            },
            "/app/hook/deliveries": [],
            "/pulls": [self.pull(number) for number, pull in self.pulls.items() if not pull.merged],
            "/branches/main": {"name": "main", "commit": {"sha": self.git("rev-parse", "main")}, "protected": False},
            "/rules/branches/main": [],
        }  # fmt: skip
        return answers.get(rest)

    def _of_pull(self, number: int, part: str) -> Any:
        if number not in self.pulls:
            return None
        author = self.pulls[number].author
        told = {"name": author.title(), "email": f"{author}@example.com"}
        return {
            "": self.pull(number), "/commits": [{"author": {"login": author}, "commit": {"author": told}}],
            "/reviews": [],
        }.get(part)  # fmt: skip

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


PERMISSIONS = {
    "checks": "write", "contents": "read", "pull_requests": "write", "members": "read", "administration": "read",
    "metadata": "read",
}  # fmt: skip
EVENTS = ["pull_request", "push", "issue_comment", "check_run", "repository"]
"""What docs/github.md asks for."""


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    body = b""
    while size := int(handler.rfile.readline(), 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body
