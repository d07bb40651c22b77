"""A table, column, index or constraint is new, gone or defined differently.

The columns of a table that is itself new or gone are not listed one by one.

## Why the reader of a runbook cares

Queries in runbooks name tables and columns. A dropped or renamed one makes the query fail in the middle of an incident;
a new NOT NULL or unique constraint makes repairs by hand fail.

## Before

```python
from django.db import models


class Order(models.Model):
    customer_note = models.CharField(max_length=200)
```

## After

```python
from django.db import models


class Order(models.Model):
    customer_note = models.TextField()
```

## What to write

> select customer_note from orders where id = 42; (free text of any length)

instead of

> The note is in the orders table.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.migrations import STRUCTURE_ONLY, takes_back
from analyzers.rules.wording import listed

ID = "data/schema-changed"
AREA = Area.DATA
KINDS = frozenset({FactKind.TABLE, FactKind.COLUMN, FactKind.INDEX, FactKind.CONSTRAINT, FactKind.DESTRUCTIVE})

_HOLDS_DATA = frozenset({FactKind.TABLE, FactKind.COLUMN})


def check(change: Change) -> Iterator[Finding]:
    """Any change of the schema; high when something that holds data is gone."""
    before, after, fact = change.before, change.after, change.fact
    if fact.kind is FactKind.DESTRUCTIVE:
        yield from _dropped(change)
        return
    if fact.attribute("with_table"):
        return
    what = f"{fact.kind.value} {fact.key}"
    if after is None:
        severity = Severity.HIGH if fact.kind in _HOLDS_DATA else Severity.MEDIUM
        yield from finding(ID, severity, change, f"The {what} is gone.")
    elif before is None:
        definition = f": {shown(after)}" if after.value.text else ""
        yield from finding(ID, Severity.LOW, change, f"The {what} is new{definition}.")
    elif change.kind is ChangeKind.RENAMED:
        # The same column in another table has not only another name.
        same_place = before.key.rpartition(".")[0] == after.key.rpartition(".")[0]
        message = f"The {fact.kind.value} {before.key} {'is now called' if same_place else 'moved to'} {after.key}."
        yield from finding(ID, Severity.HIGH, change, message)
    else:
        yield from finding(ID, Severity.MEDIUM, change, f"The {what} {_difference(change)}.")


def _dropped(change: Change) -> Iterator[Finding]:
    """Structure that a migration takes away without taking rows: the statement itself is all there is of it."""
    operation, _, target = change.fact.key.partition(" ")
    if change.kind is ChangeKind.ADDED and operation in STRUCTURE_ONLY and not takes_back(change.fact):
        what = operation.removeprefix("drop_").replace("_", " ")
        yield from finding(ID, Severity.MEDIUM, change, f"The {what} {target} is dropped.", subject=target)


def _difference(change: Change) -> str:
    before, after = change.before, change.after
    assert before is not None
    assert after is not None
    parts = []
    if before.value.text != after.value.text:
        parts.append(f"is now {shown(after)} instead of {shown(before)}")
    names = sorted({name for fact in (before, after) for name, _ in fact.attributes})
    different = [name for name in names if before.attribute(name) != after.attribute(name)]
    if different:
        pairs = [
            f"{name} {before.attribute(name) or 'unset'} to {after.attribute(name) or 'unset'}" for name in different
        ]
        parts.append(f"went from {listed(pairs)}")
    return " and ".join(parts) or "is stated differently"
