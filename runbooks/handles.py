"""Handles of people and teams as they are written in front matter, CODEOWNERS and catalogues."""

from __future__ import annotations

import re

from runbooks.model import Owner, OwnerKind

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+\Z")


def as_owner(handle: str, source: str) -> Owner:
    """A handle as written: ``@name`` is a user, ``a@b.c`` an e-mail address, ``@org/team`` and bare names teams.

    Backstage's references are read as well: ``user:default/jane`` is the user ``@jane``, ``group:default/sre`` a team.
    """
    handle = handle.strip()
    kind, colon, name = handle.partition(":")
    if colon and kind.lower() in ("user", "group"):
        name = name.rsplit("/", 1)[-1]
        if kind.lower() == "user":
            return Owner(f"@{name.removeprefix('@')}", OwnerKind.USER, source)
        return Owner(name, OwnerKind.TEAM, source)
    if _EMAIL.match(handle):
        return Owner(handle, OwnerKind.EMAIL, source)
    if handle.startswith("@") and "/" not in handle:
        return Owner(handle, OwnerKind.USER, source)
    return Owner(handle, OwnerKind.TEAM, source)
