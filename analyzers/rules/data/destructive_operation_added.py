"""Code that destroys data is new: a dropped table or column, a truncation, a deletion of everything, a purge.

What only runs when a migration is taken back (`downgrade`, `down`) is not reported.

## Why the reader of a runbook cares

After the deploy there is no way back without a backup. The runbook for rolling back has to say so, before somebody
rolls back.

## Before

```python
from alembic import op


def upgrade():
    op.create_index("ix_orders_day", "orders", ["day"])
```

## After

```python
from alembic import op


def upgrade():
    op.create_index("ix_orders_day", "orders", ["day"])
    op.drop_column("orders", "legacy_state")
```

## What to write

> From this release on a rollback needs the backup: orders.legacy_state is dropped.

instead of

> To roll back, deploy the previous release.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.migrations import STRUCTURE_ONLY, takes_back

ID = "data/destructive-operation-added"
AREA = Area.DATA
KINDS = frozenset({FactKind.DESTRUCTIVE})


def check(change: Change) -> Iterator[Finding]:
    """A destructive operation that is new."""
    fact = change.fact
    name, _, target = fact.key.partition(" ")
    if change.kind is ChangeKind.ADDED and not takes_back(fact) and name not in STRUCTURE_ONLY:
        what = f"{name.replace('_', ' ')} {target}".strip()
        yield from finding(ID, Severity.HIGH, change, f"This change destroys data: {what}.", subject=target)
