"""Who answers for a runbook, and which source says so."""

from __future__ import annotations

import re

from runbooks.model import Owner, OwnerKind

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+\Z")


def as_owner(handle: str, source: str) -> Owner:
    """A handle as written: ``@org/team`` and bare names are teams, ``@name`` a user, ``a@b.c`` an e-mail address."""
    handle = handle.strip()
    if _EMAIL.match(handle):
        return Owner(handle, OwnerKind.EMAIL, source)
    if handle.startswith("@") and "/" not in handle:
        return Owner(handle, OwnerKind.USER, source)
    return Owner(handle, OwnerKind.TEAM, source)
