"""An environment variable is new, gone, renamed, required, or has another default.

## Why the reader of a runbook cares

Runbooks set and print environment variables. One that is not read anymore has no effect, one that became required
keeps the service from starting.

## Before

```go
package app

import "os"

func workers() string { return os.Getenv("WORKERS") }
```

## After

```go
package app

import "os"

func workers() string { return os.Getenv("APP_WORKERS") }
```

## What to write

> Set APP_WORKERS to the number of workers and restart.

instead of

> Set WORKERS to the number of workers and restart.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import delivers, in_pipeline, is_aside, is_build_input, named_change

ID = "ops/env-var-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.ENV_VAR})

_GONE = "is not read or set here anymore"
_NEW = "is new"


def check(change: Change) -> Iterator[Finding]:
    """Any change; high for a rename and for a variable that became required, low for a new optional one."""
    fact = change.fact
    if is_aside(fact) or is_build_input(fact) or (in_pipeline(fact) and not delivers(fact)):
        return
    before, after = change.before, change.after
    severity = Severity.MEDIUM
    message = named_change("environment variable", change, gone=_GONE, new=_NEW)
    if before is None or after is None:
        if after is not None and after.attribute("required") == "yes":
            message = f"The environment variable {after.key} is new and required."
        elif after is not None:
            severity = Severity.LOW
    elif change.kind is ChangeKind.RENAMED:
        severity = Severity.HIGH
    elif before.attribute("required") == after.attribute("required") and before.value.text == after.value.text:
        return
    elif before.attribute("required") != after.attribute("required"):
        required = after.attribute("required") == "yes"
        severity = Severity.HIGH if required else Severity.LOW
        message = f"The environment variable {after.key} is {'now' if required else 'no longer'} required."
    yield from finding(ID, severity, change, message, subject=before.key if before else fact.key)
