"""Work that survives a kill: the jobs port on DBOS. Nothing outside ``jobs``, ``workflows``, ``engine`` and
``replicas`` knows it; why DBOS, what was measured before it was chosen, and the traps: decision 8.

One code path on SQLite (one process, a journal before it) and PostgreSQL (any number of equal ones).
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from bot import engine, steps, workflows
from bot.context import Bot
from bot.inbox import Inbox
from bot.model import Incoming, PullRef, encoded
from bot.replicas import Sweep


class DbosJobs:
    """The jobs port. ``start`` before anything is ordered; ``stop`` lets running steps end."""

    def __init__(self, url: str, state_dir: Path, *, reviews: int = 16) -> None:
        self._url, self._state, self._reviews = url, state_dir, reviews
        self._postgresql = url.startswith(("postgresql", "postgres:"))
        self.executor = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}" if self._postgresql else "local"
        self._lock: int | None = None
        self._engine: Engine | None = None
        self._inbox: Inbox | None = None
        self._sweep: Sweep | None = None

    def start(self, bot: Bot, remind: Callable[[str], str] | None = None) -> None:
        """Take the place of the one process (SQLite), recover what was running, begin to work. ``remind`` sends the
        reminder of a row."""
        self._state.mkdir(0o700, parents=True, exist_ok=True)
        if self._postgresql:
            self._sweep = Sweep(self._url, self.executor)
            self._sweep.hold()
        else:
            self._lock = engine.only_process(self._state / "lock")
            self._engine = engine.one_at_a_time(self._url)
        steps.begin(bot, alone=not self._postgresql, remind=remind)
        # Reviews of many pull requests are many threads; whoever answers must not wait 5 ms for each of them.
        sys.setswitchinterval(0.0005)
        engine.launch(self._url, self.executor, self._reviews, self._engine)
        if not self._postgresql:
            self._inbox = Inbox(self._state / "inbox", workflows.place)

    def stop(self, seconds: float = 15.0) -> None:
        """Let running steps end for so long; what is left is recovered at the next start."""
        until = time.monotonic() + seconds
        if self._inbox is not None:
            self._inbox.stop(min(5.0, seconds))
            self._inbox = None
        steps.drained(max(0.0, until - time.monotonic()))
        engine.end()
        steps.end()
        if self._engine is not None:
            self._engine.dispose()
        if self._sweep is not None:
            self._sweep.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # -- the port --

    @property
    def at_once(self) -> bool:
        """An order is a line in the journal (a tenth of a millisecond); on PostgreSQL it is a transaction."""
        return self._inbox is not None

    def review(self, ref: PullRef, cause: str) -> None:
        """One order for each cause and pull request; on SQLite none while one waits that has yet to ask for the newest
        head."""
        self._order("review", ref.key, cause)

    def announce(self, ref: PullRef, cause: str) -> None:
        """Check run and message after a decision."""
        self._order("show", ref.key, cause)

    def act(self, incoming: Incoming) -> None:
        """A comment or a button, once per delivery."""
        self._order("act", PullRef(incoming.repo, incoming.number).key, incoming.id, encoded(incoming))

    def refresh(self, repo: str, cause: str) -> None:
        """Services of a default branch, once per delivery."""
        self._order("refresh", repo, cause)

    def remind(self, key: str) -> None:
        """The reminder of a row, once."""
        workflows.place("remind", key)

    def _order(self, *order: str) -> None:
        if self._inbox is None or steps.in_step():
            workflows.place(*order)
        else:
            self._inbox.put(*order)

    # -- what the schedule calls --

    def reclaim(self) -> int:
        """Hand the work of dead replicas over; only PostgreSQL has replicas."""
        return self._sweep.reclaim() if self._sweep is not None else 0

    def prune(self) -> int:
        """Forget work that ended long ago."""
        return engine.prune()

    def depth(self) -> dict[str, int]:
        """How many orders wait or run, by queue; what the journal holds counts as to be analysed."""
        kept = (
            self._inbox.waiting if self._inbox is not None else 0
        )  # first: what leaves it is counted twice, not never
        depth = engine.depth()
        return {**depth, "analysis": depth["analysis"] + kept}


@contextlib.contextmanager
def started(jobs: DbosJobs, bot: Bot) -> Iterator[DbosJobs]:
    """The jobs, started and stopped again."""
    jobs.start(bot)
    try:
        yield jobs
    finally:
        jobs.stop()
