"""Who waits for whom within this process: a stop for running steps, an order for the one that follows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.ports import Unavailable


class Busy:
    """Counts the steps that run now, so that a stop waits for them and not for what only sleeps."""

    def __init__(self) -> None:
        self._count, self._ending, self._condition = 0, False, threading.Condition()

    def __enter__(self) -> None:
        with self._condition:
            if self._ending:
                raise Unavailable("the server is stopping")
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._condition:
            self._count -= 1
            self._condition.notify_all()

    def drained(self, seconds: float) -> bool:
        """Let no more of them begin, and wait for those that run; False when time ran out."""
        with self._condition:
            self._ending = True
            return self._condition.wait_for(lambda: self._count == 0, seconds)


class Waiting:
    """Orders of this process that wait, one for each pull request: what is ordered meanwhile is done by the one that
    waits, because that asks for the newest head (or reads the store) only when it begins. Only for where every order
    begins in this process; after a restart nothing is known of what waits, and more is ordered than need be."""

    BELIEVED = 120.0
    """Seconds for which one is taken to wait; it may have been cancelled by hand."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._locks = tuple(threading.Lock() for _ in range(64))

    def place(self, key: str, place: Callable[[], bool]) -> None:
        """Place an order unless one waits. ``place`` returns when it is durable, and whether it is one that will still
        begin, rather than one that was there before. The lock keeps it from beginning before it is known to wait."""
        with self._lock(key):
            since = self._since.get(key)
            if since is not None and time.monotonic() - since < self.BELIEVED:
                return
            if place():
                self._since[key] = time.monotonic()

    def begin(self, key: str) -> None:
        """An order begins: what comes from now on needs another one."""
        with self._lock(key):
            self._since.pop(key, None)

    def _lock(self, key: str) -> threading.Lock:
        return self._locks[hash(key) % len(self._locks)]


class Following:
    """Which orders to review this process placed, in order, so that of many for one pull request the last does the
    work: for where they may begin in another process, which makes ``Waiting`` impossible. A number is taken before its
    order is placed: a greater one was therefore placed, and will read the head, after the smaller one's cause. Orders
    of other replicas, and of before a restart, have none and are all done."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._newest: dict[str, int] = {}

    def number(self) -> int:
        """The next number."""
        with self._guard:
            self._count += 1
            return self._count

    def placed(self, key: str, identity: str, number: int) -> None:
        """Remember an order that was not there before."""
        with self._guard:
            if len(self._numbers) > 20_000:
                self._numbers.clear()  # only saves work: without it every order is done
            self._numbers[identity] = number
            self._newest[key] = max(number, self._newest.get(key, 0))

    def followed(self, key: str, identity: str) -> bool:
        """Whether a later order will do its work."""
        with self._guard:
            mine = self._numbers.pop(identity, None)
            newest = self._newest.get(key)
            if mine is None or newest is None:
                return False
            if newest == mine:
                del self._newest[key]
            return newest > mine
