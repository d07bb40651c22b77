"""A session, token, cookie or certificate lives longer or shorter than before.

## Why the reader of a runbook cares

"Wait an hour until the token has expired" is how many incidents end. With another lifetime people wait in vain, or are
logged out in the middle of a step, and a leaked credential stays usable for longer than the runbook promises.

## Before

```python
SESSION_TTL_SECONDS = 3600
```

## After

```python
SESSION_TTL_SECONDS = 300
```

## What to write

> Sessions end after 5 minutes; a revoked account is out by then.

instead of

> Sessions end after a while.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.kinds import NAMED, about
from analyzers.rules.wording import stated, unlimited

ID = "auth/credential-lifetime-changed"
AREA = Area.AUTH
KINDS = NAMED | {FactKind.CREDENTIAL_LIFETIME}


def check(change: Change) -> Iterator[Finding]:
    """Any change of a credential's lifetime; high when it no longer ends, low when the setting is new."""
    if not about(change, FactKind.CREDENTIAL_LIFETIME):
        return
    after = change.after
    if change.kind is ChangeKind.ADDED:
        severity = Severity.LOW
    elif change.kind is ChangeKind.MODIFIED and after is not None and unlimited(after.value):
        severity = Severity.HIGH
    else:
        severity = Severity.MEDIUM
    yield from finding(ID, severity, change, stated(change))
