"""Comments and the buttons of a check run, from GitHub's payload to what they do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from fakes import REF, FakeAnalyst, FakeClock, FakeForge, FakeJobs, item, pull, review, world

from bot import service
from bot.commands import MOST_HEARD, act
from bot.context import Bot, Rules
from bot.forges import webhooks
from bot.forges.sheets import sheet
from bot.model import Incoming, Policy, PullRef, Review
from bot.ports import Refused, Store, Unavailable
from runbooks.model import Status

HEAD, NEXT = "1" * 40, "2" * 40


@pytest.fixture
def bot(store: Store) -> Bot:
    """Whose pull request has one open section, owned by ``ops-olga``; reviewed at nine."""
    made = world(store, analyst=FakeAnalyst({HEAD: review(item()), NEXT: review(item(values_hash="60 to 5"))}))
    service.review(made, REF)
    return made


def shown(bot: Bot) -> str:
    """The identifier of *Acknowledge* on the check run that stands now, within GitHub's 20 characters."""
    found = bot.store.review(REF)
    assert found is not None
    page = sheet(pull(), found, details_url="")
    assert page is not None
    (identifier,) = (name for label, _, name in page.actions if label == "Acknowledge")
    assert len(identifier) <= 20
    return identifier


def payload(sender: str, action: str, **parts: Mapping[str, object]) -> dict[str, object]:
    return {
        "action": action, "sender": {"login": sender}, "repository": {"full_name": REF.repo},
        "installation": {"id": 9}, **parts,
    }  # fmt: skip


def pressed(identifier: str, sender: str, head: str = HEAD) -> Incoming:
    """GitHub's delivery of a pressed button, as it is read."""
    run = {"head_sha": head, "name": "runbook-drift", "external_id": REF.key, "app": {"id": 4}}
    given = payload(sender, "requested_action", requested_action={"identifier": identifier}, check_run=run)
    read = webhooks.parse("check_run", given, delivery=f"{identifier} {sender} {head}")
    assert read is not None
    return read


def said(body: str, sender: str = "ops-olga", at: str = "2026-11-23T09:00:00Z", delivery: str = "") -> Incoming:
    """GitHub's delivery of a comment, as it is read."""
    comment = {"id": 11, "body": body, "user": {"login": sender}, "created_at": at}
    given = payload(sender, "created", issue={"number": REF.number, "pull_request": {}}, comment=comment)
    read = webhooks.parse("issue_comment", given, delivery=delivery or f"{body} {sender} {at}")
    assert read is not None
    return read


def comments(bot: Bot) -> list[str]:
    assert isinstance(bot.forge, FakeForge)
    return bot.forge.comments


def statuses(bot: Bot) -> list[str]:
    found = bot.store.review(REF)
    assert found is not None
    return [one.status.value for one in found.items]


def later(bot: Bot, seconds: float) -> None:
    assert isinstance(bot.clock, FakeClock)
    bot.clock.forward(seconds=seconds)


def judged_again(bot: Bot, found: Review) -> None:
    """The same head, found to do something else: its base moved."""
    assert isinstance(bot.analyst, FakeAnalyst)
    assert isinstance(bot.forge, FakeForge)
    bot.analyst.found[HEAD], bot.forge.tips["main"] = found, "c" * 40
    service.review(bot, REF)


def push(bot: Bot, head: str) -> None:
    assert isinstance(bot.forge, FakeForge)
    bot.forge.push(head)
    service.review(bot, REF)


# -- the buttons of a check run -----------------------------------------------------------------------------------


def test_the_button_acknowledge_acknowledges(bot: Bot) -> None:
    assert act(bot, pressed("acknowledge", "ops-olga")) == "decided"
    assert statuses(bot) == [Status.ACKNOWLEDGED]


def test_the_button_needs_the_same_right_as_anything_else(bot: Bot) -> None:
    assert act(bot, pressed("acknowledge", "eve")) == "refused"
    assert bot.store.decisions(REF.repo) == ()


def test_the_button_re_check_reviews_again_and_decides_nothing(bot: Bot) -> None:
    assert act(bot, pressed("recheck", "ops-olga")) == "recheck"
    assert isinstance(bot.jobs, FakeJobs)
    assert [order[:2] for order in bot.jobs.orders] == [("review", REF)]
    assert bot.store.decisions(REF.repo) == ()


def test_a_button_that_is_none_of_ours_does_nothing(bot: Bot) -> None:
    assert act(bot, pressed("launch", "ops-olga")) == "no command"
    assert bot.store.decisions(REF.repo) == ()
    assert comments(bot) == []


def test_the_button_of_an_earlier_head_decides_nothing_on_a_later_one(bot: Bot) -> None:
    push(bot, NEXT)
    assert act(bot, pressed("acknowledge", "ops-olga", HEAD)) == "refused"
    assert comments(bot)[-1].startswith("Not done: this button stands on the check of an earlier push")
    assert statuses(bot) == ["contradicted"]
    assert act(bot, pressed("acknowledge", "ops-olga", NEXT)) == "decided"


# -- comments -----------------------------------------------------------------------------------------------------


def test_a_comment_acknowledges_and_is_answered(bot: Bot) -> None:
    assert act(bot, said("/runbook ack rounded on purpose")) == "decided"
    assert statuses(bot) == ["acknowledged"]
    assert comments(bot) == ["Recorded for 1 section."]


def test_a_refusal_by_comment_notifies_nobody(bot: Bot) -> None:
    assert act(bot, said("/runbook ack ok", "eve")) == "refused"
    assert "@ops" not in comments(bot)[0]


def test_a_comment_in_the_middle_of_a_talk_is_no_command(bot: Bot) -> None:
    assert act(bot, said("please do not write /runbook ack here")) == "no command"


@pytest.mark.parametrize(("body", "word"), [
    ("/runbook recheck", "recheck"), ("/runbook help", "help"), ("/runbook snooze x y", "refused"),
    ("/runbook snooze 3 waiting", "decided"), ("/runbook ack", "refused"),
])  # fmt: skip
def test_commands(bot: Bot, body: str, word: str) -> None:
    assert act(bot, said(body)) == word


def test_a_stranger_cannot_order_reviews(bot: Bot) -> None:
    assert act(bot, said("/runbook recheck", "eve")) == "not a member"


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_what_a_comment_was_edited_to_is_no_command(action: str) -> None:
    comment = {
        "id": 11,
        "body": "/runbook ack fine",
        "user": {"login": "ops-olga"},
        "created_at": "2026-11-23T09:00:00Z",
    }
    given = payload("ops-olga", action, issue={"number": 7, "pull_request": {}}, comment=comment)
    assert webhooks.parse("issue_comment", given, delivery="d1") is None


@pytest.mark.parametrize(
    "at", ["2026-11-23T09:00:59Z", "2026-11-23T10:00:59+01:00", "yesterday", "2026-11-23T09:05:00"]
)
def test_a_comment_that_was_written_before_the_review_was_known_decides_nothing(bot: Bot, at: str) -> None:
    """Written while a push was on its way, handled when that is reviewed: nobody can have meant what came."""
    later(bot, 60)
    push(bot, NEXT)
    assert act(bot, said("/runbook ack fine", at=at)) == "refused"
    assert comments(bot)[-1].startswith("Not done: this was written before the newest review")
    assert statuses(bot) == ["contradicted"]
    assert act(bot, said("/runbook ack fine", at="2026-11-23T09:01:00Z")) == "decided"


def test_a_comment_counts_when_a_later_push_left_the_values_and_the_text_alone(bot: Bot) -> None:
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[NEXT] = review(item(line=40))
    later(bot, 60)
    push(bot, NEXT)
    assert act(bot, said("/runbook ack fine", at="2026-11-23T09:00:30Z")) == "decided"


# -- once ---------------------------------------------------------------------------------------------------------


@dataclass
class Mute(FakeForge):
    """GitHub takes no comments for a while."""

    away: bool = True

    def comment(self, ref: PullRef, body: str) -> None:
        if self.away:
            raise Unavailable("away")
        super().comment(ref, body)


def test_a_decision_whose_answer_was_cut_off_is_answered_and_not_taken_again(bot: Bot) -> None:
    forge = Mute()
    bot = replace(bot, forge=forge)
    ack = said("/runbook ack fine")
    with pytest.raises(Unavailable):
        act(bot, ack)
    forge.away = False
    push(bot, NEXT)  # what was said of the head before stays said
    assert act(bot, ack) == "decided"
    assert comments(bot) == ["Recorded for 1 section."]
    assert [record.kind for record in bot.store.evidence()].count("decision") == 1
    assert statuses(bot) == ["contradicted"]


def test_a_delivery_that_was_killed_after_its_decision_is_not_recorded_twice(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    ack = said("/runbook ack fine")
    with monkeypatch.context() as dying:
        dying.setattr("bot.decide.follow", killed)
        with pytest.raises(KeyboardInterrupt):
            act(bot, ack)
    assert statuses(bot) == ["contradicted"]
    assert act(bot, ack) == "decided"
    assert statuses(bot) == ["acknowledged"]
    assert [record.kind for record in bot.store.evidence()].count("decision") == 1


def test_a_decision_without_its_record_is_none(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(bot.store), "append", full)
        with pytest.raises(Unavailable):
            act(bot, said("/runbook ack fine"))
    assert bot.store.decisions(REF.repo) == ()
    assert act(bot, said("/runbook ack fine")) == "decided"


# -- strangers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "sender"), [
    ("/runbook help", "eve"), ("/runbook help", "dev-dan"), ("/runbook ack fine", "eve"),
    ("/runbook ack fine", "ops-olga"), ("/runbook recheck", "eve"),
])  # fmt: skip
def test_where_nobody_asked_for_us_nobody_is_answered(bot: Bot, body: str, sender: str) -> None:
    bot.store.save_review(review(policy=Policy(False)), bot.clock.now())
    assert act(bot, said(body, sender)) == "not opted in"
    assert comments(bot) == []
    assert isinstance(bot.jobs, FakeJobs)
    assert bot.jobs.orders == []


def test_what_was_never_reviewed_is_answered_only_where_an_owner_asked_for_all(store: Store) -> None:
    assert act(world(store), said("/runbook help")) == "not opted in"
    assert act(world(store, rules=Rules(opt_in=("acme",))), said("/runbook help")) == "help"


def test_a_first_review_that_was_lost_is_asked_for_by_who_may_write(store: Store) -> None:
    bot = world(store)
    assert act(bot, said("/runbook recheck")) == "recheck"
    assert act(bot, said("/runbook recheck", "eve")) == "not opted in"
    assert isinstance(bot.jobs, FakeJobs)
    assert [order[:2] for order in bot.jobs.orders] == [("review", REF)]
    assert comments(bot) == []


def test_a_stranger_gets_a_few_answers_a_day_on_a_pull_request(bot: Bot) -> None:
    words = [act(bot, said("/runbook ack fine", "eve", delivery=f"d{n}")) for n in range(MOST_HEARD + 3)]
    assert words == ["refused"] * MOST_HEARD + ["not heard"] * 3
    assert act(bot, said("/runbook help", "EVE", delivery="again")) == "not heard"
    assert len(comments(bot)) == MOST_HEARD
    assert act(bot, said("/runbook help", "mallory")) == "help", "each has their own"
    assert act(bot, said("/runbook ack fine")) == "decided", "and whoever may write is always heard"
    later(bot, 86_400)
    assert act(bot, said("/runbook help", "eve", delivery="tomorrow")) == "help"


def test_a_delivery_that_comes_again_counts_once(bot: Bot) -> None:
    forge = Mute()
    bot = replace(bot, forge=forge)
    for _ in range(MOST_HEARD + 3):
        with pytest.raises(Unavailable):
            act(bot, said("/runbook help", "eve"))
    forge.away = False
    assert act(bot, said("/runbook help", "eve")) == "help"


@dataclass
class Discreet(FakeForge):
    """Does not say who may write."""

    def may_write(self, repo: str, login: str) -> bool:
        raise Refused("not yours to know", "permission")


def test_whoever_cannot_be_proven_to_write_is_heard_a_few_times(bot: Bot) -> None:
    bot = replace(bot, forge=Discreet(pulls={REF: pull()}))
    for number in range(MOST_HEARD - 1):
        act(bot, said("/runbook help", delivery=f"d{number}"))
    assert act(bot, said("/runbook ack fine")) == "decided"
    assert act(bot, said("/runbook help")) == "not heard"


def test_a_button_of_an_old_page_of_the_same_head_does_not_decide_on_values_judged_since(bot: Bot) -> None:
    seen = shown(bot)
    judged_again(bot, review(item(values_hash="60 to 5")))
    assert act(bot, pressed(seen, "ops-olga")) == "refused"
    assert statuses(bot) == ["contradicted"]
    assert "judged again" in comments(bot)[-1]
    assert act(bot, pressed(shown(bot), "ops-olga")) == "decided"
    assert statuses(bot) == ["acknowledged"]


def test_a_button_still_counts_after_a_decision_of_somebody_else_on_the_same_values(bot: Bot) -> None:
    judged_again(bot, review(item(), item(fingerprint="f2")))
    seen = shown(bot)
    judged_again(bot, review(item(), item(fingerprint="f2", status=Status.ACKNOWLEDGED)))
    assert act(bot, pressed(seen, "ops-olga")) == "decided"
    assert statuses(bot) == ["acknowledged", "acknowledged"]


def test_what_a_refusal_quotes_is_no_link_and_calls_nobody(bot: Bot) -> None:
    title = "![p](https://evil.example/p.png) <img src=x> acme/secret#1 @acme/all"
    bot.store.save_review(review(item(title=title)), bot.clock.now())
    assert act(bot, said("/runbook ack fine", "eve")) == "refused"
    shown = comments(bot)[-1]
    assert not re.search(r"!\[|\]\(|<img|://|#\d|@\w", shown), shown


def test_the_account_behind_a_comment_is_told(bot: Bot) -> None:
    told = payload("ops-olga", "created", issue={"number": 7, "pull_request": {}}, comment={"id": 1, "body": "x"})
    told["sender"] = {"login": "ops-olga", "id": 51}
    read = webhooks.parse("issue_comment", told, delivery="d")
    assert read is not None
    assert read.get("sender_number") == "51"
    known = bot.store.pull(REF)
    assert known is not None
    bot.store.save_pull(replace(known, author_number=51), bot.clock.now())
    asked = said("/runbook ack fine")
    assert act(bot, replace(asked, detail=(*asked.detail, ("sender_number", "51")))) == "refused"
    assert "whoever wrote a change" in comments(bot)[-1]
