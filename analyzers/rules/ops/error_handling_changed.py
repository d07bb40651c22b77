"""An error is handled another way: swallowed instead of raised, returned instead of fatal, or the reverse.

## Why the reader of a runbook cares

Whether a failure stops the process, is retried, or only leaves a line in the log decides where people look for it and
whether the service heals by itself.

## Before

```python
def sync_orders(client):
    try:
        client.sync()
    except ConnectionError:
        raise
```

## After

```python
def sync_orders(client):
    try:
        client.sync()
    except ConnectionError:
        pass
```

## What to write

> A lost connection during the sync is ignored; the next run picks it up, nothing is logged.

instead of

> The sync fails loudly when the connection is lost.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import cut, is_aside

ID = "ops/error-handling-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.ERROR})

_DONE = {
    "raised": "raised",
    "returned": "returned to the caller",
    "swallowed": "ignored",
    "logged": "only logged",
    "retried": "retried",
    "exits": "fatal to the process",
}
_PASSED_ON = frozenset({"raised", "returned"})


def check(change: Change) -> Iterator[Finding]:
    """The same error, handled another way, and errors that newly end the process."""
    fact, before, after = change.fact, change.before, change.after
    if is_aside(fact):
        return
    if change.kind is ChangeKind.MODIFIED and before is not None and after is not None:
        was, now = before.value.text, after.value.text
        if was == now or {was, now} <= _PASSED_ON or was not in _DONE or now not in _DONE:
            return
        severity = Severity.HIGH if "exits" in {was, now} else Severity.MEDIUM
        if {was, now} == {"logged", "swallowed"}:
            severity = Severity.LOW
        message = (
            f"In {fact.scope or fact.span.path}, {_met(fact.key)} is now {_DONE[now]}; before, it was {_DONE[was]}."
        )
        yield from finding(ID, severity, change, message, subject=fact.scope or fact.key)
    elif change.kind is ChangeKind.ADDED and fact.value.text == "exits":
        message = f"In {fact.scope or fact.span.path}, {_met(fact.key)} now ends the process."
        yield from finding(ID, Severity.LOW, change, message, subject=fact.scope or fact.key)


def _met(key: str) -> str:
    """``except ValueError`` → ``a ValueError``; ``err != nil db.Get`` → ``an error of db.Get``."""
    if key.startswith("except "):
        return f"the exception {cut(key[7:], 60)}"
    head, _, call = key.rpartition(" ")
    return (
        f"an error of {cut(call, 60)}" if head.startswith("err ") and call != "nil" else f"the error {cut(key, 60)!r}"
    )
