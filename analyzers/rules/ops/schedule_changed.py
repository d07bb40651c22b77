"""A job runs at another time or interval.

## Why the reader of a runbook cares

"It runs at two, check at three" is stale at once, and a job that was started by hand may now run at the same time as
the scheduled one.

## Before

```properties
cleanup.schedule=0 2 * * *
```

## After

```properties
cleanup.schedule=0 5 * * *
```

## What to write

> The cleanup runs at 05:00 UTC.

instead of

> The cleanup runs at 02:00 UTC.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_data, is_local, told

ID = "ops/schedule-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.SCHEDULE})


def check(change: Change) -> Iterator[Finding]:
    """Any change of a schedule; low for a new one."""
    fact, before, after = change.fact, change.before, change.after
    if is_data(fact) or (is_local(fact) and change.kind is not ChangeKind.MODIFIED):
        return
    if before and after and before.value.text == after.value.text:
        return
    severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
    yield from finding(ID, severity, change, told(change))
