"""Data is kept for a longer or shorter time than before.

## Why the reader of a runbook cares

"The logs of the last 30 days are there" is a promise that an investigation relies on. With a shorter retention the data
is gone when somebody looks for it; with a longer one disks fill and deletion promises are broken.

## Before

```python
LOG_RETENTION_DAYS = 30
```

## After

```python
LOG_RETENTION_DAYS = 7
```

## What to write

> Logs are kept for 7 days; for anything older ask for the archive.

instead of

> Logs are kept for a while.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.kinds import NAMED, about
from analyzers.rules.wording import direction, stated, switch

ID = "data/retention-changed"
AREA = Area.DATA
KINDS = NAMED | {FactKind.RETENTION}


def check(change: Change) -> Iterator[Finding]:
    """Any change of a retention; high when data is kept for a shorter time or deletion was switched on."""
    if not about(change, FactKind.RETENTION):
        return
    after = change.after
    lost = direction(change) < 0 and after is not None and after.value.number != 0
    if lost or (switch(change.before) is False and switch(after) is True):
        severity = Severity.HIGH
    elif change.kind is ChangeKind.ADDED:
        severity = Severity.LOW
    else:
        severity = Severity.MEDIUM
    yield from finding(ID, severity, change, stated(change))
