"""The role, scope or permission that something asks for is another one.

## Why the reader of a runbook cares

People who could do a step cannot do it anymore, or others can. A runbook that names the right to ask for names the
wrong one.

## Before

```python
@require_role("operator")
def restart_worker(name):
    workers.restart(name)
```

## After

```python
@require_role("admin")
def restart_worker(name):
    workers.restart(name)
```

## What to write

> Restarting a worker needs the role admin; operators page the platform team.

instead of

> Restarting a worker needs the role operator.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.guards import is_condition, is_forgery_protection, lets_everybody_in, requirements

ID = "auth/guard-changed"
AREA = Area.AUTH
KINDS = frozenset({FactKind.GUARD})


def check(change: Change) -> Iterator[Finding]:
    """A guard that asks for something else; high when it asks for less than before."""
    before, after = change.before, change.after
    if change.kind is not ChangeKind.MODIFIED or before is None or after is None:
        return
    if lets_everybody_in(before) or lets_everybody_in(after) or is_forgery_protection(after):
        return
    # Only facets that make no difference to the caller changed, such as the form in which the guard is written.
    if before.value.text == after.value.text and requirements(before) == requirements(after):
        return
    weaker = requirements(after) < requirements(before)
    severity = Severity.HIGH if weaker else Severity.MEDIUM
    if is_condition(before) and is_condition(after):
        message = f"{after.key} refuses access when {shown(after)}; before, when {shown(before)}."
    else:
        message = f"{after.key} is guarded by {shown(after)}; before, it was {shown(before)}."
    yield from finding(ID, severity, change, message)
