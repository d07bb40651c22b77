"""The messages about reminders in docs/slack.md are what the builders make. ``pytest --update`` rewrites them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.model import PullRef
from bot.reminders.notices import Absent, Settled, Waiting
from bot.reminders.nouns import Kind
from bot.slack.preview import terminal
from tests.bot.slack.test_digests import (
    KNOWN,
    NOTICES,
    NOW,
    OLGA,
    POLICY,
    SAM,
    SHOP,
    WEEK,
    item,
    line,
    review,
    suspect,
    to,
)

PAGE = Path(__file__).parents[3] / "docs" / "slack.md"
NAMES = {"@C0SHOP": "#payments", "@U0OLGA": "@olga", "@U0SAM": "@sam", "@S0PAY": "@payments"}
MINE = {"service": "payments"}
WRONG = item(**MINE)


def _digest() -> Mapping[str, object]:
    second = line(WRONG, 1, on=date(2026, 11, 24), to=(SHOP,))
    early = line(suspect(**MINE), 1, fresh=False, merged=False, steps=POLICY.open, on=date(2026, 11, 27), to=(OLGA,))
    return NOTICES.digest(to(OLGA), (second, early, review()), KNOWN, NOW)


def _settled() -> Mapping[str, object]:
    second, slept, read = line(WRONG, 1, on=date(2026, 11, 24), to=(SHOP,)), line(suspect(**MINE), 1), review()
    lines = (
        second, Settled(slept.entry, "snoozed until 2026-12-04", True, slept.drift),
        Settled(read.entry, "reviewed, or no longer to be reviewed"),
    )  # fmt: skip
    return NOTICES.digest(to(OLGA), lines, KNOWN, NOW)


def _channel() -> Mapping[str, object]:
    return NOTICES.digest(to(SHOP), (line(WRONG, 2, on=date(2026, 12, 4), to=(SAM,), days=7),), KNOWN, NOW)


def _escalation() -> Mapping[str, object]:
    return NOTICES.digest(to(SAM), (line(WRONG, 3, days=14),), KNOWN, NOW)


def _note() -> Mapping[str, object]:
    absent = (
        Absent("@ops-olga", "payments", True, 3, 1, (SAM,)),
        Absent("@acme/ghosts", "payments", False, 1, 0, (SHOP,)),
    )
    return NOTICES.note(to(SHOP, Kind.NOTE), absent)


def _weekly() -> Mapping[str, object]:
    first, second = line(WRONG, 0).drift, line(suspect(**MINE), 0, days=12).drift
    waiting = (
        Waiting(first, "dev-dan"), Waiting(replace(second, ref=PullRef("acme/shop", 5)), "sam"),
        Waiting(replace(first, ref=PullRef("acme/shop", 6)), "sam"),
    )  # fmt: skip
    week = replace(WEEK, service="payments", now=replace(WEEK.now, open_now=3))
    return NOTICES.weekly(to(SHOP, Kind.WEEKLY), week, waiting, KNOWN, NOW)


def _monthly() -> Mapping[str, object]:
    whole = replace(
        WEEK, service="", since=date(2026, 10, 1), until=date(2026, 10, 31),
        now=replace(WEEK.now, opened=8, closed=6, open_now=10),
        before=replace(WEEK.before, opened=6, closed=6, open_now=8),
    )  # fmt: skip
    services = (replace(WEEK, service="shop"), replace(WEEK, service="payments", now=WEEK.before, before=WEEK.now))
    return NOTICES.monthly(to(SHOP, Kind.MONTHLY), whole, services)


SHOWN = {
    "digest": _digest, "digest-settled": _settled, "channel": _channel, "escalation": _escalation, "note": _note,
    "weekly": _weekly, "monthly": _monthly,
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_a_message_of_the_page_is_what_the_bot_makes(name: str, update: bool) -> None:
    made = terminal(SHOWN[name](), 118)
    for known, called in NAMES.items():
        made = made.replace(known, called)
    text = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"\1", made).rstrip() + "\n"
    begin, end = f"<!-- begin: {name} -->\n```\n", f"```\n<!-- end: {name} -->\n"
    before, found, rest = PAGE.read_text().partition(begin)
    assert found, f"docs/slack.md has no message {name!r}"
    told, _, after = rest.partition(end)
    if update and told != text:
        PAGE.write_text(f"{before}{begin}{text}{end}{after}")
        told = text
    assert told == text
