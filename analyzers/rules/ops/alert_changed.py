"""An alert fires on another condition, after another time, or with another severity.

## Why the reader of a runbook cares

The runbook's section explains when the alert fires and how urgent that is. A stale threshold sends people looking for a
lag that is not there, or lets them wait for one that was passed long ago.

## Before

```yaml
groups:
  - name: api
    rules:
      - alert: QueueLagHigh
        expr: queue_lag_seconds > 60
        for: 5m
```

## After

```yaml
groups:
  - name: api
    rules:
      - alert: QueueLagHigh
        expr: queue_lag_seconds > 600
        for: 5m
```

## What to write

> QueueLagHigh fires when the lag was above ten minutes for five minutes.

instead of

> QueueLagHigh fires when the lag is above a minute.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Fact, FactKind, Finding, Severity
from analyzers.rules.operation import cut, difference, is_aside

ID = "ops/alert-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.ALERT})

_URGENT = frozenset({"critical", "page", "pager", "error", "high", "sev1", "p1", "emergency"})


def check(change: Change) -> Iterator[Finding]:
    """A changed expression, duration or severity; low when only its labels or its runbook address changed."""
    before, after = change.before, change.after
    if change.kind is not ChangeKind.MODIFIED or before is None or after is None or is_aside(after):
        return
    parts = _differences(before, after)
    if parts:
        severity = Severity.HIGH if _urgency_changed(before, after) else Severity.MEDIUM
        yield from finding(ID, severity, change, f"The alert {after.key} changed: {'; '.join(parts)}.")
        return
    for name, title in (("runbook_url", "runbook address"), ("labels", "labels")):
        was, now = before.attribute(name), after.attribute(name)
        if was != now:
            message = f"The {title} of the alert {after.key} changed from {cut(was) or 'none'} to {cut(now) or 'none'}."
            yield from finding(ID, Severity.LOW, change, message)
            return


def _differences(before: Fact, after: Fact) -> list[str]:
    parts: list[str] = []
    if before.value.text != after.value.text:
        was, now = difference(before.value.text, after.value.text)
        parts.append(f"its expression has {cut(now, 80) or 'less'} instead of {cut(was, 80) or 'nothing'}")
    if before.attribute("for") != after.attribute("for"):
        parts.append(f"it fires after {after.attribute('for') or '0s'} instead of {before.attribute('for') or '0s'}")
    if before.attribute("severity") != after.attribute("severity"):
        was, now = before.attribute("severity") or "none", after.attribute("severity") or "none"
        parts.append(f"its severity is {now} instead of {was}")
    return parts


def _urgency_changed(before: Fact, after: Fact) -> bool:
    return (before.attribute("severity") in _URGENT) is not (after.attribute("severity") in _URGENT)
