"""A certificate, host name, signature or the origin of a request is no longer verified.

## Why the reader of a runbook cares

With verification off a wrong or expired certificate no longer shows as an error, so the runbook's first check ("does
the handshake fail?") tells nothing, and an attacker between the two sides stays unseen.

## Before

```python
def fetch(url):
    return requests.get(url, verify=True, timeout=5)
```

## After

```python
def fetch(url):
    return requests.get(url, verify=False, timeout=5)
```

## What to write

> The certificate of the upstream is not verified; an expired one does not show up here, check it with openssl.

instead of

> A failing handshake shows up as an error in the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, shown
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.rules.verification import leaves_plain, verifies

ID = "auth/verification-disabled"
AREA = Area.AUTH
KINDS = frozenset(
    {
        FactKind.CRYPTO,
        FactKind.ACCESS_POLICY,
        FactKind.SETTING,
        FactKind.FEATURE_FLAG,
        FactKind.CLI_FLAG,
        FactKind.ENV_VAR,
        FactKind.GUARD,
    }
)


def check(change: Change) -> Iterator[Finding]:
    """Verification that was on (or not mentioned) and is now off; a low finding when it is on again."""
    before, after = verifies(change.before), verifies(change.after)
    fact = change.fact
    if fact.kind is FactKind.GUARD:
        yield from _guard(change, before, after)
    elif after is False and before is not False:
        effect = "the connection is not secured" if leaves_plain(fact) else "verification is off"
        was = f"; before, it was {shown(change.before)}" if change.before else ""
        yield from finding(ID, Severity.HIGH, change, f"{fact.key} is {shown(fact)}: {effect}{was}.")
    elif before is False and after is not False:
        effect = "the connection is secured" if leaves_plain(fact) else "verification is on"
        now = f"is {shown(change.after)}" if change.after else f"is no longer {shown(change.before)}"
        yield from finding(ID, Severity.LOW, change, f"{fact.key} {now}: {effect} again.")


def _guard(change: Change, before: bool | None, after: bool | None) -> Iterator[Finding]:
    key, kind = change.fact.key, change.kind
    if (after is False and before is not False) or (before is True and kind is ChangeKind.REMOVED):
        message = f"{key} is no longer protected against forged requests: {shown(change.fact)}"
        gone = " is gone" if after is None else ""
        yield from finding(ID, Severity.HIGH, change, f"{message}{gone}.")
    elif (before is False and after is not False) or (after is True and kind is ChangeKind.ADDED):
        gone = " is gone" if change.after is None else ""
        message = f"{key} is now protected against forged requests: {shown(change.fact)}{gone}."
        yield from finding(ID, Severity.MEDIUM, change, message)
