"""The stored chain of evidence, and writers that meet: threads, transactions, tampering."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from bot.evidence import GENESIS, verify
from bot.model import Person, Proof, PullRef
from bot.store import SqlStore
from bot.store import known as known_module
from bot.store.schema import anchor, evidence, pulls
from tests.bot.fakes import REF, item, pull, review

AT = datetime(2026, 11, 23, 9, 0, 0, 654321, tzinfo=UTC)


def problems(store: SqlStore) -> list[str]:
    with store.chain() as (records, kept):
        return verify(records, kept)


def together(*works: Callable[[], object]) -> None:
    """Do all at once; the first error is raised here."""
    errors: list[BaseException] = []
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            ready.wait(30)
            work()
        except BaseException as problem:
            errors.append(problem)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]


def test_records_are_chained_and_come_back_as_they_were(store: SqlStore) -> None:
    assert problems(store) == []
    first = store.append("review", "acme/shop", "acme/shop#7", {"b": [1, "ü\ud800\0"], "a": None, "at": AT}, AT)
    second = store.append("decision", "", "x" * 400 + "\0", {}, AT)
    assert (first.number, first.previous, first.at) == (1, GENESIS, AT)
    assert (second.number, second.previous, len(second.subject)) == (2, first.hash, 300)
    assert list(store.evidence()) == [first, second]
    assert store.anchor() == (2, second.hash)
    assert problems(store) == []


def test_a_period_is_half_open_and_pages_do_not_show(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_module, "PAGE", 2)
    for hour in range(5):
        store.append("review", "", str(hour), {}, AT + timedelta(hours=hour))
    assert [record.subject for record in store.evidence()] == list("01234")
    since, until = AT + timedelta(hours=1), AT + timedelta(hours=4)
    assert [record.subject for record in store.evidence(since, until)] == list("123")
    assert problems(store) == []


def test_two_threads_with_200_records_each_make_one_chain(store: SqlStore) -> None:
    def work(name: str) -> Callable[[], None]:
        return lambda: [store.append("review", "", name, {"n": n}, AT) for n in range(200)] and None

    together(work("a"), work("b"))
    assert [record.number for record in store.evidence()] == list(range(1, 401))
    assert problems(store) == []


def test_records_that_are_appended_while_the_chain_is_judged_are_no_forgery(store: SqlStore) -> None:
    store.append("review", "", "a", {}, AT)
    with store.chain() as (records, kept):
        store.append("review", "", "b", {}, AT)
        assert verify(records, kept) == []
    assert problems(store) == []


@pytest.mark.parametrize("column", ["at", "kind", "repo", "subject", "body", "previous", "hash"])
def test_a_row_altered_in_the_database_shows(store: SqlStore, column: str) -> None:
    for n in range(3):
        store.append("review", "", "x", {"n": n}, AT)
    forged = {"at": AT.timestamp() + 1}.get(column, "forged")
    with store.writing() as connection:
        connection.execute(update(evidence).where(evidence.c.number == 2).values({column: forged}))
    assert problems(store)


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_row_deleted_in_the_database_shows_also_after_more_was_appended(store: SqlStore, gone: int) -> None:
    for n in range(3):
        store.append("review", "", "x", {"n": n}, AT)
    with store.writing() as connection:
        connection.execute(delete(evidence).where(evidence.c.number == gone))
    assert problems(store)
    store.append("review", "", "after", {}, AT)
    assert problems(store)


def test_without_its_anchor_the_chain_goes_on_and_shows_it(store: SqlStore) -> None:
    store.append("review", "", "before", {}, AT)
    with store.writing() as connection:
        connection.execute(delete(anchor))
    store.append("review", "", "after", {}, AT)
    assert [record.subject for record in store.evidence()] == ["before", "after"]
    assert problems(store)


def test_a_review_cannot_slip_past_a_newer_head_that_is_being_told(store: SqlStore) -> None:
    store.save_pull(pull(), AT)
    kept: list[bool] = []
    late = threading.Thread(target=lambda: kept.append(store.save_review(review(item()), AT)))
    with store.writing() as connection:
        connection.execute(update(pulls).values(head="2" * 40))
        late.start()
        late.join(0.3)
        assert late.is_alive()
    late.join(30)
    assert kept == [False]
    assert store.review(REF) is None


def test_pull_requests_with_the_same_drift_do_not_lock_each_other_out(store: SqlStore) -> None:
    items = [item(fingerprint=f"f{n}") for n in range(10)]
    one = review(*items)
    two = review(*reversed(items), ref=PullRef("acme/shop", 8))

    def work(found: object) -> Callable[[], None]:
        def run() -> None:
            for _ in range(10):
                store.open_drift(found, AT)  # type: ignore[arg-type]
                store.settle(found.ref, merged=False, at=AT)  # type: ignore[attr-defined]

        return run

    together(work(one), work(two))
    assert store.drift() == ()


def test_the_strongest_link_wins_whoever_comes_first(store: SqlStore) -> None:
    proofs = [*Proof]
    together(*(lambda proof=proof: store.link(Person("dan", proof.value, proof), AT) for proof in proofs))  # type: ignore[misc]
    assert store.people() == (Person("dan", "configured", Proof.CONFIGURED),)


def test_one_delivery_told_by_several_at_once_is_accepted_once(store: SqlStore) -> None:
    accepted: list[bool] = []
    together(*(lambda: accepted.append(store.accept("d1", "push", AT)) for _ in range(4)))
    assert sorted(accepted) == [False, False, False, True]
