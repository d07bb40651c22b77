"""Working days and working hours of places: holidays, clocks that are changed, zones with odd offsets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reminders import calendar
from bot.reminders.calendar import next_moment, problem, span, window, work_days
from bot.reminders.nouns import Availability
from tests.bot.reminders.stories import ZONES

NINE_TO_FIVE = "09:00-17:00"
DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- days -------------------------------------------------------------------------------------------------------------


def test_holidays_of_a_country_and_of_a_part_of_it() -> None:
    epiphany = date(2026, 1, 6)  # a Tuesday, a holiday in Bavaria only
    assert work_days("DE", ()).is_working(epiphany)
    assert not work_days("DE-BY", ()).is_working(epiphany)
    assert not work_days("", (epiphany,)).is_working(epiphany)


def test_weekends_are_off_and_days_off_on_weekends_count_once() -> None:
    days = work_days("", (date(2026, 11, 21), date(2026, 11, 24)))  # a Saturday and a Tuesday
    assert days.between(date(2026, 11, 20), date(2026, 11, 27)) == 4
    assert days.after(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert days.after(date(2026, 11, 20), 2) == date(2026, 11, 25)


def test_a_country_that_nobody_knows_has_no_holidays_and_says_so() -> None:
    assert work_days("ZZ", ()).is_working(date(2026, 1, 1))
    assert "'ZZ'" in problem("UTC", "ZZ")
    assert "'DE-ZZ'" in problem("UTC", "DE-ZZ")
    assert problem("Europe/Berlin", "DE-BY") == ""


@given(DAYS, st.integers(0, 500), st.sampled_from(["", "DE-BY", "US", "JP"]))
def test_counting_is_what_walking_day_by_day_finds(start: date, length: int, country: str) -> None:
    name, _, part = country.partition("-")
    off = (date(2026, 12, 24), date(2027, 1, 2))
    ends = [start + timedelta(days=n + 1) for n in range(length)]
    public = holidays.country_holidays(name, subdiv=part or None) if country else {}
    worked = [day for day in ends if day.weekday() < 5 and day not in off and day not in public]
    days = work_days(country, off)
    assert days.between(start, start + timedelta(days=length)) == len(worked)
    if worked:
        assert days.after(start, len(worked)) == worked[-1]


def test_nobody_works_for_ten_years_and_the_search_ends() -> None:
    off = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(4000))
    assert work_days("", off).after(date(2026, 1, 1), 1) > date(2035, 1, 1)
    person = Availability("UTC", days_off=off)
    assert next_moment(person, utc("2026-01-01T10:00")) is None


# --- hours ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("Europe/Berlin", date(2026, 3, 27), "2026-03-27T08:00", "2026-03-27T16:00"),  # before the change
        ("Europe/Berlin", date(2026, 3, 30), "2026-03-30T07:00", "2026-03-30T15:00"),
        ("Europe/Berlin", date(2026, 10, 26), "2026-10-26T08:00", "2026-10-26T16:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09T13:00", "2026-03-09T21:00"),
        ("America/New_York", date(2026, 11, 2), "2026-11-02T14:00", "2026-11-02T22:00"),
        ("Australia/Lord_Howe", date(2026, 4, 3), "2026-04-02T22:00", "2026-04-03T06:00"),  # +11
        ("Australia/Lord_Howe", date(2026, 4, 6), "2026-04-05T22:30", "2026-04-06T06:30"),  # +10:30: half an hour
        ("Asia/Kolkata", date(2026, 11, 23), "2026-11-23T03:30", "2026-11-23T11:30"),
        ("Asia/Kathmandu", date(2026, 11, 23), "2026-11-23T03:15", "2026-11-23T11:15"),
        ("Mars/Base", date(2026, 11, 23), "2026-11-23T09:00", "2026-11-23T17:00"),
    ],
)
def test_working_hours_are_those_of_the_clock_on_the_wall(zone: str, day: date, start: str, end: str) -> None:
    assert span(zone, NINE_TO_FIVE, day) == (utc(start), utc(end))


def test_an_hour_that_is_skipped_ends_and_begins_with_the_change() -> None:
    # 2026-03-29, Berlin: 02:00 becomes 03:00 at 01:00 UTC.
    assert span("Europe/Berlin", "02:30-03:30", date(2026, 3, 29)) == (
        utc("2026-03-29T01:00"),
        utc("2026-03-29T01:30"),
    )
    assert span("Europe/Berlin", "01:30-02:30", date(2026, 3, 29)) == (
        utc("2026-03-29T00:30"),
        utc("2026-03-29T01:00"),
    )
    # 2026-10-04, Lord Howe: 02:00 becomes 02:30 at 15:30 UTC of the day before.
    assert span("Australia/Lord_Howe", "02:10-02:40", date(2026, 10, 4))[0] == utc("2026-10-03T15:30")


def test_an_hour_that_comes_twice_counts_the_first_time() -> None:
    # 2026-10-25, Berlin: 03:00 becomes 02:00 at 01:00 UTC, so 02:30 is at 00:30 and at 01:30 UTC.
    assert span("Europe/Berlin", "02:30-04:00", date(2026, 10, 25)) == (
        utc("2026-10-25T00:30"),
        utc("2026-10-25T03:00"),
    )
    assert span("Europe/Berlin", "01:00-02:30", date(2026, 10, 25))[1] == utc("2026-10-25T00:30")


def test_a_day_that_a_zone_left_out_has_no_hours() -> None:
    friday = date(2011, 12, 30)  # Apia went from Thursday to Saturday
    start, end = span("Pacific/Apia", NINE_TO_FIVE, friday)
    assert start == end == utc("2011-12-30T10:00")
    assert list(calendar.windows(Availability("Pacific/Apia"), friday)) == []
    thursday = utc("2011-12-29T20:00")
    assert window(Availability("Pacific/Apia"), thursday) is not None
    after = next_moment(Availability("Pacific/Apia"), utc("2011-12-30T09:00"))
    assert after == utc("2012-01-01T19:00")  # Monday at nine, now at +14


def test_hours_that_are_none_are_nine_to_five() -> None:
    monday = date(2026, 11, 23)
    for hours in ("", "9-5", "17:00-09:00", "09:00-09:00", "09:00-25:00"):
        assert span("UTC", hours, monday) == span("UTC", NINE_TO_FIVE, monday)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "Europe", "/etc/localtime", "a\0b", "x" * 5000])
def test_a_zone_that_nobody_knows_is_utc(name: str) -> None:
    assert calendar.zone(name) is UTC
    assert "UTC is used" in problem(name, "")


# --- people -----------------------------------------------------------------------------------------------------------


def test_do_not_disturb_cuts_a_day_in_two_and_silence_begins_it_later() -> None:
    day = date(2026, 11, 24)
    person = Availability("UTC", dnd=(utc("2026-11-24T11:00"), utc("2026-11-24T12:30")))
    assert [(w.start.hour, w.end.hour, w.morning.hour) for w in calendar.windows(person, day)] == [
        (9, 11, 9),
        (12, 17, 9),
    ]
    quiet = replace(person, quiet_until=utc("2026-11-24T12:45"))
    assert [w.start for w in calendar.windows(quiet, day)] == [utc("2026-11-24T12:45")]
    assert window(quiet, utc("2026-11-24T12:44")) is None
    assert next_moment(quiet, utc("2026-11-24T09:00")) == utc("2026-11-24T12:45")


def test_the_next_moment_after_friday_evening_is_monday_morning() -> None:
    assert next_moment(Availability("Asia/Kolkata"), utc("2026-11-20T12:00")) == utc("2026-11-23T03:30")
    assert next_moment(Availability("Asia/Kolkata"), utc("2026-11-20T10:00")) == utc("2026-11-20T10:00")


def test_nobody_is_written_to_who_is_gone_or_wants_silence_for_ever() -> None:
    assert next_moment(Availability("UTC", gone=True), utc("2026-11-23T10:00")) is None
    for_ever = datetime.max.replace(tzinfo=UTC)
    assert next_moment(Availability("Asia/Tokyo", quiet_until=for_ever), utc("2026-11-23T10:00")) is None


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2005, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 23 * 60),
    st.integers(1, 600),
)
def test_a_window_is_within_the_hours_of_a_working_day(zone: str, now: datetime, start: int, length: int) -> None:
    end = min(start + length, 23 * 60 + 59)
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    person = Availability(zone, hours, "US")
    found = window(person, now)
    here = now.astimezone(calendar.zone(zone))
    if found:
        assert found.start <= now < found.end
        assert hours[:5] <= here.strftime("%H:%M") < hours[6:]
        assert here.weekday() < 5
        assert here.date() == found.day
    moment = next_moment(person, now)
    assert moment is not None
    assert (moment == now) == (found is not None)
    assert window(person, moment) is not None
