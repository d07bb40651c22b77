"""Reminders as people get them: claimed by a tick, sent once, silent when nothing is new."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import agenda
from bot.decide import snooze
from bot.model import BotError, RunbookStatus, ServiceStatus, Surface
from bot.ports import Unavailable
from bot.reminders.nouns import Availability
from bot.rights import acting
from bot.store import SqlStore
from runbooks.model import Status
from tests.bot.fakes import REF
from tests.bot.reminders.town import OLGA, OWNED, Town


@pytest.fixture
def town(store: SqlStore) -> Town:
    return Town(store)


def test_the_owner_hears_after_one_and_three_working_days_in_their_morning_and_in_between_nothing(town: Town) -> None:
    heard = {}
    for day in range(23, 29):
        for hour in (6, 8, 9, 12, 20):
            if words := town.at(day, hour).tick():
                heard[day, hour] = words
    assert heard == {(23, 9): ["empty"], (24, 9): ["sent"], (26, 9): ["sent"]}  # on Monday the channel's week
    assert town.said("C0SHOP") == []
    first, second = town.said("D0OLGA")
    assert "first reminder" in first
    assert "second reminder" in second
    assert "<#" in second  # what comes next: the channel


def test_nothing_is_sent_twice_whatever_restarts(town: Town) -> None:
    town.at(24, 9)
    town.reminders.tick()
    town.started().tick()
    keys = set(town.jobs.reminders)
    assert len(keys) == 1
    for _ in range(3):
        for key in keys:
            town.started().send(key)
    assert len(town.said("D0OLGA")) == 1


def test_a_post_that_was_made_before_a_kill_is_found_again(town: Town) -> None:
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders

    class Killed(SqlStore):
        def sent(self, *_: object) -> None:  # type: ignore[override]
            raise Unavailable("killed")

    town.ledger = Killed(town.store.writes, town.store.reads)
    with pytest.raises(Unavailable):
        town.started().send(key)
    town.ledger = town.store
    assert town.started().send(key) == "sent"
    assert len(town.said("D0OLGA")) == 1


def test_an_outage_delays_and_when_the_day_is_over_the_next_morning_says_it(town: Town) -> None:
    town.chat.broken = Unavailable("Slack is away")
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders
    with pytest.raises(Unavailable):
        town.reminders.send(key)
    town.chat.broken = None
    assert town.at(24, 18).reminders.send(key) == "late"
    town.jobs.reminders = []
    assert town.at(25, 9).tick() == ["sent"]
    assert len(town.said("D0OLGA")) == 1


def test_what_was_settled_meanwhile_is_not_said(town: Town) -> None:
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders
    town.store.close_drift("acme/shop", "f1", town.clock.now(), "mended")
    assert town.reminders.send(key) == "empty"
    assert town.said("D0OLGA") == []


def test_what_is_snoozed_is_silent_to_its_end(town: Town) -> None:
    olga = acting(town.bot, slack=OLGA, surface=Surface.BUTTON)
    snooze(town.bot, olga, REF, ["f1"], "next week", datetime(2026, 11, 26).date())
    assert [town.at(day, 9).tick() for day in (24, 25, 26)] == [[], [], []]
    assert town.at(27, 9).tick() == ["sent"]  # a working day after the snooze
    assert len(town.said("D0OLGA")) == 1


def test_quiet_is_respected_and_can_be_ended(town: Town) -> None:
    from datetime import timedelta

    assert "no reminders until" in town.at(24, 8).reminders.quiet(OLGA, timedelta(days=1))
    assert town.at(24, 9).tick() == []
    assert town.at(25, 9).tick() == []
    assert town.at(26, 9).tick() == ["sent"]
    assert town.reminders.quiet(OLGA, None) == "reminders come again"


def test_a_digest_can_be_asked_for_and_counts_as_todays(town: Town) -> None:
    assert "on its way" in town.at(24, 7).reminders.digest_now(OLGA)
    (key,) = town.jobs.reminders
    assert town.reminders.send(key) == "sent"
    town.jobs.reminders = []
    assert town.at(24, 9).tick() == []
    assert town.reminders.digest_now("U0NOBODY") == "nothing waits for you"


def test_who_left_is_passed_over_and_the_channel_is_told_once(town: Town) -> None:
    town.presence.known[OLGA] = Availability("UTC", gone=True)
    assert sorted(town.at(24, 9).tick()) == ["sent", "sent"]
    assert town.said("D0OLGA") == []
    digest, note = sorted(town.said("C0SHOP"), key=lambda text: "ops-olga" in text and "left" in text)
    assert "first reminder" in digest
    assert "ops-olga" in note
    assert town.at(25, 9).tick() == []


def test_reviews_join_the_digest_and_end_with_a_word(town: Town) -> None:
    book = RunbookStatus("docs/runbooks/shop.md", "Shop", OWNED, 90, datetime(2026, 8, 1).date(), 3)
    kept = ServiceStatus("shop", "acme/shop", "configuration", OWNED, "C0SHOP", "", (book,))
    town.store.save_services("acme/shop", [kept], town.clock.now())
    assert town.at(24, 9).tick() == ["sent"]
    assert "Reviewed, still right" in town.said("D0OLGA")[0]
    assert [review.path for review in town.reminders.reviews_of(OLGA)] == ["docs/runbooks/shop.md"]
    olga = acting(town.bot, slack=OLGA, surface=Surface.BUTTON)
    assert "due again on 2027-02-22" in town.reminders.reviewed(olga, "acme/shop", "docs/runbooks/shop.md")
    assert town.reminders.reviews_of(OLGA) == ()
    with pytest.raises(BotError):
        town.reminders.reviewed(acting(town.bot, slack="U0DAN", surface=Surface.BUTTON), "acme/shop", book.path)


def test_the_schedule_shows_what_would_be_sent_and_sends_nothing(town: Town) -> None:
    lines = list(agenda.as_text(town.at(23, 10).reminders.schedule(14)))
    assert [line.split("  ")[:2] for line in lines if "digest" in line and OLGA in line] == [
        ["Tue 2026-11-24 09:00 UTC", OLGA], ["Thu 2026-11-26 09:00 UTC", OLGA],
    ]  # fmt: skip
    assert town.chat.messages == {}
    messages = agenda.as_json(town.reminders.schedule(14))
    assert [message["kind"] for message in messages if message["to"] == OLGA] == ["digest", "digest"]


@pytest.mark.parametrize("text", ["", "0d", "91d", "x", "7 months"])
def test_a_span_that_is_none(text: str) -> None:
    with pytest.raises(BotError):
        agenda.days_of(text)


def test_the_status_of_what_waits_is_kept(town: Town) -> None:
    (drift,) = town.store.drift()
    assert (drift.merged, drift.item.status) == (True, Status.CONTRADICTED)


def test_a_month_is_told_unless_nothing_was_open_in_it_or_the_one_before(town: Town) -> None:
    def first_of(year: int, month: int) -> None:
        town.clock.at = datetime(year, month, 1, 9, tzinfo=UTC)
        town.tick()

    first_of(2026, 12)
    (drift,) = town.store.drift()
    town.store.close_drift(drift.repo, drift.item.fingerprint, town.clock.now(), "mended")
    first_of(2027, 1)
    first_of(2027, 2)  # January is told beside December, in which something was closed
    first_of(2027, 3)
    said = "".join(town.said("C0ALL"))
    told = [month for month in ("November", "December", "January", "February") if f"Runbooks in {month} 20" in said]
    assert told == ["November", "December", "January"]


def test_nobody_is_said_to_wait_on_an_owner_who_left(town: Town) -> None:
    town.presence.known[OLGA] = Availability("UTC", gone=True)
    for day, hour in ((24, 9), (30, 9)):
        town.at(day, hour).tick()
    said = "".join(town.said("C0SHOP") + town.said("C0ALL"))
    assert "has left or takes no messages" in said
    assert "wait on" in said or "waits on" in said
    assert "waits on @ops-olga" not in said
    assert f"<@{OLGA}>" not in said
    assert "owner: @ops-olga" not in said


def test_the_schedule_knows_the_hours_of_people_before_the_first_tick(town: Town) -> None:
    town.presence.known[OLGA] = Availability("America/New_York")
    lines = [line for line in agenda.as_text(town.at(23, 10).reminders.schedule(7)) if OLGA in line]
    assert lines[0].startswith("Tue 2026-11-24 14:00 UTC")
