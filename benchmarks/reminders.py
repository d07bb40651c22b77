"""What a tick of the reminders costs, and whether a year of them is what an independent slow model says.

    python -m benchmarks.reminders tick [--items 20000] [--owners 5000]
    python -m benchmarks.reminders year [--items 1000] [--owners 150] [--seed 1]

*Tick* plans a day of ticks, every quarter of an hour, over that many open drifts and owners in 30 time zones, from
nothing told on; printed are processor seconds of the dearest and the median tick, of the forecast of a week, and the
peak of what planning allocates (``tracemalloc``, in a pass of its own). A source of the world is a function that is
asked at every tick and counts as part of it (``SOURCES``): ``memory`` has it at hand, a store reads it.

*Year* plays a made-up year hour by hour through the planner and through ``tests/bot/reminders/slowmodel.py`` and
compares every message: recipient, hour, day, steps. It ends with exit code 1 when one differs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from bot.reminders.board import Board, World
from bot.reminders.nouns import Availability, Due, OpenItem, Place, Recipient, ReminderPolicy, ReviewDue
from bot.reminders.plan import Memory, due
from bot.reminders.simulate import TICK, Diary, forecast, replay, ticks
from runbooks.model import Status
from tests.bot.reminders.slowmodel import SlowModel
from tests.bot.reminders.stories import ZONES, Telling, story
from tests.bot.reminders.test_model import told

START = datetime(2026, 11, 24, tzinfo=UTC)
SERVICES = 400
HOUR = timedelta(hours=1)


class Book:
    """Addresses of a benchmark: every handle leads somewhere at once."""

    def of(self, handle: str, service: str) -> tuple[Recipient, ...]:
        """A handle's user."""
        return (Recipient(Place.PERSON, f"U{handle[1:]}"),)

    def channel(self, service: str, repo: str) -> Recipient | None:
        """A service's channel."""
        return Recipient(Place.CHANNEL, f"C{service}")

    def escalation(self, service: str) -> tuple[Recipient, ...]:
        """A service's contact."""
        return (Recipient(Place.PERSON, f"U{service}"),)


def made(items: int, owners: int, seed: int = 1) -> World:
    """Open drift, owners and services by chance: seven in ten merged, up to 40 days old, one owner in 30 a team."""
    r = Random(seed)
    services = [(f"org/r{n % 50}", f"s{n}") for n in range(SERVICES)]

    def policy() -> ReminderPolicy:
        return ReminderPolicy(timezone=r.choice(ZONES), holidays=r.choice(("", "DE-BY", "US", "GB-ENG")))

    def item(n: int) -> OpenItem:
        repo, service = r.choice(services)
        status = r.choice((Status.CONTRADICTED, Status.SUSPECT))
        since, owner = START - timedelta(minutes=r.randrange(40 * 1440)), f"@u{r.randrange(owners)}"
        author = f"@u{r.randrange(owners)}"
        return OpenItem(repo, f"{n:016x}", n, service, status, since, r.random() < 0.7, author, (owner,))

    def review(n: int) -> ReviewDue:
        repo, service = r.choice(services)
        due_on = START.date() + timedelta(days=r.randrange(-30, 60))
        return ReviewDue(repo, f"docs/runbooks/{n}.md", service, due_on, (f"@u{r.randrange(owners)}",))

    def person() -> Availability:
        night = START + timedelta(hours=r.randrange(48))
        return Availability(r.choice(ZONES), holidays=r.choice(("", "DE", "US", "JP")), dnd=(night, night + 10 * HOUR))

    return World(
        tuple(item(n) for n in range(items)),
        tuple(review(n) for n in range(items // 10)),
        {key: policy() for key in services},
        {f"Uu{n}": person() for n in range(owners)},
        Book(),
    )


Source = Callable[[], tuple[World, Memory]]
"""Asked at a tick: what is open and what was said. What it costs is part of the tick."""
Keep = Callable[[Sequence[Due], datetime], None]
"""Told after a tick what went out; not measured."""


def from_memory(world: World) -> tuple[Source, Keep]:
    """A world that is at hand."""
    diary = Diary()

    def keep(messages: Sequence[Due], at: datetime) -> None:
        for message in messages:
            diary.keep(message, at)

    return lambda: (world, diary.memory()), keep


SOURCES: Mapping[str, Callable[[World], tuple[Source, Keep]]] = {"memory": from_memory}
"""Where the world comes from, by name. A store registers here what puts a world into it and reads it back."""


def one_tick(source: Source, now: datetime) -> list[Due]:
    """What is measured: the world is read, sorted, and asked."""
    world, memory = source()
    return due(Board(world), now, memory)


def measure_ticks(items: int, owners: int, name: str) -> Iterable[str]:
    """The figures of a day of ticks, as lines."""
    world = made(items, owners)
    source, keep = SOURCES[name](world)
    seconds, sent = [], 0
    for now in ticks(START, START + timedelta(days=1)):
        begin = time.process_time()
        messages = one_tick(source, now)
        seconds.append(time.process_time() - begin)
        keep(messages, now)
        sent += len(messages)
    yield f"{items:,} items, {owners:,} owners, {len(ZONES)} zones, {SERVICES} services, from {name}, ticks of {TICK}"
    yield f"dearest tick {max(seconds):.2f} s, median {statistics.median(seconds):.2f} s, {sent:,} messages in a day"
    fresh, _ = SOURCES[name](world)
    noon = START + 9 * HOUR
    begin = time.process_time()
    found = one_tick(fresh, noon)
    yield f"first tick ever, nothing told: {time.process_time() - begin:.2f} s, {len(found):,} messages"
    tracemalloc.start()
    one_tick(fresh, noon)
    yield f"peak of that tick {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB"
    tracemalloc.stop()
    world, memory = source()
    begin = time.process_time()
    week = START + timedelta(days=1)
    count = sum(1 for _ in forecast(world, memory, week, week + timedelta(days=7)))
    yield f"forecast of 7 days {time.process_time() - begin:.2f} s, {count:,} messages"


def measure_year(items: int, owners: int, seed: int) -> tuple[bool, Iterable[str]]:
    """Whether planner and slow model agree on a year, with the figures as lines."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    tale = story(seed, start, 365, items, owners, services=max(8, owners // 6))
    diary, model = Diary(), SlowModel(tale)
    begin = time.process_time()
    sent = [told(at, one) for at, one in replay(Telling(tale, diary), diary, ticks(tale.start, tale.until, HOUR))]
    middle = time.process_time()
    said = [message for now in ticks(tale.start, tale.until, HOUR) for message in model.tick(now)]
    end = time.process_time()
    doubles = sum(
        count - 1 for count in Counter((kind, who, day, about) for _, kind, who, about, day, _ in sent).values()
    )
    lost, extra = len(set(said) - set(sent)), len(set(sent) - set(said))
    return not (doubles or lost or extra), [
        f"a year hour by hour, {items:,} items, {owners:,} owners: {len(sent):,} messages, {_kinds(sent)}",
        f"lost {lost}, unexpected {extra}, doubles {doubles}",
        f"planner {middle - begin:.0f} s, slow model {end - middle:.0f} s",
    ]


def _kinds(sent: Sequence[tuple[datetime, str, str, str, date, object]]) -> str:
    counted = Counter(kind for _, kind, *_ in sent)
    return ", ".join(f"{kind} {count:,}" for kind, count in counted.most_common())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    tick = commands.add_parser("tick")
    tick.add_argument("--items", type=int, default=20_000)
    tick.add_argument("--owners", type=int, default=5_000)
    tick.add_argument("--source", choices=sorted(SOURCES), default="memory")
    year = commands.add_parser("year")
    year.add_argument("--items", type=int, default=1_000)
    year.add_argument("--owners", type=int, default=150)
    year.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    if said.command == "tick":
        print(*measure_ticks(said.items, said.owners, said.source), sep="\n")
        return
    agree, lines = measure_year(said.items, said.owners, said.seed)
    print(*lines, sep="\n")
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
