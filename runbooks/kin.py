"""What is akin to a changed key: the names on the lines beside it, the names of its family, and its words.

A new setting stands in no runbook yet. The section that will have to name it lists those that stand beside it in code,
or that begin as it does (``media-image-size`` and ``media-pool-size``).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from analyzers.model import ChangeKind, Fact, FactKind, FileDiff
from analyzers.pipeline import Analysis
from analyzers.vocabulary import words as split_words
from runbooks.board import Board
from runbooks.index import Index
from runbooks.terms import joined, terms

BESIDE = 10
"""Lines looked at on each side of a changed key; nearer ones weigh more."""

MAX_KEYS = 300
"""Changed keys looked at; a diff with more is no longer about one of them."""

_LEAST_FAMILY = 4
"""Letters of the shared beginning of a family's names at least."""

_TELLING = frozenset(FactKind) - {
    FactKind.TEXT, FactKind.BEHAVIOUR, FactKind.ERROR, FactKind.LOG_CALL, FactKind.SYMBOL, FactKind.CONSTRAINT,
    FactKind.GUARD,
}  # fmt: skip
"""Kinds whose keys people write into lists: settings, flags, metrics, tables."""


@dataclass(frozen=True)
class Kin:
    """``beside``: joined names near a changed key, by nearness in 0..1. ``families``: joined beginnings of changed
    keys, by how much of the key they are. ``keys``: the words of each key."""

    beside: dict[str, float]
    families: dict[str, float]
    keys: tuple[frozenset[str], ...]


def of(analysis: Analysis) -> Kin:
    """The kin of the changed keys of an analysis."""
    facts = [c.fact for c in analysis.changes if c.kind is not ChangeKind.MOVED and c.fact.kind in _TELLING]
    facts = facts[:MAX_KEYS]
    families: dict[str, float] = {}
    keys: dict[frozenset[str], None] = {}
    for name in dict.fromkeys(name for fact in facts for name in (fact.key, *fact.aliases)):
        parts = split_words(name)
        own = frozenset(terms(name)[1])
        if own:
            keys[own] = None
        for cut in range(1, min(len(parts), 8)):
            beginning = joined("".join(parts[:cut]))
            if len(beginning) >= _LEAST_FAMILY:
                families[beginning] = max(families.get(beginning, 0.0), cut / len(parts))
    return Kin(_beside(facts, analysis.diffs), families, tuple(keys)[:MAX_KEYS])


def _beside(facts: Sequence[Fact], diffs: Iterable[FileDiff]) -> dict[str, float]:
    """The joined names on the lines around the facts, each with its nearness to the nearest of them."""
    texts = {diff.path: diff.after if diff.after is not None else diff.before for diff in diffs}
    lines: dict[str, list[bytes]] = {}
    names: dict[tuple[str, int], tuple[str, ...]] = {}
    near: dict[str, float] = {}
    for fact in facts:
        path = fact.span.path
        if path not in lines:
            lines[path] = (texts.get(path) or b"").split(b"\n")
        for distance in range(-BESIDE, BESIDE + 1):
            number = fact.span.start_line + distance
            if not 1 <= number <= len(lines[path]):
                continue
            if (path, number) not in names:
                text = lines[path][number - 1][:2000].decode("utf-8", "replace")
                names[path, number] = tuple(terms(text)[0])
            weight = 1 / (1 + abs(distance) / 3)
            for name in names[path, number]:
                near[name] = max(near.get(name, 0.0), weight)
    return near


def add_signals(kin: Kin, changed: Iterable[str], index: Index, board: Board) -> None:
    """The signals of the kin; ``changed``: the joined names that changed themselves: they have signals of their own."""
    own = set(changed)
    for name, nearness in kin.beside.items():
        if name not in own:
            rarity = index.name_rarity(name) * nearness
            for place in index.by_name.get(name, ()):
                board.add("beside", place, rarity * (1.0 if name in index.sections[place].coded else 0.5), name)
    for place, weight, example in _families(kin, index):
        board.add("family", place, weight, example)
    for key in kin.keys[:200]:
        total = sum(index.word_rarity(word) for word in key) or 1.0
        for place in set().union(*(index.by_word.get(word, ()) for word in key)):
            said = sum(index.word_rarity(word) for word in key if word in index.sections[place].words)
            board.most("key_cover", place, said / total * min(1.0, total / 4), " ".join(sorted(key)))


def _families(kin: Kin, index: Index) -> Iterator[tuple[int, float, str]]:
    """Sections that name things which begin as a changed key does, the more of them the surer."""
    names = index.sorted_names
    for beginning, share in list(kin.families.items())[:MAX_KEYS]:
        found: Counter[int] = Counter()
        first = at = bisect_left(names, beginning)
        while at < len(names) and names[at].startswith(beginning):
            found.update(index.by_name[names[at]])
            at += 1
        rarity = math.log(1 + (len(index.sections) + 0.5) / (len(found) + 0.5)) * share
        for place, count in found.items():
            yield place, rarity * min(count, 4) / 4, names[first]
