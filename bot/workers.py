"""The analyst port: a few processes of ``worker.py``, each reviewing one order at a time.

A process that takes too long, grows too large or dies is replaced; the order fails with ``AnalysisFailed`` and nobody
else waits for it. CPU work stays out of this process because threads would hold up its answers (measured: the 99th
percentile of an acknowledgement went from 65 ms to 1.5 s).
"""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

from bot.model import Review, ReviewOrder, decoded, encoded
from bot.ports import AnalysisFailed, Unavailable
from bot.worker import environment

MAX_ANSWER = 64_000_000
"""Bytes of one answer; a review is a hundredth of it."""
ROOT = Path(__file__).resolve().parent.parent


class Workers:
    """``count`` processes; an order may take ``seconds`` and a process ``memory`` bytes; ``recycle`` orders later a
    process is replaced, so that what a parser leaks does not add up."""

    def __init__(self, count: int = 2, seconds: float = 60.0, memory: int = 1_500_000_000, recycle: int = 200) -> None:
        self._seconds, self._memory, self._recycle = seconds, memory, recycle
        self._idle: queue.Queue[_Process | None] = queue.Queue()
        self._all: set[_Process] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(count):
            self._idle.put(None)  # started at first use

    def warm(self) -> None:
        """Start all processes now, so that the first review does not wait for their imports."""
        for _ in range(self._idle.qsize()):
            self._idle.put(self._idle.get() or self._start())

    def review(self, order: ReviewOrder) -> Review:
        """The review of an order. Raises ``AnalysisFailed``, or ``Unavailable`` while shutting down."""
        process = self._idle.get()
        if self._closed:
            self._idle.put(None)
            raise Unavailable("the server is shutting down")
        keep: _Process | None = None
        try:
            if process is None or not process.alive:
                process = self._start()
            answered = process.ask(encoded(order), self._seconds)
            if process.orders < self._recycle:
                keep = process
        finally:
            if process is not None and keep is None:
                self._end(process)
            self._idle.put(keep)
        if "review" in answered:
            return decoded(Review, str(answered["review"]))
        raise AnalysisFailed(str(answered.get("failure")), bool(answered.get("poison")))

    def close(self) -> None:
        """End every process; reviews that are running fail with ``AnalysisFailed``."""
        self._closed = True
        with self._lock:
            running = list(self._all)
        for process in running:
            self._end(process)

    def _start(self) -> _Process:
        process = _Process(self._memory)
        with self._lock:
            self._all.add(process)
        return process

    def _end(self, process: _Process) -> None:
        process.kill()
        with self._lock:
            self._all.discard(process)


class _Process:
    """One child and the pipe to it."""

    def __init__(self, memory: int) -> None:
        self.orders = 0
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "bot.worker", str(memory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment(os.environ),
            process_group=0,  # not a session: see gitprocess.run
        )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def ask(self, line: str, seconds: float) -> dict[str, object]:
        """The answer to one line. Raises ``AnalysisFailed`` when there is none in time."""
        self.orders += 1
        assert self._popen.stdin is not None
        try:
            self._popen.stdin.write(line.encode() + b"\n")
            self._popen.stdin.flush()
        except OSError:
            raise AnalysisFailed("the process that reviews ended before it began") from None
        answered = json.loads(self._line(time.monotonic() + seconds, seconds))
        if not isinstance(answered, dict):
            raise AnalysisFailed("the process that reviews gave no answer")
        return answered

    def _line(self, deadline: float, seconds: float) -> bytes:
        assert self._popen.stdout is not None
        descriptor = self._popen.stdout.fileno()
        parts: list[bytes] = []
        size = 0
        while True:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise AnalysisFailed(f"the review took longer than {seconds:g} s")
            part = os.read(descriptor, 1 << 16)
            if not part:
                raise AnalysisFailed("the process that reviews died")
            parts.append(part)
            size += len(part)
            if part.endswith(b"\n"):
                return b"".join(parts)
            if size > MAX_ANSWER:
                raise AnalysisFailed("the review is too large", poison=True)

    def kill(self) -> None:
        self._popen.kill()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was not sent has nobody to read it
        self._popen.wait(timeout=10)
