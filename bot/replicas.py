"""Taking over from replicas that died; only PostgreSQL has more than one."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from dbos import DBOS

if TYPE_CHECKING:
    import psycopg


class Sweep:
    """Takes over from replicas that died. Open-source DBOS never hands a dead replica's work to another, so each
    process holds a session advisory lock under its id; a lock that is free in two sweeps means dead."""

    _KEY = "hashtextextended('runbook-drift:' || %s, 0)"

    def __init__(self, url: str, executor: str) -> None:
        self._url = url.replace("postgresql+psycopg:", "postgresql:")
        self._executor = executor
        self._session: psycopg.Connection[tuple[object, ...]] | None = None
        self._suspects: set[str] = set()
        self._guard = threading.Lock()

    def hold(self) -> None:
        """Hold our own lock, on a new session when the one before was lost."""
        import psycopg

        if self._session is not None:
            try:
                self._session.execute("select 1")
                return
            except psycopg.Error:
                with contextlib.suppress(psycopg.Error):
                    self._session.close()
        keepalives = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
        self._session = psycopg.connect(self._url, autocommit=True, options=keepalives)
        self._session.execute(f"select pg_advisory_lock({self._KEY})", (self._executor,))

    def reclaim(self) -> int:
        """One sweep; returns how many replicas were found dead."""
        with self._guard:
            self.hold()
            assert self._session is not None
            free: set[str] = set()
            dead = 0
            running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
            for executor in sorted({w.executor_id for w in running if w.executor_id} - {self._executor}):
                row = self._session.execute(f"select pg_try_advisory_lock({self._KEY})", (executor,)).fetchone()
                if row is None or not row[0]:
                    continue
                try:
                    if executor in self._suspects:
                        # Private, but it counts recoveries; the public resume_workflow() starts the count anew.
                        DBOS._recover_pending_workflows([executor])
                        dead += 1
                finally:
                    self._session.execute(f"select pg_advisory_unlock({self._KEY})", (executor,))
                free.add(executor)
            self._suspects = free
            return dead

    def close(self) -> None:
        """Let go: from now on we count as dead, and what we left is taken over."""
        if self._session is not None:
            self._session.close()
