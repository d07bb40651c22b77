"""The jobs on a real DBOS over SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, item, review, world

from bot.context import Bot
from bot.jobs import DbosJobs, started
from bot.model import BotError, Incoming
from bot.ports import Store


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
