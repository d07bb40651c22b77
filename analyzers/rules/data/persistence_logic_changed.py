"""The body of a function that stores, migrates, deletes or exports data works differently.

The name of the function, its class, file or folder or the words on the changed lines have to say so; the body is
compared blind to comments, layout and local names. What exactly differs is not claimed. A new step of a migration is
reported too, for it runs by itself with the next deploy.

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

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Confidence, FactKind, Finding, Severity
from analyzers.rules.logic import DATA, ENOUGH, points, sentence
from analyzers.rules.migrations import takes_back

ID = "data/persistence-logic-changed"
AREA = Area.DATA
KINDS = frozenset({FactKind.BEHAVIOUR})

_MIGRATION = re.compile(r"(?:^|/)(?:migrations?|migrate|alembic/versions|changelogs?)/(?:[^/]+/)*[^/]+$", re.IGNORECASE)
"""Folders whose programs a deploy runs once each (Alembic, Django, peewee_migrate, golang-migrate)."""


def check(change: Change) -> Iterator[Finding]:
    """A changed body whose names speak of storing, moving or deleting data."""
    fact = change.fact
    if change.kind is ChangeKind.ADDED and _MIGRATION.search(fact.span.path):
        yield from _migration(change)
    if change.kind is not ChangeKind.MODIFIED:
        return
    found = points(change, DATA)
    if found >= ENOUGH:
        severity = Severity.MEDIUM if found > ENOUGH else Severity.LOW
        message = sentence(change, DATA, "stores, moves or deletes data")
        yield from finding(ID, severity, change, message, confidence=Confidence.MEDIUM)


def _migration(change: Change) -> Iterator[Finding]:
    """A new top-level function of a migration, unless it only takes the migration back."""
    fact = change.fact
    if not re.match(r"_*[a-z]\w*$", fact.key) or takes_back(fact):
        return
    name = fact.span.path.rsplit("/", 1)[-1]
    message = f"The migration {name} has a new step {fact.key}; it runs once with the next deploy."
    yield from finding(ID, Severity.LOW, change, message, confidence=Confidence.MEDIUM)
