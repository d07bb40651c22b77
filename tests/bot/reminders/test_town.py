"""What happens between a claim and what people see: snoozes that end, digests that are settled, names of channels,
Slack that refuses or is away, clocks that step."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot import service
from bot.decide import acknowledge, hand_over, snooze
from bot.model import OwnerName, Person, Proof, PullRef, RunbookStatus, ServiceStatus, Surface
from bot.ports import Refused, Unavailable
from bot.reminders.nouns import Availability, Due, Kind, ReminderPolicy
from bot.rights import acting
from bot.store import SqlStore
from tests.bot.fakes import REF, item, review
from tests.bot.reminders.town import OLGA, OWNED, Town

DEBT = "acme/shop:f1"


@pytest.fixture
def town(store: SqlStore) -> Town:
    return Town(store)


def policy(town: Town, **said: object) -> None:
    """The service's own words on reminders."""
    known = ServiceStatus("shop", "acme/shop", "configuration", OWNED, "C0SHOP", "", ())
    town.store.save_services("acme/shop", [replace(known, **said)], town.clock.now())  # type: ignore[arg-type]


def olga(town: Town, surface: Surface = Surface.BUTTON):  # type: ignore[no-untyped-def]
    return acting(town.bot, slack=OLGA, surface=surface)


def settled(town: Town) -> str:
    """What the jobs do when the pull request is shown anew; the last word on the digest."""
    town.reminders.send(f"settled:{REF.key}")
    return town.said("D0OLGA")[-1]


# -- snoozes --


def test_the_end_of_a_snooze_orders_one_review_of_the_open_pull_request(store: SqlStore) -> None:
    town = Town(store, merged=False)
    snooze(town.bot, olga(town), REF, ["f1"], "next week", date(2026, 11, 25))
    service.announce(town.bot, REF)
    town.jobs.orders = []
    for day, hour in ((24, 9), (25, 9), (25, 23)):
        town.at(day, hour).tick()
    assert town.jobs.orders == []
    town.at(26, 0, 5).tick()
    assert town.jobs.orders == [("review", REF, "woken:2026-11-25")]
    town.at(26, 0, 10).tick()
    town.at(29, 9).tick()
    assert len(town.jobs.orders) == 1
    town.reminders = town.started()
    town.tick()
    assert town.jobs.orders == [("review", REF, "woken:2026-11-25")] * 2  # the same id: the jobs do it once
    assert town.jobs.run(town.bot)[0] == "drift"
    found = store.review(REF)
    assert found is not None
    assert [item.status.value for item in found.drift] == ["contradicted"]


def test_merged_debt_wakes_up_in_the_digest_alone(town: Town) -> None:
    snooze(town.bot, olga(town), REF, ["f1"], "next week", date(2026, 11, 25))
    town.jobs.orders = []
    assert town.at(26, 9).tick() == ["sent"]
    assert town.jobs.orders == []


def test_a_snooze_ends_with_the_day_of_whoever_is_told(town: Town) -> None:
    town.presence.known[OLGA] = Availability("Pacific/Auckland")
    snooze(town.bot, olga(town), REF, ["f1"], "next week", date(2026, 11, 25))
    town.jobs.orders = []
    assert town.at(24, 20, 5).tick() == []
    assert town.at(25, 20, 5).tick() == ["sent"]  # Thursday 26 November, 09:05 there
    assert "Sessions" in town.said("D0OLGA")[-1]


# -- a digest follows what becomes of its lines --


def test_what_was_decided_from_a_digest_stands_in_it(town: Town) -> None:
    assert town.at(24, 9).tick() == ["sent"]
    assert "Still accurate" in town.said("D0OLGA")[0]
    acknowledge(town.bot, olga(town), REF, ["f1"], "measured it")
    said = settled(town)
    assert "still accurate, says @ops-olga: measured it" in said
    assert "Nothing of this waits any more" in said
    assert "still_accurate" not in said
    assert len(town.said("D0OLGA")) == 1
    updates = town.chat.updates
    settled(town)
    assert town.chat.updates == updates


def test_a_snooze_stands_in_the_digest(town: Town) -> None:
    town.at(24, 9).tick()
    snooze(town.bot, olga(town), REF, ["f1"], "next week", date(2026, 12, 4))
    assert "snoozed until 2026-12-04" in settled(town)


def test_a_snooze_that_is_over_stands_in_no_digest(town: Town) -> None:
    town.at(24, 9).tick()
    snooze(town.bot, olga(town), REF, ["f1"], "a day", date(2026, 11, 25))
    assert "snoozed until 2026-11-25" in settled(town)
    town.at(26, 7)
    said = settled(town)
    assert "snoozed" not in said
    assert "Still accurate" in said


def test_whose_teams_have_something_is_told_so(town: Town) -> None:
    team = OwnerName("@acme/payments", "team", "CODEOWNERS")
    opened = replace(review(replace(item(fingerprint="f8"), owners=(team,))), ref=PullRef("acme/shop", 8))
    town.store.open_drift(opened, town.clock.now())
    town.bot = replace(town.bot, rules=replace(town.bot.rules, teams={"@acme/payments": "S0PAY"}))
    town.chat.groups["S0PAY"] = ("U0SAM",)
    town.reminders = town.started()
    assert town.reminders.digest_now("U0SAM").startswith(
        "nothing waits for you by name; 1 finding waits for your teams"
    )
    assert town.reminders.digest_now("U0EVE") == "nothing waits for you"


def test_a_hand_over_stands_in_the_digest(town: Town) -> None:
    town.at(24, 9).tick()
    hand_over(town.bot, olga(town), REF, ["f1"], "U0DAN")
    assert "handed over to a person who is not linked" in settled(town)  # nobody is called by it


def test_a_commit_that_mends_it_stands_in_the_digest(town: Town) -> None:
    town.at(24, 9).tick()
    town.store.close_drift("acme/shop", "f1", town.clock.now(), f"updated at {'c' * 40}: the line says 30 minutes")
    said = settled(town)
    assert "updated at ccccccc: the line says 30 minutes" in said
    assert "c" * 8 not in said


def test_a_review_that_is_done_stands_in_the_digest(town: Town) -> None:
    book = RunbookStatus("docs/runbooks/shop.md", "Shop", OWNED, 90, date(2026, 8, 1), 3)
    policy(town, runbooks=(book,))
    town.at(24, 9).tick()
    town.reminders.reviewed(olga(town), "acme/shop", book.path)
    (key,) = town.jobs.reminders
    assert key == "settled:acme/shop:docs/runbooks/shop.md@2026-10-30"
    assert town.reminders.send(key) == "1 up to date"
    (said,) = town.said("D0OLGA")
    assert "Reviewed, still right" not in said
    assert "1 section waits for you" in said


def test_a_digest_that_a_person_deleted_stays_deleted(town: Town) -> None:
    town.at(24, 9).tick()
    town.chat.messages.clear()
    acknowledge(town.bot, olga(town), REF, ["f1"], "measured it")
    assert town.reminders.send(f"settled:{REF.key}") == "1 up to date"
    assert town.chat.messages == {}


def test_days_that_pass_change_no_digest(town: Town) -> None:
    town.at(24, 9).tick()
    town.at(25, 9)
    assert town.reminders.send(f"settled:{REF.key}") == "0 up to date"
    assert town.reminders.send("settled:acme/other#1") == "0 up to date"


def test_the_editor_opens_the_default_branch(town: Town) -> None:
    book = RunbookStatus("docs/runbooks/shop.md", "Shop", OWNED, 90, date(2026, 8, 1), 3)
    policy(town, runbooks=(book,))
    town.bot.forge.tip = lambda repo, branch="": ("trunk", "b" * 40)  # type: ignore[method-assign]
    town.at(24, 9).tick()
    assert "acme/shop/edit/trunk/docs/runbooks/shop.md" in town.said("D0OLGA")[0]


def test_without_the_forge_the_digest_comes_all_the_same(town: Town) -> None:
    book = RunbookStatus("docs/runbooks/shop.md", "Shop", OWNED, 90, date(2026, 8, 1), 3)
    policy(town, runbooks=(book,))

    def away(repo: str, branch: str = "") -> tuple[str, str]:
        raise Unavailable("GitHub is away")

    town.bot.forge.tip = away  # type: ignore[method-assign]
    assert town.at(24, 9).tick() == ["sent"]


# -- one channel, one digest --


def test_a_channel_by_name_and_by_id_is_one_recipient(town: Town) -> None:
    policy(town, channel="#shop", owners=())
    town.presence.rooms = {"shop": "C0SHOP"}
    assert [due.recipient.id for _, due in town.at(24, 8).reminders.schedule(30) if due.kind is Kind.WEEKLY] == [
        "C0SHOP"
    ] * 4  # fmt: skip
    town.at(30, 9).tick()
    assert [place for place, _ in town.chat.messages if place.startswith("#")] == []


def test_names_are_known_before_a_channel_is_written_to(town: Town) -> None:
    policy(town, channel="#shop")
    town.presence.broken = Unavailable("Slack is away")
    town.reminders = town.started()
    with pytest.raises(Unavailable):
        town.at(24, 9).tick()
    assert list(town.reminders.schedule(7))
    town.presence.broken = None

    def refused() -> dict[str, str]:
        raise Refused("no scope", "missing_scope")

    town.presence.channels = refused  # type: ignore[method-assign]
    assert town.tick() == ["sent"]  # then a name stays a name


def test_a_closed_channel_is_followed_by_the_default_one(town: Town) -> None:
    town.chat.refuse["C0SHOP"] = "is_archived"
    assert "sent" in town.at(30, 9).tick()
    assert len(town.said("C0ALL")) == 2  # the digest and the week
    town.chat.refuse["C0ALL"] = "is_archived"
    town.clock.at = datetime(2026, 12, 7, 9, tzinfo=UTC)
    assert set(town.tick()) == {"refused"}
    town.clock.at += timedelta(minutes=15)
    assert town.tick() == []


# -- what nobody knows of people --


def test_whose_time_zone_slack_does_not_know_is_told_in_the_services_morning(town: Town) -> None:
    policy(town, reminders=ReminderPolicy(timezone="Asia/Kathmandu", holidays="US"))
    town.presence.known[OLGA] = Availability("")
    heard = [(day, hour) for day in (24, 25, 26, 27) for hour in range(24) if "sent" in town.at(day, hour, 15).tick()]
    assert heard == [(24, 3), (27, 3)]  # 26 November is a holiday
    assert "(Asia/Kathmandu)" in town.reminders.quiet(OLGA, timedelta(hours=2))


def test_one_who_takes_no_messages_is_passed_over_and_tried_again_the_next_day(town: Town) -> None:
    town.chat.refuse["D0OLGA"] = "messages_tab_disabled"
    assert town.at(24, 9).tick() == ["refused"]
    assert sorted(town.at(24, 9, 15).tick()) == ["sent", "sent"]
    assert any("has left or takes no messages" in text for text in town.said("C0SHOP"))
    del town.chat.refuse["D0OLGA"]
    town.at(26, 9).tick()
    assert len(town.said("D0OLGA")) == 1


def test_whoever_slack_never_answered_for_waits_as_it_may_be_night_there(town: Town) -> None:
    town.presence.known[OLGA] = Availability("America/Los_Angeles")
    town.presence.broken = Unavailable("ratelimited")
    assert town.at(24, 9).tick() == []
    town.presence.broken = None
    assert town.at(24, 9, 5).tick() == []
    assert town.at(24, 17, 5).tick() == ["sent"]


def test_who_was_taken_for_gone_is_asked_about_again(town: Town) -> None:
    """A token of another workspace for an hour, an account that was paused."""
    town.presence.known[OLGA] = Availability("UTC", gone=True)
    town.at(24, 9).tick()
    assert town.said("D0OLGA") == []
    town.presence.known[OLGA] = Availability("UTC")
    town.at(25, 9).tick()
    assert len(town.said("D0OLGA")) == 1


def test_an_address_that_slack_cannot_look_up_now_waits_and_is_not_called_nobody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = OwnerName("olga@acme.example", "email", "CODEOWNERS")
    opened = replace(
        review(replace(item(fingerprint="f8", service="shop"), owners=(owner,))), ref=PullRef("acme/shop", 8)
    )
    town.store.close_drift("acme/shop", "f1", town.clock.now(), "a test")
    town.store.open_drift(opened, town.clock.now())
    asked = []

    def away(email: str) -> str:
        asked.append(email)
        raise Unavailable("ratelimited")

    with monkeypatch.context() as patched:
        patched.setattr(town.chat, "user_by_email", away)
        assert town.at(24, 9).tick() == []
        assert asked == ["olga@acme.example"]
    town.chat.emails["olga@acme.example"] = OLGA
    assert town.at(24, 9, 5).tick() == ["sent"]
    assert len(town.said("D0OLGA")) == 1


def test_one_whom_slack_refuses_to_show_keeps_nobody_from_being_asked_about(town: Town) -> None:
    asked: list[str] = []

    class Partly:
        def availability(self, slack: str) -> Availability:
            asked.append(slack)
            if slack == "U0ANN":
                raise Refused("no such user", "user_is_bot")
            return Availability("Asia/Tokyo")

        def open_direct(self, slack: str) -> str:
            return f"D{slack[1:]}"

        def channels(self) -> dict[str, str]:
            return {}

    town.store.link(Person("ann", "U0ANN", Proof.CONFIGURED), town.clock.now())
    policy(town, runbooks=(RunbookStatus("a.md", "A", (replace(OWNED[0], handle="@ann"),), 90, date(2026, 1, 1), 1),))
    town.presence = Partly()  # type: ignore[assignment]
    town.reminders = town.started()
    for _ in range(3):
        town.at(24, 0).tick()
    assert sorted(asked) == ["U0ANN", OLGA]
    assert town.store.availabilities()[OLGA][0].timezone == "Asia/Tokyo"


# -- between claim and send --


def test_silence_asked_for_between_claim_and_send_is_kept(town: Town) -> None:
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders
    town.jobs.reminders = []
    town.reminders.quiet(OLGA, timedelta(hours=3))
    assert town.reminders.send(key) == "late"
    assert town.at(24, 13).tick() == []
    assert town.at(25, 9).tick() == ["sent"]


def test_a_digest_that_was_asked_for_comes_in_silence_and_leaves_one_series(town: Town) -> None:
    town.at(24, 7).reminders.quiet(OLGA, timedelta(days=2))
    for minute in range(3):
        town.at(24, 8, minute).reminders.digest_now(OLGA)
    assert [town.reminders.send(key) for key in dict.fromkeys(town.jobs.reminders)] == ["sent"] * 3
    assert list(town.store.last_sent(Kind.DIGEST)) == [f"person:{OLGA}"]


def test_an_owner_who_moves_between_claim_and_send_hears_once(town: Town) -> None:
    town.presence.known[OLGA] = Availability("Asia/Tokyo")
    assert town.at(24, 0).tick() == ["sent"]
    town.presence.known[OLGA] = Availability("America/Los_Angeles")
    town.store.keep_availability(OLGA, town.presence.known[OLGA], town.clock.now())
    heard = [(day, hour) for day in (24, 25, 26) for hour in range(24) if "sent" in town.at(day, hour, 30).tick()]
    assert heard == [(26, 17)]  # the second step, in their new morning
    assert len(town.said("D0OLGA")) == 2


def test_a_clock_that_steps_back_a_day_says_nothing_twice(town: Town) -> None:
    assert town.at(24, 9).tick() == ["sent"]
    for day, hour in ((23, 9), (23, 12), (24, 9), (24, 12), (25, 9)):
        assert "sent" not in [word for word in town.at(day, hour).tick() if len(town.said("D0OLGA")) > 1]
    assert len(town.said("D0OLGA")) == 1


def test_a_process_that_was_down_for_a_day_says_it_the_next_morning(town: Town) -> None:
    town.at(24, 9).reminders.tick()  # claimed, and killed before it was sent
    town.jobs.reminders = []
    town.reminders = town.started()
    assert sorted(town.at(26, 10).tick()) == ["late", "sent"]
    assert len(town.said("D0OLGA")) == 1
    assert town.at(26, 11).tick() == []


def test_too_many_requests_at_the_peak_delay_and_nothing_is_said_twice(town: Town) -> None:
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders
    town.chat.broken = Unavailable("ratelimited", 30)
    for minute in (1, 6, 11):
        with pytest.raises(Unavailable):
            town.at(24, 9, minute).reminders.send(key)
        town.jobs.reminders = []
        town.reminders.tick()
        assert town.jobs.reminders == ([key] if minute == 1 else [])  # ordered again once, by whoever comes second
    town.chat.broken = None
    assert town.at(24, 9, 16).reminders.send(key) == "sent"
    assert len(town.said("D0OLGA")) == 1


def test_an_owner_who_left_between_claim_and_send_is_followed_the_same_day(town: Town) -> None:
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders
    town.jobs.reminders = []
    town.chat.refuse["D0OLGA"] = "user_disabled"
    town.presence.known[OLGA] = Availability("", gone=True)
    assert town.reminders.send(key) == "refused"
    assert sorted(town.at(24, 9, 15).tick()) == ["sent", "sent"]  # the channel gets it, and a note
    assert any("left" in text for text in town.said("C0SHOP"))


def test_a_group_that_is_gone_leaves_the_channel(town: Town) -> None:
    town.store.assign("acme/shop", "f1", "S0GONE", town.clock.now())
    assert town.at(24, 9).tick() == ["sent"]
    assert "first reminder" in town.said("C0SHOP")[-1]


def test_what_is_on_record_is_not_planned_again(town: Town) -> None:
    town.at(24, 9).reminders.tick()
    (key,) = town.jobs.reminders
    town.jobs.reminders = []
    town.store.dropped(key, "refused", "no", town.clock.now())
    claims: list[Due] = []

    class Counting(SqlStore):
        def claim(self, due: Due, at: object) -> bool:  # type: ignore[override]
            claims.append(due)
            return super().claim(due, at)  # type: ignore[arg-type]

    town.ledger = Counting(town.store.writes, town.store.reads)
    town.reminders = town.started()
    assert town.at(24, 9, 15).tick() == []
    assert claims == []


def test_other_pull_requests_of_one_owner_stand_in_one_digest(town: Town) -> None:
    other = PullRef("acme/shop", 8)
    found = town.store.review(REF)
    assert found is not None
    more = [replace(found.items[0], fingerprint=f"g{n}", title=f"Section {n}") for n in range(14)]
    town.store.open_drift(replace(review(*more), ref=other), town.clock.now())
    town.store.settle(other, merged=True, at=town.clock.now())
    assert town.at(24, 9).tick() == ["sent"]
    (said,) = town.said("D0OLGA")
    assert "15 sections wait for you" in said
    assert said.count('"type": "actions"') == 10
    assert "and 5 sections more" in said
    assert json.loads(said)
