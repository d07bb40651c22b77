"""Arithmetic of constants in source code: ``24 * time.Hour``, ``1 << 20``, ``timedelta(days=1, hours=2)``.

Nothing is executed: a recursive descent over at most :data:`MAX_TOKENS` tokens knows the four rules, powers, shifts
and the constructors of durations in common languages; anything else makes the expression one without a number.
"""

from __future__ import annotations

import math
import re

from analyzers.model import Unit
from analyzers.patterns import regex
from analyzers.units import BYTE_UNITS, BYTE_WORDS, TIME_WORDS

MAX_TOKENS = 40
"""Longer expressions are not evaluated; real constants have under ten tokens."""

_PLAIN = regex(
    r"[-+]?(?:0[xX][0-9a-fA-F_]{1,14}|0[oO]?[0-7_]{1,14}|0[bB][01_]{1,50}"
    r"|(?:\d{1,3}(?:,\d{3}){1,4}|\d[\d_]{0,19})(?:\.\d{1,17})?"
    r"|\.\d{1,17}|\d{1,3}(?:\.\d{1,17})?[eE][+-]?\d{1,2})\Z"
)
_TYPED = regex(r"(\d[\d_]*?)_?(?:[uU]?[lL]{1,2}|[uU]|[iu](?:8|16|32|64|128|size)|[iu]?f(?:32|64))\Z")
_TOKEN = regex(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d{1,2})?|\.\d+)"
    r"|(?P<name>[A-Za-z_][\w]*(?:(?:\.|::)[A-Za-z_]\w*)*)"
    r"|(?P<sign>\*\*|<<|>>|//|[-+*/%(),=.]))"
)

_GO_CONSTANT = regex(r"time\.(Nanosecond|Microsecond|Millisecond|Second|Minute|Hour)\Z")
_SIZE_CONSTANT = regex(r"(?:units|datasize|humanize|bytesize|bytefmt|size)\.([KMGT]i?(?:B|Bytes?))\Z")
_FACTORY = regex(
    r"(?:[\w.:]*\b)?(?:Duration|TimeSpan|TimeUnit|Period|std::time::Duration)(?:\.|::)"
    r"(?:of|from|From|from_|Of)?_?(?P<unit>[A-Za-z]+?)s?(?:\.to[A-Z][a-z]+)?\Z"
)
_DELTA = regex(r"(?:\w+\.)?timedelta\Z")
_CASTS = frozenset({"time.Duration", "int", "int64", "float", "float64", "Duration", "long"})
_MEASURES = frozenset({"total_seconds", "to_i", "seconds"})

Amount = tuple[float, Unit]
"""A number and its unit; ``Unit.NONE`` while no part of the expression has said one."""


class _NoNumberError(Exception):
    """The expression is not one of numbers; never leaves this module."""


def plain_number(text: str) -> float | None:
    """A number literal of any language (``1_000``, ``0x1F``, ``1e-3``, ``10L``); None for numbers with a leading zero
    other than octals of file modes, which are names, and for those that a float cannot hold."""
    typed = _TYPED.match(text)
    text = typed.group(1) if typed else text
    if not _PLAIN.match(text) or re.match(r"[-+]?0\d", text):
        return None
    bare = text.replace("_", "").replace(",", "").lower()
    digits = bare.lstrip("+-")
    try:
        number = float(int(bare, 0)) if digits[:2] in {"0x", "0o", "0b"} else float(bare)
    except ValueError:
        return None
    return number if abs(number) < 2**53 or "e" in digits else None


def evaluate(text: str) -> Amount | None:
    """What an expression of constants comes to, or None when it is none."""
    try:
        return _Expression(text).value()
    except _NoNumberError:
        return None


def constant(name: str) -> Amount | None:
    """A named unit: ``time.Hour`` (Go), ``units.MiB``."""
    go = _GO_CONSTANT.match(name)
    if go:
        return TIME_WORDS[go.group(1).lower()], Unit.SECONDS
    size = _SIZE_CONSTANT.match(name)
    if size:
        return BYTE_UNITS[re.sub(r"bytes?$", "b", size.group(1).lower())], Unit.BYTES
    return None


class _Expression:
    """Recursive descent over sum → product → power → atom; amounts carry their unit through the arithmetic."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, bool]] = []
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if not found or len(self.tokens) >= MAX_TOKENS:
                raise _NoNumberError
            kind = found.lastgroup or ""
            spaced = text[found.end() : found.end() + 1] in {" ", ""} and found.group() != found.group().lstrip()
            self.tokens.append((kind, found.group(kind), spaced))
            position = found.end()
        self.place = 0

    def value(self) -> Amount:
        """The whole expression's amount. Raises _NoNumberError."""
        found = self._sum()
        if self.place != len(self.tokens):
            raise _NoNumberError
        return found

    def _accept(self, *signs: str) -> str:
        if self.place < len(self.tokens):
            kind, text, spaced = self.tokens[self.place]
            # `2024-01-15`, `1/2` and `5-10` are dates, fractions and ranges: these signs need room around them.
            if kind == "sign" and text in signs and (spaced or text not in {"-", "+", "/", "//", "%"}):
                self.place += 1
                return text
        return ""

    def _sum(self) -> Amount:
        left = self._product()
        while sign := self._accept("+", "-", "<<", ">>"):
            left = _combined(left, sign, self._product())
        return left

    def _product(self) -> Amount:
        left = self._atom()
        while sign := self._accept("*", "/", "//", "%", "**"):
            left = _combined(left, sign, self._atom())
        return left

    def _atom(self) -> Amount:
        if self.place >= len(self.tokens):
            raise _NoNumberError
        kind, text, _ = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            number = plain_number(text)
            if number is None:
                raise _NoNumberError
            return self._method((number, Unit.NONE))
        if kind == "sign" and text == "(":
            inside = self._sum()
            self._expect(")")
            return self._method(inside)
        if kind == "name":
            return constant(text) or self._method(self._call(text))
        raise _NoNumberError

    def _expect(self, sign: str) -> None:
        if self.place >= len(self.tokens) or self.tokens[self.place][1] != sign:
            raise _NoNumberError
        self.place += 1

    def _method(self, amount: Amount) -> Amount:
        """``5.minutes`` (Ruby, Kotlin), ``timedelta(…).total_seconds()``."""
        while self.place + 1 < len(self.tokens) and self.tokens[self.place][1] == ".":
            name = self.tokens[self.place + 1][1]
            single = name.removesuffix("s")
            self.place += 2
            if amount[1] is Unit.NONE and single in TIME_WORDS:
                amount = amount[0] * TIME_WORDS[single], Unit.SECONDS
            elif amount[1] is Unit.NONE and single in BYTE_WORDS:
                # Rails' megabytes are binary.
                amount = amount[0] * 1024.0 ** list(BYTE_WORDS).index(single), Unit.BYTES
            elif name not in _MEASURES:
                raise _NoNumberError
            if self.place < len(self.tokens) and self.tokens[self.place][1] == "(":
                self.place += 1
                self._expect(")")
        return amount

    def _call(self, name: str) -> Amount:
        """``timedelta(days=1, hours=2)``, ``Duration.ofMinutes(5)``, ``time.Duration(5)``."""
        self._expect("(")
        delta, factory = _DELTA.match(name), _FACTORY.match(name)
        total = 0.0
        unit = Unit.NONE
        while True:
            scale, label = 1.0, ""
            if self.place + 1 < len(self.tokens) and self.tokens[self.place + 1][1] == "=":
                label = self.tokens[self.place][1]
                self.place += 2
            number, unit = self._sum()
            if delta:
                scale = TIME_WORDS.get((label or "days").removesuffix("s"), 0.0)
            elif factory:
                scale = TIME_WORDS.get(factory["unit"].lower().removesuffix("s"), 0.0)
            elif name not in _CASTS or label:
                raise _NoNumberError
            if not scale or (unit is not Unit.NONE and (delta or factory)):
                raise _NoNumberError
            total += number * scale
            if not delta or self.place >= len(self.tokens) or self.tokens[self.place][1] != ",":
                break
            if not label:
                raise _NoNumberError
            self.place += 1
        self._expect(")")
        return total, Unit.SECONDS if delta or factory else unit


def _combined(left: Amount, sign: str, right: Amount) -> Amount:
    """The amount of ``left sign right``; sums need one unit, at most one factor has one. Raises _NoNumberError."""
    (a, unit), (b, other) = left, right
    if sign in {"+", "-"}:
        if unit is not other:
            raise _NoNumberError
        return (a + b if sign == "+" else a - b), unit
    if unit is not Unit.NONE and other is not Unit.NONE:
        raise _NoNumberError
    if sign == "*":
        return a * b, unit if other is Unit.NONE else other
    if other is not Unit.NONE or (sign in {"/", "//", "%"} and not b):
        raise _NoNumberError
    if sign in {"<<", ">>", "**"} and (unit is not Unit.NONE or b not in range(65) or abs(a) > 2**53):
        raise _NoNumberError
    if sign == "**":
        if math.log10(abs(a) + 1) * b > 300:
            raise _NoNumberError
        return a**b, unit
    if sign == "/":
        return a / b, unit
    if sign == "//":
        return a // b, unit
    if sign == "%":
        return a % b, unit
    return (a * 2.0**b if sign == "<<" else a // 2.0**b), unit
