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
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.bot import BEGIN, END, PAGE, Machine, table
from benchmarks.botspeed import Line
from benchmarks.processes import tell
from benchmarks.remindreplica import BUSY, FAILED, HOLD, NAMES, NOW, OF_ONE, TICKED, UP, cell, shared
from benchmarks.remindstory import DEFAULT, Happening, Room, happenings, in_story, made, services, user
from benchmarks.report import between
from bot.doctor import store_url
from bot.reminders.nouns import Sending
from bot.settings import Settings
from bot.store import SqlStore, open_store
from tests.bot.postgres import running
from tests.bot.reminders.slowmodel import Message, SlowModel
from tests.bot.reminders.stories import Story
from tests.bot.reminders.test_model import told

START = datetime(2026, 10, 12, tzinfo=UTC)
"""A Monday; clocks are set back on 25 October in Europe, on 1 November in America."""
STEP, HOUR = timedelta(minutes=15), timedelta(hours=1)
PATIENCE = 120.0
"""Seconds that something may take before the benchmark gives up."""
POINTS = (
    ("conversations.open", False), ("conversations.history", False), ("chat.postMessage", False),
    ("chat.postMessage", True), ("chat.postMessage", True),
)  # fmt: skip
"""At which calls a replica is killed, and whether after Slack has done it: mostly there, since that is the worst."""


@dataclass
class Replica:
    """One of the two: its process, and under which name the jobs know it."""

    place: int
    file: Path
    pid: int
    killed: str = ""

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it with -9."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    @property
    def executor(self) -> str:
        """Empty while it starts."""
        return self.file.read_text() if self.file.exists() else ""


@dataclass
class Toll:
    """What the kills hit."""

    kinds: Counter[str] = field(default_factory=Counter)
    early: int = 0
    unordered: int = 0
    unsent: int = 0
    unrecorded: int = 0
    holding: int = 0


class Month:
    """The replicas, their clock, and who kills them."""

    def __init__(self, url: str, room: Room, folder: Path, tale: Story, seed: int) -> None:
        self.cells = shared(folder / "cells")
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.remindreplica"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        people = ",".join(f"{name.lower()}={user(name)}" for name in tale.people)
        self._settings = {
            "GITHUB_API_URL": f"{room.url}/api", "GITHUB_WEB_URL": room.url, "GITHUB_TOKEN": "ghp-benchmark",
            "SLACK_API_URL": f"{room.url}/slack/", "SLACK_SIGNING_SECRET": "none", "SLACK_DEFAULT_CHANNEL": DEFAULT,
            "DATABASE_URL": url, "PEOPLE": people, "WORKERS": "1", "LOG_LEVEL": "error",
        }  # fmt: skip
        self._folder, self._room, self._chance = folder, room, random.Random(seed)
        self.store: SqlStore = open_store(store_url(Settings.model_validate(self._lower("a"))))
        self._sql = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self.replicas: list[Replica] = []
        self.toll = Toll()
        self.posted: set[str] = set()
        self._aim: tuple[int, str, bool] | None = None
        self._deadline: tuple[int, float, str] | None = None

    def _lower(self, name: str) -> dict[str, str]:
        told = {**self._settings, "SLACK_BOT_TOKEN": f"xoxb-{name}", "STATE_DIR": str(self._folder / name)}
        return {key.lower(): value for key, value in told.items()}

    def start(self, place: int) -> Replica:
        """A process for a place."""
        for which in range(OF_ONE - 1):
            self.cells[cell(place, which)] = 0
        file = self._folder / f"{NAMES[place]}{time.monotonic_ns()}"
        order = {"settings": self._lower(NAMES[place]), "cells": str(self._folder / "cells"), "place": place,
                 "executor": str(file)}  # fmt: skip
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        print(json.dumps(order), file=self._nursery.stdin, flush=True)
        return Replica(place, file, int(self._nursery.stdout.readline()))

    def started(self) -> None:
        """Both work; from now on what happens in Slack is watched."""
        self.replicas = [self.start(place) for place in range(len(NAMES))]
        self.wait(lambda: all(self.cells[cell(r.place, UP)] for r in self.replicas), "both replicas work")
        self._room.watch = self.watched

    def stop(self) -> None:
        """End everything."""
        for replica in self.replicas:
            replica.kill()
        self._nursery.kill()
        self._nursery.wait()
        self._sql.close()
        self.store.close()

    # -- kills -----------------------------------------------------------------------------------------------------

    def watched(self, caller: str, method: str, done: bool) -> None:
        """Slack is asked for something: the replica that asks may be killed at this very call."""
        aim = self._aim
        if aim is not None and (NAMES[aim[0]], *aim[1:]) == (caller, method, done):
            self._aim = None
            self._kill(self.replicas[aim[0]], f"{method}, {'done' if done else 'before'}")

    def threaten(self) -> None:
        """Decide whom to kill next, and how."""
        victim, how = self._chance.randrange(len(NAMES)), self._chance.random()
        if how < 0.5:
            self._aim = (victim, *self._chance.choice(POINTS))
        elif how < 0.75:
            self._deadline = (victim, time.monotonic() + self._chance.uniform(0, 0.06), "within a tick")
        else:
            self._deadline = (victim, time.monotonic() + self._chance.uniform(0, 1.5), "at any moment")

    @property
    def threatened(self) -> bool:
        """Whether somebody is to be killed."""
        return self._aim is not None or self._deadline is not None

    def look(self) -> None:
        """Kill whose time has come, and start again who is dead."""
        if self._deadline is not None and time.monotonic() >= self._deadline[1]:
            place, _, how = self._deadline
            self._deadline = None
            self._kill(self.replicas[place], how)
            if self._chance.random() < 0.15:
                self._kill(self.replicas[1 - place], "the other one with it")
        for place, replica in enumerate(self.replicas):
            if replica.killed and not replica.alive:
                self._count(replica)
                self.replicas[place] = self.start(place)

    def _kill(self, replica: Replica, how: str) -> None:
        replica.killed = how
        replica.kill()

    def _count(self, replica: Replica) -> None:
        """What a kill hit: what the victim had claimed and not ordered, had not sent, or sent and not recorded."""
        self.toll.kinds[replica.killed] += 1
        self.toll.early += not self.cells[cell(replica.place, UP)]
        orders = self._sql.execute(
            "select w.workflow_uuid from dbos.workflow_status w join sendings s on w.workflow_uuid = 'remind:' || s.key"
            " where w.executor_id = %s and w.status = 'PENDING' and s.state = 'claimed'", (replica.executor,)
        ).fetchall()  # fmt: skip
        there = set(self._room.keys())
        sent = sum(row[0].removeprefix("remind:") in there for row in orders)
        other = 1 - replica.place
        alone = not self.cells[cell(other, BUSY)] or not self.cells[cell(other, UP)]
        bare = self._claimed("not exists (select from dbos.workflow_status w where w.workflow_uuid = 'remind:' || key)")
        self.toll.unordered += bare if alone and self.cells[cell(replica.place, BUSY)] else 0
        self.toll.unrecorded += sent
        self.toll.unsent += len(orders) - sent
        self.toll.holding += bool(orders or bare)

    def _claimed(self, which: str = "true") -> int:
        row = self._sql.execute(f"select count(*) from sendings where state = 'claimed' and {which}").fetchone()
        return row[0] if row else 0

    # -- time ------------------------------------------------------------------------------------------------------

    def wait(self, holds: object, what: str) -> None:
        """Wait, while kills go on. Raises ``TimeoutError``."""
        assert callable(holds)
        until = time.monotonic() + PATIENCE
        while not holds():
            self.look()
            if time.monotonic() > until:
                raise TimeoutError(f"not within {PATIENCE:g} s: {what}")
            time.sleep(0.002)

    def step(self, now: datetime) -> None:
        """Move the clock, and let every replica that works tick."""
        self.cells[NOW] = now.timestamp()
        self.wait(lambda: self._ticked(now), f"a tick of {now}")

    def _ticked(self, now: datetime) -> bool:
        here = [cell(replica.place, TICKED) for replica in self.replicas if self.cells[cell(replica.place, UP)]]
        return bool(here) and all(self.cells[ticked] >= now.timestamp() for ticked in here)

    def settle(self, now: datetime, *, all_of_it: bool = False) -> None:
        """Wait until what was claimed more than half an hour ago (or at all) is sent."""
        before = now.timestamp() - (0 if all_of_it else HOUR.total_seconds() / 2)
        self.wait(lambda: not self._claimed(f"claimed_at <= {before!r}"), f"what was claimed before {now} is sent")

    @contextlib.contextmanager
    def held(self) -> Iterator[SqlStore]:
        """Nobody ticks meanwhile."""
        self.cells[HOLD] = 1
        try:
            self.wait(lambda: not any(self.cells[cell(r.place, BUSY)] for r in self.replicas if r.alive),
                      "nobody ticks")  # fmt: skip
            yield self.store
        finally:
            self.cells[HOLD] = 0

    def live(self, moments: list[datetime], events: list[Happening], kills: int) -> None:
        """The month, tick by tick. What happens at an instant happens when all of before is sent."""
        every = max(1.0, len(moments) / max(kills, 1))
        following, left = self._chance.uniform(0, 2 * every), list(events)
        for number, now in enumerate(moments):
            if now.minute == 0:
                self.settle(now)
            if left and left[0][0] <= now:
                self.settle(now, all_of_it=True)
                with self.held() as store:
                    while left and left[0][0] <= now:
                        left.pop(0)[2](store)
                    self.cells[NOW] = now.timestamp()
            self.step(now)
            if number >= following and not self.threatened:
                self.threaten()
                following += self._chance.uniform(0, 2 * every)
            if number % 96 == 0:
                tell(
                    f"{now:%a %d %b %H:%M}: {len(self._room.messages)} messages, {sum(self.toll.kinds.values())} kills"
                )
        self._aim = self._deadline = None
        self.settle(moments[-1], all_of_it=True)


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
