"""The load of the bot's benchmarks: signed deliveries at a fixed rate, whatever the server does (an open loop).

    python -m benchmarks.botload < plan.json > measured.json
    python -m benchmarks.botload nothing          # the handler to compare with: reads the body, answers

A process of its own over keep-alive connections. Latency counts from the moment a delivery was *due*, so that a server
that stalls is charged for all that waited meanwhile. With ``again`` every delivery that was not accepted (no
connection, no answer, a status other than 2xx) is sent again until it is, as GitHub's redelivery would be.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import hmac
import json
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

SECRET = "the benchmark's own"
AGAIN_SECONDS = 0.25
PATIENCE = 30.0
"""Seconds that one attempt may take."""


@dataclass(frozen=True)
class Delivery:
    """One delivery of ``synchronize``."""

    id: str
    repo: str
    number: int
    head: str
    base: str


@dataclass(frozen=True)
class Plan:
    """What to send where: ``rate`` in deliveries a second; ``stand`` is the port that learns of new heads (0: none)."""

    port: int
    stand: int
    rate: float
    deliveries: tuple[Delivery, ...]
    again: bool = False
    connections: int = 32
    path: str = "/github/webhook"

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Plan:
        """The reverse of ``text``."""
        given = json.loads(text)
        return cls(**{**given, "deliveries": tuple(Delivery(**one) for one in given["deliveries"])})


def payload(delivery: Delivery) -> bytes:
    """As GitHub sends one: about twenty kilobytes, most of them addresses that nobody reads."""
    api = f"https://api.github.example/repos/{delivery.repo}"
    links = {f"part_{n}_url": f"{api}/parts_of_it/{n}{{/sha}}" for n in range(50)}
    repository = {"full_name": delivery.repo, "default_branch": "main", "private": True, **links}
    user = {"login": "bob", "id": 1, "type": "User"} | {f"of_{n}_url": f"{api}/of/{n}" for n in range(12)}
    pull = {
        "number": delivery.number, "state": "open", "title": f"Sessions end sooner ({delivery.number})",
        "draft": False, "merged": False, "user": user, "body": "What changes, and why. " * 40, **links,
        "head": {"sha": delivery.head, "ref": f"branch-{delivery.number}", "repo": repository, "user": user},
        "base": {"sha": delivery.base, "ref": "main", "repo": repository, "user": user},
    }  # fmt: skip
    return json.dumps({
        "action": "synchronize", "number": delivery.number, "pull_request": pull, "repository": repository,
        "sender": user, "installation": {"id": 1},
    }).encode()  # fmt: skip


def request(delivery: Delivery, path: str) -> bytes:
    """The whole request, signed."""
    body = payload(delivery)
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: {delivery.id}\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """Keep-alive connections to one port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def open(self, count: int) -> None:
        """Have so many ready."""
        made = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", self._port) for _ in range(count)))
        self._idle += made

    async def ask(self, data: bytes) -> int:
        """The status of one request. Raises ``OSError`` or ``EOFError`` when there is no answer."""
        while self._idle:
            reader, writer = self._idle.pop()
            with contextlib.suppress(OSError, EOFError):  # closed by the server, as long unused: every client goes on
                return await self._ask(reader, writer, data)
        return await self._ask(*await asyncio.open_connection("127.0.0.1", self._port), data)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> int:
        try:
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(int(v) for n, _, v in (x.partition(b":") for x in head.split(b"\r\n")) if n.lower() == _LENGTH)
            await reader.readexactly(size)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return int(head.split(b" ", 2)[1])

    async def tell(self, path: str, given: object) -> None:
        """Post JSON."""
        body = json.dumps(given).encode()
        await self.ask(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


_LENGTH = b"content-length"


async def send(plan: Plan) -> dict[str, Any]:
    """Send all of it; latencies in seconds by the order of the plan, and how many attempts each took."""
    client, stand = Client(plan.port), Client(plan.stand)
    requests = [request(delivery, plan.path) for delivery in plan.deliveries]
    if not plan.again:
        await client.open(plan.connections)
    gc.disable()  # a pause here would be charged to the server
    found: list[dict[str, Any]] = [{} for _ in requests]
    begin = time.perf_counter() + 0.2
    wall = time.time() + 0.2
    running: list[asyncio.Task[None]] = []
    step = max(1, int(plan.rate / 4))

    async def one(index: int, due: float) -> None:
        attempts = 0
        while True:
            attempts += 1
            try:
                status = await asyncio.wait_for(client.ask(requests[index]), PATIENCE)
            except (OSError, EOFError, TimeoutError, StopIteration, RuntimeError):
                status = 0
            if not plan.again or 200 <= status < 300:
                break
            await asyncio.sleep(AGAIN_SECONDS)
        found[index] = {"due": wall + due - begin, "took": time.perf_counter() - due, "status": status,
                        "attempts": attempts}  # fmt: skip

    for index in range(len(requests)):
        if plan.stand and index % step == 0:
            batch: Sequence[Delivery] = plan.deliveries[index : index + step]
            await stand.tell("/control/heads", {f"{d.repo}#{d.number}": d.head for d in batch})
        due = begin + index / plan.rate
        left = due - time.perf_counter()
        if left > 0:
            await asyncio.sleep(left)
        running.append(asyncio.create_task(one(index, due)))
    await asyncio.gather(*running)
    return {"seconds": time.perf_counter() - begin, "deliveries": found}


def nothing() -> None:
    """A Starlette handler that verifies nothing, served as the bot is; its port is the first line it prints."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def answer(asked: Request) -> JSONResponse:
        await asked.body()
        return JSONResponse({"done": "review"}, 202)

    port = free_port()
    print(port, flush=True)
    app = Starlette(routes=[Route("/github/webhook", answer, methods=["POST"])])
    # Not on a socket of ours: asyncio switches Nagle's algorithm off only on those that it made itself.
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Send the plan on standard input and write what was measured to standard output."""
    if sys.argv[1:] == ["nothing"]:
        nothing()
    else:
        print(json.dumps(asyncio.run(send(Plan.of(sys.stdin.read())))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
