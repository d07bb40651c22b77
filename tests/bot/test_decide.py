"""Who may decide on drift, and what a decision is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeClock, FakeForge, FakeJobs, item, pull, review, world

from bot import service
from bot.context import Bot, Rules
from bot.decide import acknowledge, hand_over, snooze
from bot.model import (
    Actor,
    BotError,
    CommitAuthor,
    OwnerName,
    Person,
    Policy,
    Proof,
    PullRef,
    Surface,
)
from bot.ports import Refused, Store, Unavailable
from bot.rights import NotAllowed, acting, mine
from runbooks.model import Outcome
from runbooks.outcomes import RUNBOOKS

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


def test_nobody_gets_round_separation_of_duties_by_another_pull_request(bot: Bot) -> None:
    """Dan owns the section too. He may decide on Eve's pull request, and that does not count on his own."""
    shared = item(owners=(OwnerName("@dev-dan", "user", "CODEOWNERS"),))
    other = PullRef("acme/shop", 8)
    forge(bot).pulls[other] = replace(pull(), ref=other, author="eve")
    bot = replace(bot, analyst=FakeAnalyst({HEAD: review(shared)}))
    forge(bot).commit_authors = (CommitAuthor("eve", "Eve", "eve@acme.example"),)
    service.review(bot, other)
    acknowledge(bot, acting(bot, slack="U0DAN", surface=Surface.BUTTON), other, ["f1"], "fine")
    forge(bot).commit_authors = (CommitAuthor("dev-dan", "Dan", "dan@acme.example"),)
    forge(bot).pulls[REF] = replace(pull(), head_sha=HEAD, base_sha="c" * 40)
    service.review(bot, REF)
    assert status(bot) == ["contradicted"]


def test_a_co_author_who_is_named_by_an_address_alone_does_not_decide(bot: Bot) -> None:
    assert isinstance(bot.chat, FakeChat)
    bot.chat.emails["olga@acme.example"] = OLGA
    known = bot.store.pull(REF)
    assert known is not None
    trailer = CommitAuthor("", "Olga", "olga@acme.example")
    bot.store.save_pull(replace(known, authors=(*known.authors, trailer)), bot.clock.now())
    for actor in (
        acting(bot, slack=OLGA, surface=Surface.BUTTON),
        acting(bot, login="ops-olga", surface=Surface.COMMENT),
    ):
        with pytest.raises(NotAllowed, match="separation_of_duties"):
            acknowledge(bot, actor, REF, ["f1"], "fine")


def test_a_snooze_is_put_off_twice_and_then_no_more(bot: Bot) -> None:
    olga = acting(bot, slack=OLGA, surface=Surface.BUTTON)
    assert isinstance(bot.clock, FakeClock)
    for week in range(3):
        today = bot.clock.now().date()
        snooze(bot, olga, REF, ["f1"], f"week {week}", today + timedelta(days=2))
        with pytest.raises(BotError, match="nothing is awake"):
            snooze(bot, olga, REF, ["f1"], "it sleeps", today + timedelta(days=3))
        bot.clock.forward(days=7)
    with pytest.raises(BotError, match="extended 2 times already"):
        snooze(bot, olga, REF, ["f1"], "again", bot.clock.now().date() + timedelta(days=2))
    acknowledge(bot, olga, REF, ["f1"], "it is right after all")
    assert bot.store.drift() == ()


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


def test_a_link_by_e_mail_carries_no_rights(bot: Bot) -> None:
    bot = replace(bot, rules=Rules())
    bot.store.link(Person("ops-olga", OLGA, Proof.EMAIL), bot.clock.now())
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


def chat(bot: Bot) -> FakeChat:
    assert isinstance(bot.chat, FakeChat)
    return bot.chat


IVAN = "U0IVAN"


def by_ivan(bot: Bot, surface: Surface) -> Actor:
    """Ivan as the surface knows him: by Slack id in Slack, by login on GitHub."""
    in_slack = surface in {Surface.BUTTON, Surface.COMMAND}
    return acting(bot, slack=IVAN if in_slack else "", login="" if in_slack else "ivan", surface=surface)


@pytest.fixture
def linked(bot: Bot) -> Bot:
    """Ivan is linked, and his team has a user group."""
    people = {"ivan": IVAN, "ops-olga": OLGA, "dev-dan": "U0DAN"}
    return replace(bot, rules=Rules(people=people, teams={"@acme/oncall": "S0ONCALL"}))


def handed_to(to: str) -> Callable[[Bot], None]:
    return lambda bot: hand_over_to(bot, to)


def hand_over_to(bot: Bot, to: str) -> None:
    hand_over(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], to)


def owned_by(handle: str, kind: str) -> Callable[[Bot], None]:
    def save(bot: Bot) -> None:
        bot.store.save_review(review(item(owners=(OwnerName(handle, kind, "CODEOWNERS"),))), bot.clock.now())

    return save


@pytest.mark.parametrize("surface", list(Surface))
@pytest.mark.parametrize("makes_it_his", [
    handed_to(IVAN), handed_to("S0GROUP"), owned_by("@ivan", "user"), owned_by("ivan@acme.example", "email"),
    owned_by("@acme/oncall", "team"),
])  # fmt: skip
def test_rights_are_the_same_on_every_surface(
    linked: Bot, surface: Surface, makes_it_his: Callable[[Bot], None]
) -> None:
    makes_it_his(linked)
    with pytest.raises(NotAllowed):
        acknowledge(linked, acting(linked, login="eve", surface=surface), REF, ["f1"], "fine")
    chat(linked).emails["ivan@acme.example"] = IVAN
    chat(linked).groups |= {"S0GROUP": ("U0EVA", IVAN), "S0ONCALL": (IVAN,)}
    acknowledge(linked, by_ivan(linked, surface), REF, ["f1"], "fine")
    assert status(linked) == ["acknowledged"]


def test_on_github_too_a_link_that_was_guessed_carries_no_rights(bot: Bot) -> None:
    hand_over_to(bot, IVAN)
    bot.store.link(Person("ivan", IVAN, Proof.EMAIL), bot.clock.now())
    with pytest.raises(NotAllowed):
        acknowledge(bot, acting(bot, login="ivan", surface=Surface.COMMENT), REF, ["f1"], "fine")


@pytest.mark.parametrize("login", ["u0ivan", "S0GROUP"])
def test_a_login_that_looks_like_a_slack_id_is_not_who_it_was_handed_to(bot: Bot, login: str) -> None:
    hand_over_to(bot, login.upper())
    with pytest.raises(NotAllowed):
        acknowledge(bot, acting(bot, login=login, surface=Surface.COMMENT), REF, ["f1"], "fine")


def test_a_second_login_of_the_same_person_does_not_decide_on_their_own_change(bot: Bot) -> None:
    """Dan owns the runbook as ``dan-ops`` and wrote the change as ``dev-dan``: one Slack user, one person."""
    bot = replace(bot, rules=Rules(people={"dan-ops": "U0DAN", "dev-dan": "U0DAN"}))
    bot.store.save_review(review(item(owners=(OwnerName("@dan-ops", "user", "CODEOWNERS"),))), bot.clock.now())
    for actor in (acting(bot, slack="U0DAN", surface=Surface.BUTTON),
                  acting(bot, login="dan-ops", surface=Surface.COMMENT)):  # fmt: skip
        with pytest.raises(NotAllowed, match="separation_of_duties"):
            acknowledge(bot, actor, REF, ["f1"], "fine")


def test_an_owner_by_name_waits_for_nobody_in_slack(linked: Bot) -> None:
    """Slack and the team's members are asked only where the answer matters."""
    owners = (OwnerName("@acme/oncall", "team", "x"), OwnerName("a@acme.example", "email", "x"))
    both = review(item(owners=(*owners, OwnerName("@ivan", "user", "x"))))
    linked.store.save_review(both, linked.clock.now())
    linked = replace(linked, chat=Silent())
    acknowledge(linked, acting(linked, login="ivan", surface=Surface.COMMENT), REF, ["f1"], "fine")


@dataclass
class Silent(FakeChat):
    """Slack, away or refusing."""

    problem: BotError = field(default_factory=lambda: Unavailable("away"))

    def user_by_email(self, email: str) -> str:
        raise self.problem

    def group_members(self, group: str) -> tuple[str, ...]:
        raise self.problem


def test_what_slack_refuses_to_say_is_not_proven_and_what_it_cannot_say_now_is_asked_again(linked: Bot) -> None:
    owners = (OwnerName("@acme/oncall", "team", "x"), OwnerName("a@acme.example", "email", "x"))
    linked.store.save_review(review(item(owners=owners)), linked.clock.now())
    ivan = acting(linked, login="ivan", surface=Surface.COMMENT)
    with pytest.raises(Unavailable):
        acknowledge(replace(linked, chat=Silent()), ivan, REF, ["f1"], "fine")
    refusing = replace(linked, chat=Silent(problem=Refused("no", "missing_scope")))
    with pytest.raises(NotAllowed, match="@acme/oncall"):
        acknowledge(refusing, ivan, REF, ["f1"], "fine")
    forge(linked).teams["@acme/oncall"] = {"ivan"}
    acknowledge(refusing, ivan, REF, ["f1"], "fine")


def test_a_draft_is_handed_over_to_nobody(store: Store) -> None:
    """It has no open drift yet that somebody could answer for."""
    made = world(store, analyst=FakeAnalyst({HEAD: review(item())}), rules=Rules(people={"ops-olga": OLGA}))
    forge(made).pulls[REF] = pull(draft=True)
    service.review(made, REF)
    with pytest.raises(BotError, match="is a draft: nobody is asked about it yet"):
        hand_over(made, acting(made, slack=OLGA, surface=Surface.COMMAND), REF, [], "U0SAM")
    assert "hand over" not in {record.kind for record in store.evidence()}
    forge(made).pulls[REF] = pull()
    service.review(made, REF)
    hand_over(made, acting(made, slack=OLGA, surface=Surface.COMMAND), REF, [], "U0SAM")
    assert [drift.assignee for drift in store.drift()] == ["U0SAM"]


@pytest.mark.parametrize("approver", [False, True])
def test_a_team_named_without_its_organisation_is_no_login(linked: Bot, approver: bool) -> None:
    """Catalogues write `payments-oncall`; anybody may register that login. The organisation's team may decide."""
    owners = () if approver else (OwnerName("payments-oncall", "team", "Backstage"),)
    policy = Policy(True, approvers=("payments-oncall",) if approver else ())
    linked.store.save_review(review(item(owners=owners), policy=policy), linked.clock.now())
    for login in ("payments-oncall", "ivan"):
        with pytest.raises(NotAllowed, match="only @acme/payments-oncall may decide"):
            acknowledge(linked, acting(linked, login=login, surface=Surface.COMMENT), REF, ["f1"], "trust me")
    forge(linked).teams["@acme/payments-oncall"] = {"ivan"}
    acknowledge(linked, acting(linked, login="ivan", surface=Surface.COMMENT), REF, ["f1"], "measured")


def test_what_was_handed_to_a_group_is_shown_to_its_members(linked: Bot) -> None:
    hand_over_to(linked, "S0GROUP")
    chat(linked).groups["S0GROUP"] = (IVAN,)
    assert [drift.item.fingerprint for drift in mine(linked, IVAN)] == ["f1"]
    assert mine(linked, OLGA) == ()


def test_mine_is_answered_where_slack_refuses_to_name_members(linked: Bot) -> None:
    linked = replace(linked, chat=Silent(problem=Refused("no", "missing_scope")))
    assert [drift.item.fingerprint for drift in mine(linked, OLGA)] == ["f1"]


def test_somebody_with_two_logins_decides_under_the_one_that_owns_the_section(bot: Bot) -> None:
    """The first link of a Slack user names them; the digest came to them for the second."""
    bot = replace(bot, rules=Rules(people={"olga-home": OLGA, "ops-olga": OLGA}))
    acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "rounded")
    assert status(bot) == ["acknowledged"]


def test_of_too_many_co_authors_by_address_only_named_approvers_decide(bot: Bot) -> None:
    """Slack is asked about ten; Olga's address may be the eleventh."""
    forge(bot).commit_authors = tuple(CommitAuthor("", "", f"{n}@junk.example") for n in range(11))
    forge(bot).push(NEXT)
    named = Policy(True, approvers=("@rita",))
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(), policy=named)}))
    service.review(bot, REF)
    with pytest.raises(NotAllowed, match=r"11 co-authors with an address and no login.* only @rita may decide"):
        acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "fine")
    found = bot.store.review(REF)
    assert found is not None
    assert found.skipped == ("11 co-authors: of each only an address is known, so only approvers decide",)
    acknowledge(bot, Actor("rita", "", Surface.COMMENT), REF, ["f1"], "fine")
    assert status(bot) == ["acknowledged"]


def test_a_link_without_rights_still_keeps_an_author_from_deciding(store: Store) -> None:
    """Olga's address is in a trailer; that her login is that Slack user is only known by e-mail."""
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}))
    forge(bot).commit_authors = (CommitAuthor("", "Olga", "olga@acme.example"),)
    assert isinstance(bot.chat, FakeChat)
    bot.chat.emails["olga@acme.example"] = OLGA
    service.review(bot, REF)
    olga = Actor("ops-olga", "", Surface.COMMENT)
    store.link(Person("ops-olga", OLGA, Proof.EMAIL), bot.clock.now())
    with pytest.raises(NotAllowed, match="separation_of_duties"):
        acknowledge(bot, olga, REF, ["f1"], "fine")


def test_an_account_that_was_renamed_is_the_author_it_was(bot: Bot) -> None:
    forge(bot).commit_authors = (CommitAuthor("pat", "Pat", "", 52),)
    forge(bot).pulls[REF] = pull(head_sha=NEXT, author_number=51)
    bot.store.pushed(REF, CommitAuthor("sam", "", "", 53), bot.clock.now())
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(), policy=Policy(True, approvers=("@new-name",)))}))
    service.review(bot, REF)
    for number in (51, 52, 53):
        with pytest.raises(NotAllowed, match="separation_of_duties"):
            acknowledge(bot, Actor("new-name", "", Surface.COMMENT, number), REF, ["f1"], "fine")
    acknowledge(bot, Actor("new-name", "", Surface.COMMENT, 54), REF, ["f1"], "fine")


@pytest.mark.parametrize("to", ["U0NOBODY", "S0NOBODY"])
def test_nothing_is_handed_over_to_nobody(bot: Bot, to: str) -> None:
    assert isinstance(bot.chat, FakeChat)
    bot.chat.strangers = frozenset({to})
    with pytest.raises(BotError, match="nobody with that id"):
        hand_over(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], to)
    assert bot.store.drift()[0].assignee == ""


def test_what_is_not_open_any_more_is_handed_to_nobody(bot: Bot) -> None:
    bot.store.close_drift("acme/shop", "f1", bot.clock.now(), "mended just now")
    with pytest.raises(BotError, match="nothing open"):
        hand_over(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "U0IVAN")
    assert [record.kind for record in bot.store.evidence()] == ["review"]


def test_the_outcome_about_runbooks_follows_a_decision(bot: Bot) -> None:
    fails = Outcome(RUNBOOKS, "fails", "1 line is now false")
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(), outcomes=(fails,))}))
    forge(bot).push(NEXT)
    service.review(bot, REF)
    acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "rounded")
    found = bot.store.review(REF)
    assert found is not None
    assert {outcome.name: outcome.answer for outcome in found.outcomes}[RUNBOOKS] == "holds"
