"""What a tick of the reminders costs, and whether a year of them is what an independent slow model says.

    python -m benchmarks.reminders tick [--items 20000] [--owners 5000] [--source sqlite] [--write]
    python -m benchmarks.reminders year [--items 1000] [--owners 150] [--seed 1] [--write]

*Tick* plans a day of ticks, every quarter of an hour, over that many open drifts and owners in 30 time zones, from
nothing told on; printed are processor seconds of the dearest and the median tick, of the forecast of a week, and the
peak of what planning allocates (``tracemalloc``, in a pass of its own). A source of the world is a function that is
asked at every tick and counts as part of it (``SOURCES``): ``memory`` has it at hand, ``sqlite`` reads it from a store
of the bot on SQLite as the bot does, and adds what one message and ``/runbook mine`` cost there.

*Year* plays a made-up year hour by hour through the planner and through ``tests/bot/reminders/slowmodel.py`` and
compares every message: recipient, hour, day, steps. Either ends with exit code 1 when a goal is missed; ``--write``
puts the table into ``benchmarks/bot.md``.
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

from benchmarks.bot import BEGIN, END, PAGE, Machine, table
from benchmarks.botspeed import Line
from benchmarks.remindstore import from_sqlite
from benchmarks.report import between
from bot.reminders.board import Board, World
from bot.reminders.nouns import Availability, Due, OpenItem, Place, Recipient, ReminderPolicy, ReviewDue
from bot.reminders.plan import Memory, due
from bot.reminders.simulate import Diary, forecast, replay, ticks
from runbooks.model import Status
from tests.bot.reminders.slowmodel import SlowModel
from tests.bot.reminders.stories import ZONES, Telling, story
from tests.bot.reminders.test_model import told

START = datetime(2026, 11, 24, tzinfo=UTC)
SERVICES = 400
HOUR = timedelta(hours=1)


class Book:
    """Addresses of a benchmark: every handle leads somewhere at once."""

    def of(self, handle: str, service: str, repo: str) -> tuple[Recipient, ...]:
        """A handle's user."""
        return (Recipient(Place.PERSON, f"U{handle[1:]}"),)

    def channel(self, service: str, repo: str) -> Recipient | None:
        """A service's channel."""
        return Recipient(Place.CHANNEL, f"C{service}")

    def escalation(self, service: str, repo: str) -> tuple[Recipient, ...]:
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


Source = Callable[[datetime], tuple[World, Memory]]
"""Asked at a tick: what is open and what was said. What it costs is part of the tick."""
Keep = Callable[[Sequence[Due], datetime], None]
"""Told after a tick what went out; not measured."""
More = Callable[[datetime], Iterable[Line]]
"""Further figures of a source, at an instant."""


def from_memory(world: World, start: datetime) -> tuple[Source, Keep, More]:
    """A world that is at hand."""
    diary = Diary()

    def keep(messages: Sequence[Due], at: datetime) -> None:
        for message in messages:
            diary.keep(message, at)

    return lambda now: (world, diary.memory()), keep, lambda now: ()


SOURCES: Mapping[str, Callable[[World, datetime], tuple[Source, Keep, More]]] = {
    "memory": from_memory, "sqlite": from_sqlite,
}  # fmt: skip
"""Where the world comes from, by name. A store registers here what puts a world into it and reads it back."""


def one_tick(source: Source, now: datetime) -> list[Due]:
    """What is measured: the world is read, sorted, and asked."""
    world, memory = source(now)
    return due(Board(world), now, memory)


def measure_ticks(items: int, owners: int, name: str) -> list[Line]:
    """The figures of a day of ticks."""
    source, keep, more = SOURCES[name](made(items, owners), START)
    noon = START + 9 * HOUR
    begin = time.process_time()
    at_first = one_tick(source, noon)
    first = time.process_time() - begin
    tracemalloc.start()
    one_tick(source, noon)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    seconds, sent = [], 0
    for now in ticks(START, START + timedelta(days=1)):
        begin = time.process_time()
        messages = one_tick(source, now)
        seconds.append(time.process_time() - begin)
        keep(messages, now)
        sent += len(messages)
    week = START + timedelta(days=1)
    begin = time.process_time()
    world, memory = source(week)
    count = sum(1 for _ in forecast(world, memory, week, week + timedelta(days=7)))
    ahead = time.process_time() - begin
    return [
        Line("open drifts / owners / time zones / services", f"{items:,} / {owners:,} / {len(ZONES)} / {SERVICES}"),
        Line("the world and what was said come from", name),
        Line(f"first tick ever, nothing told: {len(at_first):,} messages", f"{first:.2f} s", "≤ 2 s", first <= 2),
        Line(f"dearest tick of a day of {sent:,} messages", f"{max(seconds):.2f} s", "≤ 2 s", max(seconds) <= 2),
        Line("median tick", f"{statistics.median(seconds):.2f} s"),
        Line("peak of what a tick allocates", f"{peak:.0f} MB", "≤ 150 MB", peak <= 150),
        Line(f"forecast of 7 days, {count:,} messages", f"{ahead:.2f} s"),
        *more(week),
    ]


def measure_year(items: int, owners: int, seed: int) -> list[Line]:
    """Whether planner and slow model agree on a year."""
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
    return [
        Line("a year hour by hour: items / owners", f"{items:,} / {owners:,}"),
        Line("messages", f"{len(sent):,}: {_kinds(sent)}"),
        Line("doubles", str(doubles), "none", not doubles),
        Line("lost: what the slow model says and was not sent", str(lost), "none", not lost),
        Line("sent although the slow model says nothing", str(extra), "none", not extra),
        Line("planner / slow model", f"{middle - begin:.0f} / {end - middle:.0f} s"),
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
    tick.add_argument("--source", choices=sorted(SOURCES), default="sqlite")
    year = commands.add_parser("year")
    year.add_argument("--items", type=int, default=1_000)
    year.add_argument("--owners", type=int, default=150)
    year.add_argument("--seed", type=int, default=1)
    for command in (tick, year):
        command.add_argument("--write", action="store_true", help="put the table into benchmarks/bot.md")
    said = parser.parse_args()
    machine = Machine()
    if said.command == "tick":
        lines = measure_ticks(said.items, said.owners, said.source)
    else:
        lines = measure_year(said.items, said.owners, said.seed)
    shown = table(lines, machine.said())
    print(shown)
    if said.write:
        name = f"reminders-{said.command}"
        page = between(PAGE.read_text(encoding="utf-8"), BEGIN.format(name), END.format(name), shown)
        PAGE.write_text(page, encoding="utf-8")
    sys.exit(1 if any(line.reached is False for line in lines) else 0)


if __name__ == "__main__":
    main()
