"""The life of a pull request with drift, as the use cases tell it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, FakeJobs, item, pull, review, world

from analyzers.model import Severity
from bot import service
from bot.context import Bot, Rules
from bot.decide import acknowledge
from bot.model import Approvals, CommitAuthor, Incoming, Policy, PullRef, PullState, Surface
from bot.ports import AnalysisFailed, Store, Unavailable
from bot.rights import acting
from runbooks.model import Status

HEAD, NEXT = "1" * 40, "2" * 40


def told(bot: Bot, event: str = "pull_request", action: str = "synchronize", id: str = "d1", **given: object) -> str:
    """A delivery, and all the work that follows from it."""
    incoming = Incoming(id, event, action, "acme/shop", **({"number": 7} | given))  # type: ignore[arg-type]
    word = service.receive(bot, incoming)
    assert isinstance(bot.jobs, FakeJobs)
    bot.jobs.run(bot)
    return word


@pytest.fixture
def bot(store: Store) -> Bot:
    """Whose first head has a contradicted line and whose second has none."""
    return world(store, analyst=FakeAnalyst({HEAD: review(item())}))


def texts(bot: Bot) -> list[str]:
    assert isinstance(bot.chat, FakeChat)
    return [str(message["text"]) for message in bot.chat.top]


def forge(bot: Bot) -> FakeForge:
    assert isinstance(bot.forge, FakeForge)
    return bot.forge


def test_drift_is_told_once_in_the_channel_of_its_service_and_the_check_fails(bot: Bot) -> None:
    told(bot)
    told(bot, action="edited", id="d2")

    assert texts(bot) == ["Shorter sessions: contradicted f1"]
    assert {channel for channel, _ in bot.chat.messages} == {"C0SHOP"}  # type: ignore[attr-defined]
    assert forge(bot).published[-1][1].conclusion.value == "failure"
    assert [drift.item.fingerprint for drift in bot.store.drift()] == ["f1"]


def test_a_push_that_mends_the_runbook_turns_the_message_green_and_closes_the_drift(bot: Bot) -> None:
    told(bot)
    forge(bot).push(NEXT)
    told(bot, id="d2")

    assert texts(bot) == ["Shorter sessions: open"]
    assert forge(bot).published[-1][1].conclusion.value == "success"
    assert bot.store.drift() == ()
    alert = bot.store.alert(REF)
    assert alert is not None
    assert alert.resolved


def test_nothing_is_posted_for_a_pull_request_without_drift(bot: Bot) -> None:
    forge(bot).push(NEXT)
    told(bot)

    assert texts(bot) == []
    assert forge(bot).published[-1][1].conclusion.value == "success"


def test_nothing_is_posted_for_a_draft_until_it_is_ready(bot: Bot) -> None:
    forge(bot).pulls[REF] = pull(draft=True)
    told(bot)
    assert texts(bot) == []
    assert bot.store.drift() == ()

    forge(bot).pulls[REF] = pull()
    told(bot, action="ready_for_review", id="d2")
    assert texts(bot) == ["Shorter sessions: contradicted f1"]


def test_the_message_goes_quiet_when_the_pull_request_becomes_a_draft_again(bot: Bot) -> None:
    told(bot)
    forge(bot).pulls[REF] = pull(draft=True)
    told(bot, action="converted_to_draft", id="d2")
    assert texts(bot) == ["Shorter sessions: draft"]
    assert bot.store.drift() == (), "nobody is reminded of a draft"

    forge(bot).pulls[REF] = pull()
    told(bot, action="ready_for_review", id="d3")
    assert texts(bot) == ["Shorter sessions: contradicted f1"]
    assert [drift.item.fingerprint for drift in bot.store.drift()] == ["f1"]


def test_another_target_is_another_list_of_authors(bot: Bot) -> None:
    """A stacked pull request that is retargeted has the commits of the one below it by then, with the same head."""
    told(bot)
    forge(bot).commit_authors = (CommitAuthor("ops-olga", "Olga", "olga@acme.example"),)
    forge(bot).pulls[REF] = pull(base_ref="release")
    told(bot, action="edited", id="d2")
    known = bot.store.pull(REF)
    assert known is not None
    assert [author.login for author in known.authors] == ["ops-olga"]


@pytest.mark.parametrize("overtaken", [False, True], ids=["before the review", "during the review"])
def test_a_draft_that_is_made_ready_and_merged_at_once_leaves_its_debt(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, overtaken: bool
) -> None:
    forge(bot).pulls[REF] = pull(draft=True)
    told(bot)
    merged = pull(state=PullState.MERGED, merged_sha="m" * 40)
    answers = iter([pull()] if overtaken else [])
    monkeypatch.setattr(forge(bot), "pull", lambda ref: next(answers, merged))
    assert service.review(bot, REF) == ("superseded" if overtaken else "merged")
    told(bot, action="closed", id="d2")
    assert [(drift.item.fingerprint, drift.merged) for drift in bot.store.drift()] == [("f1", True)]


def test_what_is_said_of_a_draft_counts_when_it_is_ready(bot: Bot) -> None:
    bot = replace(bot, rules=replace(bot.rules, people={"ops-olga": "U0OLGA"}))
    told(bot)
    forge(bot).pulls[REF] = pull(draft=True)
    told(bot, action="converted_to_draft", id="d2")
    acknowledge(bot, acting(bot, slack="U0OLGA", surface=Surface.BUTTON), REF, ["f1"], "measured it")
    forge(bot).pulls[REF] = pull()
    told(bot, action="ready_for_review", id="d3")
    assert bot.store.drift() == ()


def test_a_new_title_updates_the_message_in_place(bot: Bot) -> None:
    told(bot)
    forge(bot).pulls[REF] = pull(title="Sessions of half an hour")
    told(bot, action="edited", id="d2")
    assert texts(bot) == ["Sessions of half an hour: contradicted f1"]


def test_merged_drift_stays_open_as_debt_and_the_merge_is_on_record(bot: Bot) -> None:
    told(bot)
    forge(bot).pulls[REF] = pull(state=PullState.MERGED, merged_sha="m" * 40)
    told(bot, action="closed", id="d2")

    assert texts(bot) == ["Shorter sessions: merged"]
    assert [(drift.item.fingerprint, drift.merged) for drift in bot.store.drift()] == [("f1", True)]
    assert [record.kind for record in bot.store.evidence()] == ["review", "merge"]


def test_drift_of_a_pull_request_that_is_closed_ends_and_comes_back_when_it_is_reopened(bot: Bot) -> None:
    told(bot)
    forge(bot).pulls[REF] = pull(state=PullState.CLOSED)
    told(bot, action="closed", id="d2")
    assert texts(bot) == ["Shorter sessions: closed"]
    assert bot.store.drift() == ()

    forge(bot).pulls[REF] = pull()
    told(bot, action="reopened", id="d3")
    assert texts(bot) == ["Shorter sessions: contradicted f1"]
    assert len(bot.store.drift()) == 1


def test_a_push_while_a_review_runs_leaves_the_word_to_the_newest_head(bot: Bot) -> None:
    class PushedMeanwhile(FakeAnalyst):
        def review(self, order):  # type: ignore[no-untyped-def]
            forge(bot).push(NEXT)
            return super().review(order)

    bot = replace(bot, analyst=PushedMeanwhile({HEAD: review(item())}))
    assert service.review(bot, REF) == "superseded"
    assert bot.store.review(REF) is None
    assert service.review(bot, REF) == "clean"


def test_deliveries_out_of_order_end_with_the_newest_head(bot: Bot) -> None:
    forge(bot).push(NEXT)
    told(bot, id="late")
    told(bot, id="early")
    found = bot.store.review(REF)
    assert found is not None
    assert (found.head, texts(bot)) == (NEXT, [])


def test_a_repository_without_opt_in_gets_no_check_and_no_message(bot: Bot) -> None:
    bot = replace(bot, analyst=FakeAnalyst({HEAD: review(policy=Policy(False))}))
    told(bot)
    assert (texts(bot), forge(bot).published) == ([], [])


def test_a_repository_that_is_not_listed_is_not_watched(bot: Bot) -> None:
    bot = replace(bot, rules=Rules(repositories=("acme/other",)))
    assert told(bot) == "not watched"


def test_our_own_failure_is_a_neutral_check_and_leaves_drift_and_message_as_they_were(bot: Bot) -> None:
    told(bot)
    forge(bot).push(NEXT)
    bot = replace(bot, analyst=FakeAnalyst({NEXT: AnalysisFailed("the review took longer than 60 s")}))
    with pytest.raises(AnalysisFailed):
        service.review(bot, REF)
    service.failed(bot, REF, "the review took longer than 60 s")
    service.publish(bot, REF)
    service.announce(bot, REF)

    assert forge(bot).published[-1][1].conclusion.value == "neutral"
    assert texts(bot) == ["Shorter sessions: contradicted f1"]
    assert len(bot.store.drift()) == 1


def test_a_pull_request_that_is_gone_ends_quietly(bot: Bot) -> None:
    told(bot)
    forge(bot).pulls.clear()
    assert service.review(bot, REF) == "gone"
    assert bot.store.drift() == ()


def test_github_being_away_is_told_apart_from_everything_else(bot: Bot) -> None:
    forge(bot).broken = Unavailable("GitHub answered 502", 3)
    with pytest.raises(Unavailable):
        service.review(bot, REF)


def test_a_message_that_a_person_deleted_comes_back_only_when_there_is_something_new_to_say(bot: Bot) -> None:
    told(bot)
    bot.chat.messages.clear()  # type: ignore[attr-defined]
    told(bot, id="d2")
    assert texts(bot) == []

    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(), item(fingerprint="f2"))}))
    forge(bot).push(NEXT)
    told(bot, id="d3")
    assert texts(bot) == ["Shorter sessions: contradicted f1; contradicted f2"]


def test_a_channel_that_refuses_us_falls_back_to_the_default(bot: Bot) -> None:
    bot.chat.refuse["C0SHOP"] = "is_archived"  # type: ignore[attr-defined]
    told(bot)
    assert {channel for channel, _ in bot.chat.messages} == {"C0ALL"}  # type: ignore[attr-defined]


def test_suspects_that_are_less_grave_than_the_policy_asks_are_not_told_in_slack(bot: Bot) -> None:
    policy = Policy(True, alert_from=Severity.HIGH)
    mild = item(status=Status.SUSPECT, severity=Severity.MEDIUM)
    found = {HEAD: review(mild, policy=policy), NEXT: review(replace(mild, severity=Severity.HIGH), policy=policy)}
    bot = replace(bot, analyst=FakeAnalyst(dict(found)))
    told(bot)
    assert texts(bot) == []
    assert (len(bot.store.drift()), len(forge(bot).published)) == (1, 1)
    forge(bot).push(NEXT)
    told(bot, id="d2")
    assert len(texts(bot)) == 1
    forge(bot).push(HEAD)
    told(bot, id="d3")
    assert texts(bot) == ["Shorter sessions: open"]


def test_what_does_not_fit_into_the_alert_goes_into_its_thread(bot: Bot) -> None:
    many = [item(fingerprint=f"f{n}") for n in range(5)]
    bot = replace(bot, analyst=FakeAnalyst({HEAD: review(*many)}))
    told(bot)
    told(bot, id="d2")
    chat = bot.chat
    assert isinstance(chat, FakeChat)
    replies = [str(m["text"]) for place, m in chat.messages.items() if chat.threads[place]]
    assert replies == ["and f3", "and f4"]


def test_a_deleted_repository_takes_its_drift_and_services_with_it(bot: Bot) -> None:
    told(bot)
    told(bot, "repository", "deleted", "d2", number=0)
    assert (bot.store.drift(), bot.store.services()) == ((), ())
    assert [record.kind for record in bot.store.evidence()] == ["review", "repository away"]


def test_the_release_outcome_is_part_of_the_review(bot: Bot) -> None:
    forge(bot).approved = Approvals(("ops-olga",), ("tests",), 1)
    told(bot)
    found = bot.store.review(REF)
    assert found is not None
    assert [(outcome.name, outcome.answer) for outcome in found.outcomes] == [
        ("changes reviewed before release", "holds")
    ]


def test_an_uncovered_finding_alone_is_no_drift(bot: Bot) -> None:
    bot = replace(bot, analyst=FakeAnalyst({HEAD: review(item(status=Status.UNCOVERED))}))
    told(bot)
    assert texts(bot) == []


def test_an_order_for_an_unknown_pull_request_is_harmless(bot: Bot) -> None:
    assert service.announce(bot, PullRef("acme/none", 1)) == "unknown"


def test_all_checks_run_again_for_every_pull_request_of_the_head_from_forks_too(bot: Bot) -> None:
    told(bot)
    shown = len(forge(bot).published)
    fork = told(bot, "check_suite", "rerequested", "d2", number=0, detail=(("head", HEAD),))
    assert fork == "review", "GitHub names no pull request that comes from a fork; we know which has this head"
    assert len(forge(bot).published) == shown + 1
    assert told(bot, "check_suite", "rerequested", "d3", number=0, detail=(("head", NEXT),)) == "ignored"
    assert isinstance(bot.jobs, FakeJobs)
    incoming = Incoming("d4", "check_suite", "rerequested", "acme/shop", 3, detail=(("head", HEAD), ("pulls", "3,8")))
    assert service.receive(bot, incoming) == "review"
    assert [(kind, ref) for kind, ref, _ in bot.jobs.orders] == [
        ("review", PullRef("acme/shop", number)) for number in (3, 7, 8)
    ]


@pytest.mark.parametrize(
    ("event", "action", "repo", "detail"),
    [
        ("installation", "deleted", "", ("repositories", "acme/other\nacme/shop")),
        ("installation_repositories", "removed", "", ("removed", "acme/shop")),
        ("repository", "archived", "acme/shop", ("x", "y")),
        ("repository", "deleted", "acme/shop", ("x", "y")),
    ],
)
def test_what_we_can_no_longer_reach_leaves_no_open_drift(
    bot: Bot, event: str, action: str, repo: str, detail: tuple[str, str]
) -> None:
    told(bot)
    assert bot.store.drift()
    assert service.receive(bot, Incoming("gone", event, action, repo, detail=(detail,))) == "forgotten"
    assert bot.store.drift() == ()
    assert bot.store.services() == ()


# -- merged before anybody looked -----------------------------------------------------------------------------------


def merged(bot: Bot, **given: object) -> None:
    usual = {"state": PullState.MERGED, "merged_sha": "m" * 40, "base_sha": "a" * 40, "merged_at": bot.clock.now()}
    forge(bot).pulls[REF] = pull(**(usual | given))


def test_what_was_merged_before_its_first_review_is_judged_and_becomes_debt_at_once(bot: Bot) -> None:
    merged(bot)
    told(bot, action="closed")
    assert texts(bot) == []
    assert [(drift.item.fingerprint, drift.merged) for drift in bot.store.drift()] == [("f1", True)]
    (record,) = bot.store.evidence()
    assert record.kind == "merge"
    assert '"debt": ["f1"]' in record.body
    told(bot, action="labeled", id="d2")
    assert len(list(bot.store.evidence())) == 1


def test_a_last_push_that_was_merged_before_its_review_is_judged_too(bot: Bot) -> None:
    told(bot)
    bot = replace(bot, analyst=FakeAnalyst({NEXT: review(item(fingerprint="f2"))}))
    merged(bot, head_sha=NEXT)
    told(bot, action="closed", id="d2")
    assert [(drift.item.fingerprint, drift.merged) for drift in bot.store.drift()] == [("f2", True)]


def test_what_was_merged_long_ago_or_by_strangers_is_not_raised(bot: Bot) -> None:
    merged(bot, merged_at=bot.clock.now() - timedelta(days=8))
    told(bot, action="edited")
    assert bot.store.drift() == ()
    closed = replace(bot, analyst=FakeAnalyst({"1" * 40: review(item(), policy=Policy(False))}))
    merged(closed)
    told(closed, action="closed", id="d2")
    assert closed.store.drift() == ()


def test_a_merge_that_cannot_be_judged_ends_quietly(bot: Bot) -> None:
    bot = replace(bot, analyst=FakeAnalyst({"1" * 40: AnalysisFailed("out of memory")}))
    merged(bot)
    told(bot, action="closed")
    assert bot.store.drift() == ()


# -- our own failures -----------------------------------------------------------------------------------------------


def test_our_failure_says_nothing_where_nobody_asked_for_us(bot: Bot) -> None:
    stranger = replace(bot, rules=Rules(default_channel="C0ALL"))
    stranger.store.save_pull(pull(), bot.clock.now())
    service.failed(stranger, REF, "the review took longer than 60 s")
    assert stranger.store.review(REF) is None


def test_our_failure_on_a_head_that_was_reviewed_leaves_what_people_decide_on(bot: Bot) -> None:
    told(bot)
    service.failed(bot, REF, "the review took longer than 60 s")
    kept = bot.store.review(REF)
    assert kept is not None
    assert kept.conclusion.value == "neutral"
    assert [one.fingerprint for one in kept.drift] == ["f1"]
    assert [one.name for one in bot.store.services()] == ["shop"]


def test_a_review_and_its_record_are_kept_together_or_not_at_all(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(bot.store, "append", killed)
        with pytest.raises(SystemExit):
            service.review(bot, REF)
    assert bot.store.review(REF) is None
    assert bot.store.drift() == ()
    service.review(bot, REF)
    assert [record.kind for record in bot.store.evidence()] == ["review"]
