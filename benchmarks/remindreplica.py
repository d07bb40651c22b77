"""One of the replicas of ``remindkills.py``: the bot as ``app.py`` builds it, on a clock that the benchmark moves, from
its start until it is killed; and the nursery that they are born in, because a new interpreter takes seconds.

What is not as in ``serve``: the tick comes whenever the clock has moved, dead replicas are looked for more often than
every ten seconds, and the queues are looked into often and not limited, because here a month passes in minutes.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from dbos import DBOS

from bot.app import Application
from bot.model import BotError
from bot.observe import log
from bot.schedule import Schedule
from bot.settings import Settings

Cells: TypeAlias = "memoryview[float]"
"""Numbers that benchmark and replicas share: the time, whether nobody may begin a tick, ``OF_ONE`` for each replica."""
NOW, HOLD, FIRST = 0, 1, 2
UP, BUSY, TICKED, FAILED = range(4)
OF_ONE = 4
"""Whether it works, whether it is within a tick, the time of the last tick that it ended, ticks that failed."""
RECLAIM_SECONDS = 1.0
NAMES = "ab"


def cell(place: int, which: int) -> int:
    """Where a replica's own value is."""
    return FIRST + place * OF_ONE + which


def shared(file: Path) -> memoryview[float]:
    """The values that lie in a file; made where it is missing."""
    size = 8 * (FIRST + OF_ONE * len(NAMES))
    if not file.exists():
        file.write_bytes(bytes(size))
    with file.open("r+b") as opened:
        return memoryview(mmap.mmap(opened.fileno(), size)).cast("d")


class SharedClock:
    """The time that the benchmark set."""

    def __init__(self, cells: memoryview[float]) -> None:
        self._cells = cells

    def now(self) -> datetime:
        """In UTC."""
        return datetime.fromtimestamp(self._cells[NOW], UTC)


def serve(settings: Mapping[str, str], cells: memoryview[float], place: int, executor: Path) -> None:
    """Work until killed. ``executor`` is the file that gets the name under which the jobs know this process."""
    os.nice(10)
    register = DBOS.register_queue

    def often(name: str, **given: Any) -> object:
        pause = 0.1 if name == "reminders" else 5.0  # a look costs milliseconds; nothing is put into the others
        return register(name, **{**given, "polling_interval_sec": pause, "limiter": None})

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


def _ticks(application: Application, cells: memoryview[float], place: int) -> None:
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


def main() -> int:
    """The nursery: a replica for each line of standard input (a JSON object with ``settings``, ``cells``, ``place`` and
    ``executor``); its process id on standard output."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin:
        given = json.loads(line)
        born = os.fork()
        if born == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)  # what is logged must not come between process ids
            try:
                serve(given["settings"], shared(Path(given["cells"])), given["place"], Path(given["executor"]))
            finally:
                os._exit(1)
        print(born, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
