"""What a diff asks of the runbooks: the names, words, numbers and paths that changed, with how much each matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzers.model import Change, ChangeKind, Fact, FactKind, FileDiff, Severity
from analyzers.pipeline import Analysis
from analyzers.vocabulary import words
from runbooks import kin as kinship
from runbooks.kin import Kin
from runbooks.terms import joined, numbers, terms

_KEYED = frozenset(FactKind) - {FactKind.TEXT, FactKind.BEHAVIOUR, FactKind.ERROR, FactKind.LOG_CALL}
"""Kinds whose key is a name that prose would use."""

AROUND = 12
"""Lines looked at on each side of a hunk for the names of siblings; a screen's half."""

_MAX_LINES = 4000
"""Changed lines read per side for words; a longer diff is no longer about anything in particular."""


@dataclass(frozen=True)
class Query:
    """``changed_names``/``changed_words`` stand on one side only or in different number; ``all_*`` on any changed line.
    ``near_names`` stand on unchanged lines around a change: the siblings that a section lists beside which a new thing
    belongs. ``keys`` are the joined names of changed facts with the changes that they speak of;
    ``judged`` are those of them that cannot be mistaken for another thing and on which a rule found something of medium
    severity or higher, with the name as written. ``kin`` is what is akin to the changed keys."""

    changed_names: Counter[str]
    changed_words: Counter[str]
    all_names: Counter[str]
    all_words: Counter[str]
    near_names: Counter[str]
    numbers: Counter[str]
    path_words: Counter[str]
    paths: tuple[str, ...]
    keys: dict[str, tuple[Change, ...]]
    symbols: frozenset[str]
    judged: dict[str, str]
    kin: Kin


def names_of(fact: Fact) -> Iterator[str]:
    """The names under which prose may speak of a fact, as written: key, its leaf, aliases."""
    if fact.kind in _KEYED:
        yield fact.key
        if " /" in fact.key:  # a method and a path: prose says the path alone
            yield fact.key.split(" ", 1)[1]
        for separator in (".", "/"):
            if separator in fact.key:
                yield fact.key.rsplit(separator, 1)[-1]
    yield from fact.aliases
    if fact.kind is FactKind.BEHAVIOUR and fact.key != "<module>":
        yield fact.key
        yield fact.key.rsplit(".", 1)[-1]


def written_as(name: str, changes: Iterable[Change]) -> str:
    """A joined name of changes as the code spells it, with the whole key where it is only a part of one: a section that
    says "kind" does not name ``Gateway.Kind``. The joined name itself where no change has it."""
    facts = (fact for change in changes for fact in (change.before, change.after) if fact is not None)
    for fact in facts:
        for spelled in names_of(fact):
            if joined(spelled) == name:
                return spelled if spelled == fact.key else f"{spelled} (of {fact.key})"
    return name


def build(analysis: Analysis) -> Query:
    """The query of an analysis; only files with a change of facts take part, so cosmetic files ask nothing."""
    touched = {change.path for change in analysis.changes}
    touched |= {change.before.span.path for change in analysis.changes if change.before}
    before, after = Counter[str](), Counter[str]()
    words_before, words_after = Counter[str](), Counter[str]()
    figures, near = Counter[str](), Counter[str]()
    path_words = Counter[str]()
    paths: list[str] = []
    for diff in analysis.diffs:
        if diff.path not in touched and diff.old_path not in touched:
            continue
        paths.append(diff.path)
        path_words.update(set(terms(diff.path)[1]))
        gone, come = changed_text(diff)
        for text, names, plain in ((gone, before, words_before), (come, after, words_after)):
            found_names, found_words = terms(text)
            names.update(found_names)
            plain.update(found_words)
        figures.update(numbers(gone))
        near.update(terms(surroundings(diff))[0].keys())
    keys: dict[str, list[Change]] = {}
    symbols: set[str] = set()
    for change in analysis.changes:
        for name in _names(change):
            known = keys.setdefault(name, [])
            if len(known) < 20 and change not in known[-1:]:
                known.append(change)
        if change.fact.symbol:
            symbols.add(joined(change.fact.symbol.name.rsplit(".", 1)[-1]))
    return Query(
        _difference(before, after),
        _difference(words_before, words_after),
        before + after,
        words_before + words_after,
        near,
        figures,
        path_words,
        tuple(paths),
        {name: tuple(changes) for name, changes in keys.items()},
        frozenset(symbols),
        _judged(analysis),
        kinship.of(analysis),
    )


def _judged(analysis: Analysis) -> dict[str, str]:
    """The telling names (two words or more) of what rules found, low severity aside, and of the routes to what lost or
    changed a guard: a runbook names the address, not the function behind it."""
    found: dict[str, str] = {}
    routes = [change.fact for change in analysis.changes if change.fact.kind is FactKind.ROUTE and change.fact.symbol]
    for finding in analysis.findings:
        if finding.severity is Severity.LOW:
            continue
        facts = [fact for fact in (finding.change.before, finding.change.after) if fact is not None]
        guarded = {(f.span.path, f.symbol.name) for f in facts if f.kind is FactKind.GUARD and f.symbol}
        facts += [route for route in routes if (route.span.path, route.symbol and route.symbol.name) in guarded]
        for name in (name for fact in facts for name in names_of(fact)):
            if len(words(name)) > 1 and len(joined(name)) >= 8:
                found.setdefault(joined(name), name)
    return found


def _names(change: Change) -> Iterable[str]:
    found: dict[str, None] = {}
    if change.kind is ChangeKind.MOVED:
        return found
    for fact in (change.before, change.after):
        if fact is not None:
            for name in names_of(fact):
                short = joined(name)
                if len(short) > 2:
                    found[short] = None
    return found


def _difference(before: Counter[str], after: Counter[str]) -> Counter[str]:
    return (before - after) + (after - before)


def changed_text(diff: FileDiff) -> tuple[str, str]:
    """The changed lines of both sides, exactly those of the hunks."""
    return (
        _lines(diff.before, ((h.before_start, h.before_count) for h in diff.hunks)),
        _lines(diff.after, ((h.after_start, h.after_count) for h in diff.hunks)),
    )


def surroundings(diff: FileDiff) -> str:
    """The unchanged lines within ``AROUND`` lines of each hunk, on the after side (the before side when deleted)."""
    data = diff.after if diff.after is not None else diff.before
    if data is None or diff.before is None or diff.after is None:
        return ""
    lines = data.split(b"\n")
    picked: dict[int, None] = {}
    for hunk in diff.hunks[:60]:
        first, last = hunk.after_start, hunk.after_start + max(hunk.after_count, 1) - 1
        for number in (*range(first - AROUND, first), *range(last + 1, last + 1 + AROUND)):
            if 1 <= number <= len(lines):
                picked[number] = None
    return b"\n".join(lines[number - 1] for number in picked).decode("utf-8", "replace")


def _lines(data: bytes | None, ranges: Iterable[tuple[int, int]]) -> str:
    if data is None:
        return ""
    lines = data.split(b"\n")
    picked: list[bytes] = []
    for start, count in ranges:
        picked += lines[start - 1 : start - 1 + count] if count else []
        if len(picked) > _MAX_LINES:
            break
    return b"\n".join(picked[:_MAX_LINES]).decode("utf-8", "replace")
