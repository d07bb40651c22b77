"""There is a new setting.

## Why the reader of a runbook cares

It may be the better lever for a step that today needs a restart or a patch, and it may be why two environments behave
differently.

## Before

```toml
[compactor]
concurrency_mode = "shared"
```

## After

```toml
[compactor]
concurrency_mode = "shared"
paused = false
```

## What to write

> To stop compaction for a while, set compactor.paused to true and reload.

instead of

> Scale the compactors to zero.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_knob, is_step, told

ID = "ops/setting-added"
AREA = Area.OPS
KINDS = frozenset({FactKind.SETTING})


def check(change: Change) -> Iterator[Finding]:
    """A new knob."""
    if change.kind is ChangeKind.ADDED and is_knob(change.fact) and not is_step(change.fact):
        yield from finding(ID, Severity.LOW, change, told(change))
