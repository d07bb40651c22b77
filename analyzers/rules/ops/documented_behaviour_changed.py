"""Something that a runbook names behaves differently now.

This rule never speaks alone: it answers only when a runbook section names the changed thing, so that a change without
a rule of its own still reaches the section that leans on it.

## Why the reader of a runbook cares

The section explains how `rediscover_blocks` recovers after a crash; its body changed, so the explanation may be wrong.

## Before

```python
def rediscover_blocks(tenant):
    return [block for block in scan(tenant) if block.complete]
```

## After

```python
def rediscover_blocks(tenant):
    return [block for block in scan(tenant) if block.complete or block.recent]
```

## What to write

Good: "`rediscover_blocks` keeps incomplete blocks written in the last hour."
Bad: "`rediscover_blocks` finds the blocks."
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity

ID = "ops/documented-behaviour-changed"
AREA = Area.OPS
KINDS: frozenset[FactKind] = frozenset()


def check(change: Change) -> Iterator[Finding]:
    """Nothing: without a runbook that names it, such a change is not worth a word."""
    yield from ()


def on_mention(change: Change) -> Iterator[Finding]:
    """The finding for a change that a section names."""
    fact = change.fact
    kind = fact.kind.value.replace("_", " ")
    subject = fact.key if fact.key != "<module>" else fact.span.path
    if fact.kind is FactKind.BEHAVIOUR:
        message = (
            f"{subject} behaves differently" if change.kind is ChangeKind.MODIFIED else f"{subject} was {change.kind}"
        )
    elif change.kind is ChangeKind.MODIFIED:
        message = f"{kind} {subject} changed from {shown(change.before)} to {shown(change.after)}"
    elif change.kind is ChangeKind.RENAMED and change.before:
        message = f"{kind} {change.before.key} was renamed to {subject}"
    else:
        message = f"{kind} {subject} was {change.kind}"
    yield from finding(ID, Severity.LOW, change, message, subject=subject)
