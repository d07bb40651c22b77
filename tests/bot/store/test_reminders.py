"""What the ledger of reminders promises (``bot.reminders.ports.Ledger``), on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.model import OwnerName, PullRef, PullState, RunbookStatus, ServiceStatus
from bot.reminders.nouns import (
    Audience,
    Availability,
    Due,
    Entry,
    Kind,
    OpenItem,
    Place,
    Recipient,
    Step,
)
from bot.reminders.ports import Ledger
from bot.store import SqlStore
from bot.store.schema import sendings
from bot.store.schema import told as told_table
from runbooks.model import Status
from tests.bot.fakes import REF, item, pull, review
from tests.bot.store.test_chain import together
from tests.bot.store.test_contract import told
from tests.bot.store.test_opening import process

AT = datetime(2026, 11, 23, 9, 0, 0, 250000, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DAY = AT.date()
OTHER = PullRef("acme/shop", 8)
OLGA = Recipient(Place.PERSON, "U0OLGA")
F1, F2 = "acme/shop:f1", "acme/shop:f2"


@pytest.fixture
def ledger(store: SqlStore) -> Ledger:
    """The store, as reminders see it."""
    return store


def entry(key: str = F1, step: int = 0, phase: str = "open", **given: object) -> Entry:
    return Entry(key, "shop", phase, step, 4, True, **given)  # type: ignore[arg-type]


def due(*entries: Entry, day: date = DAY, to: Recipient = OLGA, kind: Kind = Kind.DIGEST, subject: str = "") -> Due:
    start = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    return Due(to, kind, day, entries, start, start + timedelta(hours=8), subject)


def send(ledger: Ledger, message: Due, at: datetime = AT) -> None:
    assert ledger.claim(message, at)
    ledger.sent(message.key, "content", message.told, at)


def keys(ledger: Ledger) -> set[str]:
    return {one.key for one in ledger.told()}


# -- messages -------------------------------------------------------------------------------------------------------


def test_a_message_comes_back_as_it_was_claimed(ledger: Ledger) -> None:
    step = Step(3, Audience.OWNER)
    message = due(entry(), entry(F2, 1, following=step, following_on=date(2026, 11, 26), about="@ops-olga"))
    assert ledger.sending(message.key) is None
    assert ledger.claim(message, AT)
    found = ledger.sending(message.key)
    assert found is not None
    assert (found.key, found.recipient, found.kind, found.day) == (message.key, OLGA.key, Kind.DIGEST, DAY)
    assert (found.claimed_at, found.due, found.state, found.content, found.reason) == (AT, message, "claimed", "", "")


def test_who_comes_second_does_not_get_the_message(ledger: Ledger) -> None:
    message = due(entry())
    assert ledger.claim(message, AT)
    assert not ledger.claim(message, LATER)
    ledger.sent(message.key, "content", message.told, LATER)
    assert not ledger.claim(message, LATER)
    assert ledger.claim(due(entry(), day=DAY + timedelta(days=1)), LATER)
    assert ledger.claim(due(entry(), subject="asked 093011"), LATER)


def test_of_threads_that_claim_at_once_one_wins(ledger: Ledger) -> None:
    won: list[tuple[int, bool]] = []
    messages = [due(entry(), subject=str(n)) for n in range(20)]

    def work() -> None:
        won.extend((n, ledger.claim(message, AT)) for n, message in enumerate(messages))

    together(work, work, work)
    assert sorted(n for n, mine in won if mine) == list(range(20))
    assert len(won) == 60


def test_of_processes_that_claim_at_once_one_wins(url: str) -> None:
    work = (
        "from datetime import date\n"
        "from bot.reminders.nouns import Due, Kind, Place, Recipient\n"
        "for n in range(50):\n"
        "    to = Recipient(Place.PERSON, f'U{n}')\n"
        "    if store.claim(Due(to, Kind.DIGEST, date(2026, 11, 23), (), at, at), at): print(to.id)\n"
    )
    running = [process(work, url) for _ in range(2)]
    won: list[str] = []
    for one in running:
        said, errors = one.communicate(timeout=120)
        assert (one.returncode, errors) == (0, "")
        won += said.split()
    assert sorted(won) == sorted(f"U{n}" for n in range(50))


def test_what_was_claimed_and_not_sent_is_found_again(ledger: Ledger) -> None:
    out, lost, long_ago = due(subject="out"), due(subject="lost"), due(day=DAY - timedelta(days=9))
    for message in (lost, out, long_ago):
        assert ledger.claim(message, AT)
    ledger.sent(out.key, "content", (), AT)
    assert [sending.due for sending in ledger.claimed(DAY - timedelta(days=3))] == [lost]
    ledger.dropped(lost.key, "late", "its hours had passed", LATER)
    assert ledger.claimed(DAY - timedelta(days=3)) == ()


def test_a_message_that_is_not_sent_says_why_and_one_that_is_out_stays_out(ledger: Ledger) -> None:
    for name in ("a", "b"):
        assert ledger.claim(due(subject=name), AT)
    ledger.dropped(due(subject="a").key, "refused", "x" * 999, LATER)
    found = ledger.sending(due(subject="a").key)
    assert found is not None
    assert (found.state, found.reason) == ("refused", "x" * 300)
    ledger.sent(due(subject="b").key, "abc", (), LATER)
    ledger.dropped(due(subject="b").key, "late", "", LATER)
    found = ledger.sending(due(subject="b").key)
    assert found is not None
    assert (found.state, found.content) == ("sent", "abc")


def test_the_newest_message_of_each_series(ledger: Ledger) -> None:
    for day in (DAY, DAY + timedelta(days=1)):
        send(ledger, due(entry(), day=day), AT + (day - DAY))
    room = Recipient(Place.CHANNEL, "C0SHOP")
    for service in ("shop", "billing"):
        send(ledger, due(to=room, kind=Kind.WEEKLY, subject=service))
    assert ledger.claim(due(day=DAY + timedelta(days=2)), LATER)
    (digest,) = ledger.last_sent(Kind.DIGEST).values()
    assert (digest.day, digest.claimed_at) == (DAY + timedelta(days=1), AT + timedelta(days=1))
    assert (digest.state, digest.due.entries) == ("sent", ())  # 5,000 of them are read at each tick
    assert set(ledger.last_sent(Kind.DIGEST)) == {"person:U0OLGA"}
    assert set(ledger.last_sent(Kind.WEEKLY)) == {"channel:C0SHOP:shop", "channel:C0SHOP:billing"}
    assert ledger.last_sent(Kind.MONTHLY) == {}


def test_an_earlier_message_that_arrives_late_is_not_the_newest(ledger: Ledger) -> None:
    first, second = due(), due(day=DAY + timedelta(days=1))
    assert ledger.claim(first, AT)
    assert ledger.claim(second, AT + timedelta(days=1))
    for message in (second, first):
        ledger.sent(message.key, "content", (), AT + timedelta(days=1))
    assert ledger.last_sent(Kind.DIGEST)["person:U0OLGA"].day == second.day


def test_a_clock_that_ran_ahead_does_not_stay_the_newest(ledger: Ledger) -> None:
    ahead = timedelta(days=30)
    send(ledger, due(day=DAY + ahead), AT + ahead)
    send(ledger, due(day=DAY))
    assert ledger.last_sent(Kind.DIGEST)["person:U0OLGA"].day == DAY


@pytest.mark.parametrize("subject", ["x" * 5_000, "a\0b", "ü" * 400])
def test_a_service_may_have_any_name(ledger: Ledger, subject: str) -> None:
    message = due(entry(), kind=Kind.WEEKLY, subject=subject)
    send(ledger, message)
    assert not ledger.claim(message, LATER)
    assert ledger.claim(due(kind=Kind.WEEKLY, subject=f"{subject}."), LATER)
    found = ledger.sending(message.key)
    assert found is not None
    assert (found.key, found.due) == (message.key, message)
    assert set(ledger.last_sent(Kind.WEEKLY)) == {message.series}


def test_messages_of_long_ago_are_forgotten_but_the_newest(store: SqlStore) -> None:
    told(store, item())
    days = [DAY + timedelta(days=n) for n in range(4)]
    for day in days[:3]:
        send(store, due(entry(), day=day), AT + (day - DAY))
    assert store.claim(due(day=days[3]), AT)
    assert store.prune_sendings(DAY + timedelta(days=10)) == 3
    assert store.prune_sendings(DAY + timedelta(days=10)) == 0
    assert store.sending(due(day=days[2]).key) is not None
    assert store.last_sent(Kind.DIGEST)["person:U0OLGA"].day == days[2]
    with store.reading() as connection:
        assert len(connection.execute(select(sendings.c.key)).all()) == 1


def test_the_newest_digests_that_show_an_item_are_found_where_they_stand(ledger: Ledger) -> None:
    first, second = due(entry(), entry(F2)), due(entry(F2), day=DAY + timedelta(days=1))
    for message in (first, second):
        assert ledger.claim(message, AT)
        ledger.sent(message.key, "one", (), AT, replace(message, channel="D0OLGA", ts="1.5"))
    other = due(entry(), to=Recipient(Place.PERSON, "U0DAN"))
    send(ledger, other)  # where it stands nobody knows
    assert ledger.showing([F1], DAY) == ()  # the newest does not show it
    (found,) = ledger.showing([F1, F2, "acme/shop:f_"], DAY)
    assert (found.key, found.due.channel, found.due.ts, found.content) == (second.key, "D0OLGA", "1.5", "one")
    ledger.shown(found.key, "two")
    assert [one.content for one in ledger.showing([F2], DAY)] == ["two"]
    assert ledger.showing([F2], DAY + timedelta(days=2)) == ledger.showing(["acme/shop:f_"], DAY) == ()
    assert ledger.showing([], DAY) == ()


@pytest.mark.parametrize("path", ['docs/"quoted".md', "docs/größe \\ 100%.md", "docs/\x01_.md"])
def test_a_digest_is_found_by_a_review_of_any_path(ledger: Ledger, path: str) -> None:
    key = f"acme/shop:{path}@2026-11-20"
    message = due(entry(key, phase="review"))
    assert ledger.claim(message, AT)
    ledger.sent(message.key, "one", (), AT, replace(message, channel="D0OLGA", ts="1.5"))
    assert [one.key for one in ledger.showing([key], DAY)] == [message.key]


def test_all_messages_of_some_days_are_on_record_whatever_became_of_them(ledger: Ledger) -> None:
    days = [DAY + timedelta(days=ahead) for ahead in range(4)]
    messages = [due(entry(), day=day) for day in days]
    for message in messages:
        assert ledger.claim(message, AT)
    ledger.sent(messages[1].key, "", (), AT)
    ledger.dropped(messages[2].key, "refused", "no", AT)
    assert ledger.on_record(days[1]) == {message.key for message in messages[1:]}


# -- what was told --------------------------------------------------------------------------------------------------


def test_the_steps_that_a_message_told_are_on_record(store: SqlStore) -> None:
    told(store, item(), item(fingerprint="f2"))
    message = due(entry(F1, 1), entry(F2, 0), entry(f"acme/shop:docs/{'ü' * 1500}.md@2026-11-20", 0, "review"))
    send(store, message)
    assert store.told() == set(message.told)
    assert len(message.told) == 3
    again = due(entry(F1, 1), day=DAY + timedelta(days=1))
    send(store, again, LATER)
    assert store.told() == set(message.told)


def test_what_was_told_of_closed_drift_is_no_longer_said(store: SqlStore) -> None:
    told(store, item(), item(fingerprint="f2"))
    send(store, due(entry(F1), entry(F2), entry("acme/shop:unknown")))
    assert keys(store) == {F1, F2}
    store.close_drift("acme/shop", "f1", LATER, "mended")
    assert keys(store) == {F2}


def test_drift_that_opens_anew_begins_its_ladder_anew(store: SqlStore) -> None:
    told(store, item())
    send(store, due(entry()))
    store.open_drift(review(), LATER)
    store.open_drift(review(item()), LATER)
    assert keys(store) == set()
    send(store, due(entry(), subject="2"))
    store.settle(REF, merged=False, at=LATER)
    store.open_drift(review(item(values_hash="v2"), ref=OTHER), LATER)
    assert keys(store) == set()


def test_drift_that_comes_back_in_the_same_pull_request_goes_on_with_its_ladder(store: SqlStore) -> None:
    told(store, item())
    send(store, due(entry()))
    store.open_drift(review(item(status=Status.ACKNOWLEDGED)), LATER)
    assert keys(store) == set()
    store.open_drift(review(item(values_hash="v2")), LATER)
    assert keys(store) == {F1}
    told(store, item(values_hash="v3"), ref=OTHER)
    store.settle(REF, merged=False, at=LATER)
    assert keys(store) == {F1}  # it passed to the other pull request


def test_debt_that_a_later_merge_made_worse_begins_its_ladder_anew(store: SqlStore) -> None:
    told(store, item(status=Status.SUSPECT))
    store.settle(REF, merged=True, at=AT)
    send(store, due(entry(phase="merged")))
    told(store, item(values_hash="v2"), ref=OTHER, at=LATER)
    assert keys(store) == {F1}
    store.settle(OTHER, merged=True, at=LATER)
    assert keys(store) == set()
    (found,) = store.open_items()
    assert (found.status, found.since) == (Status.CONTRADICTED, LATER)


@pytest.mark.parametrize("values", ["v1", "v2"])
def test_what_is_opened_again_after_a_pause_is_as_old_as_it_was(store: SqlStore, values: str) -> None:
    told(store, item())
    since = store.drift()[0].opened_at
    send(store, due(entry()))
    store.assign("acme/shop", "f1", "U0PAT", AT)
    store.snooze_drift("acme/shop", "f1", AT.date() - timedelta(days=1), AT)
    for draft in (False, True):
        store.settle(REF, merged=False, at=AT, draft=draft)
        store.open_drift(review(item(values_hash=values)), LATER)
        (drift,) = store.drift()
        assert (drift.opened_at, drift.assignee, drift.snoozes) == (since, "U0PAT", 1)
    send(store, due(entry(), subject="2"))
    assert keys(store) == {F1}


@pytest.mark.parametrize("values", ["v1", "v2"])
def test_what_is_opened_again_after_a_week_is_open_from_then_in_the_same_hands(store: SqlStore, values: str) -> None:
    told(store, item())
    send(store, due(entry()))
    store.assign("acme/shop", "f1", "U0PAT", AT)
    store.settle(REF, merged=False, at=AT)
    late = AT + timedelta(days=7)
    store.open_drift(review(item(values_hash=values)), late)
    assert keys(store) == set()
    assert (store.drift()[0].opened_at, store.drift()[0].assignee) == (late, "U0PAT")


def test_what_is_handed_over_begins_its_ladder_anew_once(store: SqlStore) -> None:
    told(store, item())
    send(store, due(entry()))
    store.assign("acme/shop", "f1", "U0PAT", LATER)
    assert keys(store) == {F1}, "not before the merge: its author hears of it as well"
    store.settle(REF, merged=True, at=LATER)
    store.assign("acme/shop", "f1", "U0OMAR", LATER)
    assert keys(store) == set()
    assert store.open_items()[0].snoozed_until == LATER.date() - timedelta(days=1)
    send(store, due(entry(), subject="2"))
    store.assign("acme/shop", "f1", "U0OMAR", LATER + timedelta(days=3))
    assert keys(store) == {F1}
    store.snooze_drift("acme/shop", "f1", AT.date() + timedelta(days=9), LATER)
    store.assign("acme/shop", "f1", "U0SAM", LATER)
    assert store.open_items()[0].snoozed_until == AT.date() + timedelta(days=9), "who has it now has the silence too"
    assert store.drift()[0].snoozes == 1


def test_what_was_told_long_ago_of_reviews_and_closed_drift_is_forgotten(store: SqlStore) -> None:
    told(store, item(), item(fingerprint="f2"))
    send(store, due(entry(F1), entry(F2), entry("acme/shop:a.md@2026-11-20", 0, "review")))
    store.close_drift("acme/shop", "f2", LATER, "mended")
    store.prune_sendings(DAY)
    with store.reading() as connection:
        assert len(connection.execute(select(told_table.c.key)).all()) == 3
    store.prune_sendings(DAY + timedelta(days=1))
    assert keys(store) == {F1}
    with store.reading() as connection:
        assert connection.scalars(select(told_table.c.key)).all() == [F1]


def test_a_message_that_arrives_after_a_snooze_tells_nothing_of_what_sleeps(store: SqlStore) -> None:
    told(store, item(), item(fingerprint="f2"))
    message = due(entry(F1), entry(F2))
    assert store.claim(message, AT)
    store.snooze_drift("acme/shop", "f1", DAY, AT)
    store.sent(message.key, "content", message.told, LATER)
    assert keys(store) == {F2}
    tomorrow = due(entry(F1), day=DAY + timedelta(days=1))
    send(store, tomorrow, LATER)
    assert keys(store) == {F1, F2}


# -- open items -----------------------------------------------------------------------------------------------------


def test_open_items_are_what_reminders_need_of_open_drift(store: SqlStore) -> None:
    owners = (OwnerName("@acme/ops", "team", "front matter"), OwnerName("@ops-olga", "user", "CODEOWNERS"))
    told(store, item(owners=(*owners, owners[0]), status=Status.SUSPECT), at=AT)
    told(store, item(fingerprint="f2", service="billing"), ref=OTHER, at=LATER, author="release[bot]")
    store.assign("acme/shop", "f2", "U0OMAR", AT)
    store.settle(REF, merged=True, at=LATER)
    assert store.open_items() == (
        OpenItem(
            "acme/shop", "f2", 8, "billing", Status.CONTRADICTED, LATER, False, "@release[bot]",
            ("U0OMAR", "@ops-olga"),
        ),
        OpenItem(
            "acme/shop", "f1", 7, "shop", Status.SUSPECT, LATER, True, "@dev-dan", ("@acme/ops", "@ops-olga")
        ),
    )  # fmt: skip
    store.assign("acme/shop", "f2", "", LATER)
    assert store.open_items()[0].handles == ("@ops-olga",)
    store.close_drift("acme/shop", "f2", LATER, "mended")
    assert [found.key for found in store.open_items()] == [F1]


def test_items_are_found_by_their_keys(store: SqlStore) -> None:
    store.open_drift(review(item(), item(fingerprint="f2")), AT)
    store.open_drift(review(item(fingerprint="f1"), ref=PullRef("acme/pay", 3)), AT)
    store.close_drift("acme/shop", "f2", LATER, "acknowledged: by @olga")
    assert [one.key for one in store.open_items(["acme/shop:f1", "acme/shop:f2", "acme/none:f1"])] == ["acme/shop:f1"]
    assert store.open_items([]) == ()
    found = store.drift_of([F1, F2, "acme/pay:f1", "acme/shop:f9"])
    assert set(found) == {F1, F2, "acme/pay:f1"}
    assert (found[F2].closed_at, found[F2].closed_by) == (LATER, "acknowledged: by @olga")
    assert found[F1] == store.drift(repo="acme/shop")[0]
    assert sorted(store.items_of(REF)) == [F1, F2]
    assert store.items_of(PullRef("acme/shop", 99)) == ()


def test_the_worst_and_the_oldest_come_first(store: SqlStore) -> None:
    told(store, item(fingerprint="s", status=Status.SUSPECT))
    told(store, item(fingerprint="b"), ref=OTHER, at=LATER)
    told(store, item(fingerprint="a"), ref=PullRef("acme/shop", 9), at=LATER)
    told(store, item(fingerprint="c"), ref=PullRef("acme/shop", 10), at=AT)
    assert [found.fingerprint for found in store.open_items()] == ["c", "a", "b", "s"]


def test_an_item_of_a_pull_request_that_nobody_told_has_no_author(store: SqlStore) -> None:
    store.open_drift(review(item(owners=())), AT)
    (found,) = store.open_items()
    assert (found.author, found.handles) == ("", ())


def test_drift_that_passes_to_another_pull_request_has_its_author(store: SqlStore) -> None:
    told(store, item())
    told(store, item(), ref=OTHER, author="dev-eva")
    store.save_pull(pull(state=PullState.CLOSED), LATER)
    store.settle(REF, merged=False, at=LATER)
    (found,) = store.open_items()
    assert (found.number, found.author) == (8, "@dev-eva")


# -- people ---------------------------------------------------------------------------------------------------------


def test_what_is_known_of_users_comes_back_and_is_replaced(ledger: Ledger) -> None:
    whole = Availability("Asia/Kolkata", "08:30-16:15", "IN", (DAY,), (AT, LATER), LATER, gone=True)
    ledger.keep_availability("U1", Availability("UTC"), AT)
    ledger.keep_availability("U2", Availability("UTC"), AT)
    ledger.keep_availability("U1", whole, LATER)
    assert ledger.availabilities() == {"U1": (whole, LATER), "U2": (Availability("UTC"), AT)}


def test_silence_has_an_end(ledger: Ledger) -> None:
    ledger.quiet("U1", LATER, AT)
    ledger.quiet("U2", LATER + timedelta(days=1), AT)
    assert ledger.quiet_users(AT) == {"U1": LATER, "U2": LATER + timedelta(days=1)}
    assert set(ledger.quiet_users(LATER)) == {"U2"}
    ledger.quiet("U2", None, LATER)
    ledger.quiet("U3", None, LATER)
    assert ledger.quiet_users(AT) == {}


def test_the_newest_review_by_hand_counts(ledger: Ledger) -> None:
    assert ledger.reviews_done() == {}
    path = f"docs/{'ü' * 2000}.md"
    ledger.reviewed("acme/shop", "docs/shop.md", "@ops-olga", DAY, AT)
    ledger.reviewed("acme/shop", path, "@ops-olga", DAY, AT)
    ledger.reviewed("acme/shop", "docs/shop.md", "@ops-omar", DAY + timedelta(days=1), LATER)
    ledger.reviewed("acme/shop", "docs/shop.md", "@late", DAY, LATER)
    assert ledger.reviews_done() == {
        ("acme/shop", "docs/shop.md"): (DAY + timedelta(days=1), "@ops-omar"), ("acme/shop", path): (DAY, "@ops-olga"),
    }  # fmt: skip


# -- numbers --------------------------------------------------------------------------------------------------------


def test_numbers_of_a_span(store: SqlStore) -> None:
    week = timedelta(days=7)
    for name, service, opened, closed in [
        ("a", "shop", -10, 1), ("b", "shop", 1, 4), ("c", "shop", 2, None), ("d", "shop", 8, None),
        ("e", "shop", -20, -1), ("f", "billing", 0, 7),
    ]:  # fmt: skip
        number = 100 + ord(name)
        found = review(item(fingerprint=name, service=service), ref=PullRef("acme/shop", number))
        store.open_drift(found, AT + timedelta(days=opened))
        if closed is not None:
            store.close_drift("acme/shop", name, AT + timedelta(days=closed), "mended")
    this = store.numbers("shop", AT, AT + week)
    assert (this.opened, this.closed, this.open_now, this.oldest) == (2, 2, 1, AT + timedelta(days=2))
    assert this.median_seconds == (11 + 3) / 2 * 86_400
    before = store.numbers("shop", AT - week, AT)
    assert (before.opened, before.closed, before.open_now, before.oldest) == (0, 1, 1, AT - timedelta(days=10))
    everything = store.numbers("", AT, AT + week)
    assert (everything.opened, everything.closed, everything.open_now) == (3, 2, 2)  # half-open: f closes at the end
    nothing = store.numbers("unknown", AT, AT + week)
    assert (nothing.opened, nothing.closed, nothing.open_now, nothing.oldest, nothing.median_seconds) == (
        0, 0, 0, None, 0.0,
    )  # fmt: skip


def test_a_runbook_that_was_reviewed_by_hand_is_not_called_overdue(store: SqlStore) -> None:
    old, new = date(2026, 8, 1), date(2026, 12, 1)
    books = (
        RunbookStatus("docs/shop.md", "Shop", (), 90, old, 3),
        RunbookStatus("docs/other.md", "Other", (), 90, new, 1),
        RunbookStatus("docs/third.md", "Third", (), 90, None, 1),
    )
    store.save_services("acme/shop", [ServiceStatus("shop", "acme/shop", "", (), "", "", books)], AT)
    for path in ("docs/shop.md", "docs/other.md"):
        store.reviewed("acme/shop", path, "@ops-olga", DAY, AT)
    (service,) = store.services()
    assert [book.last_reviewed for book in service.runbooks] == [DAY, new, None]
