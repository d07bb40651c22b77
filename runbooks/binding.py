"""Which value belongs to which name in a sentence; *contradicted* is built on it, so doubt binds nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from analyzers.model import Value
from runbooks.mentions import Mention, is_codeish
from runbooks.model import AnchorKind, Place

_SENTENCE = re.compile(r"(?<!e\.g)(?<!i\.e)[.!?;]\s|\n\s*\n")
_JOINED = re.compile(r"[\s`\"'*]*(?:,|/|&|,?\s*\b(?:and|or)\b)?[\s`\"'*]*\Z", re.I)

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
    position = 0
    while position < len(values):
        group = [values[position]]
        while position + len(group) < len(values) and _joined(text, group[-1][1], values[position + len(group)][0]):
            group.append(values[position + len(group)])
        floor = values[position - 1][1] if position else 0
        position += len(group)
        ceiling = values[position][0] if position < len(values) else len(text)
        targets = _names_before(found, names, text, floor, group[0][0]) or _names_after(
            found, [n for n in names if n not in bound], text, group[-1][1], ceiling
        )
        if len(group) == 1:
            bound.update((n, group[0][2]) for n in targets)
        elif len(group) == len(targets):
            bound.update((n, v[2]) for n, v in zip(targets, group, strict=True))
    return bound


def _joined(text: str, start: int, end: int) -> bool:
    return 0 < end - start < 12 and _JOINED.match(text, start, end) is not None


def _names_before(found: Sequence[Found], names: Sequence[int], text: str, floor: int, end: int) -> list[int]:
    near = [n for n in names if floor <= found[n].start and found[n].end <= end and end - found[n].end <= REACH_BEFORE]
    near = [n for n in near if not _SENTENCE.search(text, found[n].end, end)]
    near = [n for n in near if is_codeish(found[n].mention.target)] or near
    group = near[-1:]
    for name in reversed(near[:-1]):
        if not _joined(text, found[name].end, found[group[0]].start):
            break
        group.insert(0, name)
    return group


def _names_after(found: Sequence[Found], names: Sequence[int], text: str, start: int, ceiling: int) -> list[int]:
    for name in names:
        if found[name].start >= start:
            close = found[name].start - start <= REACH_AFTER and found[name].end <= ceiling
            return [name] if close and not _SENTENCE.search(text, start, found[name].start) else []
    return []
