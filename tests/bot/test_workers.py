"""Processes that review: what they find, what they may know, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fakes import REF

from bot.model import Checkout, ReviewOrder
from bot.ports import AnalysisFailed
from bot.worker import environment
from bot.workers import Workers


def git(directory: Path, *arguments: str) -> str:
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=A", "-c", "user.email=a@b.example"]
    done = subprocess.run(["git", *who, *arguments], cwd=directory, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def order(tmp_path: Path) -> ReviewOrder:
    """A service whose sessions become shorter, and a runbook that does not know it."""
    repository = tmp_path / "shop"
    (repository / "docs/runbooks").mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    (repository / ".runbook-drift.toml").write_text('[services.shop]\npaths = ["*.py"]\nrunbooks = ["docs/**"]\n')
    (repository / "settings.py").write_text("SESSION_TTL_SECONDS = 3600\n")
    (repository / "docs/runbooks/shop.md").write_text(
        '---\nowner: "@ops-olga"\nreview_every: 90d\n---\n# Shop\n\n## Sessions\n\n'
        "`SESSION_TTL_SECONDS` is 3600 seconds by default.\n"
    )
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    base = git(repository, "rev-parse", "HEAD")
    (repository / "settings.py").write_text("SESSION_TTL_SECONDS = 1800\n")
    git(repository, "commit", "-qam", "two")
    head = git(repository, "rev-parse", "HEAD")
    return ReviewOrder(Checkout(str(repository), base, head, base), REF, date(2026, 11, 23))


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(1, seconds=30)
    yield made
    made.close()


def test_a_review_says_what_changed_where_it_is_said_and_whose_it_is(workers: Workers, order: ReviewOrder) -> None:
    found = workers.review(order)
    (item,) = found.drift
    assert (item.status.value, item.runbook, item.line) == ("contradicted", "docs/runbooks/shop.md", 9)
    assert "1800" in item.suggestion_after
    assert [owner.handle for owner in item.owners] == ["@ops-olga"]
    assert (item.service, item.code_path, item.code_line) == ("shop", "settings.py", 1)
    assert [(service.name, len(service.runbooks)) for service in found.services] == [("shop", 1)]
    assert found.services[0].runbooks[0].review_every == 90
    assert found.patch.startswith("diff --git a/docs/runbooks/shop.md")


def test_a_repository_without_a_configuration_file_is_not_looked_at(workers: Workers, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    head = git(tmp_path, "rev-parse", "HEAD")
    found = workers.review(ReviewOrder(Checkout(str(tmp_path), head, head, head), REF, date(2026, 11, 23)))
    assert not found.policy.opted_in


def test_a_broken_configuration_is_poison_and_says_which_key(workers: Workers, order: ReviewOrder) -> None:
    directory = Path(order.checkout.directory)
    (directory / ".runbook-drift.toml").write_text("fail_onn = 1\n")
    git(directory, "commit", "-qam", "three")
    head = git(directory, "rev-parse", "HEAD")
    broken = ReviewOrder(Checkout(str(directory), order.checkout.base, head, head), REF, date(2026, 11, 23))
    with pytest.raises(AnalysisFailed, match="fail_onn") as raised:
        workers.review(broken)
    assert raised.value.poison


def test_a_missing_directory_is_a_failure_not_a_crash(workers: Workers, order: ReviewOrder) -> None:
    with pytest.raises(AnalysisFailed):
        workers.review(ReviewOrder(Checkout("/nowhere", "a", "b", "c"), REF, date(2026, 11, 23)))
    assert workers.review(order).drift


def test_a_review_that_takes_too_long_is_ended_and_the_next_one_works(order: ReviewOrder) -> None:
    workers = Workers(1, seconds=0.01)
    try:
        with pytest.raises(AnalysisFailed, match="took longer"):
            workers.review(order)
        workers._seconds = 30
        assert workers.review(order).drift
    finally:
        workers.close()


def test_workers_yield_to_the_server_in_a_group_of_their_own(workers: Workers, order: ReviewOrder) -> None:
    """In its session too: where the kernel shares the processor out by session, a niceness counts within one only."""
    workers.review(order)
    pid = next(iter(workers._all))._popen.pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 10
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == os.getsid(0)


def test_a_process_that_is_killed_is_replaced(workers: Workers, order: ReviewOrder) -> None:
    workers.review(order)
    (process,) = workers._all
    process._popen.kill()
    process._popen.wait()
    assert workers.review(order).drift


def test_a_process_is_replaced_after_so_many_orders(order: ReviewOrder) -> None:
    workers = Workers(1, recycle=1)
    try:
        workers.review(order)
        assert workers._all == set()
    finally:
        workers.close()


def test_workers_know_no_secret(workers: Workers, order: ReviewOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "canary")
    monkeypatch.setenv("GITHUB_TOKEN", "canary")
    assert "canary" not in str(environment(os.environ))
    workers.review(order)
    (process,) = workers._all
    assert b"canary" not in Path(f"/proc/{process._popen.pid}/environ").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_workers_die_with_their_parent() -> None:
    script = (
        "import time\nfrom bot.workers import Workers\nw = Workers(1)\nw.warm()\n"
        "print(next(iter(w._all))._popen.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(1)  # the child says at its start that it wants to die with its parent
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split(")")[1][:3]:
            return
        time.sleep(0.05)
    pytest.fail("the worker outlived its parent")
