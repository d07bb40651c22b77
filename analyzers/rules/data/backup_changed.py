"""A backup, snapshot or restore setting is another one.

## Why the reader of a runbook cares

Restore steps assume that a backup exists, how old it is at most and where it lies. Nobody wants to learn during a
restore that it was switched off.

## Before

```yaml
spec:
  backup:
    enabled: true
```

## After

```yaml
spec:
  backup:
    enabled: false
```

## What to write

> There are no automatic backups of this database; take one by hand before every migration.

instead of

> The last backup is at most a day old.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.kinds import NAMED, about
from analyzers.rules.wording import stated, switch

ID = "data/backup-changed"
AREA = Area.DATA
KINDS = NAMED | {FactKind.BACKUP}


def check(change: Change) -> Iterator[Finding]:
    """Any change of a backup setting; high when it is switched off or removed, low when it is new."""
    if not about(change, FactKind.BACKUP):
        return
    if change.kind is ChangeKind.ADDED:
        severity = Severity.LOW
    elif change.kind is ChangeKind.REMOVED or (switch(change.before) is not False and switch(change.after) is False):
        severity = Severity.HIGH
    else:
        severity = Severity.MEDIUM
    yield from finding(ID, severity, change, stated(change))
