"""What stands in the letters to channels: weeks and months of the calendar, and counts of what goes where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import OwnerName, PullRef, ServiceStatus
from bot.reminders.nouns import Availability, ReminderPolicy
from bot.store import SqlStore
from tests.bot.fakes import item, review
from tests.bot.reminders.town import OLGA, OWNED, Town


@pytest.fixture
def town(store: SqlStore) -> Town:
    return Town(store)


def on(town: Town, year: int, month: int, day: int) -> list[str]:
    """A tick at nine; what it left in the service's channel since the one before."""
    town.chat.messages.clear()
    town.clock.at = datetime(year, month, day, 9, tzinfo=UTC)
    town.tick()
    return [text for text in town.said("C0SHOP") if "of drift" in text or "Opened" in text]


def close(town: Town, month: int, day: int) -> None:
    town.store.close_drift("acme/shop", "f1", datetime(2026, month, day, 8, tzinfo=UTC), f"updated at {'c' * 40}")


def test_a_week_is_told_once_it_is_over(town: Town) -> None:
    assert on(town, 2026, 11, 23) == [], "what opened this Monday belongs to this week"
    (week,) = on(town, 2026, 11, 30)
    assert "*Opened* 1" in week
    assert "2026-11-23 to 2026-11-29" in week


def test_what_was_closed_on_monday_is_told_of_once(town: Town) -> None:
    close(town, 11, 30)
    (week,) = on(town, 2026, 11, 30)
    assert "*Closed* 0" in week
    assert "All of it was closed since." in week
    (week,) = on(town, 2026, 12, 7)
    assert "*Closed* 1" in week
    assert "Nothing is open." in week
    assert on(town, 2026, 12, 14) == []


def test_a_week_told_on_tuesday_is_the_same_week(town: Town) -> None:
    known = ServiceStatus("shop", "acme/shop", "configuration", OWNED, "C0SHOP", "", ())
    off = ReminderPolicy(days_off=(datetime(2026, 11, 30).date(),))
    town.store.save_services("acme/shop", [replace(known, reminders=off)], town.clock.now())
    close(town, 11, 30)
    assert on(town, 2026, 11, 30) == []
    (week,) = on(town, 2026, 12, 1)
    assert "*Closed* 0" in week
    assert "2026-11-23 to 2026-11-29" in week


def test_nobody_waits_on_what_is_snoozed(town: Town) -> None:
    town.store.snooze_drift("acme/shop", "f1", datetime(2026, 12, 24).date(), town.clock.now())
    (week,) = on(town, 2026, 11, 30)
    assert "waits on" not in week
    assert on(town, 2026, 12, 7) == []


def test_a_month_is_compared_with_the_month_before(town: Town) -> None:
    """February has 28 days, January 31; all of them count."""
    for number, day in ((7, datetime(2027, 1, 1, 8)), (8, datetime(2027, 1, 31, 20)), (9, datetime(2027, 2, 28, 20))):
        opened = replace(review(item(fingerprint=f"f{number}")), ref=PullRef("acme/shop", number))
        town.store.open_drift(opened, day.replace(tzinfo=UTC))
    town.clock.at = datetime(2027, 3, 1, 9, tzinfo=UTC)
    town.tick()
    (month,) = [text for text in town.said("C0ALL") if "February 2027" in text]
    assert "*Opened* 1 (the month before: 2)" in month
    assert "2027-02-01 to 2027-02-28" in month


def test_the_note_of_somebody_who_left_counts_what_goes_to_each(town: Town) -> None:
    """One section was handed to Sam, who hears of it whatever becomes of its owner."""
    away = OwnerName("@ops-olga", "user", "CODEOWNERS")
    for number in (8, 9):
        drifted = replace(item(fingerprint=f"f{number}", slug=f"s{number}", service="shop"), owners=(away,))
        opened = replace(review(drifted), ref=PullRef("acme/shop", number))
        town.store.open_drift(opened, town.clock.now())
    town.store.assign("acme/shop", "f9", "U0SAM", town.clock.now())
    town.presence.known[OLGA] = Availability("UTC", gone=True)
    town.at(24, 9).tick()
    (note,) = [text for text in town.said("C0SHOP") if "left" in text]
    assert "2 sections go to this channel now" in note
    assert note.count("ops-olga") < 5
    assert "U0SAM" not in note


def test_a_week_ends_with_the_sunday_of_its_readers(town: Town) -> None:
    """In Sydney it is Monday, nine o'clock, when the week of UTC has two hours left."""
    known = ServiceStatus("shop", "acme/shop", "configuration", OWNED, "C0SHOP", "", ())
    sydney = replace(known, reminders=ReminderPolicy(timezone="Australia/Sydney"))
    town.store.save_services("acme/shop", [sydney], town.clock.now())
    town.store.close_drift("acme/shop", "f1", datetime(2026, 11, 29, 22, 45, tzinfo=UTC), "a test")  # Monday there
    for day, closed in ((29, 0), (36, 1)):
        town.clock.at = datetime(2026, 11, 1, 22, 0, tzinfo=UTC) + timedelta(days=day - 1)
        town.chat.messages.clear()
        town.tick()
        (week,) = town.said("C0SHOP")
        assert f"*Closed* {closed} (the week before: 0)" in week


def test_a_week_is_of_the_services_repositories_that_read_there(town: Town) -> None:
    other = ServiceStatus("shop", "acme/store", "configuration", OWNED, "C0STORE", "", ())
    town.store.save_services("acme/store", [other], town.clock.now())
    opened = replace(review(item(fingerprint="f8", service="shop")), ref=PullRef("acme/store", 8))
    town.store.open_drift(opened, town.clock.now())
    (week,) = on(town, 2026, 11, 30)
    assert "*Opened* 1 (the week before: 0)" in week
    assert "acme/store" not in week
    (theirs,) = [text for text in town.said("C0STORE") if "Opened" in text]
    assert "acme/shop" not in theirs
