"""Two replicas, their clock, and who kills them: the machinery of ``remindkills.py``."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from benchmarks.processes import tell
from benchmarks.remindreplica import BUSY, HOLD, NAMES, NOW, OF_ONE, TICKED, UP, cell, shared
from benchmarks.remindstory import DEFAULT, Happening, Room, user
from bot.doctor import store_url
from bot.settings import Settings
from bot.store import SqlStore, open_store
from tests.bot.reminders.stories import Story

HOUR = timedelta(hours=1)
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

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Wait, while kills go on. Raises ``TimeoutError``."""
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
