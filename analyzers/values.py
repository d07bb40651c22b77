"""Values in code and in prose brought to one form, so that ``1h``, ``60 * 60`` and "an hour" can be compared."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from analyzers.model import Unit, Value
from analyzers.vocabulary import words

MAX_CHARS = 500
"""Longer texts are not quantities."""

_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0,
    "y": 31536000.0,
}  # fmt: skip
_TIME_WORDS = {
    "nanosecond": "ns", "nanos": "ns", "microsecond": "us", "micros": "us", "millisecond": "ms", "milli": "ms",
    "millis": "ms", "msec": "ms", "second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "hr": "h",
    "day": "d", "week": "w", "year": "y",
}  # fmt: skip
_BYTES = {
    "b": 1.0, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
    "ki": 2.0**10, "kib": 2.0**10, "mi": 2.0**20, "mib": 2.0**20, "gi": 2.0**30, "gib": 2.0**30,
    "ti": 2.0**40, "tib": 2.0**40,
}  # fmt: skip
_KEY_UNITS = {
    "seconds": 1.0, "second": 1.0, "secs": 1.0, "sec": 1.0, "ms": 1e-3, "millis": 1e-3, "milliseconds": 1e-3,
    "minutes": 60.0, "minute": 60.0, "mins": 60.0, "hours": 3600.0, "hour": 3600.0, "days": 86400.0, "day": 86400.0,
    "weeks": 604800.0,
}  # fmt: skip
_KEY_BYTES = {"bytes": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}
_WORD_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip

_NUMBER = r"\d[\d_,]*(?:\.\d+)?(?:[eE][+-]?\d+)?"
_PLAIN = re.compile(rf"-?(?:{_NUMBER}|0[xX][0-9a-fA-F_]+|\.\d+)\Z")
_COMPOUND = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w|y))+\Z")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w|y)")
_SIZE = re.compile(rf"({_NUMBER})\s?([kKMGT]i?[bB]?|[bB])\Z")
_WORDED = re.compile(
    rf"({_NUMBER}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety)"
    r"[ -]?(nanoseconds?|microseconds?|milliseconds?|msecs?|millis|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|years?)\Z",
    re.IGNORECASE,
)
_PERCENT = re.compile(rf"({_NUMBER})\s?(?:%|percent)\Z")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z")
_GO = re.compile(r"time\.(Nanosecond|Microsecond|Millisecond|Second|Minute|Hour)\b")
_DELTA = re.compile(r"(?:datetime\.)?timedelta\(([^()]*)\)\Z")
_JAVA = re.compile(
    r"Duration(?:\.of|::from_)(Nanos|Millis|Seconds|Minutes|Hours|Days|secs|millis|mins|hours)\(([^()]+)\)\Z"
)
_RUBY = re.compile(rf"({_NUMBER})\.(seconds?|minutes?|hours?|days?|weeks?|years?|kilobytes?|megabytes?|gigabytes?)\Z")
_SUM = re.compile(r"[-+*/<>().\d_ exXa-fA-F]+\Z")
_GO_UNIT = {"Nanosecond": 1e-9, "Microsecond": 1e-6, "Millisecond": 1e-3, "Second": 1.0, "Minute": 60.0, "Hour": 3600.0}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in a line: character range, text as written, value."""

    start: int
    end: int
    text: str
    value: Value


def is_quantity(value: Value) -> bool:
    """Whether the value is a number."""
    return value.number is not None


def canonical_text(text: str) -> str:
    """Outer quotes gone, white space folded."""
    text = " ".join(text.split())
    while len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'`":
        text = text[1:-1]
    return text


def parse_value(text: str, key: str = "") -> Value:
    """A literal or simple expression in any language as a value; ``key`` hints the unit of a bare number
    (``_seconds``, ``_ms``, ``_mb``)."""
    if len(text) > MAX_CHARS:
        return Value(text)
    shown = canonical_text(text)
    found = _quantity(shown, key)
    return Value(shown, found[0], found[1]) if found else Value(shown)


def _quantity(text: str, key: str) -> tuple[float, Unit] | None:
    if not text or len(text) > 120:
        return None
    number = _arithmetic(text)
    if number is not None:
        return _hinted(number, key)
    if key and "cpu" in words(key) and re.fullmatch(r"\d+m", text):
        return int(text[:-1]) / 1000, Unit.COUNT
    for reader in (_duration, _size, _percentage):
        found = reader(text)
        if found is not None:
            return found
    return None


def _hinted(number: float, key: str) -> tuple[float, Unit]:
    last = words(key)[-1:] if key else ()
    for word in last:
        if word in _KEY_UNITS:
            return number * _KEY_UNITS[word], Unit.SECONDS
        if word in _KEY_BYTES:
            return number * _KEY_BYTES[word], Unit.BYTES
        if word in {"percent", "percentage", "pct"}:
            return number, Unit.PERCENT
    return number, Unit.NONE


def _float(text: str) -> float:
    return float(text.replace("_", "").replace(",", ""))


def _arithmetic(text: str) -> float | None:
    if _PLAIN.match(text):
        bare = text.replace("_", "").replace(",", "")
        try:
            return float(int(bare, 16)) if bare.lower().startswith("0x") else float(bare)
        except ValueError:
            return None
    if (
        not _SUM.match(text)
        or not re.search(r"\d\s*(?:\*|<<|\+|/|-)\s*\(?\d", text)
        or re.search(r"\d[-/.]\d+[-/.]\d", text)
    ):
        return None
    return _product(text)


def _product(text: str) -> float | None:
    """``a * b * c``, ``a << b`` and ``a / b`` of plain numbers; anything more is not a literal."""
    total: float | None = None
    for piece in re.split(r"(\*|<<|/)", text.replace("(", "").replace(")", "")):
        piece = piece.strip()
        if piece in {"*", "<<", "/"}:
            operator = piece
            continue
        if not _PLAIN.match(piece):
            return None
        value = _arithmetic(piece)
        if value is None:
            return None
        if total is None:
            total = value
        elif operator == "*":
            total *= value
        elif operator == "/":
            if not value:
                return None
            total /= value
        else:
            if value > 64:
                return None
            total *= 2.0**value
    return total if total is not None and math.isfinite(total) else None


def _duration(text: str) -> tuple[float, Unit] | None:
    if _COMPOUND.match(text):
        return sum(float(n) * _SECONDS[u] for n, u in _PIECE.findall(text)), Unit.SECONDS
    worded = _WORDED.match(text)
    if worded:
        raw, unit = worded.group(1).lower(), worded.group(2).lower().rstrip("s")
        number = _WORD_NUMBERS[raw] if raw in _WORD_NUMBERS else _float(raw)
        return number * _SECONDS[_TIME_WORDS.get(unit, _TIME_WORDS.get(unit + "s", "s"))], Unit.SECONDS
    iso = _ISO.match(text)
    if iso and any(iso.groups()):
        parts = [float(g) if g else 0.0 for g in iso.groups()]
        return sum(p * s for p, s in zip(parts, (86400, 3600, 60, 1), strict=True)), Unit.SECONDS
    return _duration_call(text)


def _duration_call(text: str) -> tuple[float, Unit] | None:
    go = _GO.findall(text)
    if go:
        factor = 1.0
        for unit in go:
            factor *= _GO_UNIT[unit]
        rest = [p.strip() for p in _GO.sub("1", re.sub(r"time\.Duration\(([^()]*)\)", r"\1", text)).split("*")]
        numbers = [_arithmetic(p) for p in rest]
        if all(n is not None for n in numbers) and len(go) == 1:
            return math.prod(n for n in numbers if n is not None) * factor, Unit.SECONDS
        return None
    delta = _DELTA.match(text)
    if delta:
        total = 0.0
        for part in delta.group(1).split(","):
            name, _, raw = part.partition("=")
            if not raw:
                name, raw = "days", name
            number = _arithmetic(raw.strip())
            if number is None or name.strip() not in {*_KEY_UNITS, "milliseconds"}:
                return None
            total += number * _KEY_UNITS[name.strip()]
        return total, Unit.SECONDS
    java = _JAVA.match(text)
    if java:
        number = _arithmetic(java.group(2).strip())
        unit = {"nanos": 1e-9, "millis": 1e-3, "secs": 1.0, "mins": 60.0}.get(java.group(1).lower()) or _KEY_UNITS.get(
            java.group(1).lower()
        )
        return (number * unit, Unit.SECONDS) if number is not None and unit else None
    ruby = _RUBY.match(text)
    if ruby:
        unit = ruby.group(2).rstrip("s")
        sizes = {"kilobyte": 2.0**10, "megabyte": 2.0**20, "gigabyte": 2.0**30}
        if unit in sizes:
            return _float(ruby.group(1)) * sizes[unit], Unit.BYTES
        return _float(ruby.group(1)) * _SECONDS[_TIME_WORDS[unit]], Unit.SECONDS
    return None


def _size(text: str) -> tuple[float, Unit] | None:
    found = _SIZE.match(text)
    if not found or found.group(2) == "m":
        return None
    return _float(found.group(1)) * _BYTES[found.group(2).lower()], Unit.BYTES


def _percentage(text: str) -> tuple[float, Unit] | None:
    found = _PERCENT.match(text)
    return (_float(found.group(1)), Unit.PERCENT) if found else None


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def same(before: Value, after: Value) -> bool:
    """Whether both state the same: equal numbers of compatible units, or equal text but for case of booleans."""
    if before.number is not None and after.number is not None:
        return _same_number(before, after)
    if before.text == after.text:
        return True
    return before.text.casefold() == after.text.casefold() and before.text.casefold() in {
        "true",
        "false",
        "none",
        "null",
    }


def _same_number(before: Value, after: Value) -> bool:
    assert before.number is not None
    assert after.number is not None
    units = {before.unit, after.unit}
    if units == {Unit.PERCENT, Unit.NONE}:
        percent, bare = (before, after) if before.unit is Unit.PERCENT else (after, before)
        assert percent.number is not None
        assert bare.number is not None
        return _close(percent.number, bare.number) or _close(percent.number, bare.number * 100)
    compatible = len(units) == 1 or Unit.NONE in units or units == {Unit.COUNT, Unit.NONE}
    return compatible and _close(before.number, after.number)


def incompatible(stated: Value, after: Value) -> bool:
    """Whether prose that states ``stated`` is false when the code says ``after``. False when unsure."""
    if stated.number is not None and after.number is not None:
        units = {stated.unit, after.unit}
        if len(units) > 1 and Unit.NONE not in units and units != {Unit.COUNT, Unit.NONE}:
            return False
        if stated.unit is Unit.BYTES and after.number and abs(stated.number / after.number - 1) < 0.08:
            return False
        return not _same_number(stated, after)
    if stated.number is None and after.number is None:
        return bool(stated.text and after.text) and not same(stated, after)
    return False


_IN_LINE = re.compile(
    r"(?<![\w.#/$-])(?:"
    r"(?P<worded>(?:\d[\d,]*(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety)"
    r"[ -]?(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|years?))(?!\w)"
    r"|(?P<percent>\d+(?:\.\d+)?\s?(?:%|percent\b))"
    r"|(?P<size>\d[\d,]*(?:\.\d+)?\s?(?:[kKMGT]i?[bB]|[MGTK]i))(?!\w)"
    r"|(?P<short>(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+)(?![\w/])"
    r"|(?P<count>\d+) (?:times|retries|attempts|replicas|workers|threads|connections)\b"
    r"|(?P<bare>\d[\d_,]*(?:\.\d+)?)(?![\w%])(?![.\-/:]\d)"
    r")",
    re.IGNORECASE,
)
_PORTED = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|[\w-]+\.[\w.-]+|[a-z][\w-]+):(\d{2,5})(?!\d)")


def quantities(line: str) -> tuple[Quantity, ...]:
    """The quantities of one line of prose, Markdown or configuration, in order."""
    line = line[:2000]
    found: list[Quantity] = []
    marker = re.match(r"\s*\d+[.)]\s", line)
    for match in _IN_LINE.finditer(line):
        start, end = match.span()
        if marker and start < marker.end():
            continue
        text = match.group()
        if match.lastgroup == "count":
            end = match.end("count")
            text = match.group("count")
            found.append(Quantity(match.start("count"), end, text, Value(text, float(text), Unit.COUNT)))
            continue
        text = text.rstrip(",")
        value = parse_value(text)
        if value.number is not None:
            found.append(Quantity(start, start + len(text), text, value))
    for match in _PORTED.finditer(line):
        text = match.group(1)
        if not any(q.start <= match.start(1) < q.end for q in found):
            found.append(Quantity(match.start(1), match.end(1), text, Value(text, float(text), Unit.COUNT)))
    return tuple(sorted(found, key=lambda q: q.start))


_LONG = (
    ("week", 604800.0),
    ("day", 86400.0),
    ("hour", 3600.0),
    ("minute", 60.0),
    ("second", 1.0),
    ("millisecond", 1e-3),
)
_SHORT = (("w", 604800.0), ("d", 86400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 1e-3))
_SIZES = (
    ("TiB", 2.0**40),
    ("GiB", 2.0**30),
    ("MiB", 2.0**20),
    ("KiB", 2.0**10),
    ("TB", 1e12),
    ("GB", 1e9),
    ("MB", 1e6),
    ("KB", 1e3),
)


def render_like(written: str, value: Value) -> str | None:
    """The value in the unit and style of ``written`` ("15 minutes" stays in minutes), or None when it cannot be."""
    if value.number is None:
        return None
    now = parse_value(written)
    if now.number is None:
        return None
    if now.unit is Unit.SECONDS and value.unit in {Unit.SECONDS, Unit.NONE}:
        return _time_like(written, value.number)
    if now.unit is Unit.BYTES and value.unit in {Unit.BYTES, Unit.NONE}:
        return _size_like(written, value.number)
    if now.unit is Unit.PERCENT:
        number = value.number * 100 if value.unit is not Unit.PERCENT and value.number <= 1 else value.number
        return re.sub(_NUMBER, f"{number:g}", written, count=1)
    if now.unit in {Unit.NONE, Unit.COUNT}:
        return f"{value.number:.10g}"
    return None


def _whole(number: float) -> str | None:
    return f"{number:.0f}" if abs(number - round(number)) < 1e-9 and round(number) > 0 else None


def _time_like(written: str, seconds: float) -> str | None:
    worded = _WORDED.match(written)
    table = _LONG if worded else _SHORT
    if worded:
        unit = worded.group(2).lower().rstrip("s")
        unit = {"min": "minute", "sec": "second", "hr": "hour", "msec": "millisecond"}.get(unit, unit)
    else:
        unit = _PIECE.findall(written)[-1][1]
    names = [name for name, _ in table]
    begin = names.index(unit) if unit in names else 0
    for name, size in table[begin:]:
        whole = _whole(seconds / size)
        if whole is None:
            continue
        if not worded:
            return f"{whole}{name}"
        between = "-" if "-" in written else " "
        plural = "" if whole == "1" or between == "-" else "s"
        return f"{whole}{between}{name}{plural}"
    return None


def _size_like(written: str, number: float) -> str | None:
    found = _SIZE.match(written)
    if not found:
        return None
    unit = found.group(2)
    gap = " " if " " in written else ""
    factor = _BYTES[unit.lower()]
    whole = _whole(number / factor)
    if whole is not None:
        return f"{whole}{gap}{unit}"
    for name, size in _SIZES:
        whole = _whole(number / size)
        if whole is not None:
            return f"{whole}{gap}{name}"
    return None
