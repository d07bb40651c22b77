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
from urllib.parse import unquote

from benchmarks.botwire import Asked, form_of, git, json_of, request

Answer = tuple[int, Any]

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
        while (asked := await request(reader)) is not None:
            given = json_of if "json" in asked.headers.get("content-type", "json") else form_of
            part, _, rest = asked.path.removeprefix("/").partition("/")
            caller, _, api = rest.partition("/")
            if part in {"github", "slack", "control"}:
                if world.held and re.search(world.held, asked.path):
                    world.note(caller, "held", asked.path)
                    await world.letting.wait()
                if part == "github":
                    status, answer = world.github(asked.verb, caller, api.removeprefix("api"), json_of(asked.body))
                else:
                    answering = world.slack if part == "slack" else world.control
                    status, answer = answering(rest.rpartition("/")[2], given(asked.body))
                data = json.dumps(answer).encode()
                kind = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(kind.encode() + data)
                await writer.drain()
            else:
                await _git(world, writer, asked)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _git(world: World, writer: StreamWriter, asked: Asked) -> None:
    where = re.fullmatch(r"/([^/]+/[^/]+)\.git(/.*)", asked.path)
    if where is None:
        writer.write(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
        return
    if world.held and re.search(world.held, asked.path):
        world.note("git", "held", asked.path)
        await world.letting.wait()
    world.note("git", f"git {asked.verb}", where[1])
    async for part in git(asked, world.repository, where[2]):
        world.sent += len(part)
        writer.write(part)
        await writer.drain()
    world.note("git", f"git {asked.verb} end", where[1])


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
