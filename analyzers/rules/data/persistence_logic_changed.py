"""The body of a function that stores, migrates, deletes or exports data works differently.

The name of the function, its class, file or folder has to say so; the body is compared blind to comments, layout and
local names. What exactly differs is not claimed.

## Why the reader of a runbook cares

Recovery steps lean on what is kept, in which order it is deleted, and what a second run of a job does. When that
changes, a step that was safe to repeat may not be anymore.

## Before

```python
def purge_orders(day):
    for order in orders.before(day):
        order.delete()
```

## After

```python
def purge_orders(day):
    for order in orders.before(day).paid():
        order.delete()
```

## What to write

> The purge deletes paid orders only; unpaid ones stay until they are closed by hand.

instead of

> The purge deletes everything before the day.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Confidence, FactKind, Finding, Severity
from analyzers.rules.logic import DATA, ENOUGH, points

ID = "data/persistence-logic-changed"
AREA = Area.DATA
KINDS = frozenset({FactKind.BEHAVIOUR})


def check(change: Change) -> Iterator[Finding]:
    """A changed body whose names speak of storing, moving or deleting data."""
    fact = change.fact
    if change.kind is not ChangeKind.MODIFIED:
        return
    found = points(change, DATA)
    if found >= ENOUGH:
        severity = Severity.MEDIUM if found > ENOUGH else Severity.LOW
        message = f"{fact.key} works differently; by its name it stores, moves or deletes data."
        yield from finding(ID, severity, change, message, confidence=Confidence.MEDIUM)
