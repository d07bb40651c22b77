"""Policy is that of the target branch, which whoever can push may write: what counts on one counts on no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from fakes import REF, FakeAnalyst, FakeForge, FakeJobs, item, pull, review, world

from bot import debt, service
from bot.context import Bot, Rules
from bot.decide import acknowledge, hand_over
from bot.model import Actor, Conclusion, Incoming, Policy, PullRef, PullState, Review, ReviewOrder, Surface
from bot.ports import AnalysisFailed, Store
from bot.rights import NotAllowed
from runbooks.model import Status

HEAD = "1" * 40
MAIN, EVIL = "b" * 40, "e" * 40
OTHER = PullRef("acme/shop", 8)
DAN, FRIEND = Actor("dev-dan", "", Surface.COMMENT), Actor("friend", "", Surface.COMMENT)
OLGA = Actor("ops-olga", "U0OLGA", Surface.BUTTON)


@dataclass
class Analyst(FakeAnalyst):
    """Finds the policy of the branch, which its tip tells."""

    policies: dict[str, Policy] = field(default_factory=dict)

    def review(self, order: ReviewOrder) -> Review:
        tip = order.checkout.policy_revision
        return replace(super().review(order), policy=self.policies.get(tip, Policy(True)), policy_revision=tip)


@pytest.fixture
def analyst() -> Analyst:
    """Dan's own branch lets him and his friend decide on everything."""
    own = Policy(True, separation_of_duties=False, approvers=("@dev-dan", "@friend"))
    return Analyst({HEAD: review(item())}, policies={EVIL: own})


@pytest.fixture
def bot(store: Store, analyst: Analyst) -> Bot:
    """Dan's pull request into the default branch, reviewed."""
    made = world(store, analyst=analyst, rules=Rules(default_channel="C0ALL", people={"ops-olga": "U0OLGA"}))
    forge(made).tips["dan/x"] = EVIL
    look(made)
    return made


def forge(bot: Bot) -> FakeForge:
    assert isinstance(bot.forge, FakeForge)
    return bot.forge


def look(bot: Bot, ref: PullRef = REF, **given: object) -> list[str]:
    """The pull request as it is now, reviewed and shown."""
    if given or ref not in forge(bot).pulls:
        forge(bot).pulls[ref] = pull(ref=ref, url=f"https://github.example/acme/shop/pull/{ref.number}", **given)
    assert isinstance(bot.jobs, FakeJobs)
    bot.jobs.review(ref, "test")
    return bot.jobs.run(bot)


def conclusion(bot: Bot, ref: PullRef = REF) -> Conclusion:
    found = bot.store.review(ref)
    assert found is not None
    return found.conclusion


def rows(bot: Bot) -> list[tuple[int, bool, str]]:
    return sorted((drift.ref.number, drift.merged, drift.assignee) for drift in bot.store.drift())


def test_retargeted_there_and_back_a_decision_stays_there(bot: Bot) -> None:
    with pytest.raises(NotAllowed):
        acknowledge(bot, DAN, REF, (), "fine by me")
    look(bot, base_ref="dan/x")
    acknowledge(bot, DAN, REF, (), "fine by me")
    assert conclusion(bot) is Conclusion.SUCCESS
    look(bot, base_ref="main")
    assert (conclusion(bot), rows(bot)) == (Conclusion.FAILURE, [(7, False, "")])
    assert [drift.item.fingerprint for drift in bot.store.drift()] == ["f1"]


def test_also_where_both_branches_have_the_same_commit(bot: Bot) -> None:
    forge(bot).tips["dan/x"] = MAIN
    look(bot, base_ref="dan/x")
    acknowledge(bot, OLGA, REF, (), "rounded")
    look(bot, base_ref="main")
    assert conclusion(bot) is Conclusion.FAILURE


def test_a_twin_into_another_branch_decides_nothing_here(bot: Bot) -> None:
    with pytest.raises(NotAllowed):
        acknowledge(bot, FRIEND, REF, (), "fine by me")
    look(bot, OTHER, base_ref="dan/x")
    acknowledge(bot, FRIEND, OTHER, (), "fine by me")
    assert (conclusion(bot), conclusion(bot, OTHER)) == (Conclusion.FAILURE, Conclusion.SUCCESS)


def test_nor_does_it_hand_anything_over_here(bot: Bot) -> None:
    look(bot, OTHER, base_ref="dan/x")
    hand_over(bot, FRIEND, OTHER, (), "U0MAL")
    assert rows(bot) == [(7, False, ""), (8, False, "U0MAL")]
    with pytest.raises(NotAllowed):
        acknowledge(bot, Actor("mallory", "U0MAL", Surface.BUTTON), REF, (), "mine now")


def test_a_decision_counts_on_every_pull_request_into_the_same_branch(bot: Bot) -> None:
    for ref in (OTHER, PullRef("acme/shop", 9)):
        look(bot, ref, base_ref="release-1")
    acknowledge(bot, OLGA, OTHER, (), "rounded")
    assert conclusion(bot, PullRef("acme/shop", 9)) is Conclusion.SUCCESS
    assert conclusion(bot) is Conclusion.FAILURE


def test_what_the_default_branch_says_of_services_no_other_replaces(bot: Bot, analyst: Analyst) -> None:
    before = bot.store.services()
    assert before
    analyst.found["2" * 40] = review(item(), services=())
    look(bot, OTHER, base_ref="dan/x", head_sha="2" * 40)
    assert bot.store.services() == before


def test_debt_of_one_branch_is_not_that_of_another(bot: Bot, analyst: Analyst) -> None:
    forge(bot).tips["release-1"] = "c" * 40
    look(bot, OTHER, base_ref="release-1")
    look(bot, REF, state=PullState.MERGED)
    look(bot, OTHER, base_ref="release-1", state=PullState.MERGED)
    assert rows(bot) == [(7, True, ""), (8, True, "")]

    mended = review(item(status=Status.UPDATED))

    def answer(order: ReviewOrder) -> Review:
        there = mended if order.checkout.policy_revision == "c" * 40 else review(item())
        return replace(there, ref=order.ref, head=order.checkout.head)

    analyst.review = answer  # type: ignore[method-assign]
    assert debt.rejudge(bot, "acme/shop") == 1
    assert rows(bot) == [(7, True, "")]
    acknowledge(bot, OLGA, REF, (), "still so")


# -- branches that ask for nothing ----------------------------------------------------------------------------------


def test_retargeted_to_a_branch_that_asks_for_nothing_all_ends(bot: Bot, analyst: Analyst) -> None:
    forge(bot).tips["legacy"] = "d" * 40
    analyst.policies["d" * 40] = Policy(False)
    analyst.found[HEAD] = review()
    look(bot, base_ref="legacy")
    assert rows(bot) == []
    assert forge(bot).published[-1][1].conclusion is Conclusion.NEUTRAL
    look(bot, base_ref="legacy", state=PullState.MERGED)
    assert rows(bot) == []


def test_merged_into_one_right_after_the_retarget(bot: Bot, analyst: Analyst) -> None:
    forge(bot).tips["legacy"] = "d" * 40
    analyst.policies["d" * 40] = Policy(False)
    analyst.found[HEAD] = review()
    look(bot, base_ref="legacy", state=PullState.MERGED, merged_at=bot.clock.now(), merged_sha="c" * 40)
    assert rows(bot) == []


def test_the_default_branch_opts_out(bot: Bot, analyst: Analyst) -> None:
    look(bot, OTHER)
    look(bot, OTHER, state=PullState.MERGED)
    assert len(rows(bot)) == 1
    forge(bot).tips["main"] = "d" * 40
    analyst.policies["d" * 40] = Policy(False)
    analyst.found[HEAD] = review(services=())
    bot.store.save_services("acme/shop", review().services, bot.clock.now())
    assert service.refresh(bot, "acme/shop") == "refreshed"
    debt.rejudge(bot, "acme/shop")
    assert isinstance(bot.jobs, FakeJobs)
    bot.jobs.run(bot)
    assert (rows(bot), bot.store.services()) == ([], ())
    assert service.refresh(bot, "acme/shop") == "not opted in"


# -- retargeted while nobody can judge ------------------------------------------------------------------------------


def test_merged_into_another_branch_and_not_judged_it_is_judged_again_with_the_debt(bot: Bot, analyst: Analyst) -> None:
    forge(bot).tips["release-1"] = "c" * 40
    analyst.found[HEAD] = AnalysisFailed("out of memory")
    now = bot.clock.now()
    look(bot, base_ref="release-1", state=PullState.MERGED, merged_at=now, merged_sha="c" * 40)
    assert rows(bot) == [(7, True, "")]
    analyst.found[HEAD] = review(item())
    debt.rejudge(bot, "acme/shop")
    (drift,) = bot.store.drift()
    assert (drift.merged, drift.item.fingerprint) == (True, f"f1.{pull(base_ref='release-1').scope}")


def test_a_push_that_is_told_under_another_target_is_reviewed_again(bot: Bot) -> None:
    """The target changed while the review ran: that of the old target is not kept for the new one."""

    class Moving(FakeForge):
        def pull(self, ref: PullRef) -> object:  # type: ignore[override]
            found = super().pull(ref)
            self.pulls[ref] = replace(found, base_ref="release-1")
            return found

    moving = replace(bot, forge=Moving({REF: pull()}))
    assert service.review(moving, REF) == "superseded"


def test_an_edited_target_orders_a_review(bot: Bot) -> None:
    told = Incoming("d1", "pull_request", "edited", "acme/shop", 7, "dev-dan", detail=(("changed", "base"),))
    assert service.receive(bot, told) == "review"
