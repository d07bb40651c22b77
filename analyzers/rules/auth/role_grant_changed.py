"""A right that somebody has goes further, less far, or is taken away.

## Why the reader of a runbook cares

When a right is taken away, the component that relied on it starts to fail with 403, often only hours later at its next
run. When it goes further, a leaked credential does too.

## Before

```yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: collector
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list, delete]
```

## After

```yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: collector
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list]
```

## What to write

> Delete stuck pods by hand; the collector is not allowed to.

instead of

> The collector deletes stuck pods by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.grants import levels, severity_of
from analyzers.rules.wording import listed

ID = "auth/role-grant-changed"
AREA = Area.AUTH
KINDS = frozenset({FactKind.ROLE_GRANT})


def check(change: Change) -> Iterator[Finding]:
    """A grant with other verbs or another level, or none anymore."""
    before, after = change.before, change.after
    if before is None:
        return
    if after is None:
        what = f"{before.key}: {shown(before)}" if before.value.text else before.key
        yield from finding(ID, Severity.MEDIUM, change, f"A right is taken away: {what}.")
        return
    if change.kind is not ChangeKind.MODIFIED or before.value.text == after.value.text:
        return
    more = [name for name in levels(after) if name not in levels(before)]
    less = [name for name in levels(before) if name not in levels(after)]
    if not more and not less:
        return
    severity = severity_of(after) if more else Severity.MEDIUM
    if "*" in more:
        what = "may do everything"
    elif len(levels(before)) == len(levels(after)) == 1:
        what = f"is now {shown(after)}"
    else:
        gained = [f"gains {listed(more)}"] if more else []
        what = " and ".join([*gained, *([f"loses {listed(less)}"] if less else [])])
    yield from finding(ID, severity, change, f"{after.key} {what}; before, it was {shown(before)}.")
