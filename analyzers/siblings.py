"""What a new route has to be measured by: the guards of the other routes in its file.

Languages read changed lines only, so the unchanged routes beside a new one are read here, and only when a diff adds a
route that names no guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from analyzers.languages import Side, language_of, load
from analyzers.model import Change, ChangeKind, Fact, FactKind, FileDiff

GUARDED_SHARE = 0.5
"""Least share of a file's other routes that have a guard for a new one without to be odd."""


def with_siblings(changes: Sequence[Change], diffs: Iterable[FileDiff]) -> tuple[Change, ...]:
    """The changes, where an added route without guards carries the attribute ``siblings_guarded: yes`` when at least
    ``GUARDED_SHARE`` of the other routes in its file have a guard."""
    odd = {c.path for c in changes if _bare(c)}
    if not odd:
        return tuple(changes)
    after = {diff.path: diff.after for diff in diffs if diff.path in odd and diff.after is not None}
    guarded = {path: _routes(path, data) for path, data in after.items()}
    return tuple(_marked(change, guarded) for change in changes)


def _bare(change: Change) -> bool:
    return (
        change.kind is ChangeKind.ADDED and change.fact.kind is FactKind.ROUTE and not change.fact.attribute("guards")
    )


def _routes(path: str, data: bytes) -> Sequence[Fact]:
    try:
        reading = load(language_of(path)).read(Side(path, "after", data, ((1, data.count(b"\n") + 1),)))
    except RecursionError:
        return ()
    return [fact for fact in reading.facts if fact.kind is FactKind.ROUTE]


def _marked(change: Change, routes: Mapping[str, Sequence[Fact]]) -> Change:
    fact = change.after
    if fact is None or not _bare(change):
        return change
    others = {other.key: other.attribute("guards") for other in routes.get(change.path, ()) if other.key != fact.key}
    if not others or sum(map(bool, others.values())) < GUARDED_SHARE * len(others):
        return change
    attributes = tuple(sorted([*fact.attributes, ("siblings_guarded", "yes")]))
    return replace(change, after=replace(fact, attributes=attributes))
