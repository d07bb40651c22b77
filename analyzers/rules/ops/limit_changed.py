"""A timeout, retry count, size, rate, pool or other limit is another one.

## Why the reader of a runbook cares

"Give it 30 seconds, then restart" and "it retries three times by itself" are how people decide whether to step in.
With another limit they step in too early or too late.

## Before

```toml
[http]
read_timeout = "30s"
```

## After

```toml
[http]
read_timeout = "5s"
```

## What to write

> Requests are cut off after 5 seconds; a slow backend shows as 504 at once.

instead of

> Slow requests finish after a while.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import (
    is_data,
    is_default_constant,
    is_knob,
    is_local,
    is_step,
    is_telling_quantity,
    told,
)
from analyzers.rules.wording import unlimited

ID = "ops/limit-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.LIMIT})


def check(change: Change) -> Iterator[Finding]:
    """A changed limit; a new or removed one only where it is a knob. High when it was switched off."""
    fact, before, after = change.fact, change.before, change.after
    if is_data(fact):
        return
    if change.kind is ChangeKind.MODIFIED and before is not None and after is not None:
        if before.value.text == after.value.text or not (is_telling_quantity(before) or is_telling_quantity(after)):
            return
        knob = is_knob(after) or is_default_constant(after)
        severity = Severity.MEDIUM if knob or not is_local(after) else Severity.LOW
        if knob and unlimited(after.value) and not unlimited(before.value):
            severity = Severity.HIGH
        yield from finding(ID, severity, change, told(change))
    elif is_knob(before or fact) and not is_step(before or fact) and not _same_tag(change):
        severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
        yield from finding(ID, severity, change, told(change), subject=before.key if before else fact.key)


def _same_tag(change: Change) -> bool:
    """Whether a field was renamed under the same configuration key and with the same value."""
    before, after = change.before, change.after
    if before is None or after is None or before.value.text != after.value.text:
        return False
    return bool(before.attribute("tag")) and before.attribute("tag") == after.attribute("tag")
