"""Repositories that are renamed, transferred, archived, made private, deleted, restored: what their drift becomes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, FakeJobs, item, pull, review, world

from bot import service
from bot.context import Bot, Rules
from bot.debt import rejudge
from bot.decide import acknowledge
from bot.jobs import DbosJobs, started
from bot.model import Actor, Incoming, Policy, Pull, PullRef, PullState, Review, ReviewOrder, Surface
from bot.ports import Store
from bot.rights import NotAllowed
from bot.schedule import poll
from runbooks.model import Status

BEFORE, AFTER = "acme/shop", "acme/store"
THERE = PullRef(AFTER, 7)
HEAD, NEXT = "1" * 40, "2" * 40


def told(bot: Bot, event: str, action: str, id: str, repo: str = BEFORE, **given: object) -> str:
    """A delivery, and all the work that follows from it."""
    word = service.receive(bot, Incoming(id, event, action, repo, **given))  # type: ignore[arg-type]
    assert isinstance(bot.jobs, FakeJobs)
    bot.jobs.run(bot)
    return word


def forge(bot: Bot) -> FakeForge:
    assert isinstance(bot.forge, FakeForge)
    return bot.forge


def renamed(bot: Bot, before: str, after: str) -> None:
    """On GitHub the repository has another name now, and answers under the one before."""
    names = forge(bot).names
    names |= dict.fromkeys((*names, before), after) | {after: after}
    known = forge(bot).pulls.pop(PullRef(before, 7))
    now = replace(known, ref=PullRef(after, 7), head_repo=after, url=f"https://github.example/{after}/pull/7")
    forge(bot).pulls |= {PullRef(name, 7): now for name in names}


def tell(bot: Bot, before: str, after: str, id: str, action: str = "renamed") -> str:
    return told(bot, "repository", action, id, after, detail=(("from", before),))


@pytest.fixture
def bot(store: Store) -> Bot:
    """That has told of open drift of ``acme/shop#7``."""
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}))
    told(bot, "pull_request", "opened", "d1", number=7)
    assert [drift.repo for drift in bot.store.drift()] == [BEFORE]
    return bot


def one(bot: Bot) -> str:
    """The repository of the only open drift."""
    (drift,) = bot.store.drift()
    return drift.repo


def kinds(bot: Bot) -> list[str]:
    return [record.kind for record in bot.store.evidence()]


# -- renamed and transferred ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "after"), [("renamed", AFTER), ("transferred", "buyer/shop")])
def test_drift_goes_with_its_repository_and_the_move_is_on_record(bot: Bot, action: str, after: str) -> None:
    bot.store.assign(BEFORE, "f1", "U7", bot.clock.now())
    renamed(bot, BEFORE, after)
    tell(bot, BEFORE, after, "d2", action)
    (drift,) = bot.store.drift()
    assert (drift.repo, drift.ref, drift.assignee) == (after, PullRef(after, 7), "U7")
    record = next(record for record in bot.store.evidence() if record.kind == "moved")
    assert (record.repo, record.subject) == (after, after)
    assert f'"before": "{BEFORE}"' in record.body


def test_the_one_message_is_updated_to_the_name_after_and_none_is_posted_anew(bot: Bot) -> None:
    assert isinstance(bot.chat, FakeChat)
    renamed(bot, BEFORE, AFTER)
    tell(bot, BEFORE, AFTER, "d2")
    assert len(bot.chat.top) == 1
    alert = bot.store.alert(THERE)
    assert alert is not None
    found = bot.store.pull(THERE)
    assert found is not None
    assert found.url == f"https://github.example/{AFTER}/pull/7"


def test_a_redelivery_does_nothing(bot: Bot) -> None:
    renamed(bot, BEFORE, AFTER)
    for id in ("d2", "d2", "d3"):
        tell(bot, BEFORE, AFTER, id)
    assert one(bot) == AFTER
    assert kinds(bot).count("moved") == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1)])
def test_two_renames_end_at_the_name_of_now_in_any_order(bot: Bot, order: tuple[int, ...]) -> None:
    renamed(bot, BEFORE, AFTER)
    renamed(bot, AFTER, "acme/depot")
    events = [(BEFORE, AFTER), (AFTER, "acme/depot")]
    for number, which in enumerate(order):
        tell(bot, *events[which], f"d{which}-{number}")
    assert one(bot) == "acme/depot"


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 0)])
def test_what_was_renamed_back_stays_there_in_any_order(bot: Bot, order: tuple[int, ...]) -> None:
    renamed(bot, BEFORE, AFTER)
    renamed(bot, AFTER, BEFORE)
    events = [(BEFORE, AFTER), (AFTER, BEFORE)]
    for number, which in enumerate(order):
        tell(bot, *events[which], f"d{which}-{number}")
    assert one(bot) == BEFORE


def test_another_repository_under_the_name_before_keeps_nothing_of_it(bot: Bot) -> None:
    renamed(bot, BEFORE, AFTER)
    forge(bot).names[BEFORE] = BEFORE  # somebody made a new one of that name at once
    tell(bot, BEFORE, AFTER, "d2")
    assert one(bot) == AFTER


def test_a_late_delivery_under_the_name_before_is_about_the_repository_of_now(bot: Bot) -> None:
    renamed(bot, BEFORE, AFTER)
    told(bot, "pull_request", "synchronize", "d2", number=7)  # the event on the rename comes later, or never
    assert one(bot) == AFTER
    assert bot.store.pull(REF) is None
    assert bot.store.pull(THERE) is not None


def test_a_push_under_the_name_before_moves_it_too(bot: Bot) -> None:
    renamed(bot, BEFORE, AFTER)
    told(bot, "push", "", "d2")
    assert one(bot) == AFTER


def test_a_transfer_out_of_our_reach_ends_our_business(bot: Bot) -> None:
    forge(bot).names |= {BEFORE: "", "buyer/shop": ""}
    tell(bot, BEFORE, "buyer/shop", "d2", "transferred")
    assert bot.store.drift() == ()


def test_a_rename_counts_where_the_settings_know_one_of_the_names(bot: Bot) -> None:
    bot = replace(bot, rules=Rules(repositories=(BEFORE,)))
    renamed(bot, BEFORE, AFTER)
    tell(bot, BEFORE, AFTER, "d2")
    assert one(bot) == AFTER
    assert tell(bot, "acme/x", "acme/y", "d3") == "not watched"


class Open:
    """A forge that lists what is open under a name."""

    def __init__(self, *pulls: Pull) -> None:
        self.pulls = pulls

    def open_pulls(self, repo: str) -> tuple[Pull, ...]:
        return tuple(pull for pull in self.pulls if pull.ref.repo == repo)


def test_polling_notices_a_rename(bot: Bot) -> None:
    bot = replace(bot, rules=Rules(repositories=(BEFORE,)))
    renamed(bot, BEFORE, AFTER)
    assert isinstance(bot.jobs, FakeJobs)
    for _ in range(2):
        poll(bot, Open(forge(bot).pulls[THERE]))
        bot.jobs.run(bot)
        assert one(bot) == AFTER
    assert kinds(bot).count("moved") == 1


@dataclass
class Meanwhile(FakeAnalyst):
    """Something happens to the repository while a review is made."""

    happens: Callable[[], object] = lambda: None

    def review(self, order: ReviewOrder) -> Review:
        happens, self.happens = self.happens, lambda: None
        happens()
        return super().review(order)


def test_a_rename_during_a_review_is_seen_at_its_end(bot: Bot) -> None:
    forge(bot).push(NEXT)
    slow = Meanwhile({NEXT: review(item())}, happens=lambda: renamed(bot, BEFORE, AFTER))
    told(replace(bot, analyst=slow), "pull_request", "synchronize", "d2", number=7)
    assert one(bot) == AFTER
    assert bot.store.pull(REF) is None
    found = bot.store.review(THERE)
    assert found is not None
    assert found.head == NEXT


def test_what_is_archived_during_a_review_stays_away(bot: Bot) -> None:
    def archived() -> None:
        forge(bot).archived.add(BEFORE)
        service.receive(bot, Incoming("d3", "repository", "archived", BEFORE))

    forge(bot).push(NEXT)
    slow = Meanwhile({NEXT: review(item(fingerprint="f2"))}, happens=archived)
    told(replace(bot, analyst=slow), "pull_request", "synchronize", "d2", number=7)
    assert bot.store.drift() == ()


def test_a_rename_is_followed_by_jobs_that_survive_a_kill(store: Store, tmp_path: Path) -> None:
    jobs = DbosJobs(f"sqlite:///{tmp_path}/jobs.db", tmp_path)
    bot = world(store, analyst=FakeAnalyst({HEAD: review(item())}), jobs=jobs)
    with started(jobs, bot):
        service.receive(bot, Incoming("d1", "pull_request", "opened", BEFORE, 7))
        until(lambda: store.alert(REF), "a message")
        until(lambda: sum(jobs.depth().values()) == 0, "quiet")
        renamed(bot, BEFORE, AFTER)
        for _ in range(2):
            service.receive(bot, Incoming("d2", "repository", "renamed", AFTER, detail=(("from", BEFORE),)))
        until(lambda: store.alert(THERE) and [drift.repo for drift in store.drift()] == [AFTER], "the move")
        until(lambda: forge(bot).published[-1][0].ref == THERE, "a check run under the name of now")
        until(lambda: sum(jobs.depth().values()) == 0, "quiet")
    assert kinds(bot).count("moved") == 1
    assert isinstance(bot.chat, FakeChat)
    assert len(bot.chat.top) == 1


def until(found: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)


# -- away and back --------------------------------------------------------------------------------------------------


def test_an_archived_repository_that_comes_back_goes_on_as_it_was(bot: Bot) -> None:
    bot.store.assign(BEFORE, "f1", "U7", bot.clock.now())
    before = bot.store.drift()
    forge(bot).archived.add(BEFORE)
    assert told(bot, "repository", "archived", "d2") == "forgotten"
    assert bot.store.drift() == ()
    told(bot, "push", "", "d3")
    told(bot, "pull_request", "edited", "d4", number=7)
    assert bot.store.drift() == (), "what comes late opens nothing while it is archived"
    bot.clock.forward(days=30)  # type: ignore[attr-defined]
    forge(bot).archived.clear()
    told(bot, "repository", "unarchived", "d5")
    assert bot.store.drift() == before
    assert bot.store.services()
    assert [kind for kind in kinds(bot) if kind.startswith("repository")] == ["repository away", "repository back"]


@pytest.mark.parametrize("action", ["privatized", "publicized"])
def test_a_repository_that_we_still_reach_goes_on(bot: Bot, action: str) -> None:
    told(bot, "repository", action, "d2")
    assert one(bot) == BEFORE


def test_a_repository_that_we_no_longer_reach_is_forgotten_and_comes_back_with_the_installation(bot: Bot) -> None:
    before = bot.store.drift()
    forge(bot).names[BEFORE] = ""
    told(bot, "repository", "privatized", "d2")
    assert bot.store.drift() == ()
    forge(bot).names.clear()
    told(bot, "installation_repositories", "added", "d3", "", detail=(("added", f"acme/other\n{BEFORE}"),))
    assert bot.store.drift() == before


def test_a_suspended_installation_that_is_lifted_goes_on(bot: Bot) -> None:
    before = bot.store.drift()
    detail = (("repositories", BEFORE),)
    assert told(bot, "installation", "suspend", "d2", "", detail=detail) == "forgotten"
    told(bot, "installation", "unsuspend", "d3", "", detail=detail)
    assert bot.store.drift() == before


def test_a_deleted_repository_that_is_restored_comes_back_with_the_first_sign_of_life(bot: Bot) -> None:
    bot.store.assign(BEFORE, "f1", "U7", bot.clock.now())
    told(bot, "repository", "deleted", "d2")
    assert bot.store.drift() == ()
    told(bot, "pull_request", "edited", "d3", number=7)
    (drift,) = bot.store.drift()
    assert drift.assignee == "U7"


def test_polling_sees_an_archived_repository_and_its_return(bot: Bot) -> None:
    bot = replace(bot, rules=Rules(repositories=(BEFORE,)))
    before, known = bot.store.drift(), bot.store.services()
    assert isinstance(bot.jobs, FakeJobs)
    for archived in (True, True, False):
        forge(bot).archived = {BEFORE} if archived else set()
        poll(bot, Open(pull()))
        bot.jobs.run(bot)
        assert bot.store.drift() == (() if archived else before)
    assert bot.store.services() == known


# -- another base branch --------------------------------------------------------------------------------------------


def test_a_renamed_base_branch_is_read_at_its_tip(bot: Bot) -> None:
    forge(bot).pulls[REF] = pull(base_ref="trunk")
    forge(bot).tips["trunk"] = "c" * 40
    told(bot, "pull_request", "edited", "d2", number=7)
    assert isinstance(bot.analyst, FakeAnalyst)
    assert bot.analyst.orders[-1].checkout.policy_revision == "c" * 40
    found = bot.store.pull(REF)
    assert found is not None
    assert found.base_ref == "trunk"


def test_debt_of_a_base_branch_that_is_gone_is_judged_on_the_default_branch(bot: Bot) -> None:
    merged = pull(state=PullState.MERGED, merged_sha="m" * 40, merged_at=bot.clock.now() - timedelta(hours=1))
    forge(bot).pulls[REF] = merged
    told(bot, "pull_request", "closed", "d2", number=7)
    assert [drift.merged for drift in bot.store.drift()] == [True]
    forge(bot).default, forge(bot).no_branch = "trunk", {"main"}
    forge(bot).tips["trunk"] = "c" * 40
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[HEAD] = review(item(status=Status.UPDATED))
    assert rejudge(bot, BEFORE) == 1
    assert bot.analyst.orders[-1].checkout.policy_revision == "c" * 40


def test_another_default_branch_is_read_at_once(bot: Bot) -> None:
    assert service.receive(bot, Incoming("d2", "repository", "edited", BEFORE, detail=(("branch", "main"),))) == (
        "refresh"
    )
    assert service.receive(bot, Incoming("d3", "repository", "edited", BEFORE)) == "ignored"


# -- who wrote a change ---------------------------------------------------------------------------------------------


def decide(bot: Bot, login: str) -> None:
    acknowledge(bot, Actor(login, "", Surface.COMMENT), REF, (), "still so")


def test_whoever_pushed_under_another_name_does_not_decide(bot: Bot) -> None:
    forge(bot).push(NEXT)
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[NEXT] = review(item())
    told(bot, "pull_request", "synchronize", "d2", number=7, sender="Ops-Olga")
    with pytest.raises(NotAllowed, match="wrote a change"):
        decide(bot, "ops-olga")


def test_who_pushed_an_earlier_head_does_not_decide_on_a_later_one(bot: Bot) -> None:
    assert isinstance(bot.analyst, FakeAnalyst)
    for head, sender in ((NEXT, "ops-olga"), ("3" * 40, "dev-dan")):
        forge(bot).push(head)
        bot.analyst.found[head] = review(item())
        told(bot, "pull_request", "synchronize", f"d{head[0]}", number=7, sender=sender)
    with pytest.raises(NotAllowed, match="wrote a change"):
        decide(bot, "ops-olga")


def test_whoever_only_edited_or_labelled_still_decides(bot: Bot) -> None:
    told(bot, "pull_request", "edited", "d2", number=7, sender="ops-olga")
    decide(bot, "ops-olga")
    assert bot.store.drift() == ()


def test_of_a_pull_request_with_more_commits_than_are_listed_only_named_approvers_decide(bot: Bot) -> None:
    forge(bot).pulls[REF] = pull(commits=251)
    told(bot, "pull_request", "edited", "d2", number=7)
    with pytest.raises(NotAllowed, match="251 commits"):
        decide(bot, "ops-olga")
    found = bot.store.review(REF)
    assert found is not None
    bot.store.save_review(replace(found, policy=Policy(True, approvers=("@boss-bea",))), bot.clock.now())
    with pytest.raises(NotAllowed, match=r"251 commits.*@boss-bea"):
        decide(bot, "ops-olga")
    decide(bot, "boss-bea")
    assert bot.store.drift() == ()


def test_without_separation_of_duties_the_number_of_commits_does_not_matter(bot: Bot) -> None:
    forge(bot).pulls[REF] = pull(commits=251)
    told(bot, "pull_request", "edited", "d2", number=7)
    found = bot.store.review(REF)
    assert found is not None
    policy = Policy(True, separation_of_duties=False)
    bot.store.save_review(replace(found, policy=policy), bot.clock.now())
    decide(bot, "ops-olga")


def test_beyond_the_listed_commits_decisions_from_elsewhere_count_of_named_approvers_alone(bot: Bot) -> None:
    decide(bot, "ops-olga")
    assert bot.store.drift() == ()
    assert isinstance(bot.analyst, FakeAnalyst)
    forge(bot).pulls[REF] = pull(commits=251, head_sha=NEXT)
    bot.analyst.found[NEXT] = review(item())
    told(bot, "pull_request", "synchronize", "d2", number=7)
    assert len(bot.store.drift()) == 1, "she may have written what is not listed"
    forge(bot).push("3" * 40)
    bot.analyst.found["3" * 40] = review(item(), policy=Policy(True, approvers=("@Ops-Olga", "@acme/leads")))
    for id in ("d3", "d4"):  # the policy is known after the first
        told(bot, "pull_request", "edited", id, number=7)
    assert bot.store.drift() == ()


def test_beyond_the_listed_commits_membership_in_a_team_of_approvers_is_not_enough(bot: Bot) -> None:
    forge(bot).teams["@acme/leads"] = {"boss-bea"}
    forge(bot).pulls[REF] = pull(commits=251)
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[HEAD] = review(item(), policy=Policy(True, approvers=("@acme/leads",)))
    told(bot, "check_run", "rerequested", "d2", number=7)
    found = bot.store.review(REF)
    assert found is not None
    bot.store.save_review(replace(found, policy=Policy(True, approvers=("@acme/leads",))), bot.clock.now())
    with pytest.raises(NotAllowed, match="nobody by name"):
        decide(bot, "boss-bea")


def test_the_check_says_that_not_all_authors_are_known(bot: Bot) -> None:
    forge(bot).pulls[REF] = pull(commits=251)
    for id in ("d2", "d3"):
        told(bot, "pull_request", "edited", id, number=7)
        found = bot.store.review(REF)
        assert found is not None
        assert found.skipped == (
            "the authors of 1 of 251 commits: GitHub does not list them, so only approvers decide",
        )


def test_who_pushes_to_their_own_pull_request_is_nothing_to_remember(bot: Bot) -> None:
    told(bot, "pull_request", "synchronize", "d2", number=7, sender="Dev-Dan", detail=(("author", "dev-dan"),))
    assert bot.store.pushers(REF) == ()
