"""The jobs on a real DBOS over SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from dbos import DBOS
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, item, pull, review, world
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot import steps, workflows
from bot.context import Bot
from bot.engine import one_at_a_time
from bot.jobs import DbosJobs, started
from bot.model import BotError, Incoming, Pull, PullRef, PullState, Review
from bot.ports import Store, Unavailable
from bot.workflows import _enqueue, review_workflow
from runbooks.model import Status


def until(found: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)


@pytest.fixture
def bot(store: Store, tmp_path: Path) -> Iterator[Bot]:
    """A bot whose work is done by DBOS; its pull request has one open section, owned by ``ops-olga``."""
    made = world(store, analyst=FakeAnalyst({"1" * 40: review(item())}))
    jobs = DbosJobs(f"sqlite:///{tmp_path}/jobs.db", tmp_path)
    made = replace(made, jobs=jobs)
    with started(jobs, made):
        yield made


def chat(bot: Bot) -> FakeChat:
    assert isinstance(bot.chat, FakeChat)
    return bot.chat


def forge(bot: Bot) -> FakeForge:
    assert isinstance(bot.forge, FakeForge)
    return bot.forge


def test_a_delivery_is_reviewed_and_told_once(bot: Bot) -> None:
    for _ in range(3):
        bot.jobs.review(REF, "delivery")
    until(lambda: chat(bot).top, "a message")
    until(lambda: sum(depth(bot).values()) == 0, "quiet")
    assert len(chat(bot).top) == 1
    assert len(forge(bot).published) == 1


def test_what_a_comment_decides_is_shown(bot: Bot) -> None:
    bot.jobs.review(REF, "delivery")
    until(lambda: chat(bot).top, "a message")
    detail = (("body", "/runbook ack the proxy keeps them"), ("at", "2026-11-23T09:00:00Z"))
    bot.jobs.act(Incoming("comment", "issue_comment", "created", REF.repo, REF.number, "ops-olga", detail=detail))
    until(lambda: chat(bot).updates, "the message turned green")
    until(lambda: len(forge(bot).published) == 2, "the check run again")
    assert forge(bot).comments == ["Recorded for 1 section."]


def test_a_comment_asks_for_a_review(bot: Bot) -> None:
    detail = (("body", "/runbook recheck"),)
    bot.jobs.act(Incoming("comment", "issue_comment", "created", REF.repo, REF.number, "ops-olga", detail=detail))
    until(lambda: chat(bot).top, "a message")


def test_one_process_on_a_sqlite_directory(bot: Bot, tmp_path: Path) -> None:
    with pytest.raises(BotError, match="another process"):
        DbosJobs(f"sqlite:///{tmp_path}/jobs.db", tmp_path).start(bot)


@dataclass
class SlowForge(FakeForge):
    """Answers the first question late: with what was true when it was asked."""

    asked: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def pull(self, ref: PullRef) -> Pull:
        told = super().pull(ref)
        self.asked.set()
        assert self.go_on.wait(20)
        return told


def test_a_redelivery_of_an_earlier_order_does_not_take_the_place_of_a_later_one(store: Store, tmp_path: Path) -> None:
    slow = SlowForge()
    found: dict[str, Review | Exception] = {"2" * 40: review(item())}
    jobs = DbosJobs(f"sqlite:///{tmp_path}/jobs.db", tmp_path)
    made = world(store, forge=slow, analyst=FakeAnalyst(found), jobs=jobs)
    with started(jobs, made):
        jobs.review(REF, "first")
        assert slow.asked.wait(20)
        slow.push("2" * 40)
        jobs.review(REF, "second")
        jobs.review(REF, "first")
        slow.go_on.set()
        until(lambda: chat(made).top, "the second head told")


def test_an_order_that_another_replica_placed_is_done(bot: Bot) -> None:
    bot.jobs.review(REF, "ours")
    until(lambda: forge(bot).published, "ours done")
    _enqueue("analysis", REF.key, f"review:theirs:{REF.key}", review_workflow, REF.key)
    until(lambda: len(made_orders(bot)) == 2, "two reviews")
    forge(bot).push("2" * 40)
    _enqueue("analysis", REF.key, f"review:theirs-2:{REF.key}", review_workflow, REF.key)
    until(lambda: chat(bot).updates, "the second head told")


def made_orders(bot: Bot) -> list[str]:
    """The reviews that did not leave their work to others."""
    ended = DBOS.list_workflows(name="review", status="SUCCESS")
    return [workflow.workflow_id for workflow in ended if workflow.output != "left to a later order"]


def test_a_database_that_fails_makes_an_order_wait(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = Event()

    def full(*_: object) -> None:
        tried.set()
        raise OperationalError("insert", {}, Exception("database or disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(DBOS, "enqueue_workflow", full)
        bot.jobs.review(REF, "delivery")
        assert tried.wait(10)
        assert depth(bot) == {"analysis": 1, "outward": 0, "reminders": 0}
        assert (tmp_path / "inbox").read_bytes()
    until(lambda: chat(bot).top, "a message")
    assert (tmp_path / "inbox").read_bytes() == b""


def depth(bot: Bot) -> dict[str, int]:
    assert isinstance(bot.jobs, DbosJobs)
    return bot.jobs.depth()


def test_an_order_that_cannot_be_kept_is_refused(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_inbox: object, *_order: str) -> None:
        raise Unavailable("no space left")

    monkeypatch.setattr("bot.inbox.Inbox.put", full)
    with pytest.raises(Unavailable):
        bot.jobs.review(REF, "delivery")
    with pytest.raises(Unavailable):
        bot.jobs.refresh(REF.repo, "delivery")


def test_without_a_journal_a_database_that_fails_is_unavailable(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("server closed the connection"))

    monkeypatch.setattr(DBOS, "enqueue_workflow", full)
    for order in (
        ("review", REF.key, "d"),
        ("show", REF.key, "d"),
        ("act", REF.key, "d", "{}"),
        ("refresh", "a/b", "d"),
    ):
        with pytest.raises(Unavailable):
            workflows.place(*order)


def test_what_a_stop_interrupts_is_done_after_the_next_start(store: Store, tmp_path: Path) -> None:
    away = FakeForge(broken=Unavailable("502", 30.0))
    jobs = DbosJobs(f"sqlite:///{tmp_path}/jobs.db", tmp_path)
    made = world(store, forge=away, analyst=FakeAnalyst({"1" * 40: review(item())}), jobs=jobs)
    with started(jobs, made):
        jobs.review(REF, "delivery")
        until(lambda: depth(made)["analysis"] == 1, "placed")
    again = DbosJobs(f"sqlite:///{tmp_path}/jobs.db", tmp_path)
    away.broken = None
    made = replace(made, jobs=again)
    with started(again, made):
        again.review(REF, "another")
        until(lambda: chat(made).top, "a message")


def test_nobody_relies_on_what_was_shown_before_a_restart(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[str] = []

    def enqueue(_queue: str, _partition: str, identity: str, *_: object) -> bool:
        placed.append(identity)
        return True

    monkeypatch.setattr(workflows, "_enqueue", enqueue)
    here = steps.here().run
    for identity, run in (("1", "before"), ("2", here), ("3", here), ("4", "before")):
        workflows._show("other/repo#1", identity, {"word": "drift", "run": run})
    assert placed == ["1", "2", "4"]


def test_transactions_of_the_engine_take_turns(tmp_path: Path) -> None:
    engine = one_at_a_time(f"sqlite:///{tmp_path}/turns.db")
    with engine.begin() as connection:
        connection.execute(text("create table t (n integer)"))
    inside, most, problems = [0], [0], []

    def write() -> None:
        try:
            for _ in range(20):
                with engine.begin() as connection:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    connection.execute(text("insert into t values (1)"))
                    inside[0] -= 1
        except OperationalError as problem:
            problems.append(problem)

    threads = [Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not problems
    assert most == [1]
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from t")) == 160
        assert connection.scalar(text("pragma journal_mode")) == "wal"
    engine.dispose()


def test_an_interrupted_transaction_lets_the_next_one_go_on(tmp_path: Path) -> None:
    engine = one_at_a_time(f"sqlite:///{tmp_path}/turns.db")
    with pytest.raises(OperationalError), engine.begin() as connection:
        connection.execute(text("insert into nowhere values (1)"))
    with engine.begin() as connection:
        connection.execute(text("create table t (n integer)"))
    engine.dispose()


def test_what_ended_long_ago_is_forgotten(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(bot.jobs, DbosJobs)
    bot.jobs.review(REF, "delivery")
    until(lambda: chat(bot).top, "a message")
    until(lambda: sum(depth(bot).values()) == 0, "quiet")
    assert bot.jobs.prune() == 0
    monkeypatch.setattr("bot.engine.KEPT", timedelta(seconds=-1))
    assert bot.jobs.prune() == 2


def test_a_push_closes_what_a_merged_pull_request_left_untrue(bot: Bot) -> None:
    bot.jobs.review(REF, "delivery")
    until(lambda: chat(bot).top, "a message")
    forge(bot).pulls[REF] = pull(state=PullState.MERGED)
    bot.jobs.review(REF, "merged")
    until(lambda: any(drift.merged for drift in bot.store.drift()), "debt")
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found["1" * 40] = review(replace(item(), status=Status.UPDATED))
    bot.jobs.refresh(REF.repo, "push")
    until(lambda: not bot.store.drift(), "the debt is closed")
