"""A workload runs with other replicas, resources, probes, user, volumes or update strategy.

## Why the reader of a runbook cares

How many there are, when they are killed for memory, how long a shutdown may take and when a probe fails decide what an
outage looks like and which step mends it.

## Before

```yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 3
```

## After

```yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 1
```

## What to write

> There is one replica; a restart means a short outage.

instead of

> Restart the replicas one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, FactKind, Finding, Severity
from analyzers.rules.operation import is_aside, quoted

ID = "ops/workload-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.WORKLOAD})

_QUIET = re.compile(r"(?:^|\.)(?:labels|annotations|metadata|description|matchLabels|selector)(?:\.|$)")


def check(change: Change) -> Iterator[Finding]:
    """A changed or removed field is medium, a new one low; labels and annotations are silent."""
    fact, before, after = change.fact, change.before, change.after
    if is_aside(fact) or _QUIET.search(fact.key):
        return
    name = f"{fact.key} of {fact.scope}" if fact.scope else fact.key
    subject = f"{fact.scope} {fact.key}".strip()
    if before is None:
        yield from finding(ID, Severity.LOW, change, f"{name} is set to {quoted(after)}.", subject=subject)
    elif after is None:
        message = f"{name} is not set anymore; it was {quoted(before)}."
        yield from finding(ID, Severity.MEDIUM, change, message, subject=subject)
    elif before.value.text != after.value.text:
        message = f"{name} changed from {quoted(before)} to {quoted(after)}."
        yield from finding(ID, Severity.MEDIUM, change, message, subject=subject)
