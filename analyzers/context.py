"""What a change stands in, read from the whole files of a diff after the facts were compared.

Languages read changed lines only. Two judgements need a little more: whether the routes beside a new one are guarded,
and which words stand on the changed lines of a body. Both become attributes of the after fact, so rules stay pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzers.languages import Side, language_of, load
from analyzers.model import Change, ChangeKind, Fact, FactKind, FileDiff, Span
from analyzers.vocabulary import area_words

GUARDED_SHARE = 0.5
"""Least share of a file's other routes that have a guard for a new one without to be odd."""

MAX_CHANGED_LINES = 400
"""Changed lines of one body that are looked at; beyond that a body was rewritten and every word may be new."""

_COMMENT = re.compile(r"^\s*(?:#|//|/?\*|--|\"\"\"|'''|import\b|from\b)")


def with_context(changes: Sequence[Change], diffs: Iterable[FileDiff]) -> tuple[Change, ...]:
    """The changes, with two attributes added on the after side.

    ``siblings_guarded: yes`` on an added route without guards when at least ``GUARDED_SHARE`` of the other routes of
    its file have one. ``mentions`` on a modified behaviour: the words of the areas auth and data on the lines that
    it gained or lost, sorted, joined by ``,``.
    """
    by_path = {diff.path: diff for diff in diffs}
    odd = {change.path for change in changes if _bare(change)}
    routes = {path: _routes(path, diff.after) for path, diff in by_path.items() if path in odd and diff.after}
    return tuple(_mentioning(_marked(change, routes), by_path) for change in changes)


# -- routes ---------------------------------------------------------------------------------------------------------


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
    return _with(change, "siblings_guarded", "yes")


# -- words ----------------------------------------------------------------------------------------------------------


def _mentioning(change: Change, diffs: Mapping[str, FileDiff]) -> Change:
    before, after, diff = change.before, change.after, diffs.get(change.path)
    if change.fact.kind is not FactKind.BEHAVIOUR or before is None or after is None or diff is None:
        return change
    if change.kind is not ChangeKind.MODIFIED or before.span.path != diff.old_path:
        return change
    counts: Counter[str] = Counter()
    counts.subtract(_lines(diff.before, before.span, [(h.before_start, h.before_count) for h in diff.hunks]))
    counts.update(_lines(diff.after, after.span, [(h.after_start, h.after_count) for h in diff.hunks]))
    # A line that is there as often as before was only moved or indented.
    found = sorted({word for line, count in counts.items() if count for word in area_words(line)})
    return _with(change, "mentions", ",".join(found)) if found else change


def _lines(data: bytes | None, span: Span, ranges: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The changed lines inside a span that are neither comments nor imports."""
    if data is None:
        return
    text = data.split(b"\n")
    left = MAX_CHANGED_LINES
    for start, count in ranges:
        for number in range(max(start, span.start_line), min(start + count - 1, span.end_line) + 1):
            if left == 0 or number > len(text):
                return
            left -= 1
            line = " ".join(text[number - 1].decode("utf-8", "replace").split())
            if not _COMMENT.match(line):
                yield line


def _with(change: Change, name: str, value: str) -> Change:
    assert change.after is not None
    attributes = tuple(sorted([*change.after.attributes, (name, value)]))
    return replace(change, after=replace(change.after, attributes=attributes))
