"""A metric is new, gone, renamed, or has other labels or another type.

## Why the reader of a runbook cares

Queries in runbooks, alerts and dashboards name metrics. A query for a name that is gone returns nothing, which reads
like "all is well".

## Before

```go
package app

import "github.com/prometheus/client_golang/prometheus"

var failed = prometheus.NewCounter(prometheus.CounterOpts{
        Name: "app_flush_failed_total",
})
```

## After

```go
package app

import "github.com/prometheus/client_golang/prometheus"

var failed = prometheus.NewCounter(prometheus.CounterOpts{
        Name: "app_flush_failures_total",
})
```

## What to write

> rate(app_flush_failures_total[5m]) shows failing flushes.

instead of

> rate(app_flush_failed_total[5m]) shows failing flushes.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import cut, difference, is_aside, quoted

ID = "ops/metric-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.METRIC})


def check(change: Change) -> Iterator[Finding]:
    """Any change; high for a metric that is gone or renamed, low for a new one."""
    fact, before, after = change.fact, change.before, change.after
    if is_aside(fact):
        return
    if after is None:
        yield from finding(ID, Severity.HIGH, change, f"The metric {fact.key} is gone.")
    elif before is None:
        yield from finding(ID, Severity.LOW, change, f"The metric {after.key} is new.")
    elif change.kind is ChangeKind.RENAMED:
        message = f"The metric {before.key} is now called {after.key}; queries for the name before find nothing."
        yield from finding(ID, Severity.HIGH, change, message, subject=before.key)
    elif before.attribute("labels") != after.attribute("labels"):
        message = f"The labels of the metric {after.key} changed from {_labels(before.attribute('labels'))}"
        yield from finding(ID, Severity.MEDIUM, change, f"{message} to {_labels(after.attribute('labels'))}.")
    elif before.attribute("expr") != after.attribute("expr"):
        was, now = difference(before.attribute("expr"), after.attribute("expr"))
        message = (
            f"The recorded metric {after.key} is computed from {cut(now) or 'less'} instead of {cut(was) or 'less'}."
        )
        yield from finding(ID, Severity.MEDIUM, change, message)
    elif before.value.text and after.value.text and before.value.text != after.value.text:
        message = f"The metric {after.key} is now a {quoted(after)} instead of a {quoted(before)}."
        yield from finding(ID, Severity.MEDIUM, change, message)


def _labels(names: str) -> str:
    return ", ".join(names.split(",")) if names else "none"
