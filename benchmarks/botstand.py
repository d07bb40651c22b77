"""Stand-ins for GitHub (API and git) and Slack on one loopback port, in a process of their own.

    python -m benchmarks.botstand --repository BARE [--port 0]

Asyncio and nothing else, so that they are not what is measured: an answer takes a fraction of a millisecond. Every
repository name is served from one bare repository. GitHub's API is under ``/github/NAME/api`` (``NAME`` tells callers
apart), git under ``/OWNER/REPO.git``, Slack's under ``/slack/api``, the benchmark's own orders under ``/control``.
The first line on standard output is the port; it ends when standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

Answer = tuple[int, Any]

_BACKEND = ("git", "http-backend")
_FAR = "2100-01-01T00:00:00Z"


class World:
    """What GitHub and Slack hold, and when each was asked."""

    def __init__(self, repository: Path, base: str) -> None:
        self.repository, self.base = repository, base
        self.heads: dict[str, str] = {}
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.messages: list[dict[str, Any]] = []
        self.calls: list[tuple[float, str, str, str]] = []
        """When, by whom, what, about what."""
        self.sent = 0
        """Bytes of git's answers."""
        self.held = ""
        """Requests of this kind wait."""
        self.letting = asyncio.Event()
        self.letting.set()

    def note(self, caller: str, what: str, about: str) -> None:
        """Remember that something was asked."""
        self.calls.append((time.time(), caller, what, about))

    # -- GitHub -----------------------------------------------------------------------------------------------------

    def github(self, verb: str, caller: str, path: str, body: dict[str, Any]) -> Answer:
        """GitHub's API."""
        for pattern, made in _GITHUB:
            found = pattern.fullmatch(path)
            if found:
                what, status, answer = made(self, verb, body, *map(unquote, found.groups()))
                self.note(caller, f"{verb} {what}", "/".join(found.groups()[:3]))
                return status, answer
        self.note(caller, f"{verb} unknown", path)
        return 404, {"message": "Not Found"}

    def pull(self, _verb: str, _body: Any, owner: str, repo: str, number: str) -> tuple[str, int, Any]:
        """A pull request as its head was told last."""
        full = f"{owner}/{repo}"
        head = self.heads.get(f"{full}#{number}")
        if head is None:
            return "pull", 404, {"message": "Not Found"}
        place = {"full_name": full, "default_branch": "main"}
        return "pull", 200, {
            "number": int(number), "title": f"Sessions end sooner ({number})", "user": {"login": "bob"},
            "state": "open", "draft": False, "merged": False,
            "head": {"sha": head, "ref": f"branch-{number}", "repo": place},
            "base": {"sha": self.base, "ref": "main", "repo": place},
        }  # fmt: skip

    def commits(self, *_: Any) -> tuple[str, int, Any]:
        """A pull request's commits: one of Bob's."""
        author = {"name": "Bob", "email": "bob@example.com"}
        return "commits", 200, [{"author": {"login": "bob"}, "commit": {"author": author, "message": "Shorter"}}]

    def runs_of(self, _verb: str, _body: Any, _owner: str, _repo: str, sha: str) -> tuple[str, int, Any]:
        """The check runs of a commit."""
        found = self.runs.get(sha, [])
        return "check runs", 200, {"total_count": len(found), "check_runs": found}

    def run(self, _verb: str, body: Any, _owner: str, _repo: str, number: str = "") -> tuple[str, int, Any]:
        """Make a check run, or change one."""
        if number:
            run = next(run for runs in self.runs.values() for run in runs if run["id"] == int(number))
            run |= {name: value for name, value in body.items() if name != "output"}
            run["output"] |= body.get("output", {})
            return "check run", 200, run
        output = dict(body.get("output", {}))
        output["annotations_count"] = len(output.get("annotations", ()))
        run = {**body, "id": sum(map(len, self.runs.values())) + 1, "output": output, "app": {"id": 1}}
        self.runs.setdefault(body["head_sha"], []).insert(0, run)
        return "check run", 201, run

    # -- Slack ------------------------------------------------------------------------------------------------------

    def slack(self, method: str, given: dict[str, Any]) -> Answer:
        """Slack's API."""
        self.note("slack", method, _key(given))
        if method == "chat.postMessage":
            ts = f"{time.time():.6f}"
            while any(message["ts"] == ts for message in self.messages[-50:]):
                ts = f"{float(ts) + 1e-6:.6f}"
            self.messages.append({**given, "ts": ts, "edits": 0})
            return 200, {"ok": True, "channel": given["channel"], "ts": ts}
        if method == "chat.update":
            found = [m for m in self.messages if m["ts"] == given["ts"]]
            if not found:
                return 200, {"ok": False, "error": "message_not_found"}
            found[0].update({**given, "edits": found[0]["edits"] + 1})
            self.calls[-1] = (*self.calls[-1][:3], _key(found[0]))
            return 200, {"ok": True, "ts": given["ts"]}
        if method in {"conversations.history", "conversations.replies"}:
            return 200, {"ok": True, **self._history(given)}
        return 200, {"ok": True}

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        thread, limit = given.get("ts", ""), int(given.get("limit", 100))
        end = int(given.get("cursor") or 0)
        found = [m for m in reversed(self.messages) if m.get("thread_ts", "") == thread]
        page = found[end : end + limit]
        more = str(end + limit) if len(found) > end + limit else ""
        return {"messages": page, "response_metadata": {"next_cursor": more}}

    # -- the benchmark's own orders ---------------------------------------------------------------------------------

    def control(self, order: str, given: dict[str, Any]) -> Answer:
        """What the benchmark asks for."""
        if order == "heads":
            self.heads |= given
        elif order == "hold":
            self.held = given["what"]
            (self.letting.clear if self.held else self.letting.set)()
        elif order == "calls":
            return 200, self.calls[given.get("since", 0) :]
        elif order == "counts":
            return 200, {"calls": len(self.calls), "messages": len(self.messages), "sent": self.sent}
        elif order == "state":
            return 200, {"messages": self.messages, "runs": self.runs, "heads": self.heads}
        elif order == "forget":
            self.calls.clear()
            self.messages.clear()
            self.runs.clear()
            self.sent = 0
        return 200, {}


def _key(given: dict[str, Any]) -> str:
    metadata = given.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("key", ""))


def _fixed(what: str, status: int, answer: Any) -> Callable[..., tuple[str, int, Any]]:
    return lambda *_: (what, status, answer)


def _branch(world: World, *_: Any) -> tuple[str, int, Any]:
    return "branch", 200, {"name": "main", "commit": {"sha": world.base}, "protected": False}


def _compare(world: World, *_: Any) -> tuple[str, int, Any]:
    return "compare", 200, {"merge_base_commit": {"sha": world.base}}


_R = r"/repos/([^/]+)/([^/]+)"
_GITHUB: list[tuple[re.Pattern[str], Callable[..., tuple[str, int, Any]]]] = [
    (re.compile(pattern), made)
    for pattern, made in (
        (rf"{_R}/pulls/(\d+)", World.pull),
        (rf"{_R}/pulls/\d+/commits", World.commits),
        (rf"{_R}/pulls/\d+/reviews", _fixed("reviews", 200, [])),
        (rf"{_R}/branches/[^/]+", _branch),
        (rf"{_R}/branches/[^/]+/protection", _fixed("protection", 404, {"message": "Branch not protected"})),
        (rf"{_R}/rules/branches/[^/]+", _fixed("rules", 200, [])),
        (rf"{_R}/compare/.+", _compare),
        (rf"{_R}/commits/([0-9a-f]+)/check-runs", World.runs_of),
        (rf"{_R}/check-runs", World.run),
        (rf"{_R}/check-runs/(\d+)", World.run),
        (rf"{_R}/installation", _fixed("installation", 200, {"id": 1})),
        (r"/app/installations/1/access_tokens", _fixed("token", 201, {"token": "ghs_standin", "expires_at": _FAR})),
        (r"/app/hook/deliveries", _fixed("deliveries", 200, [])),
    )
]


async def _serve(world: World, reader: StreamReader, writer: StreamWriter) -> None:
    try:
        while (asked := await _request(reader)) is not None:
            verb, target, headers, body = asked
            path, _, query = target.partition("?")
            if path.startswith("/github/"):
                _, _, caller, rest = path.split("/", 3)
                if world.held and re.search(world.held, path):
                    world.note(caller, "held", path)
                    await world.letting.wait()
                status, answer = world.github(verb, caller, "/" + rest.partition("/")[2], _json(body))
            elif path.startswith("/slack/api/"):
                given = _json(body) if "json" in headers.get("content-type", "") else _form(body)
                status, answer = world.slack(path.rpartition("/")[2], given)
            elif path.startswith("/control/"):
                status, answer = world.control(path.rpartition("/")[2], _json(body))
            else:
                if world.held and re.search(world.held, path):
                    world.note("git", "held", path)
                    await world.letting.wait()
                await _git(world, writer, verb, path, query, headers, body)
                continue
            data = json.dumps(answer).encode()
            kind = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            writer.write(kind.encode() + data)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _request(reader: StreamReader) -> tuple[str, str, dict[str, str], bytes] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    verb, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return verb, target, headers, b"".join(parts)
    return verb, target, headers, await reader.readexactly(int(headers.get("content-length", 0)))


async def _git(
    world: World, writer: StreamWriter, verb: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    """``git http-backend`` as a web server would run it; its answer is passed on piece by piece."""
    where = re.fullmatch(r"(/[^/]+/[^/]+)\.git(/.*)", path)
    if where is None:
        writer.write(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
        return
    about = where[1].strip("/")
    service = "git POST" if verb == "POST" else "git GET"
    world.note("git", service, about)
    variables = {
        "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(world.repository), "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": where[2], "QUERY_STRING": query, "REQUEST_METHOD": verb,
        "CONTENT_TYPE": headers.get("content-type", ""), "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""), "REMOTE_ADDR": "127.0.0.1",
        "GIT_PROTOCOL": headers.get("git-protocol", ""), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *_BACKEND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=variables, limit=1 << 20,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(body)
        process.stdin.close()
        head = await process.stdout.readuntil(b"\r\n\r\n")
        told = dict(line.split(": ", 1) for line in head.decode().rstrip().split("\r\n"))
        status = told.pop("Status", "200 OK").split()[0]
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if name.lower() != "content-length")
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}Transfer-Encoding: chunked\r\n\r\n".encode())
        while part := await process.stdout.read(1 << 20):
            world.sent += len(part)
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    finally:
        if process.returncode is None:
            process.kill()  # nobody reads what it has to say
        await process.wait()
        world.note("git", f"{service} end", about)


def _json(body: bytes) -> dict[str, Any]:
    found = json.loads(body) if body else {}
    return found if isinstance(found, dict) else {}


def _form(body: bytes) -> dict[str, Any]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


async def _main(repository: Path, port: int) -> None:
    head = (repository / "refs" / "heads" / "main").read_text().strip()
    world = World(repository, head)
    server = await asyncio.start_server(lambda r, w: _serve(world, r, w), "127.0.0.1", port, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()

    def closed() -> None:
        if not os.read(0, 1):
            ended.set()

    asyncio.get_running_loop().add_reader(0, closed)
    await ended.wait()
    os._exit(0)  # connections that are open have nobody left to talk to


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(_main(given.repository, given.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
