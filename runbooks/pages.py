"""The lines of sections by the names in them, each section read once for one comparison.

A diff may change thousands of settings that one reference table lists: asking each line for each name would cost the
product of both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from analyzers import values
from analyzers.patterns import regex
from analyzers.values import Quantity
from analyzers.vocabulary import words
from runbooks.lines import Line, lines_of
from runbooks.model import Section
from runbooks.terms import joined

TOKEN = regex(r"[A-Za-z_$-][A-Za-z0-9_]*(?:[-./][A-Za-z0-9_]+)*")
"""A name as a line may spell it: an identifier, a flag with its dashes, a dotted or slashed path."""

_PART = regex(r"[./]")
_ITALIC = regex(r"(?<!\w)_(?=[\w`])|(?<=[\w`%])_(?!\w)")

Spot = re.Match[str]
"""Where a name stands in a line: a match of :data:`TOKEN`."""


class Page:
    """One section's lines, with what is asked of them more than once."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.lines: tuple[Line, ...] = tuple(lines_of(section))
        self._quantities: dict[int, tuple[Quantity, ...]] = {}
        self._context: dict[int, frozenset[str]] = {}

    @cached_property
    def by_name(self) -> dict[str, dict[int, list[Spot]]]:
        """Joined names to the places in :attr:`lines` that hold them, with where in the line each stands. A dotted name
        is found by its whole, its last part and its last two parts."""
        found: dict[str, dict[int, list[Spot]]] = {}
        for place, line in enumerate(self.lines):
            for spot in TOKEN.finditer(line.text):
                for name in spellings(spot.group()):
                    found.setdefault(name, {}).setdefault(place, []).append(spot)
        return found

    def quantities(self, place: int) -> tuple[Quantity, ...]:
        """The quantities of a line, those in italics too."""
        known = self._quantities.get(place)
        if known is None:
            text = self.lines[place].text
            known = values.quantities(_ITALIC.sub(" ", text) if "_" in text else text)
            self._quantities[place] = known
        return known

    def context(self, place: int) -> frozenset[str]:
        """The words around a line: of the path, the headings, the lines above it and the line itself."""
        known = self._context.get(place)
        if known is None:
            line, section = self.lines[place], self.section
            known = frozenset(words(" ".join((section.path, *section.headings, *line.above, line.text))))
            self._context[place] = known
        return known


class Pages:
    """The pages of one comparison, by section; a section is told by its identity, which a page keeps alive."""

    def __init__(self) -> None:
        self._pages: dict[int, Page] = {}

    def of(self, section: Section) -> Page:
        """The page of a section, read when it is first asked for."""
        page = self._pages.get(id(section))
        if page is None:
            page = self._pages[id(section)] = Page(section)
        return page


def spellings(token: str) -> Sequence[str]:
    """The joined names by which a token of a line may be meant; none twice."""
    parts = _PART.split(token)
    found = (joined(token), joined(parts[-1]), joined("".join(parts[-2:])))
    return tuple(dict.fromkeys(name for name in found if name))
