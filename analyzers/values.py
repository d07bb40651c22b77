"""Values in code and in prose, compared and written: ``1h``, ``60 * 60`` and "an hour" are one value.

This is the door to four more modules: :mod:`analyzers.units` holds the tables, :mod:`analyzers.expressions` and
:mod:`analyzers.literals` read source text, :mod:`analyzers.stated` reads lines of prose. This one compares values and
writes them in the style of a runbook.
"""

from __future__ import annotations

import math
import re

from analyzers.literals import (
    COMPOUND,
    COUNT,
    ISO,
    MAX_CHARS,
    PERCENT,
    PIECE,
    SIZE,
    WORDED,
    canonical_text,
    parse_value,
)
from analyzers.model import Unit, Value
from analyzers.stated import Quantity, quantities
from analyzers.units import BYTE_UNITS, BYTE_WORDS, TIME_WORDS

__all__ = [
    "MAX_CHARS", "Quantity", "canonical_text", "incompatible", "is_quantity", "parse_value", "quantities",
    "render_like", "same",
]  # fmt: skip

_ROUNDING = 0.08
"""Relative difference up to which two sizes agree: people write 1 GB for 1 GiB, which are 7.4 % apart."""

_FOLDED = frozenset({"true", "false", "none", "null", "nil"})
_WORD = re.compile(r"[\w*][\w.,:/@+*-]*(?: [\w*][\w.,:/@+*-]*){0,7}\Z")
_TOO_LARGE = 1000
"""From this number on the next larger unit is taken when it is exact: nobody reads 43200 minutes."""


def is_quantity(value: Value) -> bool:
    """Whether the value is a number, with or without a unit."""
    return value.number is not None


def same(before: Value, after: Value) -> bool:
    """Whether both state the same: equal numbers in compatible units (``NONE`` agrees with any), otherwise equal text
    after folding quotes, white space and the case of booleans and nulls."""
    if before.number is not None and after.number is not None:
        return _compatible(before.unit, after.unit) and _equal(before, after)
    one, other = canonical_text(before.text), canonical_text(after.text)
    return one == other or (one.casefold() == other.casefold() and one.casefold() in _FOLDED)


def incompatible(stated: Value, after: Value) -> bool:
    """Whether prose that states ``stated`` is false now that the code says ``after``. False whenever unsure.

    Quantities must be of compatible units; a bare number agrees with any unit, because the caller has already seen
    that the prose states the *before* value. Sizes agree within 8 %. Texts must be plain words or literals, no
    expressions: what an expression comes to is not known here.
    """
    if stated.number is not None and after.number is not None:
        if not _compatible(stated.unit, after.unit):
            return False
        if Unit.BYTES in (stated.unit, after.unit) and after.number:
            return abs(stated.number / after.number - 1) > _ROUNDING
        return not _equal(stated, after)
    if stated.number is not None or after.number is not None:
        return False
    one, other = canonical_text(stated.text), canonical_text(after.text)
    plain = len(one) <= 100 and len(other) <= 100 and _WORD.match(one) and _WORD.match(other)
    return bool(plain) and one.casefold() != other.casefold()


def _compatible(one: Unit, other: Unit) -> bool:
    return one is other or Unit.NONE in (one, other)


def _equal(one: Value, other: Value) -> bool:
    assert one.number is not None
    assert other.number is not None
    if {one.unit, other.unit} == {Unit.PERCENT, Unit.NONE}:
        percent, bare = (one, other) if one.unit is Unit.PERCENT else (other, one)
        assert percent.number is not None
        assert bare.number is not None
        # 0.95 is 95 %, but a bare 1 is more often one percent than all.
        if 0 < bare.number < 1 and _close(percent.number, bare.number * 100):
            return True
    return _close(one.number, other.number)


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def render_like(written: str, value: Value) -> str | None:
    """``value`` in the unit and style in which the prose has ``written`` ("15 minutes" stays in minutes), in the next
    smaller unit when that is no whole number, or None when the two have nothing in common.

    A zero or negative duration or size is None: it mostly means *off* or *unlimited*, and takes other words.
    """
    now = parse_value(written)
    if now.number is None or value.number is None or not _compatible(now.unit, value.unit):
        return None
    if now.unit is Unit.SECONDS:
        return _time_like(written, value.number)
    if now.unit is Unit.BYTES:
        return _size_like(written, value.number)
    if now.unit is Unit.PERCENT:
        return _percent_like(written, value)
    counted = COUNT.match(written)
    if counted:
        many = _digits(counted.group(1), value.number)
        if counted.group(2).lower() == "times" and value.number == 1:
            return None  # "1 time" reads badly; a person writes "once"
        return f"{many} {_counted(counted.group(2), value.number)}" if many else None
    number = value.number / 100 if value.unit is Unit.PERCENT and now.number < 1 else value.number
    return _digits(written, number)


def _digits(written: str, number: float) -> str | None:
    """A bare number with the separators of thousands that ``written`` has."""
    if not math.isfinite(number):
        return None
    if number != int(number):
        return f"{number:.10f}".rstrip("0") if abs(number) >= 1e-6 else None
    if abs(number) >= 2**53:
        return None
    separator = "_" if "_" in written else "," if "," in written else ""
    return f"{int(number):{separator}}"


def _counted(noun: str, number: float) -> str:
    """The noun in the number: ``retry``, ``retries``."""
    if noun.lower() == "times":
        return noun
    single = noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")
    if number == 1:
        return single
    return single[:-1] + "ies" if single.endswith("try") else single + "s"


def _percent_like(written: str, value: Value) -> str | None:
    assert value.number is not None
    found = PERCENT.match(written)
    if not found or (value.unit is Unit.NONE and value.number == 1):
        return None
    number = value.number * 100 if value.unit is Unit.NONE and 0 < value.number < 1 else value.number
    shown = _digits(found.group(1), round(number, 10))
    return f"{shown}{found.group(2)}{found.group(3)}" if shown else None


def _whole(number: float) -> int | None:
    """The whole number that a quotient is but for float noise; None for other numbers and for those below one."""
    near = round(number)
    return near if near >= 1 and near < 2**53 and math.isclose(number, near, rel_tol=1e-9) else None


_LONG = ("week", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond")
_TINY = {"hour": "hr", "minute": "min", "second": "sec", "millisecond": "msec"}
_SHORT = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def _time_like(written: str, seconds: float) -> str | None:
    if seconds <= 0:
        return None
    worded = WORDED.match(written)
    if worded:
        return _worded_like(worded, seconds)
    if ISO.match(written):
        return _iso(seconds)
    pieces = PIECE.findall(written)
    if COMPOUND.match(written) and len(pieces) > 1:
        return _compound(seconds, [unit for _, unit in pieces])
    if not re.fullmatch(r"\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|m|h|d|w|y)", written):
        # "half an hour", "1 hour 30 minutes": said in plain words.
        return _worded_like(WORDED.match("1 minute"), seconds) if written[:1].isalnum() and " " in written else None
    unit = re.sub(r"[\d. ]", "", written).replace("µ", "u")
    found = _in_unit(seconds, _SHORT | {"y": TIME_WORDS["year"]}, unit, written)
    gap = " " if " " in written and found and found[1] not in {"m", "d", "w"} else ""
    return f"{found[0]}{gap}{found[1]}" if found else None


def _worded_like(found: re.Match[str] | None, seconds: float) -> str | None:
    assert found is not None
    unit, gap = found["unit"].lower(), found["gap"]
    scale = TIME_WORDS[unit]
    name = next((n for n in _LONG if TIME_WORDS[n] == scale), "week")
    units = {n: TIME_WORDS[n] for n in ("year", *_LONG)}
    shown = _in_unit(seconds, units, "year" if unit == "year" else name, found.group())
    if not shown:
        return None
    number, label = shown
    if unit not in {"year", *_LONG}:
        label = unit if label == name else _TINY.get(label, label)
    plural = "s" if number != 1 and gap != "-" and (label not in _TINY.values() or found.group().endswith("s")) else ""
    return f"{number}{gap}{label}{plural}"


def _in_unit(seconds: float, units: dict[str, float], unit: str, written: str) -> tuple[int, str] | None:
    """A whole number of ``unit`` or of the next smaller one that gives one; of a larger one past :data:`_TOO_LARGE`,
    unless whoever wrote the text before wrote such large numbers too."""
    names = sorted(units, key=lambda name: -units[name])
    place = names.index(unit)
    number = _whole(seconds / units[unit])
    large = re.match(r"\d+", written)
    if number is not None and number >= _TOO_LARGE and not (large and int(large.group()) >= _TOO_LARGE):
        for name in names[:place][::-1]:
            larger = _whole(seconds / units[name])
            if larger is not None and larger < 100 and name not in {"w", "week", "y", "year"}:
                return larger, name
    for name in names[place:]:
        number = _whole(seconds / units[name])
        if number is not None:
            return number, name
    return None


def _compound(seconds: float, units: list[str]) -> str | None:
    """``1h30m`` style, with the largest unit that ``written`` had on top."""
    shown, rest = "", seconds
    for name, size in _SHORT.items():
        if size > max(_SHORT.get(unit, 1.0) for unit in units):
            continue
        number = math.floor(rest / size + 1e-9)
        if number:
            shown += f"{number}{name}"
            rest -= number * size
    return shown if shown and abs(rest) < 1e-9 * max(1.0, seconds) else None


def _iso(seconds: float) -> str | None:
    whole = _whole(seconds)
    if whole is None:
        return None
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, last = divmod(rest, 60)
    time = "".join(f"{n}{u}" for n, u in ((hours, "H"), (minutes, "M"), (last, "S")) if n)
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")


def _size_like(written: str, number: float) -> str | None:
    """The size in the family that ``written`` is of (GiB or GB, Gi or G); a family of tens also takes what is whole in
    powers of two, since that is what most people mean by GB."""
    found = SIZE.match(written)
    if not found or number <= 0:
        return None
    gap, unit = found.group(2), found.group(3)
    if unit.lower().removesuffix("s") in BYTE_WORDS:
        name = unit.lower().removesuffix("s")
        whole = _whole(number / BYTE_WORDS[name])
        return f"{whole}{gap}{name}{'' if whole == 1 or gap == '-' else 's'}" if whole else None
    prefixes = "PTGMK"
    prefix = unit[0] if unit[0].upper() in prefixes else ""
    rest = unit[1:] if prefix else unit
    begin = prefixes.index(prefix.upper()) if prefix else len(prefixes)
    for step in (*prefixes[begin:], ""):
        shown = (step.lower() if (prefix.islower() and step != "K") or prefix == "k" else step) + rest
        if not step:
            shown = "b" if rest == "b" else "B"
        scale = BYTE_UNITS[shown.lower()]
        binary = 1024.0 ** (5 - prefixes.index(step)) if step else 1.0
        whole = _whole(number / scale) or (_whole(number / binary) if "i" not in rest else None)
        if whole is not None and whole < 10_000_000:
            return f"{whole}{gap}{shown}"
    return None
