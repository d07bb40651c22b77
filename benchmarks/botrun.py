"""The processes of the bot's benchmarks: the bot, its stand-ins, the load; and what they cost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.botload import SECRET, Plan, free_port
from benchmarks.botworld import Small

ROOT = Path(__file__).resolve().parent.parent
API_TOKEN = "the benchmark's"
CHANNEL = "C0BENCH00"
_TICKS = os.sysconf("SC_CLK_TCK")


def until(holds: Callable[[], bool], what: str, seconds: float, step: float = 0.05) -> float:
    """Wait; how long it took. Raises ``TimeoutError``."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(step)
    return time.monotonic() - began


def ask(port: int, method: str, path: str, given: object = None, *, token: str = "") -> tuple[int, bytes]:
    """One request to this machine. Raises ``OSError`` or ``HTTPException``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        body = None if given is None else json.dumps(given)
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"} if token else {})
        said = connection.getresponse()
        return said.status, said.read()
    finally:
        connection.close()


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Stand:
    """The stand-ins' process."""

    def __init__(self, world: Small) -> None:
        self.base = (world.repository / "refs/heads/main").read_text().strip()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.botstand", "--repository", str(world.repository)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def order(self, order: str, **given: object) -> Any:
        """One of the orders of ``botstand.World.control``."""
        return json.loads(ask(self.port, "POST", f"/control/{order}", given)[1])

    def calls(self, since: int = 0) -> list[tuple[float, str, str, str]]:
        """What it was asked: when, by whom, what, about what."""
        return [tuple(call) for call in self.order("calls", since=since)]

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


class Bot:
    """``runbook-drift-bot serve`` in a directory of its own."""

    def __init__(self, folder: Path, stand: Stand, key: str, *, caller: str = "a", **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port, self.pid = folder, free_port(), 0
        self._settings = {
            "GITHUB_API_URL": f"http://127.0.0.1:{stand.port}/github/{caller}/api",
            "GITHUB_WEB_URL": f"http://127.0.0.1:{stand.port}", "GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": key,
            "GITHUB_WEBHOOK_SECRET": SECRET, "SLACK_API_URL": f"http://127.0.0.1:{stand.port}/slack/api/",
            "SLACK_BOT_TOKEN": "xoxb-benchmark", "SLACK_SIGNING_SECRET": "none", "SLACK_DEFAULT_CHANNEL": CHANNEL,
            "STATE_DIR": str(folder / "state"), "HOST": "127.0.0.1", "PORT": str(self.port), "API_TOKEN": API_TOKEN,
            "LOG_LEVEL": "warning", **settings,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it and do not wait."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "serve"], cwd=self.folder, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **self._settings},
            )  # fmt: skip
        self.pid = self._process.pid

    def start(self, seconds: float = 60) -> float:
        """Start it and wait until it is ready; how long that took."""
        self.launch()
        return until(self.ready, "the bot is ready", seconds, 0.02)

    def ready(self) -> bool:
        """Whether it says so. Raises ``RuntimeError`` when it ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"the bot ended: {self.log()[-2000:]}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(self.port, "GET", "/readyz")[0] == 200
        return False

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> float:
        """As an operator would; how long it took."""
        if self._process is None or self._process.poll() is not None:
            return 0.0
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - began

    def log(self) -> str:
        """What it said."""
        return (self.folder / "log").read_text(errors="replace")

    def known(self, repo: str, number: int) -> dict[str, Any] | None:
        """What its API says of a pull request; None where nothing is known."""
        status, said = ask(self.port, "GET", f"/api/pulls/{repo}/{number}", token=API_TOKEN)
        return json.loads(said) if status == 200 else None


@contextlib.contextmanager
def sending(plan: Plan) -> Iterator[subprocess.Popen[str]]:
    """The load, running; ``measured`` reads what it found."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.botload"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    try:
        process.stdin.write(plan.text())
        process.stdin.close()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def measured(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a load found, when it has ended."""
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    return found


@contextlib.contextmanager
def doing_nothing() -> Iterator[int]:
    """The port of the handler to compare with."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.botload", "nothing"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


@dataclass(frozen=True)
class Usage:
    """Processor seconds and resident megabytes (``shared`` counts pages that several processes share once)."""

    processor: float
    resident: float
    shared: float


def usage(pid: int) -> dict[str, Usage]:
    """What a process (``main``) and all of its tree (``all``) have used so far."""
    tree = [pid]
    for one in tree:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            tree += [int(child) for child in task.read_text().split()]
    each = [_usage(one) for one in tree]
    total = Usage(*(sum(getattr(u, name) for u in each) for name in ("processor", "resident", "shared")))
    return {"main": each[0], "all": total}


def _usage(pid: int) -> Usage:
    after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    rollup = dict(
        line.split()[:2] for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:] if "kB" in line
    )
    return Usage((int(after[11]) + int(after[12])) / _TICKS, int(rollup["Rss:"]) / 1024, int(rollup["Pss:"]) / 1024)


def private_key() -> str:
    """A fresh key for the App."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
