"""What a section mentions: from blocks of Markdown to anchors, each with its line, its place and the value beside it.

Reading is by shape only and never asks the code: mapping drops names that are nothing in the code. Which value belongs
to which name is decided here, cautiously (:func:`_bind`): a value that could belong to two names belongs to none,
because *contradicted* is built on it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from analyzers.model import Span, Value
from analyzers.patterns import regex
from analyzers.values import parse_value, quantities
from runbooks import fences
from runbooks.binding import NAMES, Found, bind
from runbooks.inline import scan
from runbooks.lexicon import SWITCHES
from runbooks.mentions import LONGEST, Mention, bare, is_value
from runbooks.model import Anchor, AnchorKind, Place
from runbooks.named import Named, Names


class Piece(NamedTuple):
    """A block as the Markdown parser hands it over.

    ``kind`` as in :class:`runbooks.model.Block`; ``line`` is the 1-based line of the first line of ``text`` (for a
    fence: of its first content line); ``block`` its index in the section; ``info`` a fence's language; ``cells`` and
    ``header`` are a table row's.
    """

    kind: str
    line: int
    text: str
    block: int
    info: str = ""
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


_PORTS = regex(r"\bports?\b[\s:=]{0,3}(?:numbers?\s)?(\d{2,5})((?:\s?(?:,|and|or|/)\s?\d{2,5}){0,5})", re.I)
_NUMBER = regex(r"\d+")
_BREAK = regex(r"\n")
# Words that make the code span after them the default of what was named before.
_DEFAULT = regex(r"\bdefaults?(?:\s(?:is|to|value|of)){0,2}[:=]?\s?\Z", re.I)
# What every mention or quantity holds at least one of; most cells and many paragraphs hold none.
_TELLING = regex(r"[`_/\d]|\]\(|\.[A-Za-z]|[a-z][A-Z]|--[a-z]|:\s|(?:second|minute|hour|day|week|month|year|cent)s?\b")
_QUANTITY = regex(r"\d|(?:second|minute|hour|day|week|month|year|cent)s?\b")
_REMARK = regex(r"\s?(?:[(\[,;]|per\b|by default\b)")
_NO_VALUE_COLUMN = regex(r"(?:\b(?:required|mandatory|optional|type|since|version|issue|step)\b|#)", re.I)
_UNIT_WORD = regex(
    r"\b(milliseconds?|ms|seconds?|secs?|minutes?|mins?|hours?|days?|bytes?|kib|mib|gib|kb|mb|gb)\b", re.I
)


_value = lru_cache(maxsize=8_192)(parse_value)
"""Runbooks state the same few values over and over."""


def anchors_of(pieces: Iterable[Piece], path: str, revision: str) -> tuple[Anchor, ...]:
    """The anchors of one section's blocks, in document order, each distinct mention of a line once."""
    builder = _Builder(path, revision)
    _read(pieces, builder)
    return tuple(sorted(builder.anchors, key=lambda anchor: (anchor.block, anchor.span.start_line)))


def named_in(pieces: Iterable[Piece], path: str) -> Named:
    """What the anchors of the blocks name, without making them: a third of the work, because the values stated beside
    the names are not read."""
    collector = _Collector(path)
    _read(pieces, collector)
    return collector.names.named()


def _read(pieces: Iterable[Piece], builder: _Builder | _Collector) -> None:
    for piece in pieces:
        if piece.kind == "fence":
            for line, mention in fences.mentions(piece.text, piece.info):
                builder.add(piece.line + line, piece.block, mention, mention.value, Place.FENCE)
        elif piece.kind == "row":
            _row(builder, piece)
        else:
            place = Place.HEADING if piece.kind == "heading" else Place.PROSE
            _prose(builder, piece.text, piece.line, piece.block, place)


SHORT_CELL = 24
"""Characters of a cell that may hold a value and a word about it; longer cells are sentences."""


Stated = tuple[int, int, Value]
"""A value stated in a text: half-open offsets and the value."""


class _Builder:
    """Collects anchors of a section; spans are shared per line, repeated mentions of a line are dropped."""

    names_only = False

    def __init__(self, path: str, revision: str) -> None:
        self.anchors: list[Anchor] = []
        self.path = path
        self._revision = revision
        self._spans: dict[int, Span] = {}
        self._seen: set[tuple[int, Mention, str, int]] = set()

    def add(self, line: int, block: int, mention: Mention, value: str | Value, place: Place) -> None:
        """Keep a mention. ``value`` is a text to normalise with the name's hint, or an already normalised value."""
        kind, target, _ = mention
        text = value if isinstance(value, str) else value.text
        key = (line, mention, text, block)
        if key in self._seen:
            return
        self._seen.add(key)
        span = self._spans.get(line)
        if span is None:
            span = self._spans[line] = Span(self._revision, self.path, line, line)
        if isinstance(value, Value):
            parsed: Value | None = value
        else:
            parsed = _value(value, target if kind in NAMES else "") if value else None
        self.anchors.append(Anchor(kind, target, parsed, span, place, block))
        if _states_port(mention, text):
            self.add(line, block, Mention(AnchorKind.PORT, text, text), text, place)


class _Collector:
    """Takes what :class:`_Builder` takes, and keeps the names."""

    names_only = True

    def __init__(self, path: str) -> None:
        self.names = Names()
        self.path = path
        self._seen: set[tuple[int, Mention, str, int]] = set()

    def add(self, line: int, block: int, mention: Mention, value: str | Value, place: Place) -> None:
        """Keep a mention's name."""
        text = value if isinstance(value, str) else value.text
        key = (line, mention, text, block)
        if key in self._seen:
            return
        self._seen.add(key)
        self.names.add(mention.kind, mention.target, place)
        if text and _states_port(mention, text):
            self.add(line, block, Mention(AnchorKind.PORT, text, text), text, place)


def _states_port(mention: Mention, text: str) -> bool:
    return _is_port(mention) and text.isdigit() and 2 <= len(text) <= 5


def _is_port(mention: Mention) -> bool:
    return mention.target[-4:].lower() == "port" and mention.kind in NAMES


def _prose(builder: _Builder | _Collector, text: str, line: int, block: int, place: Place) -> list[Found]:
    """Read a text with inline markup; add its anchors; return what was found (a table row looks at its first cell).

    ``key`` is a name that the context gives to values without a name (a row's first cell).
    """
    if not _TELLING.search(text):
        return []
    found, masked = scan(text, builder.path, place)
    found.extend(_ports(masked))
    if builder.names_only and _valueless(found):
        for _, _, mention, where in found:
            builder.add(line, block, mention, mention.value, where)
        return sorted(found, key=_offset) if place is Place.TABLE else found
    values = list(_quantities(masked))
    if not found and not values:
        return found
    values = _with_spans(values, found, text)
    found = [f for f in found if f.mention.kind is not AnchorKind.VALUE]
    found.sort(key=_offset)
    bound = bind(found, values, text)
    starts = [m.end() for m in _BREAK.finditer(text)] if "\n" in text else []
    for index, (start, _, mention, where) in enumerate(found):
        value = bound.get(index) or mention.value
        builder.add(line + bisect_right(starts, start), block, mention, value, where)
    for start, _, value in values:
        if value.text.lower() not in SWITCHES:
            at = line + bisect_right(starts, start)
            builder.add(at, block, Mention(AnchorKind.VALUE, value.text), value, place)
    return found


def _valueless(found: Sequence[Found]) -> bool:
    """Whether the names in a text are the same whatever values it states: none is of a port, and none stands both in
    code style and in prose, where it depends on the line and the value which of the two counts."""
    if any(f.mention.kind is AnchorKind.PORT or _is_port(f.mention) for f in found):
        return False
    prose = {f.mention for f in found if f.place is Place.PROSE}
    return not prose or not any(f.mention in prose for f in found if f.place is not Place.PROSE)


def _quantities(text: str) -> Iterator[Stated]:
    offset = 0
    for line in text.split("\n"):
        if _QUANTITY.search(line):
            for quantity in quantities(line):
                yield offset + quantity.start, offset + quantity.end, quantity.value
        offset += len(line) + 1


def _offset(found: Found) -> int:
    return found.start


def _with_spans(values: list[Stated], found: Sequence[Found], text: str) -> list[Stated]:
    """Quantities of the text and those of code spans that the text's reading has not covered already, in order."""
    starts = [start for start, _, _ in values]
    more: list[Stated] = []
    for start, end, mention, place in found:
        if mention.kind is AnchorKind.VALUE:
            near = bisect_right(starts, end)
            if not near or values[near - 1][1] <= start:
                more.append((start, end, _value(mention.value)))
        elif place is Place.SPAN and _DEFAULT.search(text, max(0, start - 24), start):
            more.append((start, end, _value(mention.target)))
    return sorted((*values, *more), key=lambda value: value[0]) if more else values


def _ports(text: str) -> Iterator[Found]:
    if "ort" not in text and "ORT" not in text:
        return
    for match in _PORTS.finditer(text):
        for number in _NUMBER.finditer(match[0]):
            if len(number[0]) >= 2 and int(number[0]) <= 65_535:
                start = match.start() + number.start()
                yield Found(start, start + len(number[0]), Mention(AnchorKind.PORT, number[0], number[0]), Place.PROSE)


def _row(builder: _Builder | _Collector, piece: Piece) -> None:
    """A table row: every cell is read; cells that are a value belong to the name in the row's first cell."""
    if not piece.cells:
        return
    first = _prose(builder, piece.cells[0], piece.line, piece.block, Place.TABLE)
    names = [f.mention for f in first if f.mention.kind in NAMES and not f.mention.value]
    for index, cell in enumerate(piece.cells[1:], start=1):
        header = piece.header[index] if index < len(piece.header) else ""
        value = _cell_value(cell) if names and not _NO_VALUE_COLUMN.search(header) else ""
        if not value:
            _prose(builder, cell, piece.line, piece.block, Place.TABLE)
            continue
        unit = None if builder.names_only else _UNIT_WORD.search(header)
        for name in names:
            hint = f"{name.target}_{unit[0]}" if unit and value[-1].isdigit() else name.target
            builder.add(
                piece.line, piece.block, name, value if builder.names_only else _value(value, hint), Place.TABLE
            )
        if value.lower() not in SWITCHES and not builder.names_only:
            builder.add(piece.line, piece.block, Mention(AnchorKind.VALUE, value), _value(value), Place.TABLE)


def _cell_value(cell: str) -> str:
    """The value that a short cell consists of (``5m``, ``**30 days**``, ``10 (default)``), or an empty text."""
    text = bare(cell.strip().strip("*_` ")).strip("`")
    if text and len(text) <= LONGEST and is_value(text):
        return text
    found = quantities(text) if 0 < len(text) <= SHORT_CELL else ()
    alone = len(found) == 1 and not found[0].start and _REMARK.match(text, found[0].end)
    return found[0].text if alone else ""
