"""What the rules on guards share: which guards let everybody in, and which requirements a guard names."""

from __future__ import annotations

import re

from analyzers.model import Fact
from analyzers.vocabulary import words

_OPEN = re.compile(
    r"allow_?any|permit_?all|allow_?anonymous|anonymous_?allowed|login_not_required|no_auth(?:entication)?\b"
    r"|unauthenticated|\bpublic\b|no_permission_required|annotation_?permitall",
    re.IGNORECASE,
)
"""Names by which frameworks say *everybody may*: Django REST (AllowAny), Spring and Jakarta (permitAll, PermitAll),
ASP.NET (AllowAnonymous), Pyramid (NO_PERMISSION_REQUIRED), Django 5.1 (login_not_required)."""

_FORGERY = frozenset({"csrf", "xsrf", "forgery"})


def lets_everybody_in(guard: Fact | None) -> bool:
    """Whether a guard is the explicit statement that nothing is guarded."""
    if guard is None or guard.attribute("form") == "check":
        return False
    return bool(_OPEN.search(f"{guard.attribute('name')} {guard.value.text}"))


def is_forgery_protection(guard: Fact) -> bool:
    """Whether the guard is about cross-site request forgery: no right is asked, a request's origin is verified."""
    return bool(_FORGERY & set(words(guard.attribute("name") or guard.value.text)))


_NAME = re.compile(r"[\w.:*/@-]+")
_CALL = re.compile(r"^[\w.]+\(.*\)$", re.DOTALL)


def is_condition(guard: Fact) -> bool:
    """Whether the guard is the condition under which access is refused (``not user.is_admin``), not a call that
    checks (``require_role("admin")``)."""
    return guard.attribute("form") == "check" and not _CALL.match(guard.value.text)


def requirements(guard: Fact) -> frozenset[str]:
    """The roles, scopes or permissions that the guard asks for, as separate names."""
    return frozenset(_NAME.findall(guard.attribute("requires")))
