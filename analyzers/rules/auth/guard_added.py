"""A permission check, login requirement or auth middleware now protects something that was there before without it.

Guards of functions and routes that are new themselves are not reported.

## Why the reader of a runbook cares

A step that worked for everybody now fails with 401 or 403 for those who lack the right. The runbook has to say which
right is needed, before somebody finds out at three in the morning.

## Before

```python
def export_orders(day):
    return orders.export(day)
```

## After

```python
@require_role("finance")
def export_orders(day):
    return orders.export(day)
```

## What to write

> Export the day's orders (needs the role finance; without it the answer is 403).

instead of

> Export the day's orders.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.guards import is_condition, is_forgery_protection, lets_everybody_in

ID = "auth/guard-added"
AREA = Area.AUTH
KINDS = frozenset({FactKind.GUARD})

_COME = {"middleware": "now passes through", "check": "now checks", "policy": "is now under"}


def check(change: Change) -> Iterator[Finding]:
    """An added guard, or one in the place of an explicit *everybody may*."""
    fact = change.fact
    if is_forgery_protection(fact):
        return
    if change.kind is ChangeKind.ADDED and not lets_everybody_in(fact):
        verb = _COME.get(fact.attribute("form"), "is now guarded by")
        if is_condition(fact):
            verb = "now refuses access when"
        yield from finding(ID, Severity.MEDIUM, change, f"{fact.key} {verb} {shown(fact)}.")
    elif lets_everybody_in(change.before) and not lets_everybody_in(change.after):
        now = f"is now guarded by {shown(change.after)}" if change.after else f"is no longer marked {shown(fact)}"
        yield from finding(ID, Severity.MEDIUM, change, f"{fact.key} was open to everybody and {now}.")
