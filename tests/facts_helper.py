"""Facts and changes as readable lines, for the tests of languages."""

from __future__ import annotations

from analyzers.languages import Side, language_of, load
from analyzers.model import Change, ChangeKind, Fact, FactKind
from analyzers.pipeline import Limits, compare_file
from tests.cases import file_diff


def facts_of(path: str, text: str) -> list[Fact]:
    """All facts of a whole file, as if every line had changed."""
    side = Side(path, "after", text.encode(), ((1, text.count("\n") + 1),))
    return list(load(language_of(path)).read(side).facts)


def changes_of(path: str, before: str, after: str, *, text: bool = False) -> list[str]:
    """The changes between two texts of one path, as ``shown`` writes them, sorted. ``text`` facts only on request."""
    changes, _ = compare_file(file_diff(path, before, after), Limits())
    return sorted(shown(change) for change in changes if text or change.fact.kind is not FactKind.TEXT)


def shown(change: Change) -> str:
    """``modified limit timeout: 30 -> 60``; a rename shows both keys; a side without value shows ``-``."""
    was, now = change.before, change.after
    if change.kind is ChangeKind.ADDED and now:
        return f"added {_fact(now)}"
    if change.kind is ChangeKind.REMOVED and was:
        return f"removed {_fact(was)}"
    assert was
    assert now
    key = f"{was.key} => {now.key}" if was.key != now.key else now.key
    return f"{change.kind} {now.kind} {key}: {was.value.text or '-'} -> {now.value.text or '-'}"


def _fact(fact: Fact) -> str:
    return f"{fact.kind} {fact.key}: {fact.value.text}" if fact.value.text else f"{fact.kind} {fact.key}"
