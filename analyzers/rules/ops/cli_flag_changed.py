"""A command line flag is new, gone, renamed, or has another default.

## Why the reader of a runbook cares

Commands in runbooks are copied and run under pressure. An unknown flag stops the command, a changed default changes
what it does.

## Before

```go
package app

import "flag"

var retries = flag.Int("max-retries", 3, "tries")
```

## After

```go
package app

import "flag"

var retries = flag.Int("max-retries", 10, "tries")
```

## What to write

> Pass --max-retries=3 to fail fast; by default it tries ten times.

instead of

> It gives up after a few tries.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import display, is_data, named_change, quoted

ID = "ops/cli-flag-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.CLI_FLAG})
DECLARING = (".go", ".py")
"""Files that define flags; all others (manifests, images) pass them."""


def check(change: Change) -> Iterator[Finding]:
    """Any change; high for a flag that is gone or renamed, low for a new one."""
    before, after = change.before, change.after
    if is_data(change.fact):
        return
    if change.kind is ChangeKind.MODIFIED and before and after and before.value.text == after.value.text:
        return
    severity = {
        ChangeKind.ADDED: Severity.LOW,
        ChangeKind.REMOVED: Severity.HIGH,
        ChangeKind.RENAMED: Severity.HIGH,
    }.get(change.kind, Severity.MEDIUM)
    declared = change.path.endswith(DECLARING)
    message = named_change("flag", change, gone="is gone", new="is new") if declared else _passed(change)
    yield from finding(ID, severity, change, message, subject=before.key if before else change.fact.key)


def _passed(change: Change) -> str:
    """The sentence on a flag that a manifest or an image passes to a command."""
    before, after = change.before, change.after
    name = display(change.fact)
    if after is None:
        return f"The flag {name} is no longer passed" + (f"; it was {quoted(before)}." if shown(before) else ".")
    if before is None:
        return f"The flag {name} is passed now" + (f", with {quoted(after)}." if shown(after) else ".")
    if change.kind is ChangeKind.RENAMED:
        return f"The flag {display(before)} is passed as {name} now."
    return f"The flag {name} is passed {quoted(after)} now; it was {quoted(before)}."
