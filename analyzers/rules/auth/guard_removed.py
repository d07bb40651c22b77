"""A permission check, login requirement or auth middleware no longer protects something that still exists.

The guard of a function or route that was itself removed is not reported, nor one that moved along with a rename.
A guard that was replaced by an explicit *everybody may* (`AllowAny`, `permitAll`) counts as removed.

## Why the reader of a runbook cares

Runbooks say who can do what: "only admins can purge a queue". When the guard is gone, a caller that used to be turned
away gets through, and the reader looks for the wrong cause: in the access logs everything is allowed.

## Before

```python
@require_role("admin")
def purge_queue(name):
    queues.purge(name)
```

## After

```python
def purge_queue(name):
    queues.purge(name)
```

## What to write

> Anybody who is logged in can purge a queue; there is no separate admin right for it.

instead of

> Ask an admin to purge the queue.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.guards import is_condition, is_forgery_protection, lets_everybody_in

ID = "auth/guard-removed"
AREA = Area.AUTH
KINDS = frozenset({FactKind.GUARD})

_GONE = {"middleware": "no longer passes through", "check": "no longer checks", "policy": "is no longer under"}


def check(change: Change) -> Iterator[Finding]:
    """A removed guard, or one that now lets everybody in."""
    fact = change.fact
    if is_forgery_protection(fact):
        return
    if lets_everybody_in(change.after) and not lets_everybody_in(change.before):
        replaced = f", which replaced {shown(change.before)}" if change.before else ""
        yield from finding(ID, Severity.HIGH, change, f"{fact.key} is now open to everybody: {shown(fact)}{replaced}.")
    elif change.kind is ChangeKind.REMOVED and not lets_everybody_in(change.before):
        verb = _GONE.get(fact.attribute("form"), "is no longer guarded by")
        if is_condition(fact):
            verb = "no longer refuses access when"
        yield from finding(ID, Severity.HIGH, change, f"{fact.key} {verb} {shown(fact)}.")
