"""Patterns of ``.gitignore`` kind, matched in time linear in the path: configuration and front matter hold patterns
that somebody else wrote, and a path may be as long as somebody likes.

Libraries turn a whole pattern into one regular expression, which for ``a*a*a*a*a*a*b`` tries every way to share a long
name among the stars. Here a path is matched component by component, each by :mod:`fnmatch`, whose expressions do not
backtrack over a star that has matched.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_ANY = "**"
_STARS = re.compile(r"\*+")

Component = Callable[[str], object]
"""Whether one component of a path fits (truthy when it does)."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """``steps`` in order, None for ``**``; ``inside`` wants at least one more component after them (``logs/``,
    ``logs/**``); ``negated`` takes away what an earlier pattern matched."""

    steps: tuple[Component | None, ...]
    inside: bool
    negated: bool

    def matches(self, parts: Sequence[str]) -> bool:
        """Whether the steps fit a path or a directory above it."""
        places = self._reached({0})
        for part in parts:
            if len(self.steps) in places:
                return True
            following: set[int] = set()
            for place in places:
                step = self.steps[place]
                if step is None:
                    following.add(place)
                elif step(part):
                    following.add(place + 1)
            places = self._reached(following)
        return len(self.steps) in places and not self.inside

    def _reached(self, places: set[int]) -> set[int]:
        """The places with those behind a ``**``, which may stand for nothing."""
        for place in sorted(places):
            while place < len(self.steps) and self.steps[place] is None:
                place += 1
                places.add(place)
        return places


class Patterns:
    """Several patterns; the last one that matches decides. Raises ValueError for one that is no pattern."""

    def __init__(self, patterns: Sequence[str]) -> None:
        read = (_read(pattern) for pattern in patterns)
        self._patterns = tuple(pattern for pattern in read if pattern is not None)

    def match(self, path: str) -> bool:
        """Whether a path (with ``/``, relative to the top) is matched, by itself or through a directory above it."""
        parts = path.split("/")
        for pattern in reversed(self._patterns):
            if pattern.matches(parts):
                return not pattern.negated
        return False


@lru_cache(maxsize=4_096)
def compiled(patterns: tuple[str, ...]) -> Patterns:
    """The patterns ready to match. Raises ValueError for one that is no pattern."""
    return Patterns(patterns)


def _read(text: str) -> _Pattern | None:
    """One line as git reads it (gitignore(5)); None for a blank line or a comment."""
    if text.startswith("#"):
        return None
    text = re.sub(r"(?<!\\)((?:\\\\)*) +\Z", r"\1", text)
    if not text:
        return None
    negated = text.startswith("!")
    body = text.removeprefix("!")
    inside = body.endswith("/")
    steps = body.strip("/").split("/")
    if not body.strip("/") or (len(body) - len(body.rstrip("\\"))) % 2:
        raise ValueError(f"{text!r} is no pattern")
    anchored = "/" in body.rstrip("/")
    if not anchored:
        steps.insert(0, _ANY)
    while len(steps) > 1 and steps[-1] == _ANY:
        steps.pop()
        inside = inside or steps != [_ANY]
    if steps == [_ANY] and body.endswith("/"):
        steps = ["*"]  # every directory, and so no file at the top
    return _Pattern(tuple(None if step == _ANY else _component(step) for step in steps), inside, negated)


def _component(text: str) -> Component:
    """One component: ``*`` and ``?`` as in a shell, ``[…]`` with ``!`` or ``^`` for *none of these*, ``\\`` before a
    character that stands for itself."""
    shell = re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], _STARS.sub("*", text))
    return re.compile(fnmatch.translate(shell.replace("[^", "[!"))).match
