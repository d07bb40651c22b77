"""Literals and simple expressions of source code, of any language, as normalised values.

``24 * time.Hour``, ``timedelta(days=1)``, ``Duration.ofMinutes(5)``, ``1 << 20``, ``"1h30m"``, ``PT15M`` and ``95%``
all come down to a number and a unit; what is no quantity stays a text without a number.
"""

from __future__ import annotations

import math
import re

from analyzers.expressions import Amount, constant, evaluate, plain_number
from analyzers.model import Unit, Value
from analyzers.patterns import regex
from analyzers.units import (
    BYTE_UNITS,
    BYTE_WORDS,
    COUNTED,
    MULTIPLES,
    SHORT_TIMES,
    SPELLED,
    TIME_WORDS,
    hinted,
    is_cpu,
    is_sized,
)  # fmt: skip
from analyzers.vocabulary import words

MAX_CHARS = 500
"""Longer texts are returned as they are, without a number (characters)."""

_MAX_LITERAL = 120

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d+)?"
"""A number in prose or code: ``1,000``, ``1_000``, ``0.95``."""

_UNITS_OF_TIME = "|".join(sorted(TIME_WORDS, key=len, reverse=True))
WORDED = regex(
    rf"(?P<number>{NUMBER}|{'|'.join(sorted(SPELLED, key=len, reverse=True))})(?P<gap>[ -]?)"
    rf"(?P<unit>{_UNITS_OF_TIME})s?\Z",
    re.IGNORECASE,
)
"""A duration in words: ``15 minutes``, ``two days``, ``30-day``, ``an hour``."""

COMPOUND = regex(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w|y))+\Z")
"""A duration with suffixes: ``1h30m``."""

PIECE = regex(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w|y)")
SIZE = regex(
    rf"({NUMBER})([ -]?)([kKMGTP]i?B|[KMGTP]i|[kmgtp]i?b|B|(?:kilo|mega|giga|tera|kibi|mebi|gibi|tebi)?bytes?)\Z"
)
"""A size. ``Mb`` and ``Gb`` are bits, so they are not here."""

ISO = regex(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z")
PERCENT = regex(rf"({NUMBER})(\s?)(%|percent)\Z")
COUNT = regex(rf"({NUMBER}|{'|'.join(list(SPELLED)[2:])}) ({COUNTED})\Z", re.IGNORECASE)
_SPACED = regex(r"(\d+(?:\.\d+)?) (ns|us|µs|ms|s|h)\Z")
_CLAUSES = regex(r",? and |, | ")
_SUFFIXED = regex(r"(\d+(?:\.\d+)?)([kKmMgGtT])\Z")


def canonical_text(text: str) -> str:
    """The text without its outer quotes, white space folded. ``"a" + "b"`` keeps its quotes: they are no outer ones."""
    text = " ".join(text.split())
    while len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'`" and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def parse_value(text: str, key: str = "") -> Value:
    """A literal or simple expression as a value: ``parse_value('"1h"')`` is ``Value("1h", 3600.0, Unit.SECONDS)``.

    ``key`` is the name that holds it; its last word gives a bare number its unit (``timeout_ms``). A name such as
    ``ttl`` gives none: the number stays with ``Unit.NONE``, which agrees with any unit. Never raises.
    """
    if len(text) > MAX_CHARS:
        return Value(text)
    shown = canonical_text(text)
    found = _amount(shown, key)
    return Value(shown, found[0], found[1]) if found and math.isfinite(found[0]) else Value(shown)


def _amount(text: str, key: str) -> Amount | None:
    if not text or len(text) > _MAX_LITERAL or not any(c.isdigit() for c in text):
        return _spelled(text)
    number = plain_number(text)
    if number is not None:
        return hinted(number, key)
    found = _suffixed(text, key) or _duration(text) or _size(text) or _share(text)
    if found is not None:
        return found
    if key and {"cron", "schedule", "crontab"} & set(words(key)):
        return None
    found = evaluate(text)
    return hinted(found[0], key) if found and found[1] is Unit.NONE else found


def _spelled(text: str) -> Amount | None:
    """``an hour``, ``time.Hour``, ``half an hour``: quantities without a digit."""
    if text.casefold() == "half an hour":
        return 1800.0, Unit.SECONDS
    return constant(text) or (_duration(text) if " " in text or "-" in text else None) or _share(text)


def _suffixed(text: str, key: str) -> Amount | None:
    """``500m`` of a processor, ``512m`` of memory, and counts such as ``100k`` whose unit nobody says."""
    found = _SUFFIXED.match(text)
    if not found:
        return None
    number, suffix = float(found.group(1)), found.group(2)
    if suffix == "m" and is_cpu(key):
        return number / 1000, Unit.COUNT
    if is_sized(key):
        return number * MULTIPLES[suffix.lower()], Unit.BYTES
    return None if suffix == "m" else (number * MULTIPLES[suffix.lower()], Unit.NONE)


def _worded(text: str) -> float | None:
    found = WORDED.match(text)
    if not found:
        return None
    raw = found["number"].lower()
    number = SPELLED[raw] if raw in SPELLED else float(raw.replace("_", "").replace(",", ""))
    return number * TIME_WORDS[found["unit"].lower()]


def _duration(text: str) -> Amount | None:
    if COMPOUND.match(text):
        return sum(float(n) * SHORT_TIMES[u] for n, u in PIECE.findall(text)), Unit.SECONDS
    spaced = _SPACED.match(text)
    if spaced:
        return float(spaced.group(1)) * SHORT_TIMES[spaced.group(2)], Unit.SECONDS
    iso = ISO.match(text)
    if iso and any(iso.groups()):
        parts = zip(iso.groups(), (604800, 86400, 3600, 60, 1), strict=True)
        return sum(float(p) * s for p, s in parts if p), Unit.SECONDS
    seconds = _worded(text)
    if seconds is None and " " in text:
        seconds = _clauses(text)
    return None if seconds is None else (seconds, Unit.SECONDS)


def _clauses(text: str) -> float | None:
    """``1 hour 30 minutes``: several pieces, each smaller than one of the piece before."""
    pieces = re.findall(rf"{NUMBER} [a-z]+", text, re.IGNORECASE)
    if len(pieces) < 2 or _CLAUSES.sub("", text) != "".join(pieces).replace(" ", ""):
        return None
    total, last = 0.0, math.inf
    for piece in pieces:
        seconds, one = _worded(piece), _worded("1 " + piece.split(" ")[1])
        if seconds is None or one is None or seconds >= last:
            return None
        total, last = total + seconds, one
    return total


def _size(text: str) -> Amount | None:
    found = SIZE.match(text)
    if not found:
        return None
    unit = found.group(3).lower()
    scale = BYTE_UNITS.get(unit) or BYTE_WORDS[unit.rstrip("s")]
    return float(found.group(1).replace("_", "").replace(",", "")) * scale, Unit.BYTES


def _share(text: str) -> Amount | None:
    found = PERCENT.match(text)
    if found:
        return float(found.group(1).replace("_", "").replace(",", "")), Unit.PERCENT
    counted = COUNT.match(text)
    if not counted:
        return None
    raw = counted.group(1).lower()
    return float(SPELLED[raw] if raw in SPELLED else raw.replace("_", "").replace(",", "")), Unit.COUNT
