"""Two replicas of the reminders on PostgreSQL through a made-up month, killed with -9 again and again.

    python -m benchmarks.remindkills [--kills 200] [--things 300] [--owners 60] [--days 30] [--seed 1] [--write]

Both are the bot as ``app.py`` builds it, on one clock that moves by a quarter of an hour (on weekends by an hour) once
every replica that works has ticked; before each full hour nothing may be left from more than half an hour ago, as in an
hour of real time there would not be. Kills come at any moment, within a tick, and at each of the calls of Slack with
which a message is sent, before and after Slack has done it; now and then both at once. What Slack got is compared with
what the independent slow model of the reminders says, message by message and line by line.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.bot import BEGIN, END, PAGE, Machine, table
from benchmarks.botspeed import Line
from benchmarks.processes import tell
from benchmarks.remindmonth import HOUR, Month, Toll
from benchmarks.remindreplica import FAILED, HOLD, NAMES, NOW, cell
from benchmarks.remindstory import Room, happenings, in_story, made, services
from benchmarks.report import between
from bot.reminders.nouns import Sending
from tests.bot.postgres import running
from tests.bot.reminders.slowmodel import Message, SlowModel
from tests.bot.reminders.stories import Story
from tests.bot.reminders.test_model import told

START = datetime(2026, 10, 12, tzinfo=UTC)
"""A Monday; clocks are set back on 25 October in Europe, on 1 November in America."""
STEP = timedelta(minutes=15)


def moments(start: datetime, days: int) -> list[datetime]:
    """When the clock stands: every quarter of an hour, on weekends every hour."""
    found, now = [], start
    while now < start + timedelta(days=days):
        found.append(now)
        # Saturday's first and Sunday's last hours are somebody's Friday and Monday.
        quiet = (now + timedelta(hours=12)).weekday() == 6 or (now.weekday() == 5 and now.hour >= 12)
        now += HOUR if quiet and now.minute == 0 else STEP
    return found


def expected(tale: Story, at: list[datetime]) -> dict[str, Message]:
    """What the slow model says, by the key of the message in the story's names."""
    model = SlowModel(tale)
    said = [message for now in at for message in model.tick(now)]
    return {_key(message): message for message in said}


def _key(message: Message) -> str:
    _, kind, who, subject, day, _ = message
    return f"{kind}:{who}:{day}:{subject}"


def compared(rows: list[Sending], keys: list[str], said: dict[str, Message]) -> tuple[dict[str, int], list[str]]:
    """Doubles, lost, extra and different messages, and in words what is wrong. A weekly digest of a week in which
    nothing was open is on record as empty."""
    times = Counter(keys)
    known = {_key(message): (row, message) for row in rows for message in [in_story(told(row.claimed_at, row.due))]}
    out = {name: row for name, (row, _) in known.items() if times[row.key]}
    empty = {name for name, (row, _) in known.items() if row.state == "empty" and row.kind == "weekly"}
    lost = said.keys() - out.keys() - empty
    extra = out.keys() - said.keys()
    different = [name for name in out.keys() & said.keys() if known[name][1][2:] != said[name][2:]]
    unknown = times.keys() - {row.key for row in rows}
    words = [f"lost {name}: {known[name][0].state if name in known else 'never claimed'}" for name in sorted(lost)]
    words += [f"extra {name}" for name in sorted(extra | unknown)]
    words += [f"different {name}: {known[name][1][5]} instead of {said[name][5]}" for name in different]
    words += [f"{count} times {key}" for key, count in times.items() if count > 1]
    counts = {
        "doubles": sum(count - 1 for count in times.values()), "lost": len(lost),
        "extra": len(extra) + len(unknown), "different": len(different),
    }  # fmt: skip
    return counts, words


def measure(kills: int, things: int, owners: int, days: int, seed: int) -> list[Line]:
    """The month and its figures."""
    tale = made(seed, START, days, things, owners, services=8)
    at = moments(START, days)
    began = time.monotonic()
    with running() as server, tempfile.TemporaryDirectory() as folder:
        room = Room(tale, seed)
        month: Month | None = None
        try:
            month = Month(server.fresh(), room, Path(folder), tale, seed)
            month.store.save_services("shop/all", services(tale), START)
            month.cells[NOW] = at[0].timestamp()
            month.cells[HOLD] = 1
            month.started()
            month.cells[HOLD] = 0
            month.live(at, happenings(tale), kills)
            took = time.monotonic() - began
            rows, keys = _rows(month), room.keys()
            failed = sum(int(month.cells[cell(place, FAILED)]) for place in range(len(NAMES)))
        finally:
            if month is not None:
                month.stop()
            room.stop()
    counts, words = compared(rows, keys, expected(tale, at))
    for word in words[:20]:
        tell(f"remindkills: {word}")
    return _lines(tale, at, month.toll, rows, keys, counts, room.refused, failed, took)


def _rows(month: Month) -> list[Sending]:
    keys = sorted(month.store.on_record(START.date() - timedelta(days=9)))
    return [row for key in keys if (row := month.store.sending(key)) is not None]


def _lines(
    tale: Story, at: list[datetime], toll: Toll, rows: list[Sending], keys: list[str], counts: dict[str, int],
    refused: int, failed: int, took: float,
) -> list[Line]:  # fmt: skip
    days = (at[-1] - at[0]).days + 1
    kinds = Counter(key.partition(":")[0] for key in keys)
    states = Counter(row.state for row in rows)
    sending = sum(count for how, count in toll.kinds.items() if "." in how)
    done = sum(count for how, count in toll.kinds.items() if how.endswith("done"))
    zones = len({person.moves[0][1] for person in tale.people.values()})
    return [
        Line("days / ticks / drifts / owners / time zones / services",
             f"{days} / {len(at):,} / {len(tale.things)} / {len(tale.people)} / {zones} / {len(tale.policies)}"),
        Line("kills: at any moment / within a tick / while it sends / the other one too", " / ".join(map(str, (
            toll.kinds["at any moment"], toll.kinds["within a tick"], sending, toll.kinds["the other one with it"],
        ))) + f": {sum(toll.kinds.values())} in {took / 60:.0f} min, {toll.early} of them while it started"),
        Line("kills that hit a message which was claimed and not recorded as sent", str(toll.holding)),
        Line("messages hit: not ordered / not in Slack yet / in Slack, not on record",
             f"{toll.unordered} / {toll.unsent} / {toll.unrecorded} ({done} kills before Slack's answer)"),
        Line("calls that Slack refused for now (429); ticks that the database refused", f"{refused}; {failed}"),
        Line("messages in Slack", f"{len(keys):,}: " + ", ".join(f"{k} {n:,}" for k, n in kinds.most_common())),
        Line("rows that were claimed, by what became of them", ", ".join(f"{k} {n}" for k, n in states.most_common())),
        *(Line(what, str(counts[name]), "none", not counts[name]) for name, what in (
            ("doubles", "doubles"), ("lost", "lost: what the slow model says and was not sent"),
            ("extra", "sent although the slow model says nothing"), ("different", "sent with other lines"),
        )),
    ]  # fmt: skip


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="about how many")
    parser.add_argument("--things", type=int, default=300)
    parser.add_argument("--owners", type=int, default=60)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/bot.md")
    given = parser.parse_args()
    machine = Machine()
    lines = measure(given.kills, given.things, given.owners, given.days, given.seed)
    shown = table(lines, machine.said())
    print(shown)
    if given.write:
        begin, end = BEGIN.format("reminders-kills"), END.format("reminders-kills")
        PAGE.write_text(between(PAGE.read_text(encoding="utf-8"), begin, end, shown), encoding="utf-8")
    return 1 if any(line.reached is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
