"""DBOS as this project runs it: its database, its settings, its queues. Only the jobs know it (decision 8)."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbos import DBOS, DBOSPortableJSONSerializer
from sqlalchemy import Engine, create_engine, event

from bot.model import BotError

APPLICATION_VERSION = "1"
"""Pinned: by default DBOS hashes the source, and work of the version before would wait for ever."""
KEPT = timedelta(days=7)
"""How long finished work is remembered; GitHub offers deliveries again for three days."""
QUEUES = ("analysis", "outward", "reminders")


def launch(url: str, executor: str, reviews: int, engine: Engine | None) -> None:
    """Recover what was running and begin to work; ``reviews`` run at a time."""
    DBOS(
        config={
            "name": "runbook-drift", "system_database_url": url, "executor_id": executor,
            "system_database_engine": engine,
            "application_version": APPLICATION_VERSION, "serializer": DBOSPortableJSONSerializer(),
            "log_level": "ERROR", "enable_otlp": False,
            "use_listen_notify": False,  # nothing here waits for events, and its listener holds up a stop by 10 s
        }
    )  # fmt: skip
    # Its own handler prints tracebacks, which may quote anything; ours redacts.
    engine_log = logging.getLogger("dbos")
    engine_log.handlers.clear()
    engine_log.propagate, engine_log.disabled = True, False
    DBOS.launch()
    # A look into a queue costs half a percent of a core when it is done once a second: these add up to about two.
    DBOS.register_queue("analysis", partition_concurrency=1, worker_concurrency=reviews, polling_interval_sec=0.5)
    DBOS.register_queue(
        "outward", partition_concurrency=1, worker_concurrency=16, limiter={"limit": 20, "period": 10.0},
        polling_interval_sec=0.5,
    )  # fmt: skip
    DBOS.register_queue(  # apart, so that a morning of digests holds up no alert
        "reminders", partition_concurrency=1, worker_concurrency=4, limiter={"limit": 10, "period": 10.0},
        polling_interval_sec=3.0,
    )  # fmt: skip


def end() -> None:
    """Stop working; what runs or sleeps is recovered at the next start."""
    DBOS.destroy(workflow_completion_timeout_sec=0)
    logging.getLogger("dbos").disabled = True  # what sleeps now finds no engine when it wakes, as it should


def prune() -> int:
    """Forget work that ended long ago: DBOS keeps everything for ever."""
    before = (datetime.now(UTC) - KEPT).isoformat()
    ended = DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], end_time=before, limit=5_000,
        load_input=False, load_output=False,
    )  # fmt: skip
    for workflow in ended:
        DBOS.delete_workflow(workflow.workflow_id)
    return len(ended)


_WAITING = ["DELAYED", "ENQUEUED", "PENDING"]


def depth() -> dict[str, int]:
    """How many orders wait or run, by queue."""
    found = DBOS.list_workflows(status=_WAITING, load_input=False, load_output=False, limit=10_000)
    counted = dict.fromkeys(QUEUES, 0)
    for workflow in found:
        if workflow.queue_name in counted:
            counted[workflow.queue_name] += 1
    return counted


def one_at_a_time(url: str) -> Engine:
    """One connection to the SQLite file, whose transactions take turns: SQLite has one writer anyway, and those that
    wait for it in SQLite sleep up to 100 ms at a time, while those that wait for the connection are woken. A commit
    survives a killed process; after a power cut the last ones may be missing (``synchronous=NORMAL``), never half
    there. DBOS opens no second transaction within one; a test fails when an upgrade changes that."""
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=300)

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=wal", "synchronous=normal", "busy_timeout=30000", "foreign_keys=on"):
            connection.execute(f"pragma {pragma}")

    return engine


def only_process(path: Path) -> int:
    """The descriptor of the locked file that makes this the one process on its directory; closing it lets go. Raises
    ``BotError`` where another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise BotError(
            f"another process uses {path.parent}: SQLite serves one; set DATABASE_URL to PostgreSQL for more"
        ) from None
    return descriptor
