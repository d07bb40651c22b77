"""The body of a function that takes part in authentication, authorization or cryptography works differently.

The name of the function, its class, file or folder or the words on the changed lines have to say so; the body is
compared blind to comments, layout and local names. What exactly differs is not claimed.

## Why the reader of a runbook cares

Login problems are debugged along the steps of the code: which header is read, what is refused, what is cached. When the
steps change, the runbook's list of causes may miss the new one.

## Before

```python
def authenticate(request):
    token = request.headers.get("Authorization")
    return tokens.find(token)
```

## After

```python
def authenticate(request):
    token = request.headers.get("Authorization") or request.cookies.get("token")
    return tokens.find(token)
```

## What to write

> The token is read from the Authorization header, then from the cookie "token".

instead of

> Check that the Authorization header is sent; without it nobody gets in.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Confidence, FactKind, Finding, Severity
from analyzers.rules.logic import AUTH, ENOUGH, points, sentence

ID = "auth/authentication-logic-changed"
AREA = Area.AUTH
KINDS = frozenset({FactKind.BEHAVIOUR})


def check(change: Change) -> Iterator[Finding]:
    """A changed body whose names speak of authentication."""
    if change.kind is not ChangeKind.MODIFIED:
        return
    found = points(change, AUTH)
    if found >= ENOUGH:
        severity = Severity.MEDIUM if found > ENOUGH else Severity.LOW
        message = sentence(change, AUTH, "takes part in authentication or authorization")
        yield from finding(ID, severity, change, message, confidence=Confidence.MEDIUM)
