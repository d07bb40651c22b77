"""The sentences and comparisons that several rules share: how a setting changed, which way, and whether it is off."""

from __future__ import annotations

from analyzers.findings import shown
from analyzers.model import NO_VALUE, Change, ChangeKind, Fact, Unit, Value

_OFF = frozenset({"false", "no", "off", "0", "none", "null", "nil", "disabled", "disable", "never", "n", "f"})
_ON = frozenset({"true", "yes", "on", "1", "enabled", "enable", "always", "y", "t"})


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
    """How a named value changed, in one sentence: changed from/to, is new, is gone, or is now called."""
    before, after = change.before, change.after
    if after is None:
        assert before is not None
        was = f"; it was {shown(before)}" if before.value != NO_VALUE and before.value.text else ""
        return f"{before.key} is gone{was}."
    if before is None:
        now = f"; it is {shown(after)}" if after.value.text else ""
        return f"{after.key} is new{now}."
    if change.kind is ChangeKind.RENAMED:
        values = "" if before.value.text == after.value.text else f", and {shown(before)} became {shown(after)}"
        return f"{before.key} is now called {after.key}{values}."
    if not before.value.text:
        return f"{after.key} is now {shown(after)}; before, it had no value of its own."
    if not after.value.text:
        return f"{after.key} has no value of its own anymore; it was {shown(before)}."
    return f"{after.key} changed from {shown(before)} to {shown(after)}."


def listed(names: list[str], limit: int = 6) -> str:
    """Names for a sentence: joined by commas, cut after ``limit`` with the number left out."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"
