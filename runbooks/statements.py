"""Where a line gives a name a value: "`x` is 5", "x: 5m", "`x` (default `postgres`)", a table row's value column.

The words that tie a value to a name are those of :mod:`runbooks.binding`, but here nothing else may stand between the
two: what is found is quoted to somebody as false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analyzers import values
from analyzers.literals import NUMBER
from analyzers.model import Unit, Value
from analyzers.patterns import regex
from analyzers.stated import MAX_LINE
from analyzers.values import Quantity
from runbooks import columns
from runbooks.binding import SAYS, SIGNS, supposes
from runbooks.columns import Origin
from runbooks.lines import Line
from runbooks.mentions import is_codeish
from runbooks.pages import TOKEN, Spot

NEAR = 60
"""Characters between a name and the value it is said to have, at most; wider and the sentence speaks of two things."""

_CLOSE, _OPEN = r"[`'\"\])}*_]*", r"[`'\"*_]*"
_DEFAULTS = r"(?:the\s+)?(?:current(?:ly)?|defaults?(?:\s+(?:to|is|value))?)\s*[:=]?"
_TIE = regex(rf"{_CLOSE}\s*(?:{SIGNS}|{SAYS}|[(,]\s*{_DEFAULTS}|\(|\b{_DEFAULTS})\s*{_OPEN}\Z", re.IGNORECASE)
_TEXT_TIE = regex(
    rf"{_CLOSE}\s*(?:(?P<sign>{SIGNS})|{SAYS}|[(,]\s*{_DEFAULTS}|\((?=[`'\"*])|\b{_DEFAULTS})\s*(?P<open>{_OPEN})\Z",
    re.IGNORECASE,
)
_TIED_LAST = regex(rf"(?:{SIGNS}|\b{SAYS}|\()\s*{_OPEN}\Z", re.IGNORECASE)
_DEFAULT = regex(r"\bdefaults?\b", re.IGNORECASE)
_STOP = regex(r"[.;]\s")
_SUPPOSED = regex(r"\b(?:assum(?:e|es|ing)|suppos(?:e|ing)|imagine|say|let)\b[^.;]{0,40}\Z", re.IGNORECASE)
_BLANK = regex(rf"{_CLOSE}\s+{_OPEN}\Z")
_LATER_DEFAULT = regex(r"[`'\"*_]*\s*\(?(?:by default\b|default\))", re.IGNORECASE)
_ENDS = regex(r"[`'\"*_)\]]*\s*(?:\Z|[.,;)|#]|(?:by default|and|or|unless|for|when)\b|\()", re.IGNORECASE)
_GOES_ON = regex(
    r"[`'\"*_]*\s*(?:[*×/x]\s*\d|\+(?!\w)|(?:or|and)\s+(?:less|more|fewer|higher|lower|greater|longer|shorter|up|above|below)\b"
    r"|(?:old|ago|later|earlier|apart|left|behind|too)\b)",
    re.IGNORECASE,
)
_SETS = regex(r"\bsets\s+(?:the\s+)?[`'\"*]*\Z", re.IGNORECASE)
_TO = regex(rf"{_CLOSE}\s+to\s+{_OPEN}\Z", re.IGNORECASE)
_BARE = regex(NUMBER + r"\Z")
_THOUSANDS = (1e3, 1e6, 1e-3, 1e-6)


class Stated(NamedTuple):
    """A value that a line states of a name: its half-open place, its text, what it comes to (None for a text), and the
    name whose last word gave a bare number its unit, or an empty text."""

    start: int
    end: int
    text: str
    value: Value | None
    hint: str


def stated(
    line: Line, spots: Sequence[Spot], found: Sequence[Quantity], before: Value, after: Value, origin: Origin
) -> tuple[Stated, ...]:
    """The places where ``line`` gives the before value to the name at ``spots``; ``found`` are the line's quantities.

    Empty where the line also states the after value: it may well have been written for both; and for a line so long
    that it is data.
    """
    usable = [spot for spot in spots if not _given(line.text, spot)]
    if not usable or len(line.text) > MAX_LINE:
        return ()
    if before.number is None:
        return tuple(_texts(line, usable, before.text, after.text, origin))
    read = [(quantity, *_read(quantity, line, usable, before)) for quantity in found]
    for quantity, value, _ in read:
        if _means(quantity, value, after) and not _means(quantity, value, before):
            advice = line.header and columns.refused(line.header, line.text, quantity.start, origin)
            if not advice and not _of_another(line, spots, quantity.start):
                return ()
    places: dict[int, Stated] = {}
    for quantity, value, hint in read:
        if not _means(quantity, value, before) or not _contrary(quantity, value, before, after):
            continue
        if any(_belongs(line, spot, quantity.start, quantity.end, origin) for spot in usable):
            places[quantity.start] = Stated(quantity.start, quantity.end, quantity.text, value, hint)
    return tuple(places.values())


def _read(quantity: Quantity, line: Line, spots: Sequence[Spot], before: Value) -> tuple[Value, str]:
    """What a quantity comes to, and the name that says so: the header of its column, else the setting's own name, gives
    a bare number its unit as :mod:`analyzers.units` gives it to the number in the code."""
    if quantity.value.unit is not Unit.NONE or not _BARE.match(quantity.text) or before.unit is Unit.NONE:
        return quantity.value, ""
    unit = columns.unit_of(line.header, line.text, quantity.start) if line.header else ""
    nearest = max((s for s in spots if s.end() <= quantity.start), key=lambda s: s.end(), default=spots[0])
    hint = f"x_{unit}" if unit else nearest.group()
    value = values.parse_value(quantity.text, hint)
    return (value, hint) if value.unit is not Unit.NONE else (quantity.value, "")


def _binary(quantity: Quantity, value: Value) -> Value:
    """A size in powers of two where it is written in powers of ten: people write GB for GiB."""
    if value.unit is Unit.BYTES and re.search(r"[KMGTPkmgtp][bB]\Z", quantity.text):
        return values.parse_value(f"{quantity.text[:-1]}i{quantity.text[-1]}")
    return value


def _means(quantity: Quantity, value: Value, wanted: Value) -> bool:
    return values.same(value, wanted) or values.same(_binary(quantity, value), wanted)


def _contrary(quantity: Quantity, value: Value, before: Value, after: Value) -> bool:
    """Whether a quantity that means the before value is false now. A size written in powers of two is meant exactly; a
    factor of a thousand between two numbers without a unit may be a change of unit alone."""
    if quantity.value.unit is not Unit.NONE and before.unit is after.unit is Unit.NONE and before.number:
        assert after.number is not None
        if after.number / before.number in _THOUSANDS:
            return False
    if value.unit is Unit.BYTES and "i" in quantity.text:
        return not values.same(value, after)
    return values.incompatible(value if values.same(value, before) else before, after)


def _given(text: str, spot: Spot) -> bool:
    """Whether the line gives a flag or a variable a value (``--retries=5``, ``RETRIES=5``): a command says what to set,
    not what holds without it, unless it speaks of a default."""
    if not text.startswith("=", spot.end()) or "default" in (text[: spot.start()] + text[spot.end() + 40 :]).lower():
        return False
    return spot.group().startswith("-") or spot.group().isupper()


def _of_another(line: Line, spots: Sequence[Spot], start: int) -> bool:
    """Whether the value at ``start`` is said of another name, right before it."""
    here = {spot.start() for spot in spots}
    for token in TOKEN.finditer(line.text, max(0, start - 2 * NEAR), start):
        if token.start() in here or not _looks_named(line.text, token):
            continue
        if line.kind != "row" and _TIE.match(line.text, token.end(), start):
            return True
    return False


def _looks_named(text: str, token: Spot) -> bool:
    return is_codeish(token.group().strip("-_*")) or text[: token.start()].endswith("`")


def _belongs(line: Line, spot: Spot, start: int, end: int, origin: Origin) -> bool:
    """Whether the value from ``start`` to ``end`` is said of the name at ``spot``: right after it, in its table row, or
    called its default."""
    text = line.text
    if start < spot.end() or _GOES_ON.match(text, end):
        return False
    if line.kind == "row":
        cell = text[spot.end() : start]
        if "|" in cell.replace(r"\|", ""):
            return columns.states(line.header, text, spot.span(), (start, end), origin)
        if columns.refused(line.header, text, start, origin):
            return False
    between = text[spot.end() : start]
    if _SUPPOSED.search(text, max(0, spot.start() - 60), spot.start()):
        return False
    if len(between) > NEAR or supposes(text, spot.start(), spot.end(), start) or _of_another(line, [spot], start):
        return False
    if _TIE.match(between):
        return True
    if _BLANK.match(between):  # "`X` 50 by default", and "x 50;" as a line of configuration
        alone = line.kind == "fence" and not text[: spot.start()].strip() and not spot.group().startswith("-")
        return alone or _LATER_DEFAULT.match(text, end) is not None
    if _TO.match(between) and _SETS.search(text, 0, spot.start()):
        return True
    if _DEFAULT.search(between):
        return ". " not in between
    if _STOP.search(between):
        return False
    if _LATER_DEFAULT.match(text, end):
        return True
    # "The default of `x`, in seconds, is 5."
    told = _DEFAULT.search(text, max(0, spot.start() - 40), spot.start())
    return told is not None and _TIED_LAST.search(between) is not None


def _texts(line: Line, spots: Iterable[Spot], before: str, after: str, origin: Origin) -> Iterable[Stated]:
    """The places of a literal value said of a name (``name: value``, default `value`, a cell of its row)."""
    if len(before) < 2 or len(before) > 80 or "\n" in before or before.casefold() == after.casefold():
        return
    if not re.fullmatch(r"[\w./:@-]+", before) or not re.fullmatch(r"[\w./:@ -]+", after):
        return
    exact = re.compile(rf"(?<![\w./-]){re.escape(before)}(?![\w-]|[./]\w)", re.IGNORECASE)
    seen: set[int] = set()
    for spot in spots:
        for found in exact.finditer(line.text, spot.end()):
            if found.start() not in seen and _text_belongs(line, spot, found, origin):
                seen.add(found.start())
                yield Stated(found.start(), found.end(), found.group(), None, "")


def _text_belongs(line: Line, spot: Spot, found: re.Match[str], origin: Origin) -> bool:
    between = line.text[spot.end() : found.start()]
    if line.kind == "row" and "|" in between.replace(r"\|", ""):
        return columns.states(line.header, line.text, spot.span(), found.span(), origin)
    if line.kind == "row" and columns.refused(line.header, line.text, found.start(), origin):
        return False
    tie = _TEXT_TIE.match(between)
    if tie is None or supposes(line.text, spot.start(), spot.end(), found.start()):
        return False
    # "`backend`: postgres connections" describes; a value stands in code, or nothing goes on after it.
    return (
        line.kind == "fence" or not tie["sign"] or bool(tie["open"]) or _ENDS.match(line.text, found.end()) is not None
    )
