"""Checks of configured values beyond their type; each raises ValueError with a sentence that says what to write."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.globs import compiled

MAX_PATTERN = 500
"""Characters of one pattern."""


def check_patterns(key: str, patterns: Sequence[str]) -> None:
    """Refuse, with ValueError, a pattern that is no gitignore pattern or too long to be one."""
    for pattern in patterns:
        if len(pattern) > MAX_PATTERN:
            raise ValueError(f"`{key}` has a pattern with more than {MAX_PATTERN} characters")
        try:
            compiled((pattern,))
        except ValueError:
            raise ValueError(f"`{key}` has the pattern {pattern!r}, which is no gitignore pattern") from None


def check_timezone(name: str) -> None:
    """Refuse, with ValueError, a name that the time zone database does not know."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`timezone` is {name!r}; write a name such as `Europe/Berlin`") from None


def check_rules(key: str, ids: Sequence[str]) -> None:
    """Refuse, with ValueError, an id that no rule has."""
    from difflib import get_close_matches

    from analyzers.rules import REGISTRY
    from runbooks import documented

    known = (*REGISTRY, documented.ID)
    for rule in ids:
        if rule not in known:
            near = get_close_matches(rule, known, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else "`runbook-drift rules` lists them"
            raise ValueError(f"`{key}` names {rule!r}, which is no rule; {hint}")
