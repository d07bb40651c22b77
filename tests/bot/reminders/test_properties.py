"""What holds whatever happens: clocks that jump, processes that stop, people who move."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.reminders.board import World
from bot.reminders.nouns import Due, Kind
from bot.reminders.plan import Memory
from bot.reminders.simulate import Diary, forecast, replay, ticks
from tests.bot.reminders.slowmodel import works
from tests.bot.reminders.stories import Story, Telling, story

START = datetime(2026, 3, 20, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
TALES = st.integers(0, 10_000).map(lambda seed: story(seed, START, 21, 25, 8, 3))


def inside(tale: Story, at: datetime, due: Due) -> bool:
    """Whether a person may be written to, by the story's own words."""
    someone = tale.people[due.recipient.id]
    if not (someone.zone(at) and someone.hours):
        return not any(begin <= at < end for begin, end in someone.dnd + someone.quiet)  # the rest is their service's
    here = at.astimezone(ZoneInfo(someone.zone(at)))
    return (
        works(someone.country, someone.days_off, here.date())
        and someone.hours[:5] <= here.strftime("%H:%M") < someone.hours[6:]
        and not any(begin <= at < end for begin, end in someone.dnd + someone.quiet)
        and not (someone.left and someone.left <= at)
        and here.date() == due.day
    )


@SLOW
@given(TALES, st.data())
def test_never_twice_never_outside_whatever_the_clock_and_the_processes_do(tale: Story, data: st.DataObject) -> None:
    regular = list(ticks(tale.start, tale.until, 4 * QUARTER))
    jumps = data.draw(st.lists(st.tuples(st.integers(0, len(regular)), st.integers(-30, 50)), max_size=12))
    when = regular[:]
    for at, hours in jumps:  # from here on the clock is wrong for six ticks; or the process is down
        moved = [moment + timedelta(hours=hours) for moment in when[at : at + 6]]
        when[at : at + 6] = [] if hours > 40 else moved
    diary = Diary()
    sent = list(replay(Telling(tale, diary), diary, when))
    assert max(Counter(due.key for _, due in sent).values(), default=0) <= 1
    days: dict[tuple[str, Kind], list[tuple[datetime, date]]] = {}
    for at, due in sent:
        assert due.not_before <= at < due.not_after
        if due.kind is Kind.DIGEST:
            assert any(entry.fresh for entry in due.entries)
            days.setdefault((due.recipient.key, due.kind), []).append((at, due.day))
        if due.recipient.place.value == "person":
            assert inside(tale, at, due)
    for said in days.values():
        assert len({day for _, day in said}) == len(said)
    if not jumps:
        for said in days.values():
            assert all(b - a >= timedelta(hours=12) for (a, _), (b, _) in pairwise(said))


@SLOW
@given(TALES)
def test_every_step_is_told_once_to_each_recipient(tale: Story) -> None:
    for thing in tale.things:
        thing.snoozes.clear()  # after which steps are told anew
        thing.handovers.clear()  # likewise
    diary = Diary()
    sent = [due for _, due in replay(Telling(tale, diary), diary, ticks(tale.start, tale.until, 4 * QUARTER))]
    told = Counter(told for due in sent for told in due.told)
    assert max(told.values(), default=0) <= 1


@SLOW
@given(TALES, st.integers(1, 20))
def test_a_restart_at_any_moment_changes_nothing(tale: Story, every: int) -> None:
    whole, pieces = Diary(), Diary()
    moments = list(ticks(tale.start, tale.until, 8 * QUARTER))
    sent = [(at, due.key) for at, due in replay(Telling(tale, whole), whole, moments)]
    telling, again = Telling(tale, pieces), []
    for start in range(0, len(moments), every):  # a new process each time, which asks each tick twice
        part = [moment for moment in moments[start : start + every] for _ in range(2)]
        again += [(at, due.key) for at, due in replay(lambda now: _copy(telling(now)), pieces, part)]
    assert sent == again


def _copy(world: World) -> World:
    return World(world.items, world.reviews, world.policies, world.availability, world.addresses, world.quiet)


@SLOW
@given(TALES, st.integers(0, 20 * 96), st.integers(1, 8))
def test_a_forecast_is_what_planning_at_every_tick_would_send(tale: Story, at: int, days: int) -> None:
    now = tale.start + at * QUARTER + timedelta(minutes=7)
    diary = Diary()
    telling = Telling(tale, diary)
    for _ in replay(telling, diary, ticks(tale.start, now, 8 * QUARTER)):
        pass
    world, until = telling(now), now + timedelta(days=days)
    forecasted = list(forecast(world, Memory(diary.told, diary.last_sent), now, until))
    ticked = list(replay(lambda _: world, Diary.of(diary.memory()), ticks(now, until)))
    assert forecasted == ticked


@SLOW
@given(TALES, st.integers(0, 21 * 24))
def test_a_frozen_clock_sends_once(tale: Story, hours: int) -> None:
    now = tale.start + timedelta(hours=hours)
    diary = Diary()
    telling = Telling(tale, diary)
    first = list(replay(telling, diary, [now]))
    assert list(replay(telling, diary, [now] * 5)) == []
    assert len({due.key for _, due in first}) == len(first)
