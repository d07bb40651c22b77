"""Who waits for whom: steps and stops, orders and the ones that wait."""

from __future__ import annotations

import threading
import time

import pytest

from bot.ports import Unavailable
from bot.turns import Busy, Following, Waiting


class Placed:
    """Counts what was placed."""

    def __init__(self, fresh: bool = True) -> None:
        self.count, self._fresh = 0, fresh

    def __call__(self) -> bool:
        self.count += 1
        return self._fresh


# -- Busy ---------------------------------------------------------------------------------------------------------


def test_a_stop_waits_for_what_runs_and_lets_nothing_begin() -> None:
    busy, go_on, began = Busy(), threading.Event(), threading.Event()

    def step() -> None:
        with busy:
            began.set()
            go_on.wait(10)

    thread = threading.Thread(target=step)
    thread.start()
    assert began.wait(10)
    assert not busy.drained(0.01)
    with pytest.raises(Unavailable), busy:
        raise AssertionError("nothing begins any more")
    go_on.set()
    assert busy.drained(10)
    thread.join()


def test_a_step_that_fails_is_no_longer_waited_for() -> None:
    busy = Busy()
    with pytest.raises(KeyError), busy:
        raise KeyError
    assert busy.drained(0)


# -- Waiting ------------------------------------------------------------------------------------------------------


def test_one_order_waits_for_each_pull_request() -> None:
    waiting, placed, other = Waiting(), Placed(), Placed()
    for _ in range(3):
        waiting.place("a#1", placed)
        waiting.place("a#2", other)
    assert (placed.count, other.count) == (1, 1)


def test_what_is_ordered_after_it_began_needs_another_one() -> None:
    waiting, placed = Waiting(), Placed()
    waiting.place("a#1", placed)
    waiting.begin("a#1")
    waiting.place("a#1", placed)
    assert placed.count == 2


def test_nobody_relies_on_an_order_that_was_there_before() -> None:
    """A redelivery: its order was done with long ago, and will not begin."""
    waiting, redelivered, placed = Waiting(), Placed(fresh=False), Placed()
    waiting.place("a#1", redelivered)
    waiting.place("a#1", placed)
    assert placed.count == 1


def test_nobody_relies_on_an_order_that_could_not_be_kept() -> None:
    waiting, placed = Waiting(), Placed()

    def broken() -> bool:
        raise Unavailable("full")

    with pytest.raises(Unavailable):
        waiting.place("a#1", broken)
    waiting.place("a#1", placed)
    assert placed.count == 1


def test_nobody_relies_on_it_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been cancelled by hand, or have died."""
    waiting, placed = Waiting(), Placed()
    waiting.place("a#1", placed)
    monkeypatch.setattr(Waiting, "BELIEVED", 0.0)
    waiting.place("a#1", placed)
    assert placed.count == 2


def test_an_order_that_begins_while_it_is_placed_is_not_taken_to_wait() -> None:
    """The engine may begin it before the one who placed it knows that it is placed."""
    waiting, placed, started = Waiting(), Placed(), threading.Event()

    def begin() -> None:
        started.set()
        waiting.begin("a#1")

    thread = threading.Thread(target=begin)

    def place() -> bool:
        thread.start()
        assert started.wait(10)
        time.sleep(0.02)
        return True

    waiting.place("a#1", place)
    thread.join(10)
    waiting.place("a#1", placed)
    assert placed.count == 1


def test_every_order_is_followed_by_a_beginning() -> None:
    """Many threads order, one begins: after the last order comes a beginning, or one is waiting."""
    waiting, queue, seen, ordered = Waiting(), threading.Semaphore(0), [0], [0]

    def place() -> bool:
        queue.release()
        return True

    def order() -> None:
        for _ in range(200):
            ordered[0] += 1
            waiting.place("a#1", place)

    def work() -> None:
        while queue.acquire(timeout=0.3):
            waiting.begin("a#1")
            seen[0] = ordered[0]

    threads = [threading.Thread(target=target) for target in (order, order, order, work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen[0] == ordered[0]


# -- Following ----------------------------------------------------------------------------------------------------


def test_of_several_orders_the_last_does_the_work() -> None:
    following = Following()
    for name in ("one", "two", "three"):
        following.placed("a#1", name, following.number())
    assert [following.followed("a#1", name) for name in ("one", "two", "three")] == [True, True, False]


def test_orders_of_others_are_all_done() -> None:
    following = Following()
    following.placed("a#1", "ours", following.number())
    assert not following.followed("a#1", "theirs")
    assert not following.followed("a#2", "ours")


def test_an_order_that_was_placed_late_follows_nobody() -> None:
    """Its number was taken first, so the other one reads the head after its cause."""
    following = Following()
    first, second = following.number(), following.number()
    following.placed("a#1", "second", second)
    following.placed("a#1", "first", first)
    assert following.followed("a#1", "first")
    assert not following.followed("a#1", "second")
