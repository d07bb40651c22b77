"""A table or model has a new column whose name says that it holds personal data.

## Why the reader of a runbook cares

Deletion requests, exports and data-breach steps list where personal data lies. A column that the list lacks is
forgotten in every one of them.

## Before

```python
from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=100)
```

## After

```python
from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=100)
    date_of_birth = models.DateField(null=True)
```

## What to write

> On a deletion request clear customer.date_of_birth too.

instead of

> On a deletion request delete the customer's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from analyzers.findings import finding
from analyzers.model import Area, Change, ChangeKind, FactKind, Finding, Severity
from analyzers.vocabulary import leaf, words

ID = "data/personal-data-field-added"
AREA = Area.DATA
KINDS = frozenset({FactKind.COLUMN})

_PERSONAL = frozenset(
    "email emails phone mobile telephone birth birthday birthdate dob ssn passport nino iban gender ethnicity religion "
    "nationality surname postcode zipcode latitude longitude salary diagnosis disability".split()
)
"""Single words of the categories in GDPR articles 4 and 9 and of common identifiers."""

_PAIRS = frozenset(
    {
        ("first", "name"), ("last", "name"), ("full", "name"), ("given", "name"), ("family", "name"),
        ("middle", "name"), ("ip", "address"), ("ip", "addr"), ("remote", "addr"), ("street", "address"),
        ("home", "address"), ("postal", "address"), ("billing", "address"), ("zip", "code"), ("post", "code"),
        ("national", "id"), ("tax", "id"), ("social", "security"), ("bank", "account"), ("card", "number"),
        ("date", "birth"), ("marital", "status"),
    }
)  # fmt: skip
_NOT_THE_DATA = frozenset("count sent enabled verified template template_id status type at id flag bounced".split())
"""Last words that turn the name into a statement about the data, such as ``email_sent``."""


def check(change: Change) -> Iterator[Finding]:
    """An added or renamed column with a personal name, unless it already states a class."""
    fact = change.fact
    if change.kind not in {ChangeKind.ADDED, ChangeKind.RENAMED} or not _personal(leaf(fact.key)):
        return
    if change.before is not None and _personal(leaf(change.before.key)):
        return
    known = fact.attribute("class")
    classed = f"; it is classed {known}" if known else ""
    severity = Severity.LOW if known else Severity.MEDIUM
    yield from finding(ID, severity, change, f"The new column {fact.key} looks like personal data{classed}.")


def _personal(name: str) -> bool:
    parts = words(name)
    if not parts or parts[-1] in _NOT_THE_DATA - {"id"}:
        return False
    if set(pairwise(parts)) & _PAIRS or parts == ("address",) or parts == ("ip",):
        return True
    return bool(_PERSONAL & set(parts)) and parts[-1] not in _NOT_THE_DATA
