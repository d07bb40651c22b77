"""A setting is gone or has another name.

## Why the reader of a runbook cares

A step that sets it fails, or worse, is accepted and has no effect: most programs ignore keys they do not know.

## Before

```toml
[compactor]
concurrency_mode = "shared"
ringless = true
```

## After

```toml
[compactor]
concurrency_mode = "shared"
```

## What to write

> Compactors always use the ring; there is no setting for it.

instead of

> Set ringless to false and restart the compactors.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_knob, is_step, told

ID = "ops/setting-removed"
AREA = Area.OPS
KINDS = frozenset({FactKind.SETTING})


def check(change: Change) -> Iterator[Finding]:
    """A removal or a rename; a field renamed under the same configuration key is no change for anybody outside."""
    before, after = change.before, change.after
    if before is None or change.kind not in {ChangeKind.REMOVED, ChangeKind.RENAMED}:
        return
    if not is_knob(before) or is_step(before):
        return
    if after is not None and before.attribute("tag") and before.attribute("tag") == after.attribute("tag"):
        return
    yield from finding(ID, Severity.MEDIUM, change, told(change), subject=before.key)
