"""The jobs on a real DBOS over SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest
from dbos import DBOS
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, item, review, world
from sqlalchemy.exc import OperationalError

from bot.context import Bot
from bot.jobs import DbosJobs, started
from bot.model import BotError, Incoming, Pull, PullRef
from bot.ports import Store, Unavailable
from bot.workflows import _enqueue, review_workflow


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
    until(lambda: sum(bot.jobs.depth().values()) == 0, "quiet")  # type: ignore[attr-defined]
    assert len(chat(bot).top) == 1
    assert len(forge(bot).published) == 1


def test_what_a_comment_decides_is_shown(bot: Bot) -> None:
    bot.jobs.review(REF, "delivery")
    until(lambda: chat(bot).top, "a message")
    detail = (("body", "/runbook ack the proxy keeps them"),)
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
    found = {"2" * 40: review(item())}
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


def test_a_database_that_fails_is_unavailable(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("database or disk is full"))

    monkeypatch.setattr(DBOS, "enqueue_workflow", full)
    with pytest.raises(Unavailable):
        bot.jobs.review(REF, "delivery")
    with pytest.raises(Unavailable):
        bot.jobs.refresh(REF.repo, "delivery")
