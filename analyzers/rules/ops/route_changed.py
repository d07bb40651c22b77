"""An HTTP endpoint is new, gone, renamed, or served by another handler.

## Why the reader of a runbook cares

Health checks, admin endpoints and curl commands in runbooks call routes. A 404 from one that is gone is easily taken
for a broken service.

## Before

```go
package app

import "net/http"

func routes(mux *http.ServeMux) {
        mux.HandleFunc("GET /flush", flush)
}
```

## After

```go
package app

import "net/http"

func routes(mux *http.ServeMux) {
        mux.HandleFunc("GET /ingester/flush", flush)
}
```

## What to write

> curl -X GET http://ingester:3100/ingester/flush

instead of

> curl -X GET http://ingester:3100/flush
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import is_aside

ID = "ops/route-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.ROUTE})


def check(change: Change) -> Iterator[Finding]:
    """A route that went, came, or has another path; guards are the concern of other rules."""
    fact, before, after = change.fact, change.before, change.after
    if is_aside(fact):
        return
    if after is None:
        yield from finding(ID, Severity.MEDIUM, change, f"The endpoint {fact.key} is gone.")
    elif before is None:
        yield from finding(ID, Severity.LOW, change, f"The endpoint {after.key} is new.")
    elif change.kind is ChangeKind.RENAMED:
        message = f"The endpoint {before.key} is now {after.key}."
        yield from finding(ID, Severity.MEDIUM, change, message, subject=before.key)
    elif before.value.text and after.value.text and before.value.text != after.value.text:
        message = f"The endpoint {after.key} is served by {after.value.text} instead of {before.value.text}."
        yield from finding(ID, Severity.LOW, change, message)
