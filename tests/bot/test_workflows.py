"""What becomes of orders when services are away, git refuses, or something breaks that nobody foresaw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from dbos import DBOS
from fakes import REF, FakeAnalyst, FakeChat, FakeFetcher, FakeForge, item, pull, review, world
from structlog.testing import capture_logs
from test_jobs import until

from bot import workflows
from bot.context import Bot, Rules
from bot.jobs import DbosJobs, started
from bot.model import Checkout, CheckSheet, Pull, PullRef
from bot.ports import Refused, Store, Unavailable

OTHER = PullRef("acme/other", 1)


@dataclass
class Forge(FakeForge):
    """May be away for what is published, and for pull requests of a repository."""

    mute: Exception | None = None
    away: dict[str, Exception] = field(default_factory=dict)
    asked: list[PullRef] = field(default_factory=list)

    def pull(self, ref: PullRef) -> Pull:
        self.asked.append(ref)
        if ref.repo in self.away:
            raise self.away[ref.repo]
        return super().pull(ref)

    def publish(self, pull: Pull, sheet: CheckSheet) -> None:
        if self.mute:
            raise self.mute
        super().publish(pull, sheet)


@dataclass
class Fetcher(FakeFetcher):
    """Fetches nothing, and may say why."""

    broken: Exception | None = None

    def prepare(self, pull: Pull, merge_base: str, policy_revision: str, *, landed: bool = False) -> Checkout:
        if self.broken:
            raise self.broken
        return super().prepare(pull, merge_base, policy_revision, landed=landed)


@dataclass
class Place:
    """A bot whose work is done by DBOS, one review at a time."""

    store: Store
    path: Path
    forge: Forge = field(default_factory=Forge)
    chat: FakeChat = field(default_factory=FakeChat)
    fetcher: Fetcher = field(default_factory=Fetcher)

    @contextmanager
    def running(self) -> Iterator[Bot]:
        jobs = DbosJobs(f"sqlite:///{self.path}/jobs.db", self.path, reviews=1)
        made = replace(
            world(self.store, forge=self.forge, analyst=FakeAnalyst({"1" * 40: review(item())}), chat=self.chat,
                  rules=Rules(default_channel="C0ALL", opt_in=("acme",))),
            fetcher=self.fetcher, jobs=jobs,
        )  # fmt: skip
        with started(jobs, made):
            yield made

    def sheet(self) -> CheckSheet:
        """The last check run."""
        return self.forge.published[-1][1]


@pytest.fixture
def place(store: Store, tmp_path: Path) -> Place:
    return Place(store, tmp_path)


def test_what_git_refuses_is_a_neutral_check_that_says_so(place: Place) -> None:
    place.fetcher.broken = Refused("the repository holds a file that git refuses: bad tree", "git")
    with place.running() as bot:
        bot.jobs.review(REF, "delivery")
        until(lambda: place.forge.published, "a check run")
    assert place.sheet().conclusion == "neutral"
    assert "bad tree" in place.sheet().title
    assert not place.chat.messages


def test_what_nobody_foresaw_is_tried_again_then_said_and_logged_without_its_text(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DBOS, "sleep", lambda _seconds: None)
    place.fetcher.broken = KeyError("xoxb-secret")
    with capture_logs() as logs, place.running() as bot:
        bot.jobs.review(REF, "delivery")
        until(lambda: place.forge.published, "a check run")
    assert place.sheet().conclusion == "neutral"
    assert "internal error (KeyError)" in place.sheet().title
    said = [entry for entry in logs if entry["event"] == "internal error"]
    assert len(said) == workflows.ATTEMPTS
    assert {entry["error"] for entry in said} == {"KeyError"}
    assert all(entry["at"].startswith("bot.service:") for entry in said)
    assert "xoxb-secret" not in str(logs)


@pytest.mark.parametrize("who", ["forge", "chat"])
def test_neither_service_waits_for_the_other(place: Place, who: str) -> None:
    if who == "forge":
        place.forge.mute = Unavailable("502", 3600.0)
    else:
        place.chat.broken = Unavailable("503", 3600.0)
    with place.running() as bot:
        bot.jobs.review(REF, "delivery")
        until(lambda: place.chat.messages if who == "forge" else place.forge.published, "the other one")
        until(lambda: later("show"), "another try for later")
    assert (len(place.chat.messages), len(place.forge.published)) == ((1, 0) if who == "forge" else (0, 1))


def test_a_review_that_waits_gives_its_place_back_and_comes_later(place: Place) -> None:
    place.forge.pulls[OTHER] = replace(pull(), ref=OTHER)
    place.forge.away["acme/shop"] = Unavailable("rate limit", 2000.0)
    with place.running() as bot:
        bot.jobs.review(REF, "delivery")
        until(lambda: later("review"), "the first one waits")
        bot.jobs.review(OTHER, "delivery")
        until(lambda: place.chat.messages, "the second one's alert")
        (waits,) = later("review")
        assert waits == f"review:delivery:{REF.key}~1~2000"
        place.forge.away.clear()
        DBOS.set_workflow_delay(waits, delay_seconds=0)
        until(lambda: len(place.chat.messages) == 2, "the first one's alert")


def test_patience_ends_with_a_word(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Unavailable("GitHub's rate limit", 3000.0)
    with place.running() as bot:
        bot.jobs.review(REF, "delivery")
        until(lambda: place.forge.published, "the first check run")
        place.forge.push("2" * 40)
        place.forge.away["acme/shop"] = bare
        bot.jobs.review(REF, "push")
        until(lambda: later("review"), "a try for later")
        (waits,) = later("review")
        with capture_logs() as logs:
            DBOS.set_workflow_delay(waits, delay_seconds=0)
            until(lambda: any(entry["event"] == "gave up" for entry in logs), "the end of patience")
        until(lambda: place.sheet().conclusion == "neutral", "a word")
        assert "rate limit" in place.sheet().title


def later(name: str) -> list[str]:
    """The workflows that were put off."""
    return [workflow.workflow_id for workflow in DBOS.list_workflows(name=name, status="DELAYED")]
