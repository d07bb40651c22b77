"""Which value belongs to which name in a sentence; *contradicted* is built on it, so doubt binds nothing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from analyzers.model import Unit, Value
from analyzers.patterns import regex
from runbooks.mentions import Mention, is_codeish
from runbooks.model import AnchorKind, Place

# What ends the reach of a name: the end of a sentence, unless the next one goes on about the same thing.
_BREAK = regex(r"(?<!e\.g)(?<!i\.e)[.!?;]\s(?!\s*(?:It|Defaults?|The default)\b)|\n\s*\n")
_STOP = regex(r"[.!?;]\s")
_PRESENTLY = r"(?:\s+(?:currently|now|today|presently|always|still|by default|normally))?"
SAYS = (
    rf"(?:(?:is|are){_PRESENTLY}(?:\s+(?:set|configured|fixed){_PRESENTLY}\s+(?:to|at|as)|\s+equal\s+to|\s+at)?"
    r"|(?:(?:currently|now)\s+)?(?:equals?|defaults?\s+(?:to|is|of|value\s+is))"
    r"|currently|now|(?:has|have|with)\s+(?:a|the)\s+(?:current\s+|default\s+)?value(?:\s+of)?"
    r"|(?:has|have|with)\s+(?:a|the)\s+default(?:\s+value)?\s+of|of)"
)
"""What makes the value after it that of the name before it, as an alternation (ignore case): "is set to", "equals"."""
SIGNS = r"(?:(?::=|[:=]|=>)|(?:->|→|⇒|–|—|(?<=\s)-(?=\s)))"
"""Signs that do the same: ``x = 5``, ``x: 5``, ``x → 5``, ``x - 50``."""
# The words right before a value that state it of what was named before: "`x` is set to 5", "`x` (default: 5)".
_STATED = regex(
    rf"(?:\b(?:{SAYS}|to|be|at|as|defaults?|value|equals)\b|{SIGNS}|\()[\s`\"'*]{{0,4}}\Z|\A[\s`\"'*:=(]{{0,6}}\Z",
    re.I,
)
_COMPARED = regex(r"\b(?:than|between|least|most|exceed\w*|above|below|under|over|within|equal|up to)\b", re.I)
_CONDITION = regex(r"\b(?:if|when|whether|unless|once|while)\b[^.;,]{0,60}\Z", re.I)
_CIRCUMSTANCE = regex(r"\b(?:every|after|before|during|for|last|past|if|when|until|unless|than|and|but)\b", re.I)
_MEASURED = frozenset({Unit.SECONDS, Unit.BYTES, Unit.PERCENT})
_JOINED = regex(r"[\s`\"'*]*(?:,|/|&|,?\s*\b(?:and|or)\b)?[\s`\"'*]*\Z", re.I)

# What may stand between a value and the name it is said of: "30s for the `x`", "a 5m `x`"; any verb breaks the tie.
_LEADS = regex(r"(?:[\s`\"'*(]|\b(?:for|of|as|from|by|via|the|default|value)\b){0,12}\Z", re.I)

MOST_NAMES = 8
"""Names before a value that are looked at; sentences that name more say nothing certain."""
REACH_BEFORE = 120
"""How many characters a value may stand behind the name it belongs to, within one sentence."""
REACH_AFTER = 40
"""How many characters a value may stand before its name (``30s for --timeout``)."""

NAMES = frozenset({AnchorKind.NAME, AnchorKind.FLAG, AnchorKind.ENV_VAR})
"""The kinds of mention to which a value can belong."""


class Found(NamedTuple):
    """A mention with its place in a text: offsets are half-open; ``place`` as in the model."""

    start: int
    end: int
    mention: Mention
    place: Place


def bind(found: Sequence[Found], values: Sequence[tuple[int, int, Value]], text: str) -> dict[int, Value]:
    """Which found name (by index) each value belongs to.

    Within one sentence, in reading order: a value belongs to the last name before it that has none yet and no value
    in between, else to the next name right after it. Names joined by *and* share one value; as many joined values as
    names pair up in order; any other number binds nothing.
    """
    names = [i for i, f in enumerate(found) if f.mention.kind in NAMES and not f.mention.value]
    bound: dict[int, Value] = {}
    if not names or not values:
        return bound
    starts = [found[name].start for name in names]
    position = 0
    while position < len(values):
        group = [values[position]]
        if values[position][2].text[:2].lower() in ("a ", "an"):  # "actions in a second" is a rate, not a value
            position += 1
            continue
        while position + len(group) < len(values) and _joined(text, group[-1][1], values[position + len(group)][0]):
            group.append(values[position + len(group)])
        floor = values[position - 1][1] if position else 0
        position += len(group)
        here = bisect_left(starts, group[0][0])
        before = [(n, found[n]) for n in names[max(0, here - MOST_NAMES) : here] if found[n].start >= floor]
        targets = _names_before(before, text, group[0][0], group[0][2].unit in _MEASURED)
        if not targets and here < len(names) and names[here] not in bound:
            targets = [names[here]] if _leads_to(text, group[-1][1], found[names[here]].start) else []
        if len(group) == 1:
            bound.update((n, group[0][2]) for n in targets)
        elif len(group) == len(targets):
            bound.update((n, v[2]) for n, v in zip(targets, group, strict=True))
    return bound


def _joined(text: str, start: int, end: int) -> bool:
    return 0 < end - start < 12 and _JOINED.match(text, start, end) is not None


def _leads_to(text: str, start: int, end: int) -> bool:
    return 0 <= end - start <= REACH_AFTER and _LEADS.match(text, start, end) is not None


def _names_before(before: Sequence[tuple[int, Found]], text: str, end: int, loose: bool) -> list[int]:
    """The name, or joined names, before ``end`` to which a value there belongs; ``loose`` when the value has a unit."""
    near = [(n, f) for n, f in before if 0 <= end - f.end <= REACH_BEFORE and not _BREAK.search(text, f.end, end)]
    if not near:
        return []
    last = near[-1][1]
    # "It defaults to …" speaks of the subject of the sentence before; that is certain only where one thing was named.
    if _STOP.search(text, last.end, end) and len({f.mention.target for _, f in before}) > 1:
        return []
    if not _says(last, text, end, loose):
        return []
    group = near[-1:]
    for name in reversed(near[:-1]):
        if not _joined(text, name[1].end, group[0][1].start):
            break
        group.insert(0, name)
    return [n for n, _ in group]


def supposes(text: str, start: int, end: int, value: int) -> bool:
    """Whether a sentence only compares a name (at ``start`` to ``end``) with the value that begins at ``value``, or
    makes it a condition: "`x` must be at least 5", "if `x` is 0". Such a sentence does not say what the value is."""
    if _COMPARED.search(text, min(end, value), max(end, value)):
        return True
    return _CONDITION.search(text, max(0, start - 60), start) is not None


def _says(name: Found, text: str, end: int, loose: bool) -> bool:
    """Whether the words between a name and a value make it the name's value; comparisons and conditions do not."""
    between = text[name.end : end]
    if supposes(text, name.start, name.end, end):
        return False
    if _STATED.search(between):
        return True
    return loose and is_codeish(name.mention.target) and not _CIRCUMSTANCE.search(between)
