"""The clock and the comparison of the benchmark that kills replicas; the story it tells to a store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from benchmarks.remindkills import START, compared, expected, moments
from benchmarks.remindreplica import NOW, SharedClock, cell, shared
from benchmarks.remindstory import happenings, in_story, made, services
from bot.reminders.nouns import Due, Entry, Kind, Place, Recipient, Sending
from bot.store import open_store
from tests.bot.reminders.slowmodel import Message

DAY = date(2026, 10, 13)


def row(user: str = "U000P1", state: str = "sent", step: int = 0) -> Sending:
    entry = Entry("shop/all:t1", "s1", "merged", step, 4, True)
    due = Due(Recipient(Place.PERSON, user), Kind.DIGEST, DAY, (entry,), START, START)
    return Sending(due.key, due.recipient.key, due.kind, DAY, START, due, state)


def said(who: str = "person:P1") -> Message:
    return START, "digest", who, "", DAY, (("t1", "merged", 0, True),)


KEY = "digest:person:P1:2026-10-13:"


def test_the_clock_is_quick_on_weekends() -> None:
    at = moments(START, 7)
    assert (at[0], at[-1].weekday()) == (START, 6)
    assert {b - a for a, b in pairwise(at)} == {timedelta(minutes=15), timedelta(hours=1)}
    assert len([now for now in at if now.weekday() < 5]) == 5 * 96


def test_all_is_well_where_slack_has_what_the_model_says() -> None:
    counts, words = compared([row()], [row().key], {KEY: said()})
    assert set(counts.values()) == {0}
    assert words == []


def test_what_is_wrong_is_counted() -> None:
    assert compared([row()], [row().key] * 2, {KEY: said()})[0]["doubles"] == 1
    counts, words = compared([row(state="late")], [], {KEY: said()})
    assert (counts["lost"], words) == (1, [f"lost {KEY}: late"])
    assert compared([], [], {KEY: said()})[1] == [f"lost {KEY}: never claimed"]
    assert compared([row()], [row().key], {})[0]["extra"] == 1
    assert compared([], ["digest:person:U1:2026-10-13"], {})[0]["extra"] == 1
    assert compared([row(step=1)], [row().key], {KEY: said()})[0]["different"] == 1


def test_names_of_slack_are_those_of_the_story() -> None:
    assert in_story((START, "digest", "person:U000P1", "", DAY, ()))[2] == "person:P1"
    assert in_story((START, "digest", "channel:C000S3", "", DAY, ()))[2] == "channel:C-s3"


def test_a_clock_that_several_share(tmp_path: Path) -> None:
    one, other = shared(tmp_path / "cells"), shared(tmp_path / "cells")
    one[NOW] = START.timestamp()
    assert SharedClock(other).now() == START
    assert len({cell(place, which) for place in (0, 1) for which in range(4)} | {NOW, 1}) == 10


def test_the_store_has_what_happened(tmp_path: Path) -> None:
    tale = made(3, START, 10, 12, 6, 3)
    end = START + timedelta(days=10)
    store = open_store(f"sqlite:///{tmp_path}/bot.db")
    store.save_services("shop/all", services(tale), START)
    for at, _, happens in happenings(tale):
        if at < end:
            happens(store)
    still = {thing.key for thing in tale.things if thing.closed is None or thing.closed >= end}
    assert {item.fingerprint for item in store.open_items()} == still
    assert {item.merged for item in store.open_items()} <= {True, False}
    assert all(one.since.tzinfo is UTC for one in store.open_items())
    assert expected(tale, moments(START, 3)).keys() <= expected(tale, moments(START, 4)).keys()
    assert isinstance(at, datetime)
    store.close()
