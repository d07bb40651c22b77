"""A bucket, topic, queue, stream or database has another name.

## Why the reader of a runbook cares

Commands in runbooks carry such names. After the change they read or purge the wrong place, or one that is empty.

## Before

```python
EXPORT_BUCKET = "orders-export"
```

## After

```python
EXPORT_BUCKET = "orders-export-eu"
```

## What to write

> aws s3 ls s3://orders-export-eu/ shows the exports of the last days.

instead of

> aws s3 ls s3://orders-export/ shows the exports of the last days.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.kinds import NAMED, about
from analyzers.rules.wording import stated, switch

ID = "data/storage-name-changed"
AREA = Area.DATA
KINDS = NAMED | {FactKind.STORAGE_NAME}


def check(change: Change) -> Iterator[Finding]:
    """Any change of a storage name; low when it is new."""
    if not about(change, FactKind.STORAGE_NAME):
        return
    if not any(side is not None and side.value.text and switch(side) is None for side in (change.before, change.after)):
        return  # a switch, or a name that is only declared here and given elsewhere
    severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
    yield from finding(ID, severity, change, stated(change))
