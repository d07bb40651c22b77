"""A function that starts, stops, checks, retries, schedules or throttles something works differently.

## Why the reader of a runbook cares

The name of the function, its class, file or folder has to say so; the body is compared blind to comments, layout and
local names. What exactly differs is not claimed: read the diff. Recovery steps lean on the order of a shutdown, on what
a health check looks at, and on when a retry gives up.

## Before

```python path=app/worker.py
def shutdown(worker):
    worker.drain()
    worker.stop()
```

## After

```python path=app/worker.py
def shutdown(worker):
    worker.stop()
```

## What to write

> A worker that is stopped drops the jobs it holds; they are taken up by others after a minute.

instead of

> A worker finishes its jobs before it stops.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Confidence, FactKind, Finding, Severity
from analyzers.rules.logic import ENOUGH, Words, points
from analyzers.rules.operation import is_aside

ID = "ops/operational-logic-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.BEHAVIOUR})

OPS = Words(
    frozenset(
        "startup shutdown bootstrap healthcheck healthz health readiness readyz liveness probe retry retries "
        "retrying backoff queue enqueue dequeue requeue scheduler schedule scheduling reschedule worker workers "
        "deploy deployment rollout rollback failover switchover reconnect ratelimit throttle throttling leader "
        "election reload drain draining graceful recover recovery heartbeat watchdog cron supervisor daemon "
        "autoscale autoscaler autoscaling evict eviction maintenance hibernate fencing replay".split()
    ),
    frozenset(
        "config configure start starting stop stopping run running init initialize cache pool limit limiter rate "
        "connect connection timeout consumer consume producer dispatch dispatcher poll poller refresh sync job "
        "jobs task tasks monitor alert alerts lock lease ring process launch restart register unregister ready "
        "close wait sweep loop tick interval server listen serve batch circuit breaker quota replica replicas "
        "shard shards instance".split()
    ),
)
"""Words of running a service, from the Kubernetes, systemd and Prometheus documentation."""


def check(change: Change) -> Iterator[Finding]:
    """A changed body whose names speak of running the service."""
    fact = change.fact
    if change.kind is not ChangeKind.MODIFIED or is_aside(fact) or fact.key.isupper():
        return
    if points(change, OPS) > ENOUGH:
        message = f"{fact.key} works differently; by its name it starts, stops, checks, retries or schedules something."
        yield from finding(ID, Severity.LOW, change, message, confidence=Confidence.MEDIUM)
