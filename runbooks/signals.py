"""The signals that tie a diff to a section, as numbers, each with the phrase that explains it.

Sums are BM25-like and compressed with ``log1p``, so that a huge diff does not shout down a small one; the weights that
turn signals into a score live in ``weights.toml`` and are fitted by ``benchmarks/fit.py``, never by hand.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analyzers.model import Fact, FactKind
from analyzers.vocabulary import words
from runbooks import history, kin
from runbooks.board import Board
from runbooks.history import Together
from runbooks.index import Index, SectionTerms, saturation
from runbooks.query import Query, written_as
from runbooks.terms import terms

SIGNALS: dict[str, str] = {
    "key": "it names {detail}, which changed",
    "judged": "it names {detail}, whose behaviour changed",
    "rarest_key": "hardly another section names {detail}",
    "heading": "its heading names {detail}, which changed",
    "names": "it names {detail}, as the changed lines do",
    "names_near": "it names {detail}, as lines around the change do",
    "siblings": "it names {detail}, which stands beside the change",
    "words": "it speaks of {detail}, as the changed lines do",
    "words_near": "it shares words with the diff, such as {detail}",
    "heading_words": "its headings speak of {detail}, as the changed lines do",
    "heading_cover": "its heading is about {detail}, as the change is",
    "title_cover": "its runbook is about {detail}, as the change is",
    "path": "it mentions the changed path {detail}",
    "path_words": "it speaks of {detail}, as the changed path does",
    "stem": "it speaks of {detail}, as the name of a changed file does",
    "size": "it says much",
    "number": "it states {detail}, which the diff replaces",
    "symbol": "it names {detail}, in which the change stands",
    "document_names": "its runbook shares names with the diff",
    "document_words": "its runbook shares words with the diff",
    "document_path": "its runbook is filed under {detail}, as the change is",
    "beside": "it names {detail}, which stands beside a changed setting",
    "family": "it names {detail}, which begins as a changed name does",
    "key_cover": "it speaks of the words of {detail}, which changed",
    "past_section": "it changed together with these files before",
    "past_section_near": "it changed together with files of these folders before",
    "past_document_near": "its runbook changed together with files of these folders before",
    "covers": "its front matter says that it covers {detail}",
}
"""Every signal with the phrase a person reads; ``{detail}`` is filled with the strongest example."""

RELATIVE: tuple[str, ...] = (
    "key", "names", "names_near", "siblings", "words", "words_near", "heading_words", "path_words", "number",
    "document_names", "document_words", "document_path", "heading_cover", "title_cover", "stem", "beside", "family",
    "key_cover", "past_section", "past_section_near", "past_document_near",
)  # fmt: skip
"""Signals that are also told as a share of the diff's strongest section (``most_names``): it ranks within one diff."""

TELLING: tuple[str, ...] = (
    "covers",
    "heading",
    "key",
    "path",
    "symbol",
    "beside",
    "siblings",
    "number",
    "names",
    "past_section",
    "heading_words",
)
"""Signals in the order in which they convince a person; reasons are shown in it, whatever their weight."""

FEATURES: tuple[str, ...] = (*SIGNALS, *(f"most_{name}" for name in RELATIVE))
"""All that the table of weights may weigh for a section."""

_MAX_NAMES = 400
_MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """A section and its signals: value by signal name (absent means 0) and the example behind each."""

    place: int
    values: Mapping[str, float]
    details: Mapping[str, str]


def candidates(
    query: Query, index: Index, covers: Callable[[int], str] | None = None, past: Sequence[Together] = ()
) -> list[Candidate]:
    """Every section that shares anything with the query, with its signals. ``covers`` gives, for a document's number,
    the changed path that its front matter claims (or an empty string); ``past`` are earlier changes that touched the
    query's files."""
    if not index.sections:
        return []
    board = Board()
    _name_signals(query, index, board)
    _word_signals(query, index, board)
    _path_signals(query, index, board)
    _cover_signals(query, index, board)
    _stem_signals(query, index, board)
    kin.add_signals(query.kin, query.keys, index, board)
    history.add_signals(past, index, board)
    for place, section in enumerate(index.sections):
        shared = [n for n in query.numbers if n in section.numbers]
        for figure in shared[:20]:
            board.add("number", place, 1.0, figure)
    if covers is not None:
        for number, document in enumerate(index.documents):
            claimed = covers(number)
            for place in document.sections if claimed else ():
                board.add("covers", place, 1.0, claimed)
    return _collect(board, index)


def _name_signals(query: Query, index: Index, board: Board) -> None:
    documents: dict[int, float] = defaultdict(float)
    for names, signal in ((query.changed_names, "names"), (query.all_names, "names_near")):
        for name, count in names.most_common(_MAX_NAMES):
            places = index.by_name.get(name)
            if not places:
                continue
            rarity = index.name_rarity(name)
            weight = rarity * min(2.0, 1 + math.log(count))
            for place in places:
                section = index.sections[place]
                board.add(signal, place, weight * _strength(section, name, index), name)
            if signal == "names":
                for document in {index.document_of[place] for place in places}:
                    documents[document] += weight
    for document, weight in documents.items():
        for place in index.documents[document].sections:
            board.add("document_names", place, weight)
    for name, changes in query.keys.items():
        places = index.by_name.get(name, [])
        rarity = index.name_rarity(name)
        shown = written_as(name, changes)
        titled = any(_titles(change.fact) for change in changes)
        for place in places:
            section = index.sections[place]
            strength = 1.0 if name in section.coded else 0.6
            board.add("key", place, rarity * strength, shown)
            if rarity > board.sums["rarest_key"][place]:
                board.sums["rarest_key"][place] = rarity
                board.best[("rarest_key", place)] = (rarity, shown)
            if name in section.heading_names and titled:
                board.add("heading", place, 1.0, shown)
    for name, written in query.judged.items():
        for place in index.by_name.get(name, []):
            if name in index.sections[place].coded:
                board.add("judged", place, 1.0, written)
    for name in query.near_names:
        places = index.by_name.get(name, [])
        if name in query.keys or not places:
            continue
        rarity = index.name_rarity(name)
        for place in places:
            board.add("siblings", place, rarity * (1.0 if name in index.sections[place].coded else 0.5), name)
    for name in sorted(query.symbols):
        for place in index.by_name.get(name, []):
            board.add("symbol", place, index.name_rarity(name), name)


def _titles(fact: Fact) -> bool:
    """Whether a heading with a fact's name is about it: a section "Version" is not about a function ``version``."""
    return fact.kind is not FactKind.BEHAVIOUR or len(words(fact.key.rpartition(".")[2])) > 1


def _strength(section: SectionTerms, name: str, index: Index) -> float:
    weight = saturation(section.names.get(name, 1), section.length, index.average_length)
    return weight * (1.3 if name in section.coded else 1.0)


def _word_signals(query: Query, index: Index, board: Board) -> None:
    documents: dict[int, float] = defaultdict(float)
    for plain, signal in ((query.changed_words, "words"), (query.all_words, "words_near")):
        total = sum(plain.values()) or 1
        for word, count in plain.most_common(_MAX_WORDS):
            places = index.by_word.get(word)
            if not places or len(places) > 0.5 * len(index.sections) + 5:
                continue
            rarity = index.word_rarity(word)
            weight = rarity * min(2.5, 1 + math.log(count)) * (0.5 + count / total)
            for place in places:
                section = index.sections[place]
                board.add(
                    signal, place, weight * saturation(section.words[word], section.length, index.average_length), word
                )
                if signal == "words" and word in section.heading_words:
                    board.add("heading_words", place, weight, word)
            if signal == "words":
                for document in {index.document_of[place] for place in places}:
                    found = index.documents[document]
                    documents[document] += weight * saturation(found.words[word], found.length, index.average_document)
    for document, weight in documents.items():
        for place in index.documents[document].sections:
            board.add("document_words", place, weight)


def _path_signals(query: Query, index: Index, board: Board) -> None:
    paths = [path.lower() for path in query.paths[:300]]
    tails = {path.rsplit("/", 1)[-1]: path for path in paths}
    for place, section in enumerate(index.sections):
        for mentioned in section.paths:
            example = _mentioned(mentioned, paths, tails)
            if example:
                board.add("path", place, 1.0, example)
    weights = {word: index.word_rarity(word) for word in query.path_words}
    total = len(query.paths) or 1
    for word, rarity in weights.items():
        weight = rarity * query.path_words[word] / total
        for place in index.by_word.get(word, ()):
            section = index.sections[place]
            near = 2.0 if word in section.heading_words else 1.0
            board.add("path_words", place, weight * near * min(3, section.words[word]) / 3, word)
    for document in index.documents:
        shared = [word for word in weights if word in document.path_words]
        if shared:
            weight = sum(weights[word] * query.path_words[word] / total for word in shared)
            for place in document.sections:
                board.add("document_path", place, weight, max(shared, key=lambda w: weights[w]))


def _stem_signals(query: Query, index: Index, board: Board) -> None:
    """Words of the changed files' own names (``cos.go`` and *Tencent COS*), which say more than those of their folders;
    a heading that says one counts double. ``size`` is how much a section says: long ones are edited more often."""
    stems: Counter[str] = Counter()
    for path in query.paths[:300]:
        stems.update(set(terms(path.rsplit("/", 1)[-1].split(".", 1)[0])[1]))
    total = len(query.paths) or 1
    for word, count in stems.items():
        weight = index.word_rarity(word) * count / total
        for place in index.by_word.get(word, []):
            section = index.sections[place]
            board.add("stem", place, weight * (2.0 if word in section.title_words else 1.0), word)
    for place, section in enumerate(index.sections):
        board.add("size", place, section.length / index.average_length)


def _cover_signals(query: Query, index: Index, board: Board) -> None:
    """How much of what a heading, or a runbook's path and title, is about occurs in the diff: a section *Rate limits*
    is not meant by every diff that says "rate" once, but by one that says both words."""
    spoken = query.all_words.keys() | query.path_words.keys()
    for document in index.documents:
        weight, example = index.cover(document.path_words, spoken)
        for place in document.sections:
            if weight:
                board.add("title_cover", place, weight, example)
            own, word = index.cover(index.sections[place].title_words, spoken)
            if own:
                board.add("heading_cover", place, own, word)


def _mentioned(mentioned: str, paths: Sequence[str], tails: Mapping[str, str]) -> str:
    """The changed path that a mention means: the path itself, its end, its directory, or its file name."""
    if len(mentioned) < 4:
        return ""
    tail = mentioned.rsplit("/", 1)[-1]
    if tail in tails and ("/" not in mentioned or tails[tail].endswith(mentioned)):
        return tails[tail]
    if "/" in mentioned:
        return next((p for p in paths if p.startswith(mentioned.rstrip("/*") + "/") or p.endswith("/" + mentioned)), "")
    return ""


def _collect(board: Board, index: Index) -> list[Candidate]:
    places: Counter[int] = Counter()
    for signal in ("names", "words", "key", "path", "covers", "path_words", "number", "heading", "siblings",
                   "beside", "family", "past_section"):  # fmt: skip
        places.update(board.sums[signal].keys())
    tops = {signal: max(board.sums[signal].values(), default=0.0) for signal in RELATIVE}
    values: dict[int, dict[str, float]] = {place: {} for place in sorted(places)}
    details: dict[int, dict[str, str]] = {place: {} for place in values}
    for signal, sums in board.sums.items():
        top = tops.get(signal)
        for place, weight in sums.items():
            if weight <= 0 or place not in values:
                continue
            values[place][signal] = round(math.log1p(weight), 6)
            if top:
                values[place][f"most_{signal}"] = round(weight / top, 6)
            example = board.best.get((signal, place))
            if example:
                details[place][signal] = example[1]
    return [Candidate(place, values[place], details[place]) for place in values]
