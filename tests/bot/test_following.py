"""What a decision does to pull requests: those that end meanwhile, and others with the same section."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import REF, FakeAnalyst, FakeClock, FakeForge, FakeJobs, item, pull, review, world

from bot import debt, service
from bot.context import Bot, Rules
from bot.decide import acknowledge, hand_over, snooze
from bot.following import catch_up
from bot.model import Actor, BotError, OwnerName, PullRef, PullState, Review, Surface
from bot.ports import Store
from bot.rights import acting
from runbooks.model import Status

HEAD, NEXT = "1" * 40, "2" * 40
OLGA = "U0OLGA"
OTHER = PullRef("acme/shop", 8)


@pytest.fixture
def bot(store: Store) -> Bot:
    """Two open pull requests, by Dan and by Eve, with the same change."""
    forge = FakeForge({REF: pull(), OTHER: pull(ref=OTHER, author="eve")}, commit_authors=())
    rules = Rules(default_channel="C0ALL", people={"ops-olga": OLGA})
    made = world(store, forge=forge, analyst=FakeAnalyst({HEAD: review(item())}), rules=rules)
    service.review(made, REF)
    service.review(made, OTHER)
    return made


def olga(bot: Bot) -> Actor:
    return acting(bot, slack=OLGA, surface=Surface.BUTTON)


def ended(bot: Bot, state: PullState, ref: PullRef = REF) -> None:
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[ref] = replace(bot.forge.pulls[ref], state=state, merged_sha="c" * 40)
    service.review(bot, ref)


def found(bot: Bot, ref: PullRef = REF) -> Review:
    kept = bot.store.review(ref)
    assert kept is not None
    return kept


def ordered(bot: Bot) -> list[tuple[str, object, str]]:
    assert isinstance(bot.jobs, FakeJobs)
    return bot.jobs.orders


# -- pull requests that ended -------------------------------------------------------------------------------------


def test_nothing_is_decided_on_a_closed_pull_request(bot: Bot) -> None:
    ended(bot, PullState.CLOSED)
    for decide in (
        lambda: acknowledge(bot, olga(bot), REF, [], "fine"),
        lambda: snooze(bot, olga(bot), REF, [], "later", bot.clock.now().date() + timedelta(days=2)),
        lambda: hand_over(bot, olga(bot), REF, [], "U0IVAN"),
    ):
        with pytest.raises(BotError, match="closed without a merge"):
            decide()
    assert bot.store.decisions("acme/shop") == ()


def test_debt_is_settled_by_a_decision(bot: Bot) -> None:
    ended(bot, PullState.MERGED)
    ended(bot, PullState.CLOSED, OTHER)
    assert [drift.merged for drift in bot.store.drift()] == [True]
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert bot.store.drift() == ()
    assert [one.status for one in found(bot).items] == [Status.ACKNOWLEDGED]


def test_debt_is_put_off_by_a_decision_and_stays_debt(bot: Bot) -> None:
    ended(bot, PullState.MERGED)
    until = bot.clock.now().date() + timedelta(days=3)
    snooze(bot, olga(bot), REF, ["f1"], "on Thursday", until)
    assert [(drift.merged, drift.snoozed_until, drift.ref) for drift in bot.store.drift()] == [(True, until, REF)]


@pytest.mark.parametrize("reason", ["later", "the vendor has not answered"])
@pytest.mark.parametrize("state", [PullState.OPEN, PullState.MERGED])
def test_put_off_again_for_the_same_reason_it_is_put_off(bot: Bot, reason: str, state: PullState) -> None:
    ended(bot, state)
    ended(bot, PullState.CLOSED, OTHER)
    assert isinstance(bot.clock, FakeClock)
    for count, days in ((1, 2), (2, 10), (3, 5)):
        until = bot.clock.now().date() + timedelta(days=days)
        snooze(bot, olga(bot), REF, ["f1"], "later" if count == 1 else reason, until)
        catch_up(bot)
        assert [(drift.snoozed_until, drift.snoozes) for drift in bot.store.drift()] == [(until, count)]
        bot.clock.at += timedelta(days=days + 1)
    with pytest.raises(BotError, match="extended 2 times already"):
        snooze(bot, olga(bot), REF, ["f1"], reason, bot.clock.now().date() + timedelta(days=2))


def test_what_sleeps_is_said_to_sleep(bot: Bot) -> None:
    until = bot.clock.now().date() + timedelta(days=3)
    snooze(bot, olga(bot), REF, ["f1"], "later", until)
    with pytest.raises(BotError, match=f"nothing is awake: the section is snoozed until {until}"):
        acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")


def test_debt_that_is_settled_is_no_debt_of_a_pull_request_that_still_causes_it(bot: Bot) -> None:
    """Olga's word ends what was merged. On her own open pull request it does not count: there the drift is open."""
    bot.store.save_pull(pull(ref=OTHER, author="ops-olga"), bot.clock.now())
    ended(bot, PullState.MERGED)
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert [(drift.ref, drift.merged, drift.merged_at) for drift in bot.store.drift()] == [(OTHER, False, None)]


def test_a_decision_on_what_a_later_commit_mended_opens_nothing(bot: Bot) -> None:
    """Two sections were merged untrue. A commit mended the second one, and the review does not know it yet."""
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[HEAD] = review(item(), item(fingerprint="f2"))
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[REF] = replace(bot.forge.pulls[REF], base_ref="next")
    bot.store.save_review(review(item(), item(fingerprint="f2")), bot.clock.now())
    bot.store.open_drift(found(bot), bot.clock.now())
    ended(bot, PullState.CLOSED, OTHER)
    ended(bot, PullState.MERGED)
    bot.store.close_drift("acme/shop", "f2", bot.clock.now(), "mended")
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert bot.store.drift() == ()
    with pytest.raises(BotError, match="nothing open"):
        acknowledge(bot, olga(bot), REF, ["f2"], "this too")


def test_what_ended_after_a_decision_is_not_opened_at_the_next_start(bot: Bot) -> None:
    bot.store.save_review(review(item(), item(fingerprint="f2")), bot.clock.now())
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    ended(bot, PullState.CLOSED)
    ended(bot, PullState.CLOSED, OTHER)
    assert bot.store.drift() == ()
    bot.store.save_review(review(item(), item(fingerprint="f2")), bot.clock.now())  # as a kill may have left it
    catch_up(bot)
    assert bot.store.drift() == ()


def test_a_decision_on_a_draft_opens_no_drift(bot: Bot) -> None:
    assert isinstance(bot.forge, FakeForge)
    ended(bot, PullState.CLOSED, OTHER)
    ended(bot, PullState.CLOSED)
    bot.forge.pulls[REF] = pull(draft=True)
    bot.store.save_review(review(item(), item(fingerprint="f2")), bot.clock.now())
    bot.store.save_pull(pull(draft=True), bot.clock.now())
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert bot.store.drift() == ()
    assert [one.status.value for one in found(bot).items] == ["acknowledged", "contradicted"]


def test_a_merge_that_a_later_commit_mends_after_a_decision_stays_mended(bot: Bot) -> None:
    ended(bot, PullState.CLOSED, OTHER)
    ended(bot, PullState.MERGED)
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[HEAD] = review(item(status=Status.UPDATED))
    debt.rejudge(bot, "acme/shop")
    with pytest.raises(BotError, match="nothing open"):
        acknowledge(bot, olga(bot), REF, [], "fine")
    assert bot.store.drift() == ()


# -- other pull requests ------------------------------------------------------------------------------------------


def test_a_decision_shows_at_once_on_other_pull_requests_with_the_same_section(bot: Bot) -> None:
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert [one.status for one in found(bot, OTHER).items] == [Status.ACKNOWLEDGED]
    assert bot.store.drift() == ()
    number = list(bot.store.evidence())[-1].number
    assert ordered(bot) == [("announce", REF, f"record:{number}"), ("announce", OTHER, f"record:{number}")]


def test_other_values_of_the_same_section_are_not_covered(bot: Bot) -> None:
    bot.store.save_review(replace(review(item(values_hash="60 to 5")), ref=OTHER), bot.clock.now())
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert [one.status for one in found(bot, OTHER).items] == [Status.CONTRADICTED]
    assert [what for _, what, _ in ordered(bot)] == [REF]


def test_on_ones_own_pull_request_ones_decision_shows_nowhere(bot: Bot) -> None:
    """Olga wrote the other change, under a second login of hers."""
    bot = replace(bot, rules=Rules(people={"ops-olga": OLGA, "olga-dev": OLGA}))
    bot.store.save_pull(pull(ref=OTHER, author="Olga-Dev"), bot.clock.now())
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert [one.status for one in found(bot, OTHER).items] == [Status.CONTRADICTED]
    assert [drift.ref for drift in bot.store.drift()] == [OTHER]


def test_whom_a_section_was_handed_to_shows_on_the_others_too(bot: Bot) -> None:
    hand_over(bot, olga(bot), REF, ["f1"], "U0IVAN")
    assert [what for _, what, _ in ordered(bot)] == [REF, OTHER]


def test_a_decision_that_a_kill_cut_off_shows_on_the_others_after_the_next_start(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("bot.decide.follow", killed)
        with pytest.raises(KeyboardInterrupt):
            acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    assert catch_up(bot) == 1
    assert [one.status for one in found(bot, OTHER).items] == [Status.ACKNOWLEDGED]
    assert [what for _, what, _ in ordered(bot)] == [REF, OTHER]


def test_a_decision_that_comes_while_an_analysis_runs_is_not_lost(bot: Bot) -> None:
    """The worker began before the decision and answers after it."""
    assert isinstance(bot.forge, FakeForge)

    class Slow(FakeAnalyst):
        def review(self, order: object) -> Review:
            acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
            return review(item(), policy_revision="d" * 40)

    bot = replace(bot, analyst=Slow())
    bot.store.save_review(replace(found(bot), policy_revision="e" * 40), bot.clock.now())
    service.review(bot, REF)
    assert [one.status for one in found(bot).items] == [Status.ACKNOWLEDGED]
    assert bot.store.drift() == ()


def test_a_decision_shows_on_however_many_pull_requests_have_the_section(bot: Bot) -> None:
    assert isinstance(bot.forge, FakeForge)
    others = [PullRef("acme/shop", number) for number in range(9, 70)]
    for ref in others:
        bot.forge.pulls[ref] = pull(ref=ref)
        service.review(bot, ref)
    acknowledge(bot, olga(bot), others[-1], ["f1"], "the text rounds")
    assert {found(bot, ref).items[0].status for ref in (REF, OTHER, *others)} == {Status.ACKNOWLEDGED}
    assert bot.store.drift() == ()


def test_two_people_s_words_stand_side_by_side(bot: Bot) -> None:
    """Dan wrote the one change and Olga the other; both own the section, and each decides on the other's."""
    owners = (OwnerName("@ops-olga", "user", "CODEOWNERS"), OwnerName("@dev-dan", "user", "CODEOWNERS"))
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[OTHER] = pull(ref=OTHER, author="ops-olga", head_sha=NEXT)
    bot.forge.pulls[REF] = pull(head_sha=NEXT)
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(owners=owners)), "3" * 40: review(item(owners=owners))}))
    service.review(bot, REF)
    service.review(bot, OTHER)
    acknowledge(bot, olga(bot), REF, ["f1"], "the text rounds")
    acknowledge(bot, Actor("dev-dan", "", Surface.COMMENT), OTHER, ["f1"], "so it does")
    bot.forge.push("3" * 40)
    service.review(bot, REF)
    (one,) = found(bot).items
    assert (one.status, one.reason) == (Status.ACKNOWLEDGED, "acknowledged by @ops-olga: the text rounds")
    assert bot.store.drift() == ()


def test_when_a_snooze_is_over_every_pull_request_with_the_section_can_be_decided_on(bot: Bot) -> None:
    today = bot.clock.now().date()
    snooze(bot, olga(bot), REF, ["f1"], "next week", today + timedelta(days=2))
    assert [one.status for one in found(bot, OTHER).items] == [Status.SNOOZED]
    assert isinstance(bot.clock, FakeClock)
    bot.clock.forward(days=3)
    acknowledge(bot, olga(bot), OTHER, ["f1"], "the text rounds")
    assert bot.store.drift() == ()


def test_snoozes_are_counted_where_they_count_for_nothing(bot: Bot) -> None:
    """The row is of Olga's own pull request; she puts the section off on the other one, over and over."""
    assert isinstance(bot.forge, FakeForge)
    assert isinstance(bot.clock, FakeClock)
    bot.forge.pulls[REF] = pull(author="ops-olga")
    service.review(bot, REF)
    for week in range(3):
        snooze(bot, olga(bot), OTHER, ["f1"], f"week {week}", bot.clock.now().date() + timedelta(days=2))
        bot.clock.forward(days=7)
    assert [(drift.ref, drift.snoozes) for drift in bot.store.drift()] == [(REF, 0)]
    with pytest.raises(BotError, match="extended 2 times already"):
        snooze(bot, olga(bot), OTHER, ["f1"], "again", bot.clock.now().date() + timedelta(days=2))
