"""The sentences and comparisons that several rules share: how a setting changed, which way, and whether it is off."""

from __future__ import annotations

import re

from analyzers.findings import confidential, shown
from analyzers.model import NO_VALUE, Change, ChangeKind, Fact, Unit, Value

_OFF = frozenset({"false", "no", "off", "0", "none", "null", "nil", "disabled", "disable", "never", "n", "f"})
_ON = frozenset({"true", "yes", "on", "1", "enabled", "enable", "always", "y", "t"})


_PLAIN_TEXT = re.compile(r"^-?[\d._]+\s*(?P<unit>[A-Za-z%]{0,9})$")
_TIMES = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SIZES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def worded(fact: Fact | None) -> str:
    """A value for a sentence. What is written stays when anybody can read it (``5m``, ``30 days``); a bare number of
    seconds gets its meaning added (``3600 (1 hour)``), an expression is replaced by it (``60 * time.Minute``)."""
    text = shown(fact)
    if fact is None or fact.value.number is None or fact.value.unit not in {Unit.SECONDS, Unit.BYTES}:
        return text
    written = _PLAIN_TEXT.match(text)
    if written and written["unit"]:
        return text
    meaning = _measured(fact.value.number, fact.value.unit)
    if written:
        if meaning.split(" ")[0] == text:
            return meaning
        return f"{text} ({meaning})" if meaning and meaning != f"{text} seconds" else text
    return meaning or text


def _measured(number: float, unit: Unit) -> str:
    """``5400`` seconds as ``90 minutes``: in the largest unit that leaves a whole number; empty when none does."""
    for size, name in _TIMES if unit is Unit.SECONDS else _SIZES:
        count = number / size
        if count >= 1 and count == int(count):
            plural = "s" if unit is Unit.SECONDS and count != 1 else ""
            return f"{int(count)} {name}{plural}"
    return ""


def switch(fact: Fact | None) -> bool | None:
    """Whether a fact's value means on (True) or off (False); None when it is no switch or the side is missing."""
    if fact is None:
        return None
    text = fact.value.text.strip().strip("\"'").casefold()
    return False if text in _OFF else True if text in _ON else None


def unlimited(value: Value) -> bool:
    """Whether a duration means *no end*: zero, negative, or a word for nothing (the convention of most libraries)."""
    if value.number is not None:
        return value.number <= 0
    return value.text.strip("\"' ").casefold() in {"none", "null", "nil", "never", "infinite", "inf", "false"}


def direction(change: Change) -> int:
    """1 when a quantity grew, -1 when it shrank, 0 when the sides cannot be compared or are equal."""
    before, after = change.before, change.after
    if before is None or after is None or before.value.number is None or after.value.number is None:
        return 0
    units = {before.value.unit, after.value.unit} - {Unit.NONE}
    if len(units) > 1:
        return 0
    return (after.value.number > before.value.number) - (after.value.number < before.value.number)


def stated(change: Change) -> str:
    """How a named value changed, in one sentence: changed from/to, is new, is gone, or is now called. What may be a
    secret is left out."""
    before, after = change.before, change.after
    if confidential(before) or confidential(after):
        if before is not None and after is not None and change.kind is ChangeKind.RENAMED:
            return f"{before.key} is now called {after.key}."
        what = "is gone" if after is None else "is new" if before is None else "has another value, which is not shown"
        return f"{change.fact.key} {what}."
    if after is None:
        assert before is not None
        was = f"; it was {worded(before)}" if before.value != NO_VALUE and before.value.text else ""
        return f"{before.key} is gone{was}."
    if before is None:
        now = f"; it is {worded(after)}" if after.value.text else ""
        return f"{after.key} is new{now}."
    if change.kind is ChangeKind.RENAMED:
        values = "" if before.value.text == after.value.text else f", and {worded(before)} became {worded(after)}"
        return f"{before.key} is now called {after.key}{values}."
    if not before.value.text:
        return f"{after.key} is now {worded(after)}; before, it had no value of its own."
    if not after.value.text:
        return f"{after.key} has no value of its own anymore; it was {worded(before)}."
    return f"{after.key} changed from {worded(before)} to {worded(after)}."


def listed(names: list[str], limit: int = 6) -> str:
    """Names for a sentence: joined by commas, cut after ``limit`` with the number left out."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"
