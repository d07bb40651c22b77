"""All sections of all runbooks, indexed by name and by word, for one comparison.

The terms of one runbook depend on its bytes alone, so callers may keep :class:`SectionTerms` by blob id.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache

from runbooks.model import Runbook, Section
from runbooks.named import Named, Names
from runbooks.terms import joined, numbers, terms

BM25_K1 = 1.2
BM25_B = 0.6
"""Robertson and Zaragoza (2009) recommend 1.2 and 0.75; sections vary in length for good reasons, so less of it."""

ELSEWHERE = 200
"""Sections imagined beside the real ones when a name's rarity is told: a compound identifier is rare in the world even
where one small runbook is all there is."""


@dataclass(frozen=True)
class SectionTerms:
    """What a section says, counted: names, words and numbers of its text; the words of its headings (and of the
    innermost alone); the names it marks as code (spans, fences, tables, headings); the paths it mentions, sorted: the
    first that fits is told as the reason, and an answer must not hang on the order of a set."""

    section: Section
    names: Counter[str]
    words: Counter[str]
    numbers: Counter[str]
    heading_names: frozenset[str]
    heading_words: frozenset[str]
    coded: frozenset[str]
    paths: tuple[str, ...]
    length: int
    title_words: frozenset[str] = frozenset()


def section_terms(runbook: Runbook, named: Sequence[Named] | None = None) -> tuple[SectionTerms, ...]:
    """The counted terms of every section of a runbook; pure, so it can be kept by blob id. ``named`` is what the
    sections name, in their order, where it is known without their anchors."""
    found = (_named(section) for section in runbook.sections) if named is None else named
    return tuple(_section_terms(*pair) for pair in zip(runbook.sections, found, strict=True))


def _named(section: Section) -> Named:
    names = Names()
    for anchor in section.anchors:
        names.add(anchor.kind, anchor.target, anchor.place)
    return names.named()


def _section_terms(section: Section, named: Named) -> SectionTerms:
    names, plain = terms(section.text)
    title_names, title_words = _heading_terms(section.title)
    path_words = frozenset().union(*(_heading_terms(heading)[1] for heading in section.headings))
    titles = set(title_names) | ({joined(section.title)} if section.title and " " not in section.title else set())
    return SectionTerms(
        section,
        names,
        plain,
        numbers(section.text),
        frozenset(titles),
        path_words,
        named.coded,
        named.paths,
        sum(plain.values()) + sum(names.values()),
        title_words,
    )


@lru_cache(maxsize=4_096)
def _heading_terms(heading: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names and the words of one heading, which every section below it repeats."""
    names, plain = terms(heading)
    return frozenset(names), frozenset(plain)


@dataclass(frozen=True)
class Document:
    """One runbook's place in the index: which sections it has, and its terms as a whole."""

    runbook: Runbook
    sections: tuple[int, ...]
    names: Counter[str]
    words: Counter[str]
    path_words: frozenset[str]
    length: int


class Index:
    """Postings and rarity over sections; immutable once built."""

    def __init__(self, runbooks: Iterable[tuple[Runbook, Sequence[SectionTerms]]]) -> None:
        self.sections: list[SectionTerms] = []
        self.document_of: list[int] = []
        self._word_rarity: dict[str, float] = {}
        self.documents: list[Document] = []
        for runbook, found in runbooks:
            places = tuple(range(len(self.sections), len(self.sections) + len(found)))
            names: Counter[str] = Counter()
            plain: Counter[str] = Counter()
            for terms_ in found:
                names.update(terms_.names)
                plain.update(terms_.words)
            _, path_words = terms(runbook.path + " " + runbook.title)
            length = sum(plain.values()) + sum(names.values())
            self.documents.append(Document(runbook, places, names, plain, frozenset(path_words), length))
            self.sections += found
            self.document_of += [len(self.documents) - 1] * len(found)
        self.average_length = max(1.0, sum(s.length for s in self.sections) / max(1, len(self.sections)))
        self.average_document = max(1.0, sum(d.length for d in self.documents) / max(1, len(self.documents)))

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """Sections by joined name."""
        postings: dict[str, list[int]] = defaultdict(list)
        for place, section in enumerate(self.sections):
            for name in section.names.keys() | section.coded | section.heading_names:
                postings[name].append(place)
        return postings

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """Sections by word."""
        postings: dict[str, list[int]] = defaultdict(list)
        for place, section in enumerate(self.sections):
            for word in section.words:
                postings[word].append(place)
        return postings

    @cached_property
    def sorted_names(self) -> list[str]:
        """All joined names in order, for searching by their beginnings."""
        return sorted(self.by_name)

    def cover(self, about: frozenset[str], spoken: Set[str]) -> tuple[float, str]:
        """How much of what a heading is about occurs in ``spoken``, in 0..1, with the rarest shared word."""
        shared = [word for word in about if word in spoken]
        if not shared:
            return 0.0, ""
        total = sum(self.word_rarity(word) for word in about) or 1.0
        found = sum(self.word_rarity(word) for word in shared)
        return found / total * min(1.0, found / 3), max(shared, key=lambda w: (self.word_rarity(w), w))

    def name_rarity(self, name: str) -> float:
        """Inverse section frequency of a name (BM25's, never negative)."""
        return _rarity(len(self.sections) + ELSEWHERE, len(self.by_name.get(name, ())))

    def word_rarity(self, word: str) -> float:
        """Inverse section frequency of a word."""
        known = self._word_rarity.get(word)
        if known is None:
            known = self._word_rarity[word] = _rarity(len(self.sections), len(self.by_word.get(word, ())))
        return known


def _rarity(total: int, containing: int) -> float:
    return math.log(1 + (total - containing + 0.5) / (containing + 0.5))


def saturation(count: float, length: float, average: float) -> float:
    """BM25's term weight for a count in a text of that length."""
    return count * (BM25_K1 + 1) / (count + BM25_K1 * (1 - BM25_B + BM25_B * length / average))
