"""Changes that only follow from another: the guard of a function that is gone, the guard of one that is new or renamed.

Rules judge one change at a time, so what follows from a bigger change is taken out before they are asked. Without this
every deleted endpoint would alarm as unguarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzers import values
from analyzers.model import Area, Change, ChangeKind, Fact, FactKind, Finding

_HOLDERS = frozenset({FactKind.SYMBOL, FactKind.ROUTE})
"""Kinds of things that guards protect."""


def primary(changes: Sequence[Change]) -> list[Change]:
    """The changes that are no mere consequence, in their order. A guard follows what it guards: it is no finding when
    that appeared or went with it, and is compared across a rename."""
    gone = {_place(c.fact) for c in changes if c.fact.kind in _HOLDERS and c.kind is ChangeKind.REMOVED}
    come = {_place(c.fact) for c in changes if c.fact.kind in _HOLDERS and c.kind is ChangeKind.ADDED}
    renamed = {
        _place(c.before): _place(c.after)
        for c in changes
        if c.fact.kind in _HOLDERS and c.kind is ChangeKind.RENAMED and c.before and c.after
    }
    guards = [c for c in changes if c.fact.kind is FactKind.GUARD]
    dropped = _repeated(guards)
    repaired: dict[int, Change] = {}
    for change in guards:
        fact = change.fact
        with_it = {ChangeKind.REMOVED: gone, ChangeKind.ADDED: come}.get(change.kind, set())
        if _holders(fact) & with_it:
            dropped.add(id(change))
        elif change.kind is ChangeKind.REMOVED and id(change) not in dropped:
            twin = _renamed_twin(change, guards, renamed, dropped)
            if twin is not None:
                dropped |= {id(change), id(twin)}
                if twin.after is not None and not _same_guard(change.fact, twin.fact):
                    repaired[id(twin)] = Change(ChangeKind.MODIFIED, change.before, twin.after)
    dropped |= _said_twice(changes)
    kept = [repaired.get(id(c), c) for c in changes if id(c) in repaired or id(c) not in dropped]
    return _with_former_payload(_with_table(kept))


_FORMS = ("decorator", "middleware", "policy", "check")
"""Forms of a guard, the most telling first."""


def _repeated(guards: Sequence[Change]) -> set[int]:
    """Guards that were read twice, as the call and as the condition or the chain around it: one line, one name."""
    best: dict[tuple[str, int, str, ChangeKind], Change] = {}
    for change in sorted(guards, key=lambda c: _rank(c.fact)):
        fact = change.fact
        name = fact.attribute("name").rpartition(".")[2] or fact.value.text
        best.setdefault((fact.span.path, fact.span.start_line, name, change.kind), change)
    kept = {id(change) for change in best.values()}
    return {id(change) for change in guards} - kept


def _rank(fact: Fact) -> tuple[int, int]:
    form = fact.attribute("form")
    # Of two readings in one form the longer one says more: ``!isAdmin(_)`` rather than ``isAdmin(_)``.
    return (_FORMS.index(form) if form in _FORMS else len(_FORMS), -len(fact.value.text))


_SCHEMA = frozenset({FactKind.TABLE, FactKind.COLUMN, FactKind.INDEX, FactKind.CONSTRAINT})


def _said_twice(changes: Sequence[Change]) -> set[int]:
    """A model and its migration state the same table or column; the first in path order speaks for both."""
    seen: set[tuple[FactKind, str, ChangeKind]] = set()
    repeated: set[int] = set()
    for change in changes:
        key = (change.fact.kind, change.fact.key, change.kind)
        if change.fact.kind in _SCHEMA and change.kind in {ChangeKind.ADDED, ChangeKind.REMOVED}:
            if key in seen:
                repeated.add(id(change))
            seen.add(key)
    return repeated


def _with_table(changes: Sequence[Change]) -> list[Change]:
    """Columns that came or went with their table carry the attribute ``with_table: yes`` on the side that speaks."""
    ends = {ChangeKind.ADDED, ChangeKind.REMOVED}
    tables = {(c.fact.key, c.kind) for c in changes if c.fact.kind is FactKind.TABLE and c.kind in ends}
    found: list[Change] = []
    for change in changes:
        table = change.fact.key.rpartition(".")[0]
        if change.fact.kind is FactKind.COLUMN and (table, change.kind) in tables:
            side = replace(change.fact, attributes=tuple(sorted([*change.fact.attributes, ("with_table", "yes")])))
            gone = change.kind is ChangeKind.REMOVED
            change = Change(change.kind, side if gone else None, None if gone else side)
        found.append(change)
    return found


def _with_former_payload(changes: Sequence[Change]) -> list[Change]:
    """A new log call carries in ``payload_before`` what the calls that went from the same function had logged: of a
    message that was worded otherwise, only what it newly exposes is news."""
    former: dict[tuple[str, str], set[str]] = {}
    for change in changes:
        if change.fact.kind is FactKind.LOG_CALL and change.kind is ChangeKind.REMOVED:
            names = former.setdefault((change.path, change.fact.scope), set())
            names.update(part.strip() for part in change.fact.attribute("payload").split(",") if part.strip())
    return [_formerly(change, former.get((change.path, change.fact.scope), set())) for change in changes]


def _formerly(change: Change, names: set[str]) -> Change:
    fact = change.after
    if not names or fact is None or fact.kind is not FactKind.LOG_CALL or change.kind is not ChangeKind.ADDED:
        return change
    attributes = tuple(sorted([*fact.attributes, ("payload_before", ",".join(sorted(names)))]))
    return replace(change, after=replace(fact, attributes=attributes))


def _place(fact: Fact) -> tuple[str, str]:
    return (fact.span.path, fact.key)


def _holders(guard: Fact) -> set[tuple[str, str]]:
    """What a guard may belong to: its key, and for a check inside a body the function around it."""
    path = guard.span.path
    names = {guard.key}
    if guard.symbol is not None and guard.attribute("form") in {"check", "decorator"}:
        names.add(guard.symbol.name)
    return {(path, name) for name in names}


def _renamed_twin(
    change: Change,
    guards: Sequence[Change],
    renamed: dict[tuple[str, str], tuple[str, str]],
    dropped: set[int],
) -> Change | None:
    targets = {renamed[holder] for holder in _holders(change.fact) if holder in renamed}
    candidates = [
        g for g in guards if g.kind is ChangeKind.ADDED and id(g) not in dropped and _holders(g.fact) & targets
    ]
    same = [g for g in candidates if _same_guard(change.fact, g.fact)]
    return next(iter(same or candidates), None)


def _same_guard(before: Fact, after: Fact) -> bool:
    return values.same(before.value, after.value) and before.attributes == after.attributes


def distinct(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings without those that say less about what another one says: that a body works differently, next to a
    finding of the same area that says how; and that a value changed, next to what the change means for auth or data."""
    told = {
        (found.area, found.change.path, name)
        for found in findings
        if found.change.fact.kind is not FactKind.BEHAVIOUR
        for name in _bodies(found.change.fact)
    }
    meant = {id(found.change) for found in findings if found.area is not Area.OPS and found.rule not in _BESIDE}
    return tuple(
        found
        for found in findings
        if not (found.change.fact.kind is FactKind.BEHAVIOUR and (found.area, found.change.path, found.subject) in told)
        and not (found.area is Area.OPS and found.change.fact.kind in _NAMED and id(found.change) in meant)
    )


_NAMED = frozenset({FactKind.SETTING, FactKind.ENV_VAR, FactKind.CLI_FLAG})
_BESIDE = frozenset({"auth/secret-reference-changed"})
"""Rules that see another side of a variable than its being new or required."""


def _bodies(fact: Fact) -> set[str]:
    return {fact.key} | ({fact.symbol.name} if fact.symbol is not None else set())
