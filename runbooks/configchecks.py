"""Checks of configured values that need a library; each raises ValueError with a sentence that says what to write."""

from __future__ import annotations

from collections.abc import Sequence

MAX_WILDCARDS = 6
"""Stars in one pattern; matching time grows with their number."""


def check_patterns(key: str, patterns: Sequence[str]) -> None:
    """Refuse, with ValueError, a pattern that is no gitignore pattern or costs too much to match."""
    if not patterns:
        return
    from pathspec import GitIgnoreSpec  # only where patterns are configured

    for pattern in patterns:
        if pattern.count("*") > MAX_WILDCARDS or len(pattern) > 500:
            raise ValueError(f"`{key}` has a pattern with more than {MAX_WILDCARDS} stars or 500 characters")
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            raise ValueError(f"`{key}` has the pattern {pattern!r}, which is no gitignore pattern") from None


def check_timezone(name: str) -> None:
    """Refuse, with ValueError, a name that the time zone database does not know."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`timezone` is {name!r}; write a name such as `Europe/Berlin`") from None
