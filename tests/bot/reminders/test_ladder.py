"""Which steps of a ladder are reached when, and what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.reminders.ladder import Ladder, Rules, following, ladder, standing
from bot.reminders.nouns import Audience, OpenItem, ReminderPolicy, Step
from runbooks.model import Status

FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)
ITEM = OpenItem("o/r", "f1", 7, "pay", Status.CONTRADICTED, FRIDAY, True, "@ann", ("@bob",))
POLICY = ReminderPolicy()


def test_working_days_after_the_merge() -> None:
    assert standing(ITEM, POLICY, date(2026, 11, 22)).reached == 0  # Sunday
    monday = standing(ITEM, POLICY, date(2026, 11, 23))
    assert (monday.phase, monday.days, monday.told) == ("merged", 1, (Step(1, Audience.OWNER),))
    assert standing(ITEM, POLICY, date(2026, 11, 25)).reached == 2
    assert standing(ITEM, POLICY, date(2026, 12, 31)).reached == 4


def test_suspect_is_slower_and_before_the_merge_author_and_owner_are_told() -> None:
    assert standing(replace(ITEM, status=Status.SUSPECT), POLICY, date(2026, 11, 23)).reached == 0
    phase, steps = ladder(replace(ITEM, merged=False, status=Status.SUSPECT), POLICY)
    assert (phase, steps) == ("open", POLICY.open)


def test_the_days_are_those_of_the_service() -> None:
    thanksgiving = date(2026, 11, 26)
    wednesday = replace(ITEM, since=datetime(2026, 11, 25, 20, tzinfo=UTC))
    assert standing(wednesday, replace(POLICY, holidays="US"), thanksgiving).reached == 0
    assert standing(wednesday, POLICY, thanksgiving).reached == 1
    in_tokyo = replace(POLICY, timezone="Asia/Tokyo")  # where it is Thursday already
    assert standing(wednesday, in_tokyo, thanksgiving).reached == 0


def test_a_snooze_is_silent_to_the_end_of_its_last_day_and_starts_the_ladder_anew() -> None:
    asleep = replace(ITEM, snoozed_until=date(2026, 12, 4))  # a Friday, ten working days on
    assert standing(asleep, POLICY, date(2026, 12, 4)).snoozed
    assert standing(asleep, POLICY, date(2026, 12, 4)).reached == 0
    awake = standing(asleep, POLICY, date(2026, 12, 7))
    assert (awake.snoozed, awake.days, awake.reached) == (False, 1, 1)


def test_what_follows_and_when() -> None:
    assert following(ITEM, POLICY, 0) == (Step(1, Audience.OWNER), date(2026, 11, 23))
    assert following(ITEM, POLICY, 3) == (Step(5, Audience.CHANNEL), date(2026, 11, 27))
    assert following(ITEM, POLICY, 10) is None
    unmerged = replace(ITEM, merged=False)
    assert following(unmerged, POLICY, 1) == (Step(5, Audience.AUTHOR), date(2026, 11, 27))
    assert following(unmerged, POLICY, 1, frozenset({Audience.OWNER})) == (Step(5, Audience.OWNER), date(2026, 11, 27))


def test_rules_know_the_same_ladder() -> None:
    rules = Rules(POLICY, Ladder.of(POLICY.open), Ladder.of(POLICY.contradicted), Ladder.of(POLICY.suspect))
    for item in (ITEM, replace(ITEM, status=Status.SUSPECT), replace(ITEM, merged=False)):
        assert rules.of(item).steps == ladder(item, POLICY)[1]
    assert rules.open.groups == ((Audience.AUTHOR, (0, 2)), (Audience.OWNER, (1, 3)))
