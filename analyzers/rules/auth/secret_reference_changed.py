"""A secret that the program needs is new, gone, called otherwise, or comes from another place.

Only the name and the place of a secret are ever shown, never a value.

## Why the reader of a runbook cares

Rotation and recovery steps name secrets. After a rename the old one can be rotated without any effect, and a deploy
into an environment that lacks the new one fails at start.

## Before

```python
import os

API_TOKEN = os.environ["BILLING_API_TOKEN"]
```

## After

```python
import os

API_TOKEN = os.environ["PAYMENTS_API_TOKEN"]
```

## What to write

> Rotate PAYMENTS_API_TOKEN in the vault, then restart the workers.

instead of

> Rotate the API token.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.findings import finding, is_reference, shown
from analyzers.model import NO_VALUE, Area, Change, ChangeKind, Fact, FactKind, Finding, Severity
from analyzers.vocabulary import setting_kind

ID = "auth/secret-reference-changed"
AREA = Area.AUTH
KINDS = frozenset({FactKind.SECRET, FactKind.ENV_VAR})

_GIVEN = frozenset({"GITHUB_TOKEN", "CI_JOB_TOKEN"})
"""Tokens that the forge hands to every job by itself; nobody has to create or rotate them."""


def check(change: Change) -> Iterator[Finding]:
    """A secret's name or place changed. An environment variable counts when its name says secret."""
    before, after = change.before, change.after
    if not any(_is_secret(fact) for fact in (before, after)) or change.fact.key.upper() in _GIVEN:
        return
    if change.kind is ChangeKind.RENAMED and before and after:
        message = f"The secret {before.key} is replaced by {after.key}."
        yield from finding(ID, Severity.HIGH, change, message)
    elif after is None and before is not None:
        yield from finding(ID, Severity.MEDIUM, change, f"The secret {before.key} is no longer read in {change.path}.")
    elif before is None and after is not None:
        yield from finding(ID, Severity.MEDIUM, change, f"The secret {after.key} is now needed in {change.path}.")
    elif before is not None and after is not None and after.kind is FactKind.SECRET:
        if is_reference(before.value) and is_reference(after.value):
            message = f"The secret {after.key} comes from {shown(after)}; before, it came from {shown(before)}."
        else:
            message = f"The secret {after.key} comes from another place or has another default."
        yield from finding(ID, Severity.MEDIUM, change, message)


def _is_secret(fact: Fact | None) -> bool:
    if fact is None:
        return False
    return fact.kind is FactKind.SECRET or setting_kind(fact.key, NO_VALUE) is FactKind.SECRET
