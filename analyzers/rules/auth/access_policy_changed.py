"""A cookie, CORS, security-header, allowed-host or access-list setting changed.

## Why the reader of a runbook cares

Such a setting decides who gets in at all: with a wrong one browsers drop the session, a partner's origin is refused,
or everybody's is accepted. It is the first thing to check when "login suddenly does not work" for some.

## Before

```python
SESSION_COOKIE_SAMESITE = "Lax"
```

## After

```python
SESSION_COOKIE_SAMESITE = "None"
```

## What to write

> The session cookie has SameSite=None, so it is sent from embedded pages too.

instead of

> The session cookie has SameSite=Lax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Fact, FactKind, Finding, Severity
from analyzers.rules.kinds import NAMED, about
from analyzers.rules.verification import verifies
from analyzers.rules.wording import stated, switch
from analyzers.vocabulary import leaf

ID = "auth/access-policy-changed"
AREA = Area.AUTH
KINDS = NAMED | {FactKind.ACCESS_POLICY}

_EVERYBODY = re.compile(r"(?:^|[\s\[(,\"'])(?:\*|0\.0\.0\.0/0|::/0|\.\*|all)(?:$|[\s\]),\"'])", re.IGNORECASE)
_PROTECTS = re.compile(r"secure|http[_-]?only|same[_-]?site|hsts|csrf|csp", re.IGNORECASE)


def check(change: Change) -> Iterator[Finding]:
    """A change of an access setting; high when it opens up."""
    if not about(change, FactKind.ACCESS_POLICY):
        return
    if verifies(change.before) is not None or verifies(change.after) is not None:
        return
    severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
    if _opens(change.before, change.after):
        severity = Severity.HIGH
    yield from finding(ID, severity, change, stated(change))


def _opens(before: Fact | None, after: Fact | None) -> bool:
    if after is None:
        return False
    if _EVERYBODY.search(after.value.text):
        return before is None or not _EVERYBODY.search(before.value.text)
    return switch(after) is False and switch(before) is not False and bool(_PROTECTS.search(leaf(after.key)))
