"""Which sections changed together with these files before: what people do is the best hint at what they will do.

The idea is that of change coupling (Zimmermann et al. 2004, "Mining version histories to guide software changes"),
from code to sections. Only changes up to the base revision take part, so an answer never knows the commit's own edit.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from analyzers.history import Past
from runbooks.board import Board
from runbooks.index import Index

MAX_READ = 40
"""Earlier changes whose text is read: the newest that share a file or a folder with the diff."""

_LEAST_LINE = 9
"""Characters of a line at least by which a section is found again; shorter ones stand anywhere."""

_MOST_PLACES = 3
"""Sections that may hold the same line; a line in more of them finds none."""

_MAX_BLOB = 1_000_000


@dataclass(frozen=True, slots=True)
class Together:
    """An earlier change that shares something with the diff: ``files`` and ``folders`` say how much, in 0..1 and more;
    ``edited`` are the lines, without outer blanks, that it took from or gave to each document."""

    files: float
    folders: float
    edited: Mapping[str, frozenset[str]]


def together(past: Iterable[Past], paths: Sequence[str], read: Callable[[str], bytes | None]) -> tuple[Together, ...]:
    """The earlier changes that share files or folders with ``paths``; ``read`` gives a blob's bytes by its id."""
    files = frozenset(paths)
    folders = frozenset(path.rpartition("/")[0] for path in paths if "/" in path)
    found: list[Together] = []
    for unit in past:
        code = [path for path in unit.paths if not path.endswith((".md", ".mdx", ".markdown"))]
        same = sum(path in files for path in code)
        near = len(folders & {path.rpartition("/")[0] for path in code})
        if not same and not near:
            continue
        edited = {path: _edited(read(before), read(after)) for path, before, after in unit.documents}
        # A change of many files says less of each of them.
        share = 1 / math.sqrt(len(code))
        found.append(Together(same * share, near * share, edited))
        if len(found) >= MAX_READ:
            break
    return tuple(found)


def _edited(before: bytes | None, after: bytes | None) -> frozenset[str]:
    """The lines that only one side has."""
    sides = [
        {line.strip() for line in (data or b"")[:_MAX_BLOB].decode("utf-8", "replace").splitlines()}
        for data in (before, after)
    ]
    return frozenset(line for line in sides[0] ^ sides[1] if len(line) >= _LEAST_LINE)


def add_signals(units: Sequence[Together], index: Index, board: Board) -> None:
    """For every document and section how often, and how exclusively, it changed together with the diff's files."""
    number = {document.runbook.path: place for place, document in enumerate(index.documents)}
    lines: dict[str, dict[str, list[int]]] = {}
    for unit in units:
        known = [path for path in unit.edited if path in number]
        for path in known:
            document = index.documents[number[path]]
            share = 1 / math.sqrt(len(known))
            for place in document.sections:
                board.add("past_document_near", place, unit.folders * share, path)
            if path not in lines:
                lines[path] = _places_by_line(document.sections, index)
            found: Counter[int] = Counter()
            for line in unit.edited[path]:
                found.update(lines[path].get(line, ()))
            for place in found:
                title = index.sections[place].section.title or path
                board.add("past_section", place, unit.files / math.sqrt(len(found)), title)
                board.add("past_section_near", place, unit.folders / math.sqrt(len(found)), title)


def _places_by_line(places: Iterable[int], index: Index) -> dict[str, list[int]]:
    """The sections by their lines, those lines aside that stand in many of them."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place in places:
        for line in {line.strip() for line in index.sections[place].section.text.splitlines()}:
            if len(line) >= _LEAST_LINE:
                found[line].append(place)
    return {line: places for line, places in found.items() if len(places) <= _MOST_PLACES}
