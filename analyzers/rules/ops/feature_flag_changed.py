"""A feature flag is on or off by default now, is new, or is gone.

## Why the reader of a runbook cares

Switching a flag off is the quickest mitigation there is. It works only while the flag exists and somebody knows which
way it stands.

## Before

```toml
[features]
feature_fast_path = false
```

## After

```toml
[features]
feature_fast_path = true
```

## What to write

> The fast path is on; switch feature_fast_path off when queries return gaps.

instead of

> Switch feature_fast_path on to try it.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_data, is_local, silent_text, told

ID = "ops/feature-flag-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.FEATURE_FLAG})


def check(change: Change) -> Iterator[Finding]:
    """Any change of a flag; low for a new one."""
    fact, before, after = change.fact, change.before, change.after
    if is_data(fact) or (is_local(fact) and change.kind is not ChangeKind.MODIFIED):
        return
    if before and after and change.kind is ChangeKind.MODIFIED and silent_text(before.value.text, after.value.text):
        return
    severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
    yield from finding(ID, severity, change, told(change))
