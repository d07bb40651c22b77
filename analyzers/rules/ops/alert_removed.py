"""An alert is gone or has another name.

## Why the reader of a runbook cares

Sections are found by the alert's name. After a rename the page leads nowhere; after a removal people wait for an alert
that will never come.

## Before

```yaml
groups:
  - name: api
    rules:
      - alert: QueueLagHigh
        expr: queue_lag_seconds > 60
```

## After

```yaml
groups:
  - name: api
    rules:
      - alert: QueueLagTooHigh
        expr: queue_lag_seconds > 60
```

## What to write

> The section is called QueueLagTooHigh, as the alert is.

instead of

> QueueLagHigh: scale the workers.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import cut, is_aside

ID = "ops/alert-removed"
AREA = Area.OPS
KINDS = frozenset({FactKind.ALERT})


def check(change: Change) -> Iterator[Finding]:
    """A removed or renamed alert."""
    before, after = change.before, change.after
    if before is None or is_aside(before):
        return
    if change.kind is ChangeKind.REMOVED:
        condition = f"; it fired on {cut(before.value.text)}" if before.value.text else ""
        yield from finding(ID, Severity.MEDIUM, change, f"The alert {before.key} is gone{condition}.")
    elif change.kind is ChangeKind.RENAMED and after is not None:
        message = f"The alert {before.key} is now called {after.key}."
        yield from finding(ID, Severity.HIGH, change, message, subject=before.key)
