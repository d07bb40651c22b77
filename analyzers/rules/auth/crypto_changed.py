"""An algorithm, key size, hashing cost, TLS version or encryption switch is another one.

Verification that is switched off has a rule of its own (`auth/verification-disabled`).

## Why the reader of a runbook cares

Clients that speak only the former version or algorithm fail from the deploy on, existing hashes or signatures may no
longer be accepted, and commands in the runbook that name the algorithm stop working.

## Before

```python
PASSWORD_HASH_ALGORITHM = "argon2"
```

## After

```python
PASSWORD_HASH_ALGORITHM = "bcrypt"
```

## What to write

> Passwords are hashed with bcrypt; imports from before the change keep argon2 until the next login.

instead of

> Passwords are hashed securely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.kinds import NAMED, about
from analyzers.rules.verification import verifies
from analyzers.rules.wording import direction, stated, switch
from analyzers.vocabulary import words

ID = "auth/crypto-changed"
AREA = Area.AUTH
KINDS = NAMED | {FactKind.CRYPTO}

_WEAK = re.compile(
    r"(?<![a-z0-9])(?:md5|sha-?1|des|3des|rc4|none|plain(?:text)?|ssl_?v?[23]|tls_?v?1(?:[._]?[01])?|tls1[01]"
    r"|versiontls1[01]|versionssl30|ecb|hs256-none)(?![a-z0-9.])",
    re.IGNORECASE,
)
"""Names that OWASP's cryptographic storage and TLS cheat sheets tell to leave."""

_COST = frozenset({"rounds", "iterations", "cost", "bits", "size", "version"})


def check(change: Change) -> Iterator[Finding]:
    """A change of cryptography; high when it is weaker or switched off."""
    if not about(change, FactKind.CRYPTO):
        return
    if verifies(change.before) is not None or verifies(change.after) is not None:
        return
    severity = Severity.LOW if change.kind is ChangeKind.ADDED else Severity.MEDIUM
    if _weaker(change):
        severity = Severity.HIGH
    yield from finding(ID, severity, change, stated(change))


def _weaker(change: Change) -> bool:
    before, after = change.before, change.after
    if before is None or after is None:
        return False
    if switch(before) is True and switch(after) is False:
        return True
    if _COST & set(words(after.key)) and direction(change) < 0:
        return True
    return bool(_WEAK.search(after.value.text)) and not _WEAK.search(before.value.text)
