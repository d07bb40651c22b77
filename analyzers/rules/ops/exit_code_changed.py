"""A program ends with another exit code.

## Why the reader of a runbook cares

Scripts, systemd units and job queues decide by the exit code whether to restart, retry or page.

## Before

```python
import sys


def main():
    if not ready():
        sys.exit(1)
```

## After

```python
import sys


def main():
    if not ready():
        sys.exit(75)
```

## What to write

> Exit code 75 means "not ready, try again"; only then is it safe to start it again.

instead of

> It exits with 1 when it is not ready.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_aside, quoted

ID = "ops/exit-code-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.EXIT_CODE})


def check(change: Change) -> Iterator[Finding]:
    """A changed code; low for a new way to end."""
    before, after = change.before, change.after
    if after is None or is_aside(after):
        return
    if change.kind is ChangeKind.MODIFIED and before is not None:
        message = f"{after.key} ends with exit code {quoted(after)} instead of {quoted(before)}."
        yield from finding(ID, Severity.MEDIUM, change, message)
    elif change.kind is ChangeKind.ADDED and after.value.text not in {"", "0"}:
        message = f"{after.key} can now end the process with exit code {quoted(after)}."
        yield from finding(ID, Severity.LOW, change, message)
