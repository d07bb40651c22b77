"""One of the replicas of ``remindkills.py``: the bot as ``app.py`` builds it, on a clock that the benchmark moves, from
its start until it is killed.

What is not as in ``serve``: the tick comes whenever the clock has moved, dead replicas are looked for more often than
every ten seconds, and the queues are looked into often and not limited, because here a month passes in minutes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, MutableSequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS

from bot.app import Application
from bot.model import BotError
from bot.observe import log
from bot.schedule import Schedule
from bot.settings import Settings

Cells = MutableSequence[float]
"""What benchmark and replicas share: the time, whether nobody may begin a tick, and ``OF_ONE`` for each replica."""
NOW, HOLD, FIRST = 0, 1, 2
UP, BUSY, TICKED, FAILED = range(4)
OF_ONE = 4
"""Whether it works, whether it is within a tick, the time of the last tick that it ended, ticks that failed."""
RECLAIM_SECONDS = 0.4


def cell(place: int, which: int) -> int:
    """Where a replica's own value is."""
    return FIRST + place * OF_ONE + which


class SharedClock:
    """The time that the benchmark set."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def now(self) -> datetime:
        """In UTC."""
        return datetime.fromtimestamp(self._cells[NOW], UTC)


def serve(settings: Mapping[str, str], cells: Cells, place: int, executor: Path) -> None:
    """Work until killed. ``executor`` is the file that gets the name under which the jobs know this process."""
    os.nice(10)
    register = DBOS.register_queue

    def often(name: str, **given: Any) -> object:
        return register(name, **{**given, "polling_interval_sec": 0.03, "limiter": None})

    DBOS.register_queue = often  # type: ignore[method-assign,assignment]
    made = Settings.model_validate({name.lower(): value for name, value in settings.items()})
    application = Application(made, SharedClock(cells))
    executor.write_text(application.jobs.executor)
    application.jobs.start(application.bot, application.reminders.send)
    schedule = Schedule()
    schedule.every(RECLAIM_SECONDS, "reclaim", application.jobs.reclaim)
    schedule.start()
    cells[cell(place, UP)] = 1
    _ticks(application, cells, place)


def _ticks(application: Application, cells: Cells, place: int) -> None:
    done = 0.0
    while True:
        cells[cell(place, BUSY)] = 1  # said before the look at HOLD: whoever holds waits for it
        now = cells[NOW]
        if cells[HOLD] or now == done:
            cells[cell(place, BUSY)] = 0
            time.sleep(0.002)
            continue
        try:
            application.reminders.tick()
            cells[cell(place, TICKED)] = done = now
        except BotError as problem:
            log.warning("tick failed", reason=str(problem))
            cells[cell(place, FAILED)] += 1
        cells[cell(place, BUSY)] = 0
