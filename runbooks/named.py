"""What a section names, as mapping asks for it: the names that it marks as code, and the paths that it mentions."""

from __future__ import annotations

from typing import NamedTuple

from runbooks.model import AnchorKind, Place
from runbooks.terms import joined


class Named(NamedTuple):
    """``coded`` are the joined names in code style (spans, fences, tables, headings, links), whole and their last
    part; ``paths`` are lower-case and sorted: the first that fits is told as the reason, and an answer must not hang
    on the order of a set."""

    coded: frozenset[str]
    paths: tuple[str, ...]


class Names:
    """Collects what is named, mention by mention."""

    def __init__(self) -> None:
        self._coded: set[str] = set()
        self._paths: set[str] = set()

    def add(self, kind: AnchorKind, target: str, place: Place) -> None:
        """Take a mention's name; a value is none, and a word of prose only looks like code."""
        if kind is AnchorKind.PATH:
            self._paths.add(target.strip("./").lower())
        elif kind is not AnchorKind.VALUE and place is not Place.PROSE:
            self._coded.add(joined(target))
            if "." in target:
                self._coded.add(joined(target.rsplit(".", 1)[-1]))

    def named(self) -> Named:
        """All that was taken."""
        return Named(frozenset(self._coded - {""}), tuple(sorted(self._paths)))
