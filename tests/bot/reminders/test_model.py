"""A simulated year of reminders is what an independent slow model of them says, message by message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.reminders.nouns import Due
from bot.reminders.simulate import Diary, replay, ticks
from tests.bot.reminders.slowmodel import Message, SlowModel
from tests.bot.reminders.stories import REPO, Story, Telling, story

HOUR = timedelta(hours=1)


def told(at: datetime, due: Due) -> Message:
    """A planned message in the words of the slow model."""
    lines = []
    for entry in due.entries:
        name = entry.key.removeprefix(f"{REPO}:")
        lines.append((name.partition("@")[0], entry.phase, entry.step, entry.fresh))
    return at, due.kind.value, due.recipient.key, due.subject, due.day, tuple(sorted(lines))


def both(tale: Story, tick: timedelta = HOUR) -> tuple[list[Message], list[Message]]:
    """What the planner sends and what the model says."""
    diary, model = Diary(), SlowModel(tale)
    sent = [told(at, due) for at, due in replay(Telling(tale, diary), diary, ticks(tale.start, tale.until, tick))]
    said = [message for now in ticks(tale.start, tale.until, tick) for message in model.tick(now)]
    return sorted(sent), sorted(said)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_months_hour_by_hour_are_what_the_slow_model_says(seed: int) -> None:
    sent, said = both(story(seed, datetime(2026, 3, 1, tzinfo=UTC), 60, 70, 20))
    assert sent == said
    assert len(sent) > 200


def test_a_year_of_three_hundred_items_and_fifty_owners_is_what_the_slow_model_says() -> None:
    # Every four hours, so that short mornings are missed now and then; hour by hour it is in the benchmark.
    sent, said = both(story(7, datetime(2026, 1, 1, tzinfo=UTC), 366, 300, 50), 4 * HOUR)
    assert sent == said
    assert {kind for _, kind, *_ in sent} == {"digest", "note", "weekly", "monthly"}
