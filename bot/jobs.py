"""Work that survives a kill: the jobs port on DBOS, the only module that knows it.

One code path on SQLite (one process) and PostgreSQL (any number of equal ones). Ids of workflows come from deliveries
and actions, never from the clock, so a redelivery is a no-op. Reviews run one at a time per pull request; each reads
the newest head first and looks again last. What was measured before DBOS was chosen, and the traps: decision 6.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypedDict

from dbos import DBOS, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from dbos._error import DBOSException, DBOSWorkflowIDInUseError
from sqlalchemy.exc import SQLAlchemyError

from bot import commands, service
from bot.context import Bot
from bot.model import BotError, Incoming, PullRef, decoded, encoded
from bot.observe import log, measured
from bot.ports import AnalysisFailed, Refused, Unavailable
from bot.replicas import Sweep
from bot.turns import Busy, Following

ATTEMPTS = 5
"""Reviews of one order that may fail in a worker (crash, time-out, memory) before it is called poison."""
PATIENCE = 14
"""Tries of a step against a service that is away; the waits double up to ``LONGEST`` and add up to about an hour."""
LONGEST = 600.0
"""Seconds between two tries at most, unless the service itself asks for more."""
RECOVERIES = 10_000
"""Restarts of the process do not count against a review: what hurts it dies in a worker, not here."""
APPLICATION_VERSION = "1"
"""Pinned: by default DBOS hashes the source, and work of the version before would wait for ever."""
KEPT = timedelta(days=7)
"""How long finished work is remembered; GitHub offers deliveries again for three days."""

_bot: Bot | None = None


Order = tuple[str, str, str, str, str]
"""Queue, partition, id, the name of the workflow, and its argument."""


class _Placed(threading.local):
    """The orders that the step of this thread places: DBOS starts no workflow from within a step, so the step hands
    them to its workflow. None outside of steps."""

    orders: list[Order] | None = None


_placed = _Placed()


class Result(TypedDict, total=False):
    """What a step hands to its workflow: a word when it is done and what it ordered, else how long to wait and why."""

    word: str
    orders: list[Order]
    wait: float
    text: str
    failure: str
    poison: bool


_reviews = Following()


def _working() -> Bot:
    if _bot is None:
        raise Unavailable("the server is not started")
    return _bot


_busy = Busy()


def _tried(work: Callable[[], str]) -> Result:
    """Run one step; errors that pass become waits, those that do not are logged and end it."""
    orders: list[Order] = []
    _placed.orders = orders
    try:
        with _busy:
            word = work()
        return {"word": word, "orders": orders} if orders else {"word": word}
    except Unavailable as problem:
        return {"wait": max(problem.retry_after, 0.0), "text": str(problem)}
    except AnalysisFailed as problem:
        return {"failure": str(problem), "poison": problem.poison}
    except BotError as problem:
        log.error("refused", reason=str(problem), code=problem.code if isinstance(problem, Refused) else "")
        return {"word": "refused"}
    finally:
        _placed.orders = None


# -- steps: each may run twice, each makes the world like the store says -------------------------------------------


@DBOS.step(name="review")
def _review(key: str) -> Result:
    with measured("review") as outcome:
        result = _tried(lambda: service.review(_working(), PullRef.parse(key)))
        outcome(result.get("word", "failed" if "failure" in result else "waiting"))
    return result


@DBOS.step(name="failed")
def _failed(key: str, text: str) -> Result:
    def work() -> str:
        service.failed(_working(), PullRef.parse(key), text)
        return "failed"

    return _tried(work)


@DBOS.step(name="publish")
def _publish(key: str) -> Result:
    return _tried(lambda: service.publish(_working(), PullRef.parse(key)))


@DBOS.step(name="announce")
def _announce(key: str) -> Result:
    return _tried(lambda: service.announce(_working(), PullRef.parse(key)))


@DBOS.step(name="act")
def _act(incoming: str) -> Result:
    return _tried(lambda: commands.act(_working(), decoded(Incoming, incoming)))


@DBOS.step(name="refresh")
def _refresh(repo: str) -> Result:
    return _tried(lambda: service.refresh(_working(), repo))


def _patiently(step: Callable[[str], Result], argument: str) -> Result:
    """Try a step until it is done or patience ends, and place what it ordered; the waits survive a restart."""
    pause = 1.0
    for _ in range(PATIENCE):
        result = step(argument)
        if "wait" not in result:
            for queue, partition, identity, workflow, ordered in result.get("orders", ()):
                _enqueue(queue, partition, identity, _WORKFLOWS[workflow], ordered)
            return result
        DBOS.sleep(max(result["wait"], pause))
        pause = min(pause * 2, LONGEST)
    log.error("gave up", step=step.__name__, subject=argument[:200], reason=result.get("text", ""))
    return {"failure": result.get("text", "a service stayed away"), "poison": False}


# -- workflows ----------------------------------------------------------------------------------------------------


@DBOS.workflow(name="review", max_recovery_attempts=RECOVERIES)
def review_workflow(key: str) -> str:
    """Review the newest head, then show it. An order that a later one of this process follows leaves it to that."""
    mine = str(DBOS.workflow_id)
    if _reviews.followed(key, mine):
        return "left to a later order"
    result: Result = {}
    for attempt in range(ATTEMPTS):
        result = _patiently(_review, key)
        if "failure" not in result or result.get("poison"):
            break
        DBOS.sleep(float(2**attempt))
    if "failure" in result:
        result = _failed(key, result["failure"])
    if result.get("word") not in {"superseded", "not opted in"}:
        _enqueue("outward", key, f"show:{mine}", show_workflow, key)
    return result.get("word", "")


@DBOS.workflow(name="show", max_recovery_attempts=RECOVERIES)
def show_workflow(key: str) -> str:
    """Bring the check run and Slack up to date with the store."""
    shown = _patiently(_publish, key).get("word", "")
    return f"{shown}, {_patiently(_announce, key).get('word', '')}"


@DBOS.workflow(name="act", max_recovery_attempts=RECOVERIES)
def act_workflow(incoming: str) -> str:
    """Do what a comment or a button on a check run asks for. Shown even where it was refused: a kill between a decision
    and its record makes the step run again, and then there is nothing left to decide."""
    word = _patiently(_act, incoming).get("word", "")
    if word in {"decided", "refused"}:
        asked = decoded(Incoming, incoming)
        key = PullRef(asked.repo, asked.number).key
        _enqueue("outward", key, f"show:act:{asked.id}", show_workflow, key)
    return word


@DBOS.workflow(name="refresh", max_recovery_attempts=RECOVERIES)
def refresh_workflow(repo: str) -> str:
    """Read what a default branch says of services."""
    return _patiently(_refresh, repo).get("word", "")


_WORKFLOWS: dict[str, Callable[[str], str]] = {
    workflow.__name__: workflow for workflow in (review_workflow, show_workflow, act_workflow, refresh_workflow)
}


def _enqueue(queue: str, partition: str, identity: str, workflow: Callable[[str], str], argument: str) -> bool:
    """Place an order; False when it was there already, or is placed later by the workflow of this step. Raises
    ``Unavailable`` when it could not be kept."""
    if _placed.orders is not None:
        _placed.orders.append((queue, partition, identity, workflow.__name__, argument))
        return False
    # Within a workflow a repeated order is one that a recovery places again: DBOS tells them by the place.
    policy: Literal["reject", "return-existing"] = "return-existing" if DBOS.workflow_id else "reject"
    options = SetEnqueueOptions(queue_partition_key=partition)
    try:
        with SetWorkflowID(identity, workflow_id_reuse_policy=policy), options:
            DBOS.enqueue_workflow(queue, workflow, argument)
    except DBOSWorkflowIDInUseError:
        return False
    except (SQLAlchemyError, DBOSException) as problem:
        raise Unavailable(f"the order could not be kept ({type(problem).__name__})", 1) from None
    return True


class DbosJobs:
    """The jobs port. ``start`` before anything is ordered; ``stop`` lets running steps end."""

    def __init__(self, url: str, state_dir: Path, *, reviews: int = 16) -> None:
        self._url, self._state = url, state_dir
        self._reviews = reviews
        self._postgresql = url.startswith(("postgresql", "postgres:"))
        self.executor = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}" if self._postgresql else "local"
        self._lock: int | None = None
        self._sweep: Sweep | None = None

    def start(self, bot: Bot) -> None:
        """Take the place of the one process (SQLite), recover what was running, begin to work."""
        global _bot
        _bot = bot
        self._state.mkdir(parents=True, exist_ok=True)
        if not self._postgresql:
            self._lock = _only_process(self._state / "lock")
            _write_ahead(self._url)
        DBOS(
            config={
                "name": "runbook-drift", "system_database_url": self._url, "executor_id": self.executor,
                "application_version": APPLICATION_VERSION, "serializer": DBOSPortableJSONSerializer(),
                "log_level": "ERROR", "enable_otlp": False,
                "use_listen_notify": False,  # nothing here waits for events, and its listener holds up a stop by 10 s
            }
        )  # fmt: skip
        # Its own handler prints tracebacks, which may quote anything; ours redacts.
        engine_log = logging.getLogger("dbos")
        engine_log.handlers.clear()
        engine_log.propagate, engine_log.disabled = True, False
        if self._postgresql:
            self._sweep = Sweep(self._url, self.executor)
            self._sweep.hold()
        DBOS.launch()
        DBOS.register_queue(
            "analysis", partition_concurrency=1, worker_concurrency=self._reviews, polling_interval_sec=0.3
        )
        DBOS.register_queue(
            "outward", partition_concurrency=1, worker_concurrency=16, limiter={"limit": 20, "period": 10.0},
            polling_interval_sec=0.4,
        )  # fmt: skip

    def stop(self, seconds: float = 20.0) -> None:
        """Let running steps end for so long; what is left is recovered at the next start."""
        global _bot
        _busy.drained(seconds)
        DBOS.destroy(workflow_completion_timeout_sec=0)
        logging.getLogger("dbos").disabled = True  # what sleeps now finds no engine when it wakes, as it should
        _bot = None
        _reviews.clear()
        if self._sweep is not None:
            self._sweep.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # -- the port --

    def review(self, ref: PullRef, cause: str) -> None:
        """One order for each cause and pull request."""
        identity = f"review:{cause}:{ref.key}"
        number = _reviews.number()
        if _enqueue("analysis", ref.key, identity, review_workflow, ref.key):
            _reviews.placed(ref.key, identity, number)

    def announce(self, ref: PullRef, cause: str) -> None:
        """Check run and message after a decision."""
        _enqueue("outward", ref.key, f"show:{cause}:{ref.key}", show_workflow, ref.key)

    def act(self, incoming: Incoming) -> None:
        """A comment or a button, once per delivery."""
        ref = PullRef(incoming.repo, incoming.number)
        _enqueue("outward", ref.key, f"act:{incoming.id}", act_workflow, encoded(incoming))

    def refresh(self, repo: str, cause: str) -> None:
        """Services of a default branch, once per delivery."""
        _enqueue("analysis", repo, f"refresh:{cause}:{repo}", refresh_workflow, repo)

    # -- what the schedule calls --

    def reclaim(self) -> int:
        """Hand the work of dead replicas over; only PostgreSQL has replicas."""
        return self._sweep.reclaim() if self._sweep is not None else 0

    def prune(self) -> int:
        """Forget work that ended long ago: DBOS keeps everything for ever."""
        before = (datetime.now(UTC) - KEPT).isoformat()
        ended = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], end_time=before, limit=5_000,
            load_input=False, load_output=False,
        )  # fmt: skip
        for workflow in ended:
            DBOS.delete_workflow(workflow.workflow_id)
        return len(ended)

    def depth(self) -> dict[str, int]:
        """How many orders wait or run, by queue."""
        found = DBOS.list_workflows(status=["ENQUEUED", "PENDING"], load_input=False, load_output=False, limit=10_000)
        depth = {"analysis": 0, "outward": 0}
        for workflow in found:
            if workflow.queue_name in depth:
                depth[workflow.queue_name] += 1
        return depth


def _only_process(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise BotError(
            f"another process uses {path.parent}: SQLite serves one; set DATABASE_URL to PostgreSQL for more"
        ) from None
    return descriptor


def _write_ahead(url: str) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("pragma journal_mode=wal")


@contextlib.contextmanager
def started(jobs: DbosJobs, bot: Bot) -> Iterator[DbosJobs]:
    """The jobs, started and stopped again."""
    jobs.start(bot)
    try:
        yield jobs
    finally:
        jobs.stop()
