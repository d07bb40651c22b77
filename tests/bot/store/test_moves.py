"""A repository that is called something else, is away, or comes back: what is remembered goes with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.model import Alert, CommitAuthor, PullRef, Ruling, RunbookStatus, ServiceStatus, Surface
from bot.reminders.nouns import Due, Entry, Kind, Place, Recipient, Told
from bot.store import SqlStore
from runbooks.model import Decision, Status
from tests.bot.fakes import REF, item, pull, review

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
EVE = CommitAuthor("dev-eve", "", "", 5)
BEFORE, AFTER = "acme/shop", "acme/store"
THERE = PullRef(AFTER, 7)
TO = Recipient(Place.PERSON, "U1")


def opened(store: SqlStore, repo: str, *names: str, at: datetime = AT, **given: object) -> None:
    """A pull request of a repository with open drift."""
    ref = PullRef(repo, 7)
    store.save_pull(pull(ref=ref, head_repo=repo, **given), at)
    found = review(*(item(fingerprint=name) for name in names), ref=ref)
    store.save_review(found, at)
    store.open_drift(found, at)


def service(repo: str) -> ServiceStatus:
    book = RunbookStatus("docs/shop.md", "Shop", (), 90, None, 2)
    return ServiceStatus("shop", repo, "configuration", (), "", "", (book,))


def ruling(repo: str, at: datetime = AT, by: str = "@olga") -> Ruling:
    decision = Decision("f1", "v1", "s1", Status.ACKNOWLEDGED, by, "still so", None)
    return Ruling(decision, repo, PullRef(repo, 7), by, Surface.BUTTON, at)


def digest(key: str) -> Due:
    entry = Entry(key, "shop", "open", 0, 2, True)
    return Due(TO, Kind.DIGEST, AT.date(), (entry,), AT, LATER, channel="D1", ts="1.2")


def whole(store: SqlStore) -> None:
    """Everything that carries a repository's name."""
    opened(store, BEFORE, "f1", "f2")
    store.save_alert(Alert(REF, "C1", "1.2", "abc"))
    store.rule([ruling(BEFORE)])
    store.assign(BEFORE, "f1", "U7", AT)
    store.snooze_drift(BEFORE, "f2", date(2026, 12, 1), AT)
    store.save_services(BEFORE, [service(BEFORE)], AT)
    store.reviewed(BEFORE, "docs/shop.md", "@olga", AT.date(), AT)
    due = digest(f"{BEFORE}:f1")
    store.claim(due, AT)
    store.sent(due.key, "abc", due.told, AT, due)
    store.pushed(REF, CommitAuthor("dev-eve", "", "", 5), AT)


def test_all_that_carries_the_name_goes_with_the_repository(store: SqlStore) -> None:
    whole(store)
    opened(store, "acme/shop-two", "f1")
    assert store.move_repository(BEFORE, AFTER) > 0

    found = store.pull(THERE)
    assert found is not None
    assert (found.ref, found.head_repo, found.named_head) == (THERE, AFTER, found.head_sha)
    assert [one.ref for one in store.open_pulls(AFTER)] == [THERE]
    newest = store.review(THERE)
    assert newest is not None
    assert newest.ref == THERE
    assert {known.repo for known in newest.services} == {AFTER}
    assert store.alert(THERE) == Alert(THERE, "C1", "1.2", "abc")
    assert [decision.by for decision in store.decisions(AFTER)] == ["@olga"]
    drift = {one.item.fingerprint: one for one in store.drift(repo=AFTER)}
    assert drift["f1"].assignee == "U7"
    assert (drift["f2"].snoozed_until, drift["f2"].snoozes) == (date(2026, 12, 1), 1)
    (known,) = store.services()
    assert (known.repo, known.runbooks[0].last_reviewed) == (AFTER, AT.date())
    assert store.told() == {Told(f"{AFTER}:f1", "open", 0, TO.key)}
    assert [one.due.entries[0].key for one in store.showing([f"{AFTER}:f1"], AT.date())] == [f"{AFTER}:f1"]
    assert store.pushers(THERE) == (EVE,)

    assert store.pull(REF) is None
    assert store.review(REF) is None
    assert store.alert(REF) is None
    assert store.decisions(BEFORE) == ()
    assert store.drift(repo=BEFORE) == ()
    assert store.pushers(REF) == ()
    assert [one.repo for one in store.drift(repo="acme/shop-two")] == ["acme/shop-two"]


def test_a_second_move_and_one_back_where_nothing_is_do_nothing(store: SqlStore) -> None:
    whole(store)
    store.move_repository(BEFORE, AFTER)
    there = store.drift()
    assert store.move_repository(BEFORE, AFTER) == 0
    assert store.move_repository(AFTER, AFTER) == 0
    assert store.drift() == there


def test_a_step_that_was_told_before_the_move_is_not_told_again(store: SqlStore) -> None:
    whole(store)
    store.move_repository(BEFORE, AFTER)
    due = replace(digest(f"{AFTER}:f1"), day=AT.date() + timedelta(days=1))
    store.claim(due, LATER)
    store.sent(due.key, "abd", due.told, LATER, due)
    assert len(store.told()) == 1, "the same row, under the same key"


def test_what_is_there_already_under_the_name_after_stays_where_it_is_newer(store: SqlStore) -> None:
    whole(store)
    opened(store, AFTER, "f1", "f3", at=LATER, title="Newer", head_sha="1" * 40)
    store.rule([ruling(AFTER, LATER, "@paul")])
    store.save_services(AFTER, [service(AFTER)], LATER)
    store.reviewed(AFTER, "docs/shop.md", "@paul", date(2026, 11, 1), LATER)
    store.save_alert(Alert(THERE, "C1", "9.9", "new"))
    store.pushed(THERE, CommitAuthor("dev-eve", "", "", 5), LATER)
    store.pushed(THERE, CommitAuthor("dev-fay", "", "", 5), LATER)
    store.move_repository(BEFORE, AFTER)

    found = store.pull(THERE)
    assert found is not None
    assert found.title == "Newer"
    assert store.alert(THERE) == Alert(THERE, "C1", "9.9", "new")
    assert [decision.by for decision in store.decisions(AFTER)] == ["@olga", "@paul"], "each with a word of their own"
    drift = {one.item.fingerprint: one for one in store.drift(repo=AFTER)}
    assert sorted(drift) == ["f1", "f2", "f3"]
    assert (drift["f1"].opened_at, drift["f1"].assignee) == (AT, "U7"), "its life began under the name before"
    assert len(store.services()) == 1
    assert store.reviews_done()[AFTER, "docs/shop.md"] == (AT.date(), "@olga")
    assert store.pushers(THERE) == (EVE, CommitAuthor("dev-fay", "", "", 5))
    assert store.drift(repo=BEFORE) == ()


def test_debt_and_ends_under_the_name_after_are_kept(store: SqlStore) -> None:
    opened(store, BEFORE, "f1", "f2")
    opened(store, AFTER, "f1", "f2", at=LATER)
    store.close_drift(AFTER, "f1", LATER, "mended")
    store.settle(THERE, merged=True, at=LATER)
    store.move_repository(BEFORE, AFTER)
    (left,) = store.drift()
    assert (left.item.fingerprint, left.merged, left.merged_at, left.opened_at) == ("f2", True, LATER, AT)


def test_a_move_with_its_record_is_one_transaction(store: SqlStore) -> None:
    whole(store)

    def cut_off() -> None:
        with store.together():
            store.move_repository(BEFORE, AFTER)
            store.append("moved", AFTER, BEFORE, {}, LATER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut_off()
    assert {one.repo for one in store.drift()} == {BEFORE}
    assert list(store.evidence()) == []


# -- away and back --------------------------------------------------------------------------------------------------


def test_what_comes_back_is_as_it_was(store: SqlStore) -> None:
    whole(store)
    store.close_drift(BEFORE, "f2", AT, "mended")
    there = store.drift()
    assert store.forget_repository(BEFORE, LATER)
    assert not store.forget_repository(BEFORE, LATER + timedelta(days=1)), "told once"
    assert store.is_away(BEFORE)
    assert (store.drift(), store.open_items(), store.services(), store.told()) == ((), (), (), frozenset())

    assert store.restore_repository(BEFORE)
    assert store.drift() == there
    assert store.told() == {Told(f"{BEFORE}:f1", "open", 0, TO.key)}
    assert not store.is_away(BEFORE)
    assert not store.restore_repository(BEFORE)
    assert store.drift() == there


def test_what_was_renamed_while_it_was_away_is_away_under_its_name_after(store: SqlStore) -> None:
    whole(store)
    store.forget_repository(BEFORE, LATER)
    store.move_repository(BEFORE, AFTER)
    assert store.is_away(AFTER)
    assert not store.is_away(BEFORE)
    assert store.restore_repository(AFTER)
    assert [one.item.fingerprint for one in store.drift(repo=AFTER)] == ["f1", "f2"]


def test_a_pusher_is_remembered_once(store: SqlStore) -> None:
    for login in ("dev-eve", "Dev-Eve", "dev-eve"):
        store.pushed(REF, CommitAuthor(login, "", "", 5), AT)
    assert store.pushers(REF) == (EVE,)
    assert store.pushers(PullRef("acme/shop", 8)) == ()
