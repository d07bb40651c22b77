"""Who waits for whom within this process: a stop for running steps, an order for the one that follows it."""

from __future__ import annotations

import threading


class Busy:
    """Counts the steps that run now, so that a stop waits for them and not for what only sleeps."""

    def __init__(self) -> None:
        self._count, self._condition = 0, threading.Condition()

    def __enter__(self) -> None:
        with self._condition:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._condition:
            self._count -= 1
            self._condition.notify_all()

    def drained(self, seconds: float) -> bool:
        """Wait for all of them; False when time ran out."""
        with self._condition:
            return self._condition.wait_for(lambda: self._count == 0, seconds)


class Following:
    """Which orders to review this process placed, in order, so that of many for one pull request the last does the
    work. A number is taken before its order is placed: a greater one was therefore placed, and will read the head,
    after the smaller one's cause. Orders of other replicas, and of before a restart, have none and are all done."""

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

    def clear(self) -> None:
        """Forget all."""
        with self._guard:
            self._numbers.clear()
            self._newest.clear()
