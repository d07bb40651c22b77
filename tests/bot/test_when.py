"""How long, in people's words: strict, and with an answer that helps."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import BotError
from bot.reminders import when

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("text", "asked"), [
    ("2 days", timedelta(days=2)), ("1 day", timedelta(days=1)), (" 2  DAYS ", timedelta(days=2)),
    ("2days", timedelta(days=2)),
    ("2d", timedelta(days=2)), ("for 1 w", timedelta(days=7)), ("4h", timedelta(hours=4)),
    ("1 week", timedelta(days=7)), ("3 hours", timedelta(hours=3)),
    ("90 days", timedelta(days=90)), ("until 2026-12-24", date(2026, 12, 24)), ("until 2026-11-24", date(2026, 11, 24)),
    ("off", None), ("OFF", None),
])  # fmt: skip
def test_what_is_understood(text: str, asked: object) -> None:
    assert when.silence(text, TODAY) == asked


@pytest.mark.parametrize(("text", "answer"), [
    ("", "`until 2026-11-30`"), ("friday", "“friday” is not understood"), ("2", "“2” is not understood"),
    ("0 days", "between 1 hour and 90 days"), ("91 days", "between"), ("9999 weeks", "between"),
    ("until friday", "“friday” is no day: write `until 2026-11-30`"), ("until 2026-11-23", "between 2026-11-24"),
    ("until 2025-12-24", "between"), ("until 2027-12-24", "between"), ("until 2026-02-30", "is no day"),
    ("until 20261224", "is no day"), ("until 2026-W52-1", "is no day"), ("-2 days", "not understood"),
    ("2 days please", "not understood"), ("until", "not understood"), ("²  days", "not understood"),
    ("x" * 5000, "not understood"),
])  # fmt: skip
def test_what_is_not_is_answered_with_what_can_be_written(text: str, answer: str) -> None:
    with pytest.raises(BotError) as refused:
        when.silence(text, TODAY)
    assert answer in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(("asked", "zone", "end"), [
    (timedelta(hours=3), "Asia/Kolkata", datetime(2026, 11, 23, 12, 0, tzinfo=UTC)),
    (timedelta(days=2), "UTC", datetime(2026, 11, 26, 0, 0, tzinfo=UTC)),
    (timedelta(days=2), "Asia/Kolkata", datetime(2026, 11, 25, 18, 30, tzinfo=UTC)),
    (timedelta(days=1), "Pacific/Auckland", datetime(2026, 11, 24, 11, 0, tzinfo=UTC)),
    (date(2026, 12, 24), "Europe/Berlin", datetime(2026, 12, 24, 23, 0, tzinfo=UTC)),
    (date(2026, 12, 24), "Nowhere/Here", datetime(2026, 12, 25, 0, 0, tzinfo=UTC)),
])  # fmt: skip
def test_days_end_where_the_person_is(asked: date | timedelta, zone: str, end: datetime) -> None:
    assert when.ends(asked, zone, NOW) == end


def test_a_day_that_changes_its_hours_ends_at_midnight() -> None:
    before = datetime(2027, 3, 27, 9, 0, tzinfo=UTC)
    assert when.ends(timedelta(days=1), "Europe/Berlin", before) == datetime(2027, 3, 28, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(("text", "said"), [
    ("", (None, "")),
    ("until 2026-12-24 waits for the dashboard", (date(2026, 12, 24), "waits for the dashboard")),
    ("2 weeks waits", (date(2026, 12, 7), "waits")),
    ("for 3 days waits", (date(2026, 11, 26), "waits")),
    (" until  2026-12-24 ", (date(2026, 12, 24), "")),
    ("2d waits", (TODAY + timedelta(days=2), "waits")), ("2 dashboards wait", (None, "2 dashboards wait")),
    ("until 2026-12-24 waits 2 days", (date(2026, 12, 24), "waits 2 days")),
    ("the vendor answers within 3 days until 2026-12-24", (date(2026, 12, 24), "the vendor answers within 3 days")),
    ("2 days, says the vendor, until 2026-12-24 at least", (date(2026, 12, 24), "2 days, says the vendor, at least")),
    ("the vendor answers within 3 days", (None, "the vendor answers within 3 days")),
    ("waits until friday", (None, "waits until friday")),
])  # fmt: skip
def test_a_sentence_in_its_parts(text: str, said: object) -> None:
    assert when.split(text, TODAY) == said


@pytest.mark.parametrize("text", ["until friday x", "until 2020-01-01 x", "0 days", "500 weeks", "x until 2027-12-24"])
def test_a_day_outside_is_refused(text: str) -> None:
    with pytest.raises(BotError):
        when.split(text, TODAY)


@given(st.text(max_size=200), st.sampled_from(["", "until ", "2 days ", "for 9999 weeks "]))
def test_nothing_else_comes_out(text: str, head: str) -> None:
    for parse in (when.silence, when.split):
        with suppress(BotError):
            parse(head + text, TODAY)
