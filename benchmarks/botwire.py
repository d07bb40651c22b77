"""HTTP as the bot's stand-ins need it: a request, and git's answer to one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from asyncio import StreamReader
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs


class Asked(NamedTuple):
    """A request; names of headers in small letters."""

    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


async def request(reader: StreamReader) -> Asked | None:
    """The next request on a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    verb, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return Asked(verb, path, query, headers, b"".join(parts))
    return Asked(verb, path, query, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def git(asked: Asked, repository: Path, within: str) -> AsyncIterator[bytes]:
    """The answer of ``git http-backend``, run as a web server would, piece by piece; ``within`` is the path behind the
    repository's name."""
    variables = {
        "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(repository), "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": within, "QUERY_STRING": asked.query, "REQUEST_METHOD": asked.verb,
        "CONTENT_TYPE": asked.headers.get("content-type", ""), "CONTENT_LENGTH": str(len(asked.body)),
        "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""), "REMOTE_ADDR": "127.0.0.1",
        "GIT_PROTOCOL": asked.headers.get("git-protocol", ""), "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=variables, limit=1 << 20,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(asked.body)
        process.stdin.close()
        head = await process.stdout.readuntil(b"\r\n\r\n")
        told = dict(line.split(": ", 1) for line in head.decode().rstrip().split("\r\n"))
        status = told.pop("Status", "200 OK").split()[0]
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if name.lower() != "content-length")
        yield f"HTTP/1.1 {status} X\r\n{lines}Transfer-Encoding: chunked\r\n\r\n".encode()
        while part := await process.stdout.read(1 << 20):
            yield b"%x\r\n%b\r\n" % (len(part), part)
        yield b"0\r\n\r\n"
    except BaseException:  # nobody reads what it has to say
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    finally:
        await process.wait()


def json_of(body: bytes) -> dict[str, Any]:
    """A body that is a JSON object."""
    found = json.loads(body) if body else {}
    return found if isinstance(found, dict) else {}


def form_of(body: bytes) -> dict[str, Any]:
    """A body that is a form."""
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}
