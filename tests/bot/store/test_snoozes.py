"""A snooze closes nothing: drift stays open, silent until its day, and speaks again by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.model import PullState, Review, Ruling, Surface
from bot.reminders.nouns import OpenItem
from bot.store import SqlStore
from runbooks.model import Decision, Status
from tests.bot.fakes import REF, item, pull, review
from tests.bot.store.test_contract import AT, LATER, OTHER, only, told
from tests.bot.store.test_reminders import DAY, F1, due, entry, keys, send

END = DAY + timedelta(days=7)
ASLEEP = item(status=Status.SNOOZED, reason="snoozed by @ops-olga: after the release")


def decide(store: SqlStore, until: date = END, values: str = "v1", kind: Status = Status.SNOOZED) -> None:
    """A person's word on the item, as ``bot.decide`` keeps it."""
    decision = Decision("f1", values, "s1", kind, "@ops-olga", "after the release", until)
    store.rule([Ruling(decision, "acme/shop", REF, "@ops-olga", Surface.BUTTON, AT)])


def snoozed(store: SqlStore) -> None:
    """Drift that was opened, and snoozed by a person."""
    told(store, item())
    decide(store)
    keep(store, review(ASLEEP))


def keep(store: SqlStore, found: Review) -> None:
    store.save_review(found, AT)
    store.open_drift(found, AT)


def waits(store: SqlStore) -> OpenItem:
    (found,) = store.open_items()
    return found


def test_a_snoozed_item_stays_open_with_the_status_that_it_had(store: SqlStore) -> None:
    snoozed(store)
    assert (only(store).snoozed_until, only(store).snoozes, only(store).item.status) == (END, 1, Status.CONTRADICTED)
    assert (waits(store).snoozed_until, waits(store).since, waits(store).status) == (END, AT, Status.CONTRADICTED)


def test_the_review_after_its_end_leaves_the_day_from_which_the_ladder_counts(store: SqlStore) -> None:
    snoozed(store)
    store.open_drift(review(item()), AT + timedelta(days=8))
    assert (waits(store).snoozed_until, waits(store).since) == (END, AT)


def test_a_review_that_was_begun_before_the_snooze_does_not_wake(store: SqlStore) -> None:
    snoozed(store)
    store.open_drift(review(item()), LATER)
    assert waits(store).snoozed_until == END


@pytest.mark.parametrize("changed", [{"values_hash": "v2"}, {"section_hash": "s2"}])
def test_other_values_or_another_text_end_the_snooze(store: SqlStore, changed: dict[str, str]) -> None:
    snoozed(store)
    store.open_drift(review(item(**changed)), AT + timedelta(days=2))
    assert waits(store).snoozed_until == DAY + timedelta(days=1)  # so the ladder starts today
    assert only(store).snoozes == 1
    store.open_drift(review(ASLEEP), AT + timedelta(days=3))  # and back
    assert waits(store).snoozed_until == END


def test_what_was_told_is_forgotten_with_a_snooze_but_not_the_word_about_an_owner(store: SqlStore) -> None:
    told(store, item())
    send(store, due(entry(), entry(phase="note")))
    decide(store)
    keep(store, review(ASLEEP))
    assert {one.phase for one in store.told()} == {"note"}
    send(store, due(entry(), day=END + timedelta(days=1)), AT + timedelta(days=8))
    assert len(store.told()) == 2
    keep(store, review(ASLEEP))  # the same snooze, seen again
    assert len(store.told()) == 2


def test_snoozes_are_counted_once_each(store: SqlStore) -> None:
    told(store, item())
    send(store, due(entry()))
    assert store.snooze_drift("acme/shop", "f1", END, AT) == 1
    assert keys(store) == set()
    assert store.snooze_drift("acme/shop", "f1", END, LATER) == 1
    decide(store)
    keep(store, review(ASLEEP))
    assert only(store).snoozes == 1
    further = END + timedelta(days=7)
    decide(store, further)
    keep(store, review(ASLEEP, files=2))
    assert only(store).snoozes == 2
    assert store.snooze_drift("acme/shop", "f1", further, LATER) == 2
    assert store.snooze_drift("acme/shop", "f1", END, LATER) == 3
    assert store.snooze_drift("acme/shop", "unknown", END, LATER) == 0
    assert waits(store).snoozed_until == END


def test_drift_that_is_acknowledged_while_it_sleeps_is_closed(store: SqlStore) -> None:
    snoozed(store)
    store.open_drift(review(item(status=Status.ACKNOWLEDGED)), LATER)
    assert store.drift() == ()


def test_drift_that_is_corrected_while_it_sleeps_is_closed_and_new_when_it_comes_back(store: SqlStore) -> None:
    snoozed(store)
    store.open_drift(review(), LATER)
    assert store.drift() == ()
    store.open_drift(review(item()), LATER)
    assert (only(store).opened_at, only(store).snoozed_until, only(store).snoozes) == (LATER, None, 0)


def test_what_is_merged_asleep_is_debt_that_wakes(store: SqlStore) -> None:
    snoozed(store)
    store.settle(REF, merged=True, at=LATER)
    found = waits(store)
    assert (found.merged, found.since, found.snoozed_until, found.status) == (True, LATER, END, Status.CONTRADICTED)
    keep(store, review(ASLEEP))
    assert only(store).merged_at == LATER


def test_debt_is_snoozed_by_a_decision_on_its_pull_request(store: SqlStore) -> None:
    told(store, item())
    store.settle(REF, merged=True, at=LATER)
    snoozed(store)
    assert (only(store).merged, only(store).snoozed_until, only(store).snoozes) == (True, END, 1)


def test_an_open_pull_request_wakes_no_debt(store: SqlStore) -> None:
    snoozed(store)
    store.settle(REF, merged=True, at=LATER)
    told(store, item(values_hash="v2"), ref=OTHER)
    assert waits(store).snoozed_until == END
    store.settle(OTHER, merged=True, at=AT + timedelta(days=1))
    assert waits(store).snoozed_until == DAY


def test_a_decision_that_is_forgotten_after_its_end_does_not_close(store: SqlStore) -> None:
    snoozed(store)
    late = AT + timedelta(days=60)
    other = Decision("f2", "v1", "s1", Status.ACKNOWLEDGED, "@ops-olga", "true", None)
    store.rule([Ruling(other, "acme/shop", REF, "@ops-olga", Surface.BUTTON, late)])
    assert len(store.decisions("acme/shop")) == 1
    store.open_drift(review(ASLEEP), late)
    assert (waits(store).snoozed_until, only(store).snoozes) == (END, 1)


def test_drift_that_sleeps_passes_to_the_other_pull_request_that_has_it(store: SqlStore) -> None:
    snoozed(store)
    told(store, ASLEEP, ref=OTHER)
    store.save_pull(pull(state=PullState.CLOSED), LATER)
    store.settle(REF, merged=False, at=LATER)
    found = waits(store)
    assert (found.number, found.snoozed_until, found.status) == (8, END, Status.CONTRADICTED)
    assert only(store).snoozes == 1


def test_drift_that_passes_to_a_pull_request_with_other_values_wakes(store: SqlStore) -> None:
    snoozed(store)
    told(store, item(values_hash="v2"), ref=OTHER)
    store.save_pull(pull(state=PullState.CLOSED), LATER)
    store.settle(REF, merged=False, at=LATER)
    assert waits(store).snoozed_until == DAY - timedelta(days=1)


def test_the_same_drift_in_a_later_pull_request_sleeps_too(store: SqlStore) -> None:
    snoozed(store)
    store.save_pull(pull(state=PullState.CLOSED), LATER)
    store.settle(REF, merged=False, at=LATER)
    assert store.drift() == ()
    told(store, ASLEEP, ref=OTHER, at=LATER)
    found = waits(store)
    assert (found.number, found.since, found.snoozed_until) == (8, LATER, END)
    assert found.status is Status.CONTRADICTED  # known from before
    assert found.key == F1


def test_a_snooze_without_a_day_settles_as_long_as_reviews_say_so(store: SqlStore) -> None:
    told(store, item())
    store.open_drift(review(ASLEEP), LATER)  # by a directive in the runbook: no decision of ours
    assert store.drift() == ()
    store.open_drift(review(item()), LATER)
    assert only(store).opened_at == LATER


DIRECTED = item(status=Status.SNOOZED, reason="snoozed until 2026-11-30 in the runbook: after the release", until=END)


def test_a_directive_silences_until_its_day_and_is_not_counted(store: SqlStore) -> None:
    told(store, item())
    keep(store, review(DIRECTED))
    assert (waits(store).snoozed_until, only(store).snoozes, only(store).item.status) == (END, 0, Status.CONTRADICTED)
    store.open_drift(review(item()), AT + timedelta(days=8))
    assert waits(store).snoozed_until == END


def test_a_directive_that_is_taken_out_ends_the_silence(store: SqlStore) -> None:
    told(store, item())
    keep(store, review(DIRECTED))
    keep(store, review(item()))
    assert waits(store).snoozed_until == DAY - timedelta(days=1)
