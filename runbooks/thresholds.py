"""The threshold of an alert, as a section named after the alert states it: "fires when the error rate is above 5 %".

Only where one number of the expression changed, and that number is what the rest is compared with: any other change of
an expression may mean anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analyzers import values
from analyzers.model import Change, Confidence, FactKind, Unit, Value
from analyzers.patterns import regex
from analyzers.units import hinted
from analyzers.values import Quantity
from runbooks.corrections import contradiction, edits_of
from runbooks.index import Index
from runbooks.lines import Contradiction, Line, advises
from runbooks.pages import Page, Pages
from runbooks.scoped import elsewhere
from runbooks.statements import Stated
from runbooks.subjects import of_another_subject
from runbooks.waits import headed

_LONGEST = 4_000
"""Characters of an expression that are read."""
_NUMBER = regex(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])", re.IGNORECASE)
_RANGES = regex(r"\[[^\]]*\]|\"[^\"]*\"|'[^']*'")
_BEFORE = regex(r"(>=?|<=?)\s*(?:bool\s+)?\(?\s*\Z")
_BEHIND = regex(r"\s*\)*\s*(?:\Z|and\b|or\b|unless\b)", re.IGNORECASE)
_METRIC = regex(
    r"[A-Za-z_:][\w:]*_(ms|milliseconds|us|microseconds|ns|nanoseconds|minutes|hours|days|kb|mb|gb|mib|gib)\b"
)
_ABOVE = regex(
    r"(?:\b(?:above|over|more than|greater than|higher than|larger than|longer than|exceed(?:s|ed|ing)?|at least|"
    r"reach(?:es|ed)?|passe[sd])|>=?|≥)\s*(?:the\s+)?(?:threshold of\s+)?[`*_]*\Z",
    re.IGNORECASE,
)
_BELOW = regex(
    r"(?:\b(?:below|under|less than|lower than|fewer than|smaller than|shorter than|drop(?:s|ped)? to|at most)|<=?|≤)"
    r"\s*(?:the\s+)?(?:threshold of\s+)?[`*_]*\Z",
    re.IGNORECASE,
)
_FIRES = regex(
    r"\b(?:fires?|fired|firing|triggers?|triggered|alerts?|alerting|pages|paged|threshold|goes off|raised|means|"
    r"indicates)\b",
    re.IGNORECASE,
)
_STEP = regex(
    r"(?:\A[\s>]*(?:[-*+]\s+|\d+[.)]\s+)?|[.!?]\s+)\W*(?:if|when|once|until|while|unless|check|wait|make|ensure|scale|restart)\b",
    re.I,
)


class Threshold(NamedTuple):
    """What an alert compares with, before and after, and whether it fires above it (False: below)."""

    before: Value
    after: Value
    above: bool


def changed_thresholds(changes: Sequence[Change], index: Index, pages: Pages) -> Iterator[Contradiction]:
    """Lines of a section whose heading is a changed alert, which state the number that the alert compared with."""
    found: dict[str, dict[Threshold, Change]] = {}
    for change in changes:
        before, after = change.before, change.after
        if change.fact.kind is not FactKind.ALERT or before is None or after is None:
            continue
        if Confidence.LOW not in (before.confidence, after.confidence):
            threshold = threshold_of(before.value.text, after.value.text)
            if threshold is not None:
                found.setdefault(before.key, {}).setdefault(threshold, change)
    for answers in found.values():
        if len(answers) == 1:  # an alert of several files with several answers says nothing
            for threshold, change in answers.items():
                for terms in headed(change, index):
                    yield from _lines(change, threshold, pages.of(terms.section))


def threshold_of(before: str, after: str) -> Threshold | None:
    """The one number that differs between two expressions, if the rest is compared with it."""
    if max(len(before), len(after)) > _LONGEST or before == after:
        return None
    sides = []
    for text in (before, after):
        masked = _RANGES.sub(lambda found: "_" * len(found.group()), text)
        sides.append(list(_NUMBER.finditer(masked)))
    if len(sides[0]) != len(sides[1]):
        return None
    changed = [(a, b) for a, b in zip(*sides, strict=True) if a.group() != b.group()]
    if len(changed) != 1:
        return None
    one, other = changed[0]
    if before[: one.start()] != after[: other.start()] or before[one.end() :] != after[other.end() :]:
        return None
    sign = _BEFORE.search(before[: one.start()])
    if sign is None or not _BEHIND.match(before, one.end()):
        return None
    unit = _METRIC.search(before)
    first, second = (_scaled(float(found.group()), unit.group(1) if unit else "") for found in changed[0])
    return None if values.same(first, second) else Threshold(first, second, sign.group(1).startswith(">"))


def _scaled(number: float, unit: str) -> Value:
    """A threshold with the unit that the metric's name ends in where that is not the base unit, which any unit of prose
    agrees with as a bare number."""
    scaled, kind = hinted(number, f"x_{unit}") if unit else (number, Unit.NONE)
    return Value(f"{number:g}", scaled, kind)


def _lines(change: Change, threshold: Threshold, page: Page) -> Iterator[Contradiction]:
    first = page.lines[0].number if page.lines else 0
    for place, line in enumerate(page.lines):
        found = page.quantities(place)
        if any(values.same(quantity.value, threshold.after) for quantity in found):
            continue
        for quantity in found:
            if not values.same(quantity.value, threshold.before) or not _compares(line, quantity, threshold, first):
                continue
            if advises(line) or elsewhere(change.fact, line, page.section):
                break
            if of_another_subject(change.fact, line, quantity.start, quantity.end):
                break
            value = quantity.value
            stated = Stated(quantity.start, quantity.end, quantity.text, value, "")
            edits = edits_of(line, (quantity,), (stated,), threshold.after, threshold.before)
            now = edits[0][2] if edits else threshold.after.text
            reason = f"the line says {quantity.text}; the alert now compares with {now}"
            yield contradiction(change, page.section, line, reason, edits)
            break


def _compares(line: Line, quantity: Quantity, threshold: Threshold, first: int) -> bool:
    """Whether a line says that the alert fires on that side of the number: with a word of firing, or as the first line
    under the alert's heading; a step of the procedure that compares with the same number does not."""
    before = line.text[: quantity.start]
    if not (_ABOVE if threshold.above else _BELOW).search(before):
        return False
    sentence = re.split(r"[.!?]\s", before)[-1]
    if _FIRES.search(sentence):
        return True
    return line.number == first and _STEP.search(sentence) is None
