"""Polling, and ticks that survive what they call."""

from __future__ import annotations

import time
from dataclasses import replace

from fakes import REF, FakeForge, FakeJobs, item, pull, review, world

from bot.context import Rules
from bot.model import Pull, PullRef
from bot.ports import Gone, Store, Unavailable
from bot.schedule import Schedule, poll


class Open:
    """A forge that lists these."""

    def __init__(self, *pulls: Pull) -> None:
        self.pulls = pulls

    def open_pulls(self, repo: str) -> tuple[Pull, ...]:
        return self.pulls


def test_polling_orders_what_is_not_as_we_know_it(store: Store) -> None:
    bot = world(store, rules=Rules(repositories=("acme/shop",)))
    assert isinstance(bot.jobs, FakeJobs)
    assert poll(bot, Open(pull())) == 1
    bot.store.save_pull(pull(), bot.clock.now())
    assert poll(bot, Open(pull())) == 0
    assert poll(bot, Open(pull(title="other"))) == 1
    assert poll(bot, Open(pull(head_sha="2" * 40))) == 1
    causes = {cause for kind, _, cause in bot.jobs.orders if kind == "review"}
    assert len(causes) == 3


def test_polling_notices_what_is_no_longer_open(store: Store) -> None:
    bot = world(store, rules=Rules(repositories=("acme/shop",)))
    bot.store.save_pull(pull(), bot.clock.now())
    assert poll(bot, Open()) == 1


def test_the_same_state_is_the_same_order(store: Store) -> None:
    bot = world(store, rules=Rules(repositories=("acme/shop",)), forge=FakeForge())
    assert isinstance(bot.jobs, FakeJobs)
    for _ in range(2):
        poll(bot, Open(replace(pull(), ref=PullRef("acme/shop", 9))))
    assert len({cause for _, _, cause in bot.jobs.orders}) == 2  # one review, one refresh, however often
    assert REF not in [what for _, what, _ in bot.jobs.orders]


def test_a_look_that_comes_again_is_another_order(store: Store) -> None:
    bot = world(store, rules=Rules(repositories=("acme/shop",)))
    assert isinstance(bot.jobs, FakeJobs)
    looks = [pull(), pull(draft=True), pull(), pull(draft=True), pull(head_sha="2" * 40), pull()]
    for look in looks:
        assert poll(bot, Open(look)) == 1
        bot.store.save_pull(look, bot.clock.now())  # reviewed
        bot.clock.forward(minutes=5)  # type: ignore[attr-defined]
    causes = [cause for kind, _, cause in bot.jobs.orders if kind == "review"]
    assert len(set(causes)) == len(looks)


def test_a_repository_that_cannot_be_looked_at_keeps_nobody_from_the_others(store: Store) -> None:
    class Troubled(Open):
        def open_pulls(self, repo: str) -> tuple[Pull, ...]:
            if repo == "acme/gone":
                raise Gone("no such repository")
            if repo == "acme/shut":
                raise Unavailable("GitHub answered 502", 3)
            return super().open_pulls(repo)

    lost = pull(ref=PullRef("acme/gone", 3))
    bot = world(store, rules=Rules(repositories=("acme/gone", "acme/shut", "acme/shop")))
    bot.store.save_pull(lost, bot.clock.now())
    found = review(item(), ref=lost.ref)
    bot.store.save_review(found, bot.clock.now())
    bot.store.open_drift(found, bot.clock.now())
    assert poll(bot, Troubled(pull())) == 1
    assert bot.store.drift() == ()


def test_a_tick_that_fails_comes_again() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise Unavailable("away") if len(calls) == 1 else RuntimeError("broken")

    schedule = Schedule()
    schedule.every(0.02, "test", work)
    schedule.start()
    deadline = time.monotonic() + 5
    while len(calls) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    schedule.stop()
    assert len(calls) >= 3


def test_a_repository_that_is_polled_in_another_case_is_the_one_of_the_deliveries(store: Store) -> None:
    """GitHub answers in any case, in its own spelling."""
    bot = world(store, rules=Rules(repositories=("Acme/Shop",)))
    bot.store.save_pull(pull(), bot.clock.now())
    assert isinstance(bot.forge, FakeForge)
    bot.forge.names["Acme/Shop"] = "acme/shop"
    poll(bot, Open(pull(title="other")))
    assert isinstance(bot.jobs, FakeJobs)
    assert {what if isinstance(what, str) else what.repo for _, what, _ in bot.jobs.orders} == {"acme/shop"}
