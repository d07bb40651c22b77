"""What the columns of a table say: which one states the value that holds, and which ones give advice, limits, history
or another environment's value. A value under *Recommended* or *Staging* is not false because the default changed."""

from __future__ import annotations

import re
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple

from analyzers.patterns import regex
from analyzers.values import parse_value, quantities
from analyzers.vocabulary import words
from runbooks.mentions import is_codeish
from runbooks.scoped import LESSER, REGIONS
from runbooks.terms import singular

_PIPE = regex(r"(?<!\\)\|")
_MARKUP = " \t*_`~\"'"
_REFUSED = frozenset(
    "recommended recommendation recommend suggested suggestion suggest proposed proposal max maximum min minimum "
    "range lower upper bound bounds old previous former prior before after new since version versions release "
    "introduced added deprecated removed example examples sample allowed valid possible accepted choices options "
    "unit units type types required optional mandatory target goal was tested expected ideal safe tuning tuned "
    "enterprise free trial premium incident override overrides if when issue step priority order severity".split()
)
"""Words of headers under which stands no statement of what holds."""
_DEFAULT = frozenset("default defaults".split())
_PRESENT = frozenset("value values current currently setting settings configured effective actual today".split())
_MAIN = frozenset("production prod live".split())
_NOTE = frozenset(
    "description descriptions meaning notes note comment comments remark remarks purpose effect details usage "
    "explanation why what reason impact action".split()
)
_PLAIN = frozenset(
    singular(word)
    for word in (
        "time duration amount number count size period length lifetime level permission access state status mode is "
        "in of the our per per ms milliseconds millis seconds secs sec s minutes mins min m hours hour h days day d "
        "bytes kb mb gb kib mib gib percent config configuration configurations default defaults value values current "
        "currently setting settings configured effective actual today production prod live".split()
    )
)
"""Words of headers, in the singular, under which a setting's present value stands; any other may be of a person, a
place or a purpose ("Acme", "Reload interval"), unless the setting or its file has it too."""
_UNIT = regex(
    r"\b(ms|milliseconds|millis|seconds|secs|sec|minutes|mins|hours|days|bytes|kb|mb|gb|kib|mib|gib|percent)\b|(%)",
    re.I,
)
_VERSION = regex(r"v?\d[\d.x]*\Z", re.IGNORECASE)
_REMARK = regex(r"\W{0,4}(?:\Z|[(\[,;]|per\b|by default\b)")
_SWITCH = frozenset("true false on off yes no enabled disabled none null".split())
_PROSE = 3
"""Ordinary words that the cell of a setting's name may hold beside it; with more it is a sentence that mentions it."""


class Said(Enum):
    """What a column's header says of the values under it."""

    REFUSED = auto()
    NOTE = auto()
    DEFAULT = auto()
    PRESENT = auto()
    MAIN = auto()
    PLACE = auto()  # an environment or a region that is not the main one
    OTHER = auto()


class Cell(NamedTuple):
    """A cell's half-open place in its line, and its text without markup."""

    start: int
    end: int
    text: str


class Origin(NamedTuple):
    """Where a changed value stands: the words of its file's path and scope, whether the file deploys (and is not
    source), and whether it is of production or of no environment in particular."""

    own: frozenset[str]
    deploys: bool
    main: bool


def cells(line: str) -> tuple[Cell, ...]:
    """The cells of a table row, the outer pipes aside. A pipe after a backslash is text."""
    bars = [found.start() for found in _PIPE.finditer(line)]
    edges = [-1, *bars, len(line)]
    found = [Cell(a + 1, b, line[a + 1 : b].strip(_MARKUP)) for a, b in pairwise(edges)]
    if bars and not line[: bars[0]].strip(" \t>"):
        found = found[1:]
    if bars and not line[bars[-1] + 1 :].strip():
        found = found[:-1]
    return tuple(found)


def unit_of(header: str, row: str, start: int) -> str:
    """The unit that the header of the column at ``start`` gives to bare numbers (``Timeout (ms)`` → ``ms``), or an
    empty text."""
    place = _at(cells(row), start)
    titles = cells(header) if header else ()
    found = _UNIT.search(titles[place].text) if place is not None and place < len(titles) else None
    return ("percent" if found.group(2) else found.group(1).lower()) if found else ""


def states(header: str, row: str, name: tuple[int, int], value: tuple[int, int], origin: Origin) -> bool:
    """Whether the row says of the name at ``name`` that the value at ``value`` (both half-open places) holds.

    A column that says *default* wins, for a deployment's file one that says *production* or *current*; without a column
    that says *default*, the first one with a value whose header does not speak of something else. A header with words
    that are neither the setting's nor known to head present values says nothing certain.
    """
    found = cells(row)
    here, there = _at(found, name[0]), _at(found, value[0])
    if here is None or there is None or here >= there or not _names_only(found[here].text):
        return False
    titles = cells(header) if header else ()
    said = [_said(titles[i].text if i < len(titles) else "", origin) for i in range(len(found))]
    said[here] = Said.NOTE
    cell, written = found[there], row[slice(*value)]
    lone = cell.text.startswith(written) and _REMARK.match(cell.text, len(written)) is not None
    if not lone:
        before = row[cell.start : value[0]]
        told = said[there] in {Said.NOTE, Said.OTHER, Said.DEFAULT} and re.search(r"\bdefaults?\b", before, re.I)
        return bool(told) and ". " not in before[before.lower().rfind("default") :] and Said.DEFAULT not in said[:there]
    named = frozenset(singular(word) for word in words(row[slice(*name)]))
    titled = frozenset(singular(word) for word in words(titles[there].text if there < len(titles) else ""))
    if not titled <= _PLAIN | named | frozenset(singular(word) for word in origin.own):
        return False
    return _accepted(said, found, there, origin, alike=not named.isdisjoint(titled))


def refused(header: str, row: str, start: int, origin: Origin) -> bool:
    """Whether the header of the column at ``start`` says that what stands there is no statement of what holds."""
    place = _at(cells(row), start)
    titles = cells(header) if header else ()
    return place is not None and place < len(titles) and _said(titles[place].text, origin) is Said.REFUSED


def _accepted(said: list[Said], found: tuple[Cell, ...], there: int, origin: Origin, *, alike: bool) -> bool:
    """Whether the column at ``there`` is the one that states what holds for the changed file. Several columns with
    values and headers that say nothing ("Small", "Large") compare cases; ``alike`` says that this one's header shares a
    word with the setting, which it then is about."""
    own = [i for i, word in enumerate(said) if word is Said.PLACE]
    if own:  # only those of the file's own environment are left as PLACE
        return there in own
    present = {Said.PRESENT, Said.MAIN} if origin.main else {Said.PRESENT}
    if Said.DEFAULT in said and not (origin.deploys and present & set(said)):
        return said[there] is Said.DEFAULT
    if said[there] in present:
        return True
    if said[there] is not Said.OTHER or Said.DEFAULT in said:
        return False
    valued = [i for i, word in enumerate(said) if word in {Said.OTHER, *present} and _is_value(found[i].text)]
    return not valued or (valued[0] == there and (alike or len(valued) == 1))


def _said(title: str, origin: Origin) -> Said:
    found = frozenset(words(title))
    if _VERSION.match(title):
        return Said.REFUSED
    if found & (LESSER | REGIONS):
        return Said.PLACE if found & (LESSER | REGIONS) & origin.own else Said.REFUSED
    if found & _REFUSED:
        return Said.REFUSED
    for kinds, said in ((_DEFAULT, Said.DEFAULT), (_MAIN, Said.MAIN), (_PRESENT, Said.PRESENT), (_NOTE, Said.NOTE)):
        if found & kinds:
            return said
    return Said.OTHER


def _at(found: tuple[Cell, ...], offset: int) -> int | None:
    return next((i for i, cell in enumerate(found) if cell.start <= offset < max(cell.end, cell.start + 1)), None)


def _names_only(text: str) -> bool:
    """Whether a cell holds names and hardly more: "see `x` when admins sign in" is about something else."""
    plain = [word for word in text.split() if not is_codeish(word.strip("`*_,;()\"'")) and "`" not in word]
    return sum(any(c.isalpha() for c in word) for word in plain) <= _PROSE


def _is_value(text: str) -> bool:
    """Whether a cell holds a value first of all: a quantity, or a switch."""
    if text.casefold() in _SWITCH or parse_value(text).number is not None:
        return True
    found = quantities(text[:80])
    return bool(found) and not found[0].start and _REMARK.match(text, found[0].end) is not None
