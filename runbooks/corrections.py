"""The corrected line: the after value in the words of the runbook, and several corrections of one line as one.

A suggestion is applied by people who trust it, so where any part of a line cannot be written with certainty there is
none, and the contradiction stands without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzers import values
from analyzers.model import Change, ChangeKind, Unit, Value
from analyzers.patterns import regex
from analyzers.units import hinted
from analyzers.values import Quantity
from analyzers.vocabulary import leaf
from runbooks.lines import Contradiction, Edit, Line
from runbooks.mentions import is_codeish
from runbooks.model import Section, Suggestion
from runbooks.statements import Stated

_SAME_AGAIN = regex(
    r"[`'\"*_)]*\s*(?:[,#]|//|,?\s*(?:i\.?\s?e\.?,?|that is,?|aka|or|=|equals)"
    r"|[(\[/=]\s*(?:i\.?\s?e\.?,?|that is,?|or|=|about|~)?)"
    r"\s*[`'\"*_]*\Z",
    re.IGNORECASE,
)
_OPENED = regex(r"[`'\"*_]*\s*[(\[]\s*(?:i\.?\s?e\.?,?|that is,?|or|=|about|~)?\s*\d")
_PART_BEHIND = regex(r"[A-Za-z\d]|[.,:]\d|[ \u00a0\u2009\u202f]\d")
_PART_AHEAD = regex(r"(?:[A-Za-z\d]|\d[.,:/]|\d[ \u00a0\u2009\u202f])\Z")
"""What makes a value a part of a larger one: "3" of "3 600", "1 h" of "1 h 0 min"."""
_BOOLEAN = frozenset({"true", "false"})


def rendered(stated: Stated, now: Value, before: Value, *, rescaled: bool = False) -> str | None:
    """The value ``now`` as the runbook writes the before value, or None when that is not certain.

    A bare number is in the unit of the name beside it; ``rescaled`` says that the code changed that unit.
    """
    if stated.value is None:
        return _cased(stated.text, now.text) if now.text else None
    if now.number is None:
        return None
    if not re.fullmatch(r"[\d_,.]+", stated.text):
        return values.render_like(stated.text, now)
    if rescaled or before.unit is not now.unit:
        return None
    if now.unit is Unit.PERCENT or not stated.hint:
        number = now.number
    else:
        number = round(now.number / hinted(1.0, stated.hint)[0], 9)
    if now.unit in {Unit.SECONDS, Unit.BYTES} and number != int(number) and "." not in stated.text:
        return None
    return values.render_like(
        stated.text, Value(f"{number:g}", number, now.unit if now.unit is Unit.PERCENT else Unit.NONE)
    )


def _cased(written: str, text: str) -> str:
    """A truth value in the case of the one that it replaces; any other text as it is."""
    if text.casefold() not in _BOOLEAN or written.casefold() not in _BOOLEAN:
        return text
    return text.upper() if written.isupper() else text.capitalize() if written[0].isupper() else text.lower()


def _scale(name: str) -> tuple[float, Unit]:
    """The unit of bare numbers that a name gives, and what it is worth."""
    return hinted(1.0, name)


def rescaled(change: Change) -> bool:
    """Whether the name's last word gives bare numbers another unit than before (``TTL_SECONDS`` to ``TTL_MS``)."""
    before, after = change.before, change.after
    return before is not None and after is not None and _scale(leaf(before.key)) != _scale(leaf(after.key))


def edits_of(
    line: Line,
    found: Sequence[Quantity],
    stated: Iterable[Stated],
    now: Value,
    before: Value,
    *,
    rescaled: bool = False,
) -> tuple[Edit, ...]:
    """The replacements that correct a line, or none when one of them is not certain. A value that the line says twice
    ("1 hour, i.e. 3600 seconds") is replaced twice."""
    edits: dict[int, Edit] = {}
    for item in stated:
        again = tuple(_again(line.text, found, item))
        shown = [rendered(one, now, before, rescaled=rescaled) for one in (item, *again)]
        if len(set(shown)) < len(shown):  # "15 minutes (15 minutes)"
            return ()
        for one, text in zip((item, *again), shown, strict=True):
            if text is None or text == one.text:
                return ()
            edits[one.start] = (one.start, one.end, text)
        if _OPENED.match(line.text, max(edit[1] for edit in edits.values())):
            return ()  # a bracket that may say the value again in a way that is not read here
        if any(quantity.start not in edits and _echoes(line.text, quantity, item, before) for quantity in found):
            return ()
    if any(
        _PART_BEHIND.match(line.text, end) or _PART_AHEAD.search(line.text, 0, start)
        for start, end, _ in edits.values()
    ):
        return ()
    return tuple(edits[start] for start in sorted(edits))


def _echoes(text: str, quantity: Quantity, item: Stated, before: Value) -> bool:
    """Whether a quantity is the stated value once more, which a correction would leave standing: in any unit that
    agrees with it, and as a bare number unless another name stands between the two."""
    if item.value is None or quantity.value.unit is Unit.COUNT:
        return False
    if not values.same(quantity.value, item.value) and not values.same(quantity.value, before):
        return False
    if quantity.value.unit is not Unit.NONE:
        return Unit.NONE in (item.value.unit, before.unit) or quantity.value.unit in (item.value.unit, before.unit)
    between = text[min(item.end, quantity.end) : max(item.start, quantity.start)]
    return not any(is_codeish(word.strip("-`*_()[]|,;:")) for word in between.split())


def _again(text: str, found: Sequence[Quantity], item: Stated) -> Iterator[Stated]:
    """The same value right after (or right before) a stated one, in another unit."""
    if item.value is None:
        return
    for quantity in found:
        first, last = (item.end, quantity.start) if quantity.start >= item.end else (quantity.end, item.start)
        if quantity.start == item.start or last < first or not _SAME_AGAIN.match(text, first, last):
            continue
        bare = quantity.value.unit is Unit.NONE
        if values.same(quantity.value, item.value) and not (bare and item.hint):
            yield Stated(quantity.start, quantity.end, quantity.text, quantity.value, "")


def corrected(text: str, edits: Iterable[Edit]) -> str:
    """The line after its replacements, which must not overlap."""
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def contradiction(change: Change, section: Section, line: Line, reason: str, edits: tuple[Edit, ...]) -> Contradiction:
    """A false line with the suggestion that its replacements make; without replacements there is none."""
    suggestion = None
    if edits:
        suggestion = Suggestion(section.path, line.number, line.text, corrected(line.text, edits))
    return Contradiction(change, section, line.number, line.text.strip(), reason, suggestion, edits)


def unless_rescaled(found: Contradiction) -> Contradiction:
    """The contradiction without its suggestion where a name was replaced by one of another unit beside a bare number:
    ``TTL_SECONDS is 3600`` must not become ``TTL_MS is 3600``."""
    change = found.change
    if change.kind is not ChangeKind.RENAMED or found.suggestion is None or found.edits:
        return found
    if not rescaled(change):
        return found
    bare = any(quantity.value.unit is Unit.NONE for quantity in values.quantities(found.suggestion.before))
    return replace(found, suggestion=None) if bare else found


def merged(claims: Sequence[Contradiction]) -> Contradiction:
    """All that is false on one line as one contradiction with one suggestion. Claims on the same characters are one
    claim, the first; when one of them has no suggestion, or two overlap, the line has none."""
    kept: list[Contradiction] = []
    edits: list[Edit] = []
    for claim in _names_once(claims):
        mine = _edits(claim)
        known = any(claim.reason == other.reason for other in kept)
        if known or (mine and set(mine) <= set(edits)):
            continue
        if any(start < other[1] and other[0] < end for start, end, _ in mine for other in edits):
            continue
        kept.append(claim)
        edits += mine
    first = kept[0]
    if len(kept) == 1:
        return first
    names = [leaf(claim.change.fact.key) for claim in kept]
    one = len(set(names)) == 1
    reason = "; ".join(
        claim.reason if one else f"{name}: {claim.reason}" for name, claim in zip(names, kept, strict=True)
    )
    suggestion = None
    before = first.suggestion.before if first.suggestion else ""
    if all(claim.suggestion is not None and claim.suggestion.before == before for claim in kept):
        suggestion = Suggestion(first.section.path, first.line, before, corrected(before, edits))
    also = tuple(claim.change for claim in kept[1:])
    return replace(first, reason=reason, suggestion=suggestion, edits=tuple(sorted(edits)), also=also)


def _names_once(claims: Sequence[Contradiction]) -> Iterator[Contradiction]:
    """The claims, of those that a name is gone only one a name: one that knows what the name is now, if any does."""
    gone: dict[str, Contradiction] = {}
    for claim in claims:
        if not claim.edits and claim.change.kind in {ChangeKind.REMOVED, ChangeKind.RENAMED} and claim.change.before:
            known = gone.setdefault(claim.change.before.key, claim)
            if known.suggestion is None and claim.suggestion is not None:
                gone[claim.change.before.key] = claim
    chosen = {id(claim) for claim in gone.values()}
    for claim in claims:
        named = claim.change.before.key if claim.change.before else ""
        if claim.edits or named not in gone or id(claim) in chosen:
            yield claim


def _edits(claim: Contradiction) -> tuple[Edit, ...]:
    """A claim's replacements; where only the corrected line is known, the span in which the two differ."""
    if claim.edits or claim.suggestion is None:
        return claim.edits
    before, after = claim.suggestion.before, claim.suggestion.after
    start, most = 0, min(len(before), len(after))
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return ((start, len(before) - end, after[start : len(after) - end]),)
