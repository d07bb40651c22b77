"""An error message that people search for reads differently, or has another level.

## Why the reader of a runbook cares

Runbooks quote error lines, people paste them into the log search, and alerts match on them. A search for the text of
yesterday finds nothing.

## Before

```python
import logging

log = logging.getLogger(__name__)


def flush(block):
    if not block.complete:
        log.error("flush of incomplete block refused")
        return False
    return True
```

## After

```python
import logging

log = logging.getLogger(__name__)


def flush(block):
    if not block.complete:
        log.error("flush refused: block is incomplete")
        return False
    return True
```

## What to write

> Search the logs for "flush refused".

instead of

> Search the logs for "flush of incomplete block refused".
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.operation import cut, is_aside

ID = "ops/error-message-changed"
AREA = Area.OPS
KINDS = frozenset({FactKind.ERROR, FactKind.LOG_CALL})

_SHORTEST = 12
"""Characters below which nobody searches for a message."""


def check(change: Change) -> Iterator[Finding]:
    """A reworded message, and one whose level changed to or from error. One that is gone says nothing by itself: most
    leave with the function around them."""
    fact, before, after = change.fact, change.before, change.after
    if before is None or is_aside(fact) or len(before.key) < _SHORTEST:
        return
    severe = "error" in {before.attribute("level"), after.attribute("level") if after else ""}
    if fact.kind is FactKind.LOG_CALL and not severe:
        return
    if change.kind is ChangeKind.RENAMED and after is not None:
        if _same_words(before.key, after.key):
            return
        message = f"The error message {cut(before.key)!r} now reads {cut(after.key)!r}."
        yield from finding(ID, Severity.LOW, change, message, subject=before.key)
    elif fact.kind is not FactKind.LOG_CALL:
        return
    elif after is not None and before.attribute("level") != after.attribute("level"):
        levels = f"as {after.attribute('level')} instead of {before.attribute('level')}"
        yield from finding(ID, Severity.LOW, change, f"The message {cut(after.key)!r} is logged {levels}.")


def _same_words(before: str, after: str) -> bool:
    """Whether only case, punctuation or placeholders differ: a search still finds it."""
    return _letters(before) == _letters(after)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
