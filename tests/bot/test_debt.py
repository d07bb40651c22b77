"""What a merged pull request left untrue is judged again by every push to its branch, until a commit mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, FakeJobs, item, pull, review, world
from test_workers import git

from bot import debt, service
from bot.context import Bot
from bot.model import Checkout, Item, PullState, ReviewOrder
from bot.ports import AnalysisFailed, Store
from bot.workers import Workers
from runbooks.model import Status

HEAD = "1" * 40


@pytest.fixture
def merged(store: Store) -> Bot:
    """A bot that saw a pull request with drift being merged."""
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}))
    service.review(bot, REF)
    service.announce(bot, REF)
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[REF] = pull(state=PullState.MERGED)
    service.review(bot, REF)
    return bot


def answer(bot: Bot, *items: Item) -> None:
    """What the merged change looks like with the runbooks of the tip."""
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[HEAD] = review(*items)


def test_debt_ends_with_the_commit_that_mends_the_runbook(merged: Bot) -> None:
    answer(merged, replace(item(), status=Status.UPDATED, reason="the line says the new value"))

    assert debt.rejudge(merged, "acme/shop") == 1
    assert merged.store.drift() == ()
    assert [link.kind for link in merged.store.evidence()][-1] == "debt closed"
    assert isinstance(merged.analyst, FakeAnalyst)
    assert merged.analyst.orders[-1].landed


def test_the_message_of_the_pull_request_no_longer_says_that_something_is_left(merged: Bot) -> None:
    answer(merged, replace(item(), status=Status.UPDATED))
    debt.rejudge(merged, "acme/shop")

    assert isinstance(merged.jobs, FakeJobs)
    assert merged.jobs.orders[-1][0] == "announce"
    found = merged.store.review(REF)
    assert found is not None
    assert found.drift == ()


def test_debt_stays_while_the_line_is_wrong_or_nothing_is_known(merged: Bot) -> None:
    assert debt.rejudge(merged, "acme/shop") == 0
    answer(merged)
    assert debt.rejudge(merged, "acme/shop") == 0
    assert isinstance(merged.analyst, FakeAnalyst)
    merged.analyst.found[HEAD] = AnalysisFailed("out of time")
    assert debt.rejudge(merged, "acme/shop") == 0
    assert len(merged.store.drift()) == 1


def test_a_section_under_another_heading_is_known_by_its_runbook_and_subject(merged: Bot) -> None:
    renamed = replace(item(), fingerprint="f9", slug="renamed", status=Status.UPDATED)
    answer(merged, renamed, replace(renamed, fingerprint="f8", status=Status.SUSPECT))
    assert debt.rejudge(merged, "acme/shop") == 0
    answer(merged, renamed)
    assert debt.rejudge(merged, "acme/shop") == 1


def test_debt_sleeps_as_long_as_a_directive_in_its_runbook_says_so(merged: Bot) -> None:
    until = date(2026, 12, 1)
    answer(merged, replace(item(), status=Status.SNOOZED, until=until))
    assert debt.rejudge(merged, "acme/shop") == 0
    (drift,) = merged.store.drift()
    assert (drift.snoozed_until, drift.snoozes, drift.item.status) == (until, 0, Status.CONTRADICTED)
    answer(merged, item())  # the directive was taken out
    debt.rejudge(merged, "acme/shop")
    (drift,) = merged.store.drift()
    assert not drift.asleep(merged.clock.now().date())


def test_what_a_person_snoozed_is_not_woken_by_a_push(merged: Bot) -> None:
    merged.store.snooze_drift("acme/shop", "f1", date(2026, 12, 1), merged.clock.now())
    debt.rejudge(merged, "acme/shop")
    assert merged.store.drift()[0].snoozed_until == date(2026, 12, 1)


def test_drift_of_open_pull_requests_is_left_to_their_reviews(store: Store) -> None:
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}))
    service.review(bot, REF)
    answer(bot, replace(item(), status=Status.UPDATED))
    assert debt.rejudge(bot, "acme/shop") == 0
    assert isinstance(bot.chat, FakeChat)


# -- with real commits --------------------------------------------------------------------------------------------

RUNBOOK = "# Shop\n\n## Sessions\n\n`SESSION_TTL_SECONDS` is {} seconds by default.\n"
CODE = "RETRIES = 3\nSESSION_TTL_SECONDS = {}\n"

Judge = Callable[[str, str], dict[str, str]]


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    """Verdicts on a change from 3600 to 1800 that was merged, after another commit with this code and this runbook."""
    from datetime import date

    shop = tmp_path / "shop"
    (shop / "docs/runbooks").mkdir(parents=True)
    git(shop, "init", "-q", "-b", "main")

    def commit(code: str, runbook: str) -> str:
        (shop / "settings.py").write_text(code)
        (shop / "docs/runbooks/shop.md").write_text(runbook)
        git(shop, "add", ".")
        git(shop, "commit", "-q", "--allow-empty", "-m", "one")
        return git(shop, "rev-parse", "HEAD")

    base = commit(CODE.format(3600), RUNBOOK.format(3600))
    head = commit(CODE.format(1800), RUNBOOK.format(3600))
    workers = Workers(1, seconds=30)

    def verdicts(code: str, runbook: str) -> dict[str, str]:
        checkout = Checkout(str(shop), base, head, commit(code, runbook))
        order = ReviewOrder(checkout, REF, date(2026, 11, 23), opted_in=True, landed=True)
        return {found.subject: found.status.value for found in workers.review(order).items}

    yield verdicts
    workers.close()


@pytest.mark.parametrize(
    ("code", "runbook", "verdict"),
    [
        (CODE.format(1800), RUNBOOK.format(3600), "contradicted"),
        (CODE.format(1800) + "WORKERS = 4\n", RUNBOOK.format(3600) + "\nMore.\n", "contradicted"),
        (CODE.format(1800), RUNBOOK.format(1800), "updated"),
        (CODE.format(3600), RUNBOOK.format(3600), "updated"),  # reverted
        (CODE.format(1800).replace("RETRIES = 3\n", ""), RUNBOOK.format(3600), "contradicted"),
        (CODE.format(1800), "# Shop\n", "suspect"),  # deleting the section mends nothing
    ],
)
def test_the_tip_decides_whether_a_merged_change_still_leaves_a_line_untrue(
    judge: Judge, code: str, runbook: str, verdict: str
) -> None:
    assert judge(code, runbook) == {"SESSION_TTL_SECONDS": verdict}
