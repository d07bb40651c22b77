"""A log call newly carries raw input: a request body, headers, a token, a password, a whole row.

## Why the reader of a runbook cares

Logs are copied into tickets and chats during incidents. With raw input in them every copy may be a data leak, and the
log store falls under rules that the runbook does not know of.

## Before

```python
import logging

logger = logging.getLogger(__name__)


def handle(request):
    logger.info("payment received %s", request.id)
```

## After

```python
import logging

logger = logging.getLogger(__name__)


def handle(request):
    logger.info("payment received %s", request.body)
```

## What to write

> The log line "payment received" holds the whole request; never paste it into a ticket.

instead of

> Paste the log line into the ticket.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, FactKind, Finding, Severity
from analyzers.rules.wording import listed
from analyzers.vocabulary import words

ID = "data/payload-logged"
AREA = Area.DATA
KINDS = frozenset({FactKind.LOG_CALL})

_CREDENTIALS = frozenset("password passwd passphrase secret token authorization cookie credential credentials".split())


def check(change: Change) -> Iterator[Finding]:
    """A log call whose ``payload`` names something it did not name before; high for credentials."""
    after = change.after
    if after is None:
        return
    had = set(_names(change.before.attribute("payload"))) if change.before else set()
    had |= set(_names(after.attribute("payload_before")))
    fresh = [name for name in _names(after.attribute("payload")) if name not in had]
    if not fresh:
        return
    severity = Severity.HIGH if any(_CREDENTIALS & set(words(name)) for name in fresh) else Severity.MEDIUM
    message = f"The log line {_cut(after.key)!r} now carries raw input: {listed(fresh)}."
    yield from finding(ID, severity, change, message)


def _names(payload: str) -> list[str]:
    return [name.strip() for name in payload.split(",") if name.strip()]


def _cut(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
