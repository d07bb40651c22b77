"""How far a grant goes: reading, changing, or everything."""

from __future__ import annotations

import re

from analyzers.model import Fact, Severity

_ALL = re.compile(r"\*|\ball\b|admin|owner|superuser|escalate|impersonate|\bbind\b|write-all|passrole", re.IGNORECASE)
_CHANGES = re.compile(
    r"write|create|update|patch|delete|put|post|exec|insert|drop|alter|truncate|grant|edit|manage|push|set",
    re.IGNORECASE,
)
_SENSITIVE = re.compile(r"secret|token|credential|rolebinding|pods/exec|id-token|kms|iam", re.IGNORECASE)


def severity_of(grant: Fact) -> Severity:
    """High for everything, for rights over rights, and for secrets; medium for changing; low for reading."""
    if _ALL.search(grant.value.text) or _SENSITIVE.search(f"{grant.key} {grant.value.text}"):
        return Severity.HIGH
    return Severity.MEDIUM if _CHANGES.search(grant.value.text) else Severity.LOW


def levels(grant: Fact) -> list[str]:
    """The verbs or level of a grant, as separate names in order."""
    return [part for part in re.split(r"[,\s]+", grant.value.text) if part]
