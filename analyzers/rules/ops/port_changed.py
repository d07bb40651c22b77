"""Something listens on another port, or a port is opened or closed.

## Why the reader of a runbook cares

Port numbers stand in port-forward and curl commands, in dashboards' addresses and in firewall requests. The old one
refuses connections, which looks like an outage.

## Before

```dockerfile
FROM alpine:3.20
EXPOSE 8080
```

## After

```dockerfile
FROM alpine:3.20
EXPOSE 9090
```

## What to write

> kubectl port-forward deploy/api 9090

instead of

> kubectl port-forward deploy/api 8080
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_data, is_local, told

ID = "ops/port-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.PORT})


def check(change: Change) -> Iterator[Finding]:
    """Any change of a port; low for a new one."""
    fact = change.fact
    if is_data(fact) or (is_local(fact) and change.kind is not ChangeKind.MODIFIED):
        return
    severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
    before, after = change.before, change.after
    if before and after and before.value.text == after.value.text and change.kind is ChangeKind.MODIFIED:
        return
    yield from finding(ID, severity, change, told(change))
