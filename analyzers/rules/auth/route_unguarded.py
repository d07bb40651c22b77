"""A new route has no guard although the routes beside it have one.

## Why the reader of a runbook cares

An endpoint that everybody can reach is often an oversight, and it is the first place to look when data leaks. A
runbook that says "all admin endpoints need a login" is no longer true.

## Before

```python
from fastapi import APIRouter, Depends

router = APIRouter()


@router.get("/invoices", dependencies=[Depends(require_login)])
def list_invoices():
    return invoices.all()


@router.get("/payouts", dependencies=[Depends(require_login)])
def list_payouts():
    return payouts.all()
```

## After

```python
from fastapi import APIRouter, Depends

router = APIRouter()


@router.get("/invoices", dependencies=[Depends(require_login)])
def list_invoices():
    return invoices.all()


@router.get("/refunds")
def list_refunds():
    return refunds.all()


@router.get("/payouts", dependencies=[Depends(require_login)])
def list_payouts():
    return payouts.all()
```

## What to write

> GET /refunds answers without a login; everything else in this service needs one.

instead of

> Every endpoint of this service needs a login.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, Confidence, FactKind, Finding, Severity

ID = "auth/route-unguarded"
AREA = Area.AUTH
KINDS = frozenset({FactKind.ROUTE})

_OPEN_BY_NATURE = re.compile(
    r"health|ready|readiness|live(?:z|ness)|/ping|metrics|status|version|login|logout|signin|sign_in|signup|sign_up"
    r"|register|callback|oauth|saml|token|password|static|assets|favicon|robots|\.well-known|docs|openapi|swagger|webhook",
    re.IGNORECASE,
)
"""Routes that must answer before anybody is known, or that probes and browsers ask for."""


def check(change: Change) -> Iterator[Finding]:
    """An added route without guards whose siblings in the file have some."""
    fact = change.fact
    odd = not fact.attribute("guards") and fact.attribute("siblings_guarded") == "yes"
    if change.kind is ChangeKind.ADDED and odd and not _OPEN_BY_NATURE.search(fact.key):
        message = f"{fact.key} is new and has no guard, although the routes beside it have one."
        yield from finding(ID, Severity.HIGH, change, message, confidence=Confidence.MEDIUM)
