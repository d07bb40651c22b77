"""Somebody gets a right that they had not: an RBAC rule, a workflow permission, an IAM action, a scope.

## Why the reader of a runbook cares

Runbooks list who can reach what, and incident steps rely on it. A new grant widens what a leaked credential can do.

## Before

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
  - apiGroups: [""]
    resources: [secrets]
    verbs: [get]
```

## What to write

> The collector can read every secret of the cluster; when its token leaks, rotate them all.

instead of

> The collector can only read pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding
from analyzers.rules.grants import severity_of

ID = "auth/role-granted"
AREA = Area.AUTH
KINDS = frozenset({FactKind.ROLE_GRANT})


def check(change: Change) -> Iterator[Finding]:
    """A grant that is new."""
    fact = change.fact
    if change.kind is ChangeKind.ADDED:
        what = f"{fact.key}: {shown(fact)}" if fact.value.text else fact.key
        yield from finding(ID, severity_of(fact), change, f"A right is granted that was not there before: {what}.")
