"""There is a new alert.

## Why the reader of a runbook cares

Whoever is paged by it looks for a section with its name. If there is none, the page is answered by guessing.

## Before

```yaml
groups:
  - name: api
    rules:
      - alert: ApiDown
        expr: up == 0
```

## After

```yaml
groups:
  - name: api
    rules:
      - alert: ApiDown
        expr: up == 0
      - alert: ApiSlow
        expr: api_latency_seconds > 2
```

## What to write

> A section ApiSlow: what it means, what to look at first, how to mend it.

instead of

> See the dashboard.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import cut, is_aside

ID = "ops/alert-added"
AREA = Area.OPS
KINDS = frozenset({FactKind.ALERT})


def check(change: Change) -> Iterator[Finding]:
    """A new alert."""
    fact = change.fact
    if change.kind is ChangeKind.ADDED and not is_aside(fact):
        condition = f"; it fires on {cut(fact.value.text)}" if fact.value.text else ""
        yield from finding(ID, Severity.MEDIUM, change, f"The alert {fact.key} is new{condition}.")
