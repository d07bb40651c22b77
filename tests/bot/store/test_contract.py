"""What the store promises (``bot.ports.Store``), on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.model import (
    Alert,
    CommitAuthor,
    Drift,
    OwnerName,
    Person,
    Proof,
    PullRef,
    PullState,
    Ruling,
    RunbookStatus,
    ServiceStatus,
    Surface,
)
from bot.store import SqlStore
from runbooks.model import Decision, Outcome, Status
from tests.bot.fakes import REF, item, pull, review

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
OTHER = PullRef("acme/shop", 8)
HOSTILE = "<!channel> `x` \u202e '; drop table pulls; -- \0 " + "😀" * 500


def told(store: SqlStore, *items: object, ref: PullRef = REF, at: datetime = AT, **given: object) -> None:
    """A pull request with a review that opened its drift."""
    store.save_pull(pull(ref=ref, **given), at)
    found = review(*items, ref=ref)  # type: ignore[arg-type]
    store.save_review(found, at)
    store.open_drift(found, at)


def fingerprints(store: SqlStore) -> list[str]:
    return [drift.item.fingerprint for drift in store.drift()]


def only(store: SqlStore) -> Drift:
    (drift,) = store.drift()
    return drift


# -- deliveries -----------------------------------------------------------------------------------------------------


def test_a_delivery_is_accepted_once(store: SqlStore) -> None:
    assert store.accept("d1", "pull_request", AT)
    assert not store.accept("d1", "pull_request", LATER)
    assert store.accept("d2", "pull_request", AT)


def test_deliveries_of_long_ago_are_forgotten(store: SqlStore) -> None:
    store.accept("d1", "push", AT)
    store.accept("d2", "push", AT + timedelta(days=6))
    assert store.forget_deliveries(AT + timedelta(days=8)) == 1
    assert not store.accept("d2", "push", AT)


# -- pull requests and reviews --------------------------------------------------------------------------------------


def test_a_pull_request_comes_back_as_it_was(store: SqlStore) -> None:
    assert store.pull(REF) is None
    whole = pull(title=HOSTILE, authors=(CommitAuthor("dan", "Dän", "d@acme.example"),), draft=True, head_ref="x")
    store.save_pull(whole, AT)
    assert store.pull(REF) == whole
    store.save_pull(pull(title="Shorter"), LATER)
    assert store.pull(REF) == pull(title="Shorter")


def test_open_pull_requests_are_those_of_the_repository_that_are_open(store: SqlStore) -> None:
    open_, closed = pull(), pull(ref=OTHER, state=PullState.CLOSED)
    for one in (pull(ref=PullRef("acme/other", 1)), closed, pull(ref=PullRef("acme/shop", 30)), open_):
        store.save_pull(one, AT)
    assert [one.ref.number for one in store.open_pulls("acme/shop")] == [7, 30]
    store.save_pull(replace(open_, state=PullState.MERGED), LATER)
    assert [one.ref.number for one in store.open_pulls("acme/shop")] == [30]


def test_a_review_comes_back_as_it_was(store: SqlStore) -> None:
    whole = review(
        item(quote=HOSTILE), item(fingerprint="f2", status=Status.ACKNOWLEDGED), outcomes=(Outcome("o", "yes", "d"),),
        skipped=("a",), seconds=0.25, patch="--- a\n", files=3,
    )  # fmt: skip
    assert store.save_review(whole, AT)
    assert store.review(REF) == whole
    assert store.review(OTHER) is None


def test_the_same_review_again_is_nothing_new(store: SqlStore) -> None:
    store.save_pull(pull(), AT)
    assert store.save_review(review(item()), AT)
    assert not store.save_review(review(item()), LATER)
    assert store.save_review(review(), LATER)


def test_a_review_of_an_earlier_head_never_replaces_the_newest(store: SqlStore) -> None:
    store.save_pull(pull(head_sha="2" * 40), AT)
    assert store.save_review(review(head="2" * 40), AT)
    assert not store.save_review(review(item(), head="1" * 40), LATER)
    found = store.review(REF)
    assert found is not None
    assert found.head == "2" * 40


def test_a_message_is_remembered_and_replaced(store: SqlStore) -> None:
    assert store.alert(REF) is None
    store.save_alert(Alert(REF, "C1", "1.2", "abc"))
    store.save_alert(Alert(REF, "C1", "1.2", "def", resolved=True))
    assert store.alert(REF) == Alert(REF, "C1", "1.2", "def", resolved=True)


# -- decisions ------------------------------------------------------------------------------------------------------


def ruling(
    fingerprint: str = "f1", until: date | None = None, at: datetime = AT, *, values: str = "v1", reason: str = "true"
) -> Ruling:
    decision = Decision(fingerprint, values, "s1", Status.ACKNOWLEDGED, "ops-olga", reason, until)
    return Ruling(decision, "acme/shop", REF, "ops-olga", Surface.BUTTON, at)


def test_everybody_s_word_on_the_same_stays(store: SqlStore) -> None:
    said = ruling(reason="first")
    other = replace(said, decision=replace(said.decision, by="dev-dan", reason="second"), at=LATER)
    store.rule([said])
    store.rule([other])
    assert [made.reason for made in store.decisions("acme/shop")] == ["first", "second"]


def test_how_often_something_was_put_off(store: SqlStore) -> None:
    for day in (date(2026, 11, 25), date(2026, 11, 25), date(2026, 12, 2)):
        store.rule([ruling(until=day)])
    store.rule([ruling(until=date(2026, 12, 2), values="v2")])
    assert store.put_off("acme/shop", item()) == 2
    assert store.put_off("acme/shop", item(values_hash="v2")) == 1
    assert store.put_off("acme/shop", item(values_hash="v3")) == store.put_off("acme/till", item()) == 0


def test_which_snoozes_are_over(store: SqlStore) -> None:
    store.rule([ruling(f"f{day}", until=date(2026, 11, day)) for day in (1, 2, 3)])
    store.rule([ruling("f9")])
    found = store.snoozes_over(date(2026, 11, 2), date(2026, 11, 3))
    assert found == (("acme/shop", "f2", date(2026, 11, 2)),)


def test_which_open_pull_requests_speak_of_a_section(store: SqlStore) -> None:
    told(store, item())
    told(store, item(), item(fingerprint="f2"), ref=OTHER)
    told(store, item(fingerprint="f3", title='"f1"'), ref=PullRef("acme/shop", 9))
    told(store, item(), ref=PullRef("acme/shop", 10), state=PullState.CLOSED)
    many = [f"x{n}" for n in range(30)]
    for more in ([], many):
        assert store.pulls_with("acme/shop", ["f1", *more]) == (REF, OTHER)
        assert store.pulls_with("acme/shop", ["f2", *more]) == (OTHER,)
        assert store.pulls_with("acme/shop", more) == ()
    assert store.pulls_with("acme/till", ["f1"]) == ()


def test_decisions_are_kept_by_fingerprint_and_hashes(store: SqlStore) -> None:
    store.rule([ruling(reason="first"), ruling("f2")])
    store.rule([ruling(reason="second", at=LATER), ruling(values="v2", at=LATER)])
    kept = {(d.fingerprint, d.values_hash, d.reason) for d in store.decisions("acme/shop")}
    assert kept == {("f1", "v1", "second"), ("f1", "v2", "true"), ("f2", "v1", "true")}
    assert store.decisions("acme/other") == ()


def test_a_decision_that_has_ended_is_kept_for_thirty_days(store: SqlStore) -> None:
    store.rule([ruling("ended", AT.date() - timedelta(days=30)), ruling("long ended", AT.date() - timedelta(days=31))])
    store.rule([ruling("for good")])
    assert {d.fingerprint for d in store.decisions("acme/shop")} == {"ended", "for good"}


def test_no_decisions_are_no_error(store: SqlStore) -> None:
    store.rule([])
    assert store.decisions("acme/shop") == ()


# -- drift ----------------------------------------------------------------------------------------------------------


def test_drift_opens_and_closes_with_the_reviews(store: SqlStore) -> None:
    told(store, item(), item(fingerprint="f2"), item(fingerprint="f3", status=Status.UNCOVERED))
    assert fingerprints(store) == ["f1", "f2"]
    store.open_drift(review(item(fingerprint="f2")), LATER)
    assert only(store) == Drift("acme/shop", item(fingerprint="f2"), REF, AT)
    store.open_drift(review(), LATER)
    assert store.drift() == ()


def test_open_drift_keeps_its_date_and_assignee_and_takes_the_newest_text(store: SqlStore) -> None:
    told(store, item())
    store.assign("acme/shop", "f1", "@ops-omar", AT)
    changed = item(values_hash="v2", message="now 300", status=Status.SUSPECT, service="billing")
    store.open_drift(review(changed), LATER)
    assert only(store) == Drift("acme/shop", changed, REF, AT, assignee="@ops-omar")
    assert store.drift(service="shop") == ()
    assert len(store.drift(service="billing")) == 1


def test_acknowledged_drift_that_changes_again_keeps_its_date(store: SqlStore) -> None:
    told(store, item())
    store.open_drift(review(item(status=Status.ACKNOWLEDGED)), LATER)
    assert store.drift() == ()
    store.open_drift(review(item(values_hash="v2")), LATER)
    assert only(store).opened_at == AT


def test_mended_drift_that_comes_back_is_new(store: SqlStore) -> None:
    told(store, item())
    store.open_drift(review(), LATER)
    store.open_drift(review(item()), LATER)
    assert only(store).opened_at == LATER


def test_drift_of_an_earlier_pull_request_does_not_lend_its_date(store: SqlStore) -> None:
    told(store, item())
    store.settle(REF, merged=False, at=AT)
    store.open_drift(review(item(values_hash="v2"), ref=OTHER), LATER)
    assert (only(store).opened_at, only(store).ref) == (LATER, OTHER)


def test_merged_drift_is_debt_and_stays_it(store: SqlStore) -> None:
    told(store, item())
    store.settle(REF, merged=True, at=LATER)
    store.settle(REF, merged=True, at=LATER)
    assert (only(store).merged, only(store).opened_at) == (True, AT)
    told(store, item(values_hash="v2"), ref=OTHER, at=LATER)
    assert (only(store).merged, only(store).opened_at, only(store).ref) == (True, AT, REF)
    assert only(store).item.values_hash == "v1", "what an open pull request would make of it, the merge decides"
    told(store, ref=OTHER, at=LATER)
    store.settle(OTHER, merged=False, at=LATER)
    store.settle(REF, merged=False, at=LATER)  # told late, or the repository is no longer reached
    assert only(store).merged


def test_debt_ends_with_a_decision_on_the_same_values_and_text(store: SqlStore) -> None:
    told(store, item())
    store.settle(REF, merged=True, at=LATER)
    store.open_drift(review(item(status=Status.ACKNOWLEDGED, values_hash="v2"), ref=OTHER), LATER)
    store.open_drift(review(item(status=Status.UPDATED), ref=OTHER), LATER)
    assert only(store).merged
    store.open_drift(review(item(status=Status.ACKNOWLEDGED)), LATER)
    assert store.drift() == ()


def test_debt_ends_when_a_pull_request_that_mends_it_is_merged(store: SqlStore) -> None:
    told(store, item())
    store.save_pull(pull(state=PullState.MERGED), AT)
    store.settle(REF, merged=True, at=AT)
    told(store, item(status=Status.UPDATED, values_hash="v2"), ref=OTHER)
    assert only(store).merged
    store.settle(OTHER, merged=True, at=LATER)
    assert store.drift() == ()


def test_a_review_of_an_earlier_head_mends_no_debt(store: SqlStore) -> None:
    told(store, item())
    store.settle(REF, merged=True, at=AT)
    told(store, item(status=Status.UPDATED), ref=OTHER)
    store.save_pull(pull(ref=OTHER, head_sha="3" * 40, state=PullState.MERGED), LATER)
    store.settle(OTHER, merged=True, at=LATER)
    assert only(store).merged


def test_drift_of_a_closed_pull_request_ends(store: SqlStore) -> None:
    told(store, item())
    told(store, item(fingerprint="f2"), ref=OTHER)
    store.save_pull(pull(state=PullState.CLOSED), LATER)
    store.settle(REF, merged=False, at=LATER)
    assert fingerprints(store) == ["f2"]


@pytest.mark.parametrize("how", ["closed", "mended"])
def test_drift_of_two_pull_requests_passes_to_the_one_that_is_left(store: SqlStore, how: str) -> None:
    told(store, item())
    store.assign("acme/shop", "f1", "@ops-omar", AT)
    theirs = item(values_hash="v2")
    told(store, theirs, ref=OTHER, at=LATER)
    assert only(store) == Drift("acme/shop", item(), REF, AT, assignee="@ops-omar")
    if how == "closed":
        store.settle(REF, merged=False, at=LATER)
    else:
        told(store, at=LATER)
    assert only(store) == Drift("acme/shop", theirs, OTHER, AT, assignee="@ops-omar")


def test_a_merge_makes_debt_of_what_another_pull_request_opened_first(store: SqlStore) -> None:
    told(store, item())
    told(store, item(values_hash="v2"), ref=OTHER, at=LATER)
    store.settle(OTHER, merged=True, at=LATER)
    store.settle(REF, merged=False, at=LATER)
    assert only(store) == Drift("acme/shop", item(values_hash="v2"), OTHER, AT, merged=True, merged_at=LATER)


def test_drift_does_not_pass_to_drafts(store: SqlStore) -> None:
    told(store, item())
    store.save_pull(pull(ref=OTHER, draft=True), AT)
    store.save_review(review(item(), ref=OTHER), AT)
    store.settle(REF, merged=False, at=LATER)
    assert store.drift() == ()


def test_open_drift_is_listed_worst_and_oldest_first_and_by_what_is_asked(store: SqlStore) -> None:
    told(store, item(fingerprint="s", status=Status.SUSPECT, service="billing"))
    told(store, item(fingerprint="c2"), ref=OTHER, at=LATER)
    told(store, item(fingerprint="c1"), ref=PullRef("acme/other", 1))
    store.assign("acme/shop", "c2", "@ops-omar", AT)
    assert fingerprints(store) == ["c1", "c2", "s"]
    assert [d.item.fingerprint for d in store.drift(repo="acme/shop")] == ["c2", "s"]
    assert [d.item.fingerprint for d in store.drift(service="billing")] == ["s"]
    assert [d.item.fingerprint for d in store.drift(assignee="@ops-omar", repo="acme/shop")] == ["c2"]
    store.assign("acme/shop", "c2", "", AT)
    assert store.drift(assignee="@ops-omar") == ()


def test_one_drift_is_closed_by_name(store: SqlStore) -> None:
    told(store, item(), item(fingerprint="f2"))
    store.close_drift("acme/shop", "f1", LATER, "mended on main")
    store.close_drift("acme/shop", "unknown", LATER, "nothing")
    assert fingerprints(store) == ["f2"]


# -- services and people --------------------------------------------------------------------------------------------


def service(name: str, repo: str = "acme/shop") -> ServiceStatus:
    owners = (OwnerName("@ops-olga", "user", "CODEOWNERS"),)
    runbook = RunbookStatus("docs/shop.md", "Shop", owners, 90, date(2026, 5, 1), 4)
    return ServiceStatus(name, repo, "configuration", owners, "C0SHOP", "@boss", (runbook,))


def test_services_of_a_repository_are_replaced_together(store: SqlStore) -> None:
    store.save_services("acme/shop", [service("shop"), service("billing")], AT)
    store.save_services("acme/other", [service("mail", "acme/other")], AT)
    assert store.services() == (service("billing"), service("mail", "acme/other"), service("shop"))
    store.save_services("acme/shop", [service("shop")], LATER)
    assert [found.name for found in store.services()] == ["mail", "shop"]
    store.save_services("acme/shop", [], LATER)
    assert [found.name for found in store.services()] == ["mail"]


def test_of_two_services_with_one_name_the_first_counts(store: SqlStore) -> None:
    first = replace(service("shop"), channel="C1")
    store.save_services("acme/shop", [first, service("shop")], AT)
    assert store.services() == (first,)


def test_a_link_is_never_replaced_by_a_weaker_one(store: SqlStore) -> None:
    store.link(Person("Ops-Olga", "U1", Proof.EMAIL), AT)
    assert store.people() == (Person("ops-olga", "U1", Proof.EMAIL),)
    store.link(Person("ops-olga", "U3", Proof.OAUTH), AT)
    store.link(Person("ops-olga", "U4", Proof.EMAIL), AT)
    store.link(Person("dev-dan", "U5", Proof.CONFIGURED), AT)
    assert store.people() == (Person("dev-dan", "U5", Proof.CONFIGURED), Person("ops-olga", "U3", Proof.OAUTH))


def test_a_repository_that_is_gone_leaves_its_evidence(store: SqlStore) -> None:
    told(store, item())
    told(store, item(), ref=PullRef("acme/other", 1))
    store.save_services("acme/shop", [service("shop")], AT)
    store.append("review", "acme/shop", REF.key, {}, AT)
    store.forget_repository("acme/shop", LATER)
    assert [drift.repo for drift in store.drift()] == ["acme/other"]
    assert store.services() == ()
    assert len(list(store.evidence())) == 1


# -- together ---------------------------------------------------------------------------------------------------------


def test_what_is_written_together_is_seen_within_and_kept_whole(store: SqlStore) -> None:
    with store.together():
        store.save_pull(pull(), AT)
        assert store.pull(REF) == pull()
        with store.together():
            store.append("review", "acme/shop", REF.key, {}, AT)
    assert store.pull(REF) == pull()
    assert [record.kind for record in store.evidence()] == ["review"]


def test_of_what_is_written_together_nothing_is_kept_after_an_error(store: SqlStore) -> None:
    def interrupted() -> None:
        with store.together():
            store.save_pull(pull(), AT)
            store.append("review", "acme/shop", REF.key, {}, AT)
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        interrupted()
    assert store.pull(REF) is None
    assert not list(store.evidence())
    store.save_pull(pull(), AT)
    assert store.pull(REF) == pull()


def test_it_is_known_since_when_a_review_says_nothing_else(store: SqlStore) -> None:
    """An equal review, a decision and a mended item change nothing of what there was to see; another value does."""
    first, second = review(item(), item(fingerprint="f2")), review(item(values_hash="v2"))
    assert store.reviewed_at(REF) is None
    store.save_review(first, AT)
    store.save_review(replace(first, seconds=2.0), AT + timedelta(hours=1))
    settled = review(item(status=Status.ACKNOWLEDGED))
    store.save_review(settled, AT + timedelta(hours=2))
    assert store.reviewed_at(REF) == AT
    store.save_review(second, AT + timedelta(hours=3))
    assert store.reviewed_at(REF) == AT + timedelta(hours=3)


def test_a_delivery_is_looked_up_without_being_recorded(store: SqlStore) -> None:
    assert not store.accepted("d1")
    assert not store.accepted("d1")
    store.accept("d1", "issue_comment", AT)
    assert store.accepted("d1")


def test_names_and_services_of_a_name_are_found_without_the_others(store: SqlStore) -> None:
    shop, mail = (ServiceStatus(name, "acme/shop", "configuration", (), "", "", ()) for name in ("shop", "mail"))
    store.save_services("acme/shop", (shop, mail), AT)
    store.save_services("acme/pay", (replace(shop, repo="acme/pay"),), AT)
    assert store.service_names() == ("mail", "shop")
    assert [found.repo for found in store.services(["shop", "none"])] == ["acme/pay", "acme/shop"]
    assert store.services([]) == ()


def test_whose_drift_is_and_how_much_is_open(store: SqlStore) -> None:
    team = (OwnerName("@Acme/Payments", "team", "CODEOWNERS"),)
    found = review(item(), item(fingerprint="f2", owners=team), item(fingerprint="f3", service="mail", owners=()))
    store.open_drift(found, AT)

    def of(slack: tuple[str, ...], handles: tuple[str, ...]) -> list[str]:
        return [one.item.fingerprint for one in store.drift_for(slack, handles)]

    assert of((), ("@ops-olga",)) == ["f1"]
    assert of((), ("@acme/payments", "@ops-olga")) == ["f1", "f2"]
    store.assign("acme/shop", "f1", "U0SAM", AT)
    assert of((), ("@ops-olga",)) == []  # whom it was handed to answers for it
    assert of(("U0SAM",), ()) == ["f1"]
    bare = (OwnerName("payments", "team", "Datadog"),)
    other = replace(review(item(fingerprint="f4", service="mail", owners=bare)), ref=PullRef("acme/shop", 8))
    store.open_drift(other, AT)
    assert of((), ("@payments", "payments")) == []  # who has that login is not that team
    assert of((), ("@acme/payments",)) == ["f2", "f4"]
    store.close_drift("acme/shop", "f4", AT, "a test")
    assert store.assignees() == ("U0SAM",)
    assert store.drift_for(("U0SAM",), ()) == tuple(d for d in store.drift() if d.item.fingerprint == "f1")
    assert store.open_counts() == {("acme/shop", "shop"): 2, ("acme/shop", "mail"): 1}
    store.close_drift("acme/shop", "f3", AT, "a test")
    assert store.open_counts() == {("acme/shop", "shop"): 2}
