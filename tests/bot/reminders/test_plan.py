"""Who is told what and when: each promise of the reminders as an example."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.model import decoded, encoded
from bot.reminders.board import Board
from bot.reminders.nouns import Audience, Availability, Due, Entry, Kind, ReminderPolicy, ReviewDue, Sending, Step, Told
from bot.reminders.plan import due as planned
from bot.reminders.simulate import Diary
from runbooks.model import Status
from tests.bot.reminders.worlds import MERGED, MONDAY, POLICY, Book, Office, channel, item, person, utc

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOB = person("bob")


def told(found: list[Due]) -> list[tuple[str, list[int]]]:
    return [(due.recipient.id, [entry.step for entry in due.entries]) for due in found]


def test_the_first_working_morning_after_the_merge_the_owner_is_told_and_hears_what_comes_next() -> None:
    office = Office([item()])
    assert office.at(MONDAY - timedelta(minutes=1)) == []
    (digest,) = office.at(MONDAY)
    assert (digest.recipient, digest.kind, digest.day) == (BOB, Kind.DIGEST, date(2026, 11, 23))
    assert (digest.not_before, digest.not_after) == (MONDAY, utc("2026-11-23T17:00"))
    assert digest.entries == (
        Entry("o/r:f1", "pay", "merged", 0, 4, True, Step(3, Audience.OWNER), date(2026, 11, 25)),
    )
    assert digest.told == (Told("o/r:f1", "merged", 0, "person:bob"),)


def test_the_ladder_owner_owner_channel_escalation() -> None:
    office = Office([item()])
    heard = [(day, *entry) for day in range(21) for entry in told(office.at(MONDAY + day * DAY))]
    assert heard == [(0, "bob", [0]), (2, "bob", [1]), (4, "#pay", [2]), (11, "boss", [3])]


def test_before_the_merge_author_and_owner() -> None:
    office = Office([item(merged=False)])
    assert told(office.at(MONDAY)) == [("ann", [0]), ("bob", [1])]
    assert told(office.at(MONDAY + 4 * DAY)) == [("ann", [2]), ("bob", [3])]
    office.items = [item(since=MONDAY + 4 * DAY + HOUR)]  # merged on that Friday
    assert told(office.at(MONDAY + 7 * DAY)) == [("bob", [0])]


def test_an_author_who_owns_it_hears_once() -> None:
    office = Office([item(merged=False, handles=("@ann",))])
    assert told(office.at(MONDAY)) == [("ann", [1])]
    assert office.at(MONDAY + DAY) == []


def test_one_digest_a_day_and_none_without_news() -> None:
    office = Office([item("f1"), item("f2", status=Status.SUSPECT)])
    assert told(office.at(MONDAY)) == [("bob", [0])]
    assert office.at(MONDAY) == office.at(MONDAY + HOUR) == []
    office.items = [*office.items, item("f3")]
    assert office.at(MONDAY + 2 * HOUR) == []  # the day's digest is out
    (digest,) = office.at(MONDAY + DAY)
    assert [(e.key[-2:], e.step, e.fresh) for e in digest.entries] == [
        ("f3", 0, True),
        ("f1", 0, False),
        ("f2", 0, True),
    ]


def test_suspects_gather_for_a_week_and_come_along_with_what_is_wrong() -> None:
    suspects = [item(f"s{n}", status=Status.SUSPECT, since=MERGED + n * DAY) for n in (0, 3, 4, 5, 6)]
    office = Office(suspects)
    heard = {day: found for day in range(35) if (found := told(office.at(MONDAY + day * DAY)))}
    assert heard == {
        1: [("bob", [0])],
        8: [("bob", [1, 0, 0, 0, 0])],
        15: [("#pay", [2]), ("bob", [1, 1, 1, 1, 1])],
        22: [("#pay", [2, 2, 2, 2, 2])],
        25: [("boss", [3])],
        32: [("boss", [3, 3, 3, 3, 3])],
    }
    office = Office(suspects)
    office.at(MONDAY + DAY)
    office.items = [*suspects, item(since=MONDAY + DAY)]
    (digest,) = office.at(MONDAY + 2 * DAY)
    assert [(entry.key[-2:], entry.fresh) for entry in digest.entries] == [("f1", True), ("s3", True), ("s0", False)]
    daily = Office(suspects, policies={("o/r", ""): replace(POLICY, gather=1)})
    assert [day for day in range(5) if daily.at(MONDAY + day * DAY)] == [1, 2, 3, 4]


def test_a_second_reminder_that_waits_for_company_is_announced_for_the_day_on_which_it_may_come() -> None:
    """A review brought a digest on the day before, so the suspect waits; what it says of the next word is true."""
    office = Office(
        [item(status=Status.SUSPECT, since=MERGED - DAY)],
        [ReviewDue("o/r", "a.md", "pay", MONDAY.date() - 5 * DAY, ("@bob",))],
    )
    (digest,) = office.at(MONDAY)
    assert digest.entries[0].following_on == date(2026, 11, 30)
    assert told(office.at(MONDAY + 7 * DAY)) == [("bob", [1, 0])]


def test_worst_first() -> None:
    debt = item("debt", since=MONDAY - 14 * DAY)
    items = [
        item("open", merged=False),
        item("vague", status=Status.SUSPECT, since=MONDAY - 14 * DAY),
        item("young"),
        debt,
    ]
    review = ReviewDue("o/r", "a.md", "pay", date(2026, 11, 1), ("@bob",))
    (digest,) = [due for due in Office(items, [review]).at(MONDAY) if due.recipient == BOB]
    assert [entry.key.partition(":")[2] for entry in digest.entries] == [
        "debt", "young", "open", "vague", "a.md@2026-11-01",
    ]  # fmt: skip


def test_a_missed_morning_is_sent_late_and_a_missed_day_is_folded_into_the_next() -> None:
    assert told(Office([item()]).at(MONDAY + 7 * HOUR)) == [("bob", [0])]
    offline = Office([item()])
    assert offline.at(MONDAY + 8 * HOUR) == []
    assert told(offline.at(MONDAY + 2 * DAY)) == [("bob", [1])]  # the first reminder counts as told
    assert offline.at(MONDAY + 3 * DAY) == []


def test_what_came_in_after_the_morning_waits_for_the_next() -> None:
    review = ReviewDue("o/r", "a.md", "pay", date(2026, 11, 23), ("@bob",))
    far = ReminderPolicy(timezone="Pacific/Honolulu")
    since = utc("2026-11-23T20:00")  # Monday in Honolulu, Tuesday at ten in Kiritimati
    office = Office([item(since=since)], [review], {("o/r", ""): far}, {"bob": Availability("Pacific/Kiritimati")})
    (digest,) = office.at(utc("2026-11-23T21:00"))
    assert [entry.phase for entry in digest.entries] == ["review"]


@pytest.mark.parametrize(
    ("known", "now"),
    [
        (Availability("America/New_York"), MONDAY),  # four in the night
        (Availability("UTC", holidays="JP"), MONDAY),  # labour thanksgiving day
        (Availability("UTC", days_off=(MONDAY.date(),)), MONDAY),
        (Availability("UTC", dnd=(MONDAY - HOUR, MONDAY + HOUR)), MONDAY),
        (Availability("UTC", quiet_until=MONDAY + HOUR), MONDAY),
        (Availability("UTC"), MONDAY + 5 * DAY),  # Saturday
    ],
)
def test_nothing_outside_somebodys_hours(known: Availability, now: datetime) -> None:
    assert BOB not in [due.recipient for due in Office([item()], availability={"bob": known}).at(now)]


def test_silence_that_somebody_asked_for_ends_late_in_the_morning() -> None:
    office = Office([item()], quiet={"bob": MONDAY + 2 * HOUR})
    assert office.at(MONDAY + HOUR) == []
    (digest,) = office.at(MONDAY + 2 * HOUR)
    assert digest.not_before == MONDAY + 2 * HOUR
    dnd = Availability("UTC", dnd=(MONDAY + HOUR, MONDAY + 3 * HOUR))
    (digest,) = Office([item()], availability={"bob": dnd}).at(MONDAY)
    assert digest.not_after == MONDAY + HOUR


def test_a_team_hears_in_its_channel_in_the_hours_of_the_service() -> None:
    policy = replace(POLICY, timezone="Asia/Kolkata")
    office = Office([item(handles=("@team",))], policies={("o/r", "pay"): policy})
    assert office.at(utc("2026-11-23T03:29")) == []
    assert told(office.at(utc("2026-11-23T03:30"))) == [("#pay", [0])]


def test_snoozed_items_are_silent_and_then_start_anew() -> None:
    office = Office([item(snoozed_until=date(2026, 12, 4))])
    heard = [(day, *entry) for day in range(35) for entry in told(office.at(MONDAY + day * DAY))]
    assert heard == [(14, "bob", [0]), (16, "bob", [1]), (18, "#pay", [2]), (25, "boss", [3])]


def test_handed_over_the_new_owner_hears_where_it_stands() -> None:
    office = Office([item()])
    office.at(MONDAY)
    office.items = [item(handles=("@cleo",))]
    assert told(office.at(MONDAY + 2 * HOUR)) == [("cleo", [0])]
    assert told(office.at(MONDAY + 2 * DAY)) == [("cleo", [1])]


@pytest.mark.parametrize("gone", [True, False])
def test_an_owner_who_left_or_is_unknown_is_followed_by_the_next_and_the_channel_gets_a_note_once(gone: bool) -> None:
    office = Office([item("f1", handles=("@bob", "@cleo")), item("f2", handles=("@bob", "@cleo"))])
    if gone:
        office.availability = {"bob": Availability("UTC", gone=True)}
    else:
        office.book = Book(unknown=("@bob",))
    note, digest = sorted(office.at(MONDAY), key=lambda due: due.kind is Kind.DIGEST)
    assert told([digest]) == [("cleo", [0, 0])]
    assert (note.kind, note.recipient) == (Kind.NOTE, channel("#pay"))
    assert [(entry.about, entry.phase, entry.key) for entry in note.entries] == [
        ("@bob", "note", "o/r:f1"),
        ("@bob", "note", "o/r:f2"),
    ]
    office.items = [*office.items, item("f3", handles=("@bob", "@cleo"))]
    assert [due.kind for day in range(1, 4) for due in office.at(MONDAY + day * DAY)] == [Kind.DIGEST, Kind.DIGEST]


def test_without_any_owner_the_channel_is_told_and_without_a_channel_nobody() -> None:
    assert told(Office([item(handles=())]).at(MONDAY)) == [("#pay", [0])]
    assert Office([item(handles=())], book=Book(channels=False)).at(MONDAY) == []
    office = Office([item(since=MONDAY - 40 * DAY)], book=Book(bosses=()))
    assert told(office.at(MONDAY)) == [("#pay", [3]), ("bob", [1])]  # no contact: the channel hears the last step too


def test_an_author_whom_nobody_knows_is_left_out_and_the_owner_is_told() -> None:
    office = Office([item(merged=False)], book=Book(unknown=("@ann",)))
    assert [(due.kind, due.recipient) for due in office.at(MONDAY)] == [(Kind.DIGEST, BOB)]


def test_whose_hours_nobody_knows_has_those_of_the_service() -> None:
    office = Office([item()], policies={("o/r", ""): replace(POLICY, timezone="Asia/Kolkata")})
    assert told(office.at(utc("2026-11-23T03:30"))) == [("bob", [0])]


def test_what_slack_does_not_know_of_somebody_is_as_in_their_service() -> None:
    policy = ReminderPolicy(timezone="Asia/Kathmandu", working_hours="10:00-16:00", holidays="JP")  # +05:45
    silent = (MONDAY - 9 * HOUR, MONDAY - 8 * HOUR)
    office = Office([item(service="")], policies={("o/r", ""): policy})
    for known in (Availability(""), Availability("", dnd=silent), Availability("Nowhere/Land")):
        office.availability = {"bob": known}
        assert office.due(utc("2026-11-23T06:00")) == []  # labour thanksgiving day
        assert office.due(utc("2026-11-24T04:14")) == []
        assert told(office.due(utc("2026-11-24T04:15"))) == [("bob", [0])]
    office.availability = {"bob": Availability("UTC")}  # where they live, but neither hours nor holidays
    assert office.due(utc("2026-11-23T12:00")) == []
    assert office.due(utc("2026-11-24T09:59")) == []
    assert told(office.due(utc("2026-11-24T10:00"))) == [("bob", [0])]
    office.availability = {"bob": Availability("UTC", "09:00-17:00", "US")}
    assert told(office.due(MONDAY + DAY)) == [("bob", [0])]


def test_a_message_goes_to_json_and_back() -> None:
    (digest,) = Office([item()]).at(MONDAY)
    assert decoded(Due, encoded(digest)) == digest
    assert decoded(ReminderPolicy, encoded(POLICY)) == POLICY


def test_reviews_join_the_digest_when_due_and_once_more_when_overdue() -> None:
    review = ReviewDue("o/r", "a.md", "pay", date(2026, 11, 22), ("@bob",))
    office = Office(reviews=[review])
    (digest,) = office.at(MONDAY)
    assert digest.entries == (
        Entry(review.key, "pay", "review", 0, 2, True, Step(14, Audience.OWNER), date(2026, 12, 6)),
    )
    heard = [(day, *entry) for day in range(1, 40) for entry in told(office.at(MONDAY + day * DAY))]
    assert heard == [(14, "bob", [1])]
    assert told(Office(reviews=[replace(review, due=date(2026, 10, 1))]).at(MONDAY)) == [("bob", [1])]


def test_switched_off_is_silent() -> None:
    off = replace(POLICY, enabled=False)
    review = ReviewDue("o/r", "a.md", "pay", date(2026, 11, 22), ("@ghost",))
    office = Office([item()], [review], {("o/r", "pay"): off}, book=Book(unknown=("@ghost",)))
    everything = planned(Board(office.world()), MONDAY, Diary().memory())
    assert [due.kind for due in everything] == []


def test_weekly_on_the_first_working_day_of_the_week_and_monthly_on_the_first_of_the_month() -> None:
    policies = {("o/r", "pay"): replace(POLICY, days_off=(date(2026, 11, 30),)), ("o/r", "mail"): POLICY}
    office = Office(policies=policies)
    diary, found = Diary(), []
    for hour in range(24 * 31):
        now = utc("2026-11-14T00:00") + hour * HOUR
        for due in planned(Board(office.world()), now, diary.memory()):
            diary.keep(due, now)
            found.append((due.kind.value, due.subject or due.recipient.id, now.strftime("%d.%m. %H")))
    assert found == [
        ("weekly", "mail", "16.11. 09"),
        ("weekly", "pay", "16.11. 09"),
        ("weekly", "mail", "23.11. 09"),
        ("weekly", "pay", "23.11. 09"),
        ("weekly", "mail", "30.11. 09"),
        ("monthly", "#all", "01.12. 09"),
        ("weekly", "pay", "01.12. 09"),
        ("weekly", "mail", "07.12. 09"),
        ("weekly", "pay", "07.12. 09"),
        ("weekly", "mail", "14.12. 09"),
        ("weekly", "pay", "14.12. 09"),
    ]


# --- clocks, restarts, moves ------------------------------------------------------------------------------------------


def test_a_message_on_record_is_not_planned_again() -> None:
    office = Office([item()])
    (digest,) = office.due(MONDAY)
    office.diary.taken.add(digest.key)  # claimed by another process
    assert office.due(MONDAY) == []


def test_the_same_ledger_gives_the_same_plan() -> None:
    office = Office([item(name, handles=(f"@{name}",)) for name in ("f3", "f1", "f2")])
    assert office.due(MONDAY) == office.due(MONDAY)
    backwards = Office(list(reversed(office.items)))
    assert backwards.due(MONDAY) == office.due(MONDAY)


def test_a_clock_that_steps_back_says_nothing_twice() -> None:
    office = Office([item()])
    assert office.at(MONDAY + HOUR)
    office.items = [*office.items, item("f2")]
    for hours in range(24):
        assert office.due(MONDAY + HOUR - hours * HOUR) == []
    assert told(office.at(MONDAY + DAY)) == [("bob", [0, 0])]


def test_a_clock_that_was_far_ahead_does_not_silence_for_long() -> None:
    office = Office([item()])
    (ahead,) = Office([item("f0", since=MONDAY - 30 * DAY)]).due(MONDAY + 371 * DAY)[-1:]
    late = Sending(ahead.key, BOB.key, Kind.DIGEST, ahead.day, MONDAY + 371 * DAY, ahead, "sent")
    office.diary.last_sent[Kind.DIGEST] = {BOB.key: late}
    assert told(office.at(MONDAY)) == [("bob", [0])]


def test_an_owner_who_moves_gets_no_two_digests_within_twelve_hours() -> None:
    office = Office([item()], availability={"bob": Availability("America/Los_Angeles")})
    assert office.at(utc("2026-11-23T17:00"))
    office.availability = {"bob": Availability("Asia/Tokyo")}
    office.items = [item(), item("f2")]
    assert office.at(utc("2026-11-24T00:00")) == []  # Tuesday at nine in Tokyo, seven hours after the last
    (digest,) = office.at(utc("2026-11-24T05:00"))
    assert (digest.day, digest.not_before) == (date(2026, 11, 24), utc("2026-11-24T05:00"))
    office.availability = {"bob": Availability("Pacific/Honolulu")}
    office.items = [item(), item("f2"), item("f3")]
    assert office.at(utc("2026-11-24T19:00")) == []  # it is Tuesday once more
    assert told(office.at(utc("2026-11-25T19:00"))) == [("bob", [1, 1, 1])]


def test_a_later_step_that_was_told_covers_an_earlier_one() -> None:
    office = Office([item(since=MONDAY - 3 * DAY, handles=("@boss",))])
    office.diary.told.add(Told("o/r:f1", "merged", 3, "person:boss"))
    assert office.at(MONDAY) == []
