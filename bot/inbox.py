"""Orders that are kept at once and placed a little later: what makes an answer to a delivery fast on SQLite.

Placing an order with the engine takes a transaction, and under load that waits for those of the reviews that run
(measured with two workers analysing: up to two seconds). So an order is first appended to a journal, which a killed
process does not lose, then answered; a thread places it. The journal is emptied when all in it is placed; what it
holds at a start is placed again, and ids make those that were placed before no orders at all. An order whose line a
kill tore was never answered, so GitHub is asked to send it again.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from bot.observe import log
from bot.ports import Unavailable

AGAIN_SECONDS = 1.0
"""Pause before an order is placed again that could not be."""


class Inbox:
    """A journal at ``path``. ``place`` gets what ``put`` got; when it raises ``Unavailable`` it is called again, any
    other error ends the order (a line of another version, say), lest it hold up all that follow."""

    def __init__(self, path: Path, place: Callable[..., object]) -> None:
        self._place = place
        self._guard = threading.Lock()
        self._left: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._ending = threading.Event()
        self._file = path.open("ab", buffering=0)
        path.chmod(0o600)  # comments on pull requests stand in it
        for line in path.read_bytes().splitlines():
            self._replay(line)
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many orders are kept and not placed yet."""
        return self._waiting

    def put(self, *order: str) -> None:
        """Keep an order. Raises ``Unavailable`` where it could not be kept (a full disk)."""
        # A line begins with a break too: what a torn one before it left does not swallow it.
        line = b"\n" + json.dumps(order).encode() + b"\n"
        with self._guard:
            try:
                if self._file.write(line) != len(line):
                    raise OSError("cut short")
            except (OSError, ValueError) as problem:  # ValueError: closed by ``stop``
                reason = getattr(problem, "strerror", None) or "not written"
                raise Unavailable(f"the order could not be kept: {reason}", 1) from None
            self._waiting += 1
            self._left.put(list(order))

    def stop(self, seconds: float = 5.0) -> None:
        """Place what is left, for so long; the rest stays in the journal."""
        self._left.put(None)
        self._thread.join(seconds)
        self._ending.set()
        with self._guard:
            self._file.close()

    def _replay(self, line: bytes) -> None:
        try:
            order = json.loads(line)
        except ValueError:  # torn by a kill
            return
        if isinstance(order, list) and all(isinstance(part, str) for part in order):
            self._waiting += 1
            self._left.put(order)

    def _run(self) -> None:
        while (order := self._left.get()) is not None:
            while not self._placed(order):
                if self._ending.wait(AGAIN_SECONDS):
                    return
            with self._guard:
                if self._ending.is_set():
                    return
                self._waiting -= 1
                if not self._waiting:
                    self._file.truncate(0)

    def _placed(self, order: list[str]) -> bool:
        try:
            self._place(*order)
        except Unavailable as problem:
            log.warning("order waits", subject=" ".join(order[:2])[:200], reason=str(problem))
            return False
        except Exception as problem:
            log.error("order cannot be placed", subject=" ".join(order[:2])[:200], error=type(problem).__name__)
        return True
