"""Who may decide on drift, and what a decision is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from fakes import REF, FakeAnalyst, FakeForge, FakeJobs, item, review, world

from bot import commands, service
from bot.context import Bot, Rules
from bot.decide import NotAllowed, acknowledge, acting, hand_over, mine, snooze
from bot.model import BotError, CommitAuthor, Incoming, OwnerName, Person, Policy, Proof, Surface
from bot.ports import Store
from runbooks.model import Status

HEAD, NEXT = "1" * 40, "2" * 40
OLGA = "U0OLGA"


@pytest.fixture
def bot(store: Store) -> Bot:
    """A reviewed pull request with one contradicted line of ``@ops-olga``, who is linked by configuration."""
    made = world(
        store,
        analyst=FakeAnalyst({HEAD: review(item())}),
        rules=Rules(default_channel="C0ALL", people={"ops-olga": OLGA, "dev-dan": "U0DAN"}),
    )
    service.review(made, REF)
    return made


def status(bot: Bot) -> list[str]:
    found = bot.store.review(REF)
    assert found is not None
    return [i.status.value for i in found.items]


def forge(bot: Bot) -> FakeForge:
    assert isinstance(bot.forge, FakeForge)
    return bot.forge


def test_the_owner_says_that_the_runbook_is_still_accurate(bot: Bot) -> None:
    olga = acting(bot, slack=OLGA, surface=Surface.BUTTON)
    acknowledge(bot, olga, REF, ["f1"], "minutes are rounded in the text on purpose")

    assert status(bot) == ["acknowledged"]
    assert bot.store.drift() == ()
    assert [record.kind for record in bot.store.evidence()] == ["review", "decision"]
    assert isinstance(bot.jobs, FakeJobs)
    assert [kind for kind, *_ in bot.jobs.orders] == ["announce"]


def test_a_later_push_that_changes_the_value_again_is_not_covered(bot: Bot) -> None:
    olga = acting(bot, slack=OLGA, surface=Surface.BUTTON)
    acknowledge(bot, olga, REF, ["f1"], "rounded")
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(values_hash="60 to 5"))}))
    forge(bot).push(NEXT)
    service.review(bot, REF)
    assert status(bot) == ["contradicted"]


def test_a_later_push_that_changes_nothing_of_it_stays_covered(bot: Bot) -> None:
    acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, [], "rounded")
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item())}))
    forge(bot).push(NEXT)
    service.review(bot, REF)
    assert status(bot) == ["acknowledged"]


@pytest.mark.parametrize("surface", list(Surface))
def test_the_author_may_not_decide_on_their_own_change_on_any_surface(bot: Bot, surface: Surface) -> None:
    dan = acting(bot, login="dev-dan", surface=surface)
    owned = review(item(owners=(OwnerName("@dev-dan", "user", "CODEOWNERS"),)))
    bot.store.save_review(owned, bot.clock.now())
    with pytest.raises(NotAllowed, match="separation_of_duties"):
        acknowledge(bot, dan, REF, ["f1"], "trust me")


def test_a_co_author_may_not_decide_either(bot: Bot) -> None:
    forge(bot).commit_authors = (CommitAuthor("ops-olga", "Olga", "o@acme.example"),)
    forge(bot).push(NEXT)
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item())}))
    service.review(bot, REF)
    with pytest.raises(NotAllowed):
        acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "fine")


def test_without_separation_of_duties_an_author_who_owns_the_runbook_may(bot: Bot) -> None:
    own = item(owners=(OwnerName("@dev-dan", "user", "CODEOWNERS"),))
    bot.store.save_review(review(own, policy=Policy(True, separation_of_duties=False)), bot.clock.now())
    acknowledge(bot, acting(bot, login="dev-dan", surface=Surface.COMMENT), REF, ["f1"], "fine")
    assert status(bot) == ["acknowledged"]


@pytest.mark.parametrize("surface", list(Surface))
def test_a_stranger_is_told_who_may(bot: Bot, surface: Surface) -> None:
    eve = acting(bot, login="eve", surface=surface)
    with pytest.raises(NotAllowed, match="@ops-olga"):
        acknowledge(bot, eve, REF, ["f1"], "looks fine")
    assert status(bot) == ["contradicted"]


def test_a_link_by_e_mail_or_name_carries_no_rights(bot: Bot) -> None:
    bot = replace(bot, rules=Rules())
    for proof in (Proof.EMAIL, Proof.NAME):
        bot.store.link(Person("ops-olga", OLGA, proof), bot.clock.now())
        with pytest.raises(NotAllowed, match="not linked"):
            acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "fine")
    bot.store.link(Person("ops-olga", OLGA, Proof.OAUTH), bot.clock.now())
    acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "fine")
    assert status(bot) == ["acknowledged"]


def test_a_configured_approver_may_decide_on_what_nobody_owns(bot: Bot) -> None:
    orphan = item(owners=())
    bot.store.save_review(review(orphan), bot.clock.now())
    boss = acting(bot, login="boss", surface=Surface.COMMENT)
    with pytest.raises(NotAllowed, match="nobody owns it"):
        acknowledge(bot, boss, REF, ["f1"], "fine")
    bot.store.save_review(review(orphan, policy=Policy(True, approvers=("@boss",))), bot.clock.now())
    acknowledge(bot, boss, REF, ["f1"], "fine")


def test_a_member_of_the_team_that_owns_it_may(bot: Bot) -> None:
    bot.store.save_review(review(item(owners=(OwnerName("@acme/oncall", "team", "CODEOWNERS"),))), bot.clock.now())
    ivan = acting(bot, login="ivan", surface=Surface.COMMENT)
    with pytest.raises(NotAllowed):
        acknowledge(bot, ivan, REF, ["f1"], "fine")
    forge(bot).teams["@acme/oncall"] = {"ivan"}
    acknowledge(bot, ivan, REF, ["f1"], "fine")


def test_a_reason_is_asked_for(bot: Bot) -> None:
    with pytest.raises(BotError, match="say why"):
        acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "  \n ")


def test_a_snooze_ends(bot: Bot) -> None:
    olga = acting(bot, slack=OLGA, surface=Surface.BUTTON)
    snooze(bot, olga, REF, ["f1"], "after the release", date(2026, 11, 30))
    assert status(bot) == ["snoozed"]
    bot.clock.forward(days=8)  # type: ignore[attr-defined]
    service.review(bot, REF)
    assert status(bot) == ["contradicted"]


@pytest.mark.parametrize("until", [date(2026, 11, 23), date(2026, 1, 1), date(2030, 1, 1)])
def test_a_snooze_ends_neither_before_it_begins_nor_never(bot: Bot, until: date) -> None:
    with pytest.raises(BotError, match="a snooze ends between"):
        snooze(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "later", until)


def test_what_was_handed_over_is_theirs_to_decide(bot: Bot) -> None:
    hand_over(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "U0IVAN")
    bot = replace(bot, rules=Rules(people={"ivan": "U0IVAN", "ops-olga": OLGA}))
    assert [drift.item.fingerprint for drift in mine(bot, "U0IVAN")] == ["f1"]
    assert mine(bot, OLGA) == ()
    acknowledge(bot, acting(bot, slack="U0IVAN", surface=Surface.BUTTON), REF, ["f1"], "fine")


def comment(bot: Bot, body: str, sender: str = "ops-olga") -> str:
    return commands.act(
        bot, Incoming("c1", "issue_comment", "created", "acme/shop", 7, sender, detail=(("body", body),))
    )


def test_a_comment_acknowledges_and_is_answered(bot: Bot) -> None:
    assert comment(bot, "/runbook ack rounded on purpose") == "decided"
    assert status(bot) == ["acknowledged"]
    assert forge(bot).comments == ["Recorded for 1 section."]


def test_a_refusal_by_comment_notifies_nobody(bot: Bot) -> None:
    assert comment(bot, "/runbook ack ok", "eve") == "refused"
    assert "@ops" not in forge(bot).comments[0]


def test_a_comment_in_the_middle_of_a_talk_is_no_command(bot: Bot) -> None:
    assert comment(bot, "please do not write /runbook ack here") == "no command"


@pytest.mark.parametrize(("body", "word"), [
    ("/runbook recheck", "recheck"), ("/runbook help", "help"), ("/runbook snooze x y", "refused"),
    ("/runbook snooze 3 waiting", "decided"), ("/runbook ack", "refused"),
])  # fmt: skip
def test_commands(bot: Bot, body: str, word: str) -> None:
    assert comment(bot, body) == word


def test_a_stranger_cannot_order_reviews(bot: Bot) -> None:
    assert comment(bot, "/runbook recheck", "eve") == "not a member"


def test_the_buttons_of_a_check_run_need_the_same_right(bot: Bot) -> None:
    def press(sender: str, requested: str = "acknowledge") -> str:
        detail = (("requested", requested),)
        return commands.act(bot, Incoming("k", "check_run", "requested_action", "acme/shop", 7, sender, detail=detail))

    assert press("eve") == "refused"
    assert press("ops-olga") == "decided"
    assert status(bot) == [Status.ACKNOWLEDGED.value]
