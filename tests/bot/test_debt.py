"""What a merged pull request left untrue is judged again by every push to its branch, until a commit mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeClock, FakeForge, FakeJobs, item, pull, review, world
from test_workers import git

from bot import debt, service
from bot.context import Bot, Rules
from bot.decide import acknowledge, hand_over, snooze
from bot.model import Actor, BotError, Checkout, Item, PullRef, PullState, Review, ReviewOrder, Surface
from bot.ports import AnalysisFailed, Store
from bot.workers import Workers
from runbooks.model import Status

HEAD = "1" * 40
OTHER = PullRef("acme/shop", 8)


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


def ended(bot: Bot, ref: PullRef = REF, **given: object) -> None:
    """It is merged, with what it had last."""
    assert isinstance(bot.forge, FakeForge)
    if bot.store.review(ref) is None:
        service.review(bot, ref)
    last = {"head_sha": bot.forge.pulls[ref].head_sha, **given}
    bot.forge.pulls[ref] = pull(ref=ref, state=PullState.MERGED, merged_at=bot.clock.now(), **last)
    service.review(bot, ref)


def statuses(bot: Bot) -> dict[str, str]:
    found = bot.store.review(REF)
    assert found is not None
    return {one.fingerprint: one.status.value for one in found.items}


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


def test_a_decision_that_comes_while_debt_is_judged_is_not_lost(store: Store) -> None:
    two = review(item(), item(fingerprint="f2"))
    bot = world(store, analyst=FakeAnalyst({HEAD: two}), rules=Rules(people={"ops-olga": "U0OLGA"}))
    ended(bot)

    class Slow(FakeAnalyst):
        def review(self, order: ReviewOrder) -> Review:
            acknowledge(bot, Actor("ops-olga", "U0OLGA", Surface.BUTTON), REF, ["f2"], "rounded")
            return review(replace(item(), status=Status.UPDATED), item(fingerprint="f2"))

    assert debt.rejudge(replace(bot, analyst=Slow()), "acme/shop") == 1
    assert statuses(bot) == {"f1": "updated", "f2": "acknowledged"}
    assert store.drift() == ()


def test_debt_that_is_mended_is_still_the_drift_of_an_open_pull_request(merged: Bot) -> None:
    assert isinstance(merged.forge, FakeForge)
    assert isinstance(merged.analyst, FakeAnalyst)
    merged.forge.pulls[OTHER] = pull(ref=OTHER, head_sha="8" * 40)
    merged.analyst.found["8" * 40] = review(item(values_hash="v8"))
    service.review(merged, OTHER)
    answer(merged, replace(item(), status=Status.UPDATED))
    assert debt.rejudge(merged, "acme/shop") == 1
    assert [(drift.ref, drift.merged) for drift in merged.store.drift()] == [(OTHER, False)]
    assert isinstance(merged.jobs, FakeJobs)
    assert [what for kind, what, _ in merged.jobs.orders if kind == "review"] == [OTHER]
    ended(merged, OTHER)
    assert [(drift.ref, drift.merged) for drift in merged.store.drift()] == [(OTHER, True)]


def test_a_merge_owes_what_its_review_leaves_open_also_without_a_row(store: Store) -> None:
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}))
    service.review(bot, REF)
    store.close_drift("acme/shop", "f1", bot.clock.now(), "closed with another's debt")
    for _ in range(2):
        ended(bot)
        assert [(drift.ref, drift.merged) for drift in store.drift()] == [(REF, True)]
    store.close_drift("acme/shop", "f1", bot.clock.now(), "mended")
    ended(bot)
    assert store.drift() == (), "a merge that is told again opens nothing"


def test_a_merge_with_debt_has_it_judged_by_the_tip(merged: Bot) -> None:
    """The runbook may have been mended while the pull request was open, or by the very push that merged it."""
    assert isinstance(merged.jobs, FakeJobs)
    (cause,) = (cause for kind, what, cause in merged.jobs.orders if (kind, what) == ("refresh", "acme/shop"))
    assert cause.startswith("merged:acme/shop#7")


# -- merged and not judged ----------------------------------------------------------------------------------------

NEXT = "2" * 40


@pytest.fixture(params=["at the merge", "before it too"])
def unjudged(store: Store, request: pytest.FixtureRequest) -> Bot:
    """The first head left a line untrue; the second was merged at once and could not be judged."""
    analyst = FakeAnalyst({HEAD: review(item()), NEXT: AnalysisFailed("out of memory")})
    bot = world(store, analyst=analyst, rules=Rules(people={"ops-olga": "U0OLGA"}))
    service.review(bot, REF)
    service.announce(bot, REF)
    assert isinstance(bot.forge, FakeForge)
    bot.forge.push(NEXT)
    if request.param == "before it too":
        with pytest.raises(AnalysisFailed):
            service.review(bot, REF)
        service.failed(bot, REF, "out of memory")
        service.announce(bot, REF)
    ended(bot, head_sha=NEXT)
    service.announce(bot, REF)
    return bot


def test_what_was_merged_unjudged_is_debt_that_can_be_decided_on(unjudged: Bot) -> None:
    assert [drift.merged for drift in unjudged.store.drift()] == [True]
    olga = Actor("ops-olga", "U0OLGA", Surface.BUTTON)
    hand_over(unjudged, olga, REF, ["f1"], "U0IVAN")
    snooze(unjudged, olga, REF, ["f1"], "next week", date(2026, 12, 1))
    assert unjudged.store.drift()[0].snoozed_until == date(2026, 12, 1)
    assert isinstance(unjudged.clock, FakeClock)
    unjudged.clock.forward(days=30)
    acknowledge(unjudged, olga, REF, ["f1"], "it is so")
    assert unjudged.store.drift() == ()


def test_it_is_judged_with_the_debt_later(unjudged: Bot) -> None:
    assert debt.rejudge(unjudged, "acme/shop") == 0
    assert isinstance(unjudged.analyst, FakeAnalyst)
    unjudged.analyst.found[NEXT] = review(item(values_hash="v2"), item(fingerprint="f2", subject="RETRIES"))
    assert debt.rejudge(unjudged, "acme/shop") == 0
    assert [(d.item.fingerprint, d.item.values_hash, d.merged) for d in unjudged.store.drift()] == [
        ("f1", "v2", True), ("f2", "v1", True),
    ]  # fmt: skip
    unjudged.analyst.found[NEXT] = review(replace(item(), status=Status.UPDATED))
    debt.rejudge(unjudged, "acme/shop")
    assert [drift.item.fingerprint for drift in unjudged.store.drift()] == ["f2"]


def test_what_the_last_push_mended_is_no_debt(unjudged: Bot) -> None:
    assert isinstance(unjudged.analyst, FakeAnalyst)
    unjudged.analyst.found[NEXT] = review()
    assert debt.rejudge(unjudged, "acme/shop") == 1
    assert unjudged.store.drift() == ()
    assert isinstance(unjudged.jobs, FakeJobs)
    assert unjudged.jobs.orders[-1][0] == "announce"
    assert [link.kind for link in unjudged.store.evidence()][-1] == "debt closed"


def test_a_draft_that_is_ready_and_merged_unjudged_owes_what_was_known(store: Store) -> None:
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item()), NEXT: AnalysisFailed("out of memory")}))
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[REF] = pull(draft=True)
    service.review(bot, REF)
    assert store.drift() == ()
    ended(bot, head_sha=NEXT)
    assert [drift.merged for drift in store.drift()] == [True]


def test_of_an_open_pull_request_whose_newest_push_failed_it_is_said(store: Store) -> None:
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}), rules=Rules(people={"ops-olga": "U0OLGA"}))
    service.review(bot, REF)
    assert isinstance(bot.forge, FakeForge)
    bot.forge.push(NEXT)
    bot.store.save_pull(bot.forge.pulls[REF], bot.clock.now())
    service.failed(bot, REF, "out of memory")
    with pytest.raises(BotError, match="could not be reviewed"):
        acknowledge(bot, Actor("ops-olga", "U0OLGA", Surface.BUTTON), REF, ["f1"], "rounded")
    assert [drift.item.fingerprint for drift in store.drift()] == ["f1"]


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
