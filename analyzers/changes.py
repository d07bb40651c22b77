"""Comparing the facts of two sides: what is the same is silent, the rest is paired into changes.

Pairing goes from sure to unsure: the same statement (dropped), the same key in the same scope, the same key elsewhere,
a rename (same value or shape under a like name), and at last plain additions and removals. A statement that left one
file and stands unchanged in another has *moved*.

Longer than other modules, because the steps of one pairing are read, and changed, together.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice

from analyzers import values
from analyzers.model import Change, ChangeKind, Fact, FactKind
from analyzers.vocabulary import leaf, words

RENAMED_AT = 62.0
"""Least likeness (0 to 100) of two names that makes a removal and an addition a rename; chosen on hand-read diffs."""

RENAMED_WITH_VALUE_AT = 45.0
"""The same when both sides also state the same, telling value."""

_RENAMABLE = frozenset(
    {
        FactKind.SETTING, FactKind.LIMIT, FactKind.PORT, FactKind.ENV_VAR, FactKind.CLI_FLAG, FactKind.METRIC,
        FactKind.ALERT, FactKind.ROUTE, FactKind.SYMBOL, FactKind.TARGET, FactKind.FEATURE_FLAG, FactKind.COLUMN,
        FactKind.TABLE, FactKind.SECRET, FactKind.RETENTION, FactKind.CREDENTIAL_LIFETIME, FactKind.STORAGE_NAME,
        FactKind.SCHEDULE, FactKind.ACCESS_POLICY, FactKind.CRYPTO, FactKind.BACKUP, FactKind.IMAGE,
    }
)  # fmt: skip

_SETTINGS = frozenset(
    {
        FactKind.SETTING, FactKind.LIMIT, FactKind.PORT, FactKind.FEATURE_FLAG, FactKind.SECRET, FactKind.RETENTION,
        FactKind.CREDENTIAL_LIFETIME, FactKind.STORAGE_NAME, FactKind.SCHEDULE, FactKind.ACCESS_POLICY, FactKind.CRYPTO,
        FactKind.BACKUP,
    }
)  # fmt: skip
"""Kinds that a setting gets by its name and value: a limit that became ``None`` is still the same setting."""

_PREFIXED = frozenset({FactKind.ENV_VAR, FactKind.METRIC, FactKind.CLI_FLAG, FactKind.SECRET})
"""Kinds whose names start with the program's own name."""

_MESSAGES = frozenset({FactKind.LOG_CALL, FactKind.ERROR})
"""Kinds whose key is a message: one that was reworded in its function is still the same message."""

_MAX_RENAME_PAIRS = 4000
"""Beyond this many candidate pairs in one file nobody renamed anything; a generated file was rewritten."""

_MAX_SCANNED = 64
"""Statements of one key among which a twin that is written another way is looked for."""

_MAX_ENDS = 12
"""Separators of a name at which another may have been cut off."""

_WEAK_KEYS = frozenset({FactKind.TEXT, FactKind.LOG_CALL, FactKind.ERROR, FactKind.DESTRUCTIVE})
"""Kinds whose key is their content: two of them are never 'the same one, modified' in different scopes."""


def same_statement(before: Fact, after: Fact) -> bool:
    """Whether both sides say the same: equal value (normalised) and equal attributes."""
    return before.attributes == after.attributes and values.same(before.value, after.value)


def compare(before: Sequence[Fact], after: Sequence[Fact]) -> list[Change]:
    """The changes between the facts of the two sides of one file; unchanged statements are left out."""
    gone, come = _drop_same(before, after, lambda f: (f.kind, f.key, f.scope))
    changes: list[Change] = []
    gone, come = _pair(gone, come, lambda f: (f.kind, f.key, f.scope), ChangeKind.MODIFIED, changes)
    gone, come = _pair_moved(gone, come, lambda f: (f.kind, f.key), changes)
    gone, come = _pair(gone, come, _loose_key, ChangeKind.MODIFIED, changes)
    gone, come = _pair(gone, come, _setting_key, ChangeKind.MODIFIED, changes)
    gone, come = _pair_partial(gone, come, changes)
    gone, come = _pair_renamed(gone, come, changes)
    changes += [Change(ChangeKind.REMOVED, fact, None) for fact in gone]
    changes += [Change(ChangeKind.ADDED, None, fact) for fact in come]
    return changes


def settle(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Across the files of one diff: a removal here and an equal addition there is a move; the same key with another
    value is a modification that changed file. Order follows path and line."""
    settled = [change for change in changes if change.kind not in {ChangeKind.ADDED, ChangeKind.REMOVED}]
    gone = [change.before for change in changes if change.kind is ChangeKind.REMOVED and change.before]
    come = [change.after for change in changes if change.kind is ChangeKind.ADDED and change.after]
    gone, come = _pair_moved(gone, come, lambda f: (f.kind, f.key), settled)
    gone, come = _pair_moved(gone, come, _leaf_and_value, settled)
    gone, come = _pair(gone, come, _unique_key(gone, come), ChangeKind.MODIFIED, settled)
    settled += [Change(ChangeKind.REMOVED, fact, None) for fact in gone]
    settled += [Change(ChangeKind.ADDED, None, fact) for fact in come]
    return tuple(sorted(settled, key=_order))


def _order(change: Change) -> tuple[str, int, str, str]:
    fact = change.fact
    return (fact.span.path, fact.span.start_line, fact.kind.value, fact.key)


def _loose_key(fact: Fact) -> Hashable:
    if fact.kind in _WEAK_KEYS or fact.kind is FactKind.GUARD:
        return (fact.kind, fact.key, fact.scope)
    return (fact.kind, fact.key)


def _setting_key(fact: Fact) -> Hashable:
    return ("setting", fact.key, fact.scope) if fact.kind in _SETTINGS else id(fact)


def _leaf_and_value(fact: Fact) -> Hashable:
    if fact.kind in {FactKind.BEHAVIOUR, FactKind.SYMBOL}:
        return (fact.kind, leaf(fact.key), fact.value.text)
    return (fact.kind, fact.key, fact.value.text)


def _unique_key(gone: Sequence[Fact], come: Sequence[Fact]) -> Callable[[Fact], Hashable]:
    """A key that joins two facts of different files only when each side has exactly one of them and the name is
    telling (alerts, metrics, flags, environment variables, routes, or dotted and long names)."""
    counts: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for side, facts in enumerate((gone, come)):
        for fact in facts:
            counts[(fact.kind, fact.key)][side] += 1

    def key(fact: Fact) -> Hashable:
        telling = fact.kind in {
            FactKind.ALERT, FactKind.METRIC, FactKind.CLI_FLAG, FactKind.ENV_VAR, FactKind.ROUTE, FactKind.SYMBOL,
        } or ("_" in fact.key and len(fact.key) > 8) or ("." not in fact.key and len(words(fact.key)) > 2)  # fmt: skip
        if telling and counts[(fact.kind, fact.key)] == [1, 1]:
            return (fact.kind, fact.key)
        return id(fact)

    return key


def _pair_partial(gone: Sequence[Fact], come: Sequence[Fact], changes: list[Change]) -> tuple[list[Fact], list[Fact]]:
    """A name of which one side knows only the end (alias ``*.name`` or ``*_name``: its prefix stands in another file)
    is the other side's longer name, not a rename; only another value is a change."""
    partial: dict[Hashable, list[int]] = defaultdict(list)
    whole: dict[Hashable, list[int]] = defaultdict(list)
    for place, fact in enumerate(come):
        for end in _known_ends(fact):
            partial[(fact.kind, end)].append(place)
        for end in _ends(fact.key):
            whole[(fact.kind, end)].append(place)
    left: list[Fact] = []
    used: set[int] = set()
    for fact in gone:
        places = [place for end in _known_ends(fact) for place in whole.get((fact.kind, end), ())]
        places += [place for end in _ends(fact.key) for place in partial.get((fact.kind, end), ())]
        twin = min((place for place in places if place not in used), default=None)
        if twin is None:
            left.append(fact)
            continue
        used.add(twin)
        if not values.same(fact.value, come[twin].value):
            changes.append(Change(ChangeKind.MODIFIED, fact, come[twin]))
    return left, [fact for place, fact in enumerate(come) if place not in used]


def _known_ends(fact: Fact) -> list[str]:
    """The ends of a name whose beginning is not known: ``_name`` of the alias ``*_name``."""
    return [alias[1:] for alias in fact.aliases if alias.startswith("*")]


def _ends(key: str) -> list[str]:
    """The ends of a whole name at its separators, the shorter ones only of a name with very many."""
    return [key[place:] for place, char in enumerate(key) if char in "._"][-_MAX_ENDS:]


def _buckets(facts: Sequence[Fact], key: Callable[[Fact], Hashable]) -> dict[Hashable, list[Fact]]:
    found: dict[Hashable, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[key(fact)].append(fact)
    return found


class _Twins:
    """The statements of one side, from which each twin is taken once. A twin written the same way is found at once;
    one written another way (``1h`` and ``60m``) among the first ``_MAX_SCANNED`` of its key, because thousands of
    statements of one key are a list, and comparing each with each would cost the square."""

    def __init__(self, facts: Sequence[Fact], key: Callable[[Fact], Hashable]) -> None:
        self._facts, self._key = facts, key
        self._exact = _buckets(facts, lambda f: (key(f), f.attributes, f.value.text))
        self._alike: dict[Hashable, deque[Fact]] = {k: deque(b) for k, b in _buckets(facts, key).items()}
        self._taken: set[int] = set()

    def take(self, fact: Fact) -> Fact | None:
        """The twin of a fact, or None."""
        exact = self._exact.get((self._key(fact), fact.attributes, fact.value.text), [])
        while exact:
            twin = exact.pop(0)
            if id(twin) not in self._taken and same_statement(fact, twin):
                self._taken.add(id(twin))
                return twin
        bucket = self._alike.get(self._key(fact), deque())
        while bucket and id(bucket[0]) in self._taken:
            bucket.popleft()
        for other in islice(bucket, _MAX_SCANNED):
            if id(other) not in self._taken and same_statement(fact, other):
                self._taken.add(id(other))
                return other
        return None

    def left(self) -> list[Fact]:
        """The statements that were not taken, in their order."""
        return [fact for fact in self._facts if id(fact) not in self._taken]


def _drop_same(
    before: Sequence[Fact], after: Sequence[Fact], key: Callable[[Fact], Hashable]
) -> tuple[list[Fact], list[Fact]]:
    twins = _Twins(after, key)
    return [fact for fact in before if twins.take(fact) is None], twins.left()


def _pair(
    gone: Sequence[Fact],
    come: Sequence[Fact],
    key: Callable[[Fact], Hashable],
    kind: ChangeKind,
    changes: list[Change],
) -> tuple[list[Fact], list[Fact]]:
    candidates = _buckets(come, key)
    left: list[Fact] = []
    for fact in gone:
        bucket = candidates.get(key(fact))
        if bucket:
            changes.append(Change(kind, fact, bucket.pop(0)))
        else:
            left.append(fact)
    kept = {id(fact) for bucket in candidates.values() for fact in bucket}
    return left, [fact for fact in come if id(fact) in kept]


def _pair_moved(
    gone: Sequence[Fact], come: Sequence[Fact], key: Callable[[Fact], Hashable], changes: list[Change]
) -> tuple[list[Fact], list[Fact]]:
    twins = _Twins(come, key)
    left: list[Fact] = []
    for fact in gone:
        twin = twins.take(fact)
        if twin is None:
            left.append(fact)
        else:
            changes.append(Change(ChangeKind.MOVED, fact, twin))
    return left, twins.left()


def _likeness(before: Fact, after: Fact, shapes: Mapping[str, str]) -> float:
    """How much two facts look like one thing renamed; 0 when they do not. ``shapes`` holds the body hashes of the
    definitions that went and came, by ``-name`` and ``+name``."""
    if before.kind is FactKind.SYMBOL:
        shape = shapes.get(f"-{before.key}")
        return 100.0 if shape and shape == shapes.get(f"+{after.key}") else 0.0
    if before.kind in _MESSAGES:
        return _reworded(before, after)
    if before.kind is FactKind.IMAGE:
        return RENAMED_AT if before.scope == after.scope else 0.0
    if before.attribute("tag") and before.attribute("tag") == after.attribute("tag"):
        return 100.0
    names = _name_likeness(before, after)
    telling = values.same(before.value, after.value) and len(before.value.text) > 2
    if before.scope != after.scope and before.kind is not FactKind.METRIC:
        names -= 10
    if telling and names >= RENAMED_WITH_VALUE_AT:
        return names + 30
    if before.scope == after.scope and before.kind is not FactKind.METRIC and _longer_name(before.key, after.key):
        return max(names, RENAMED_AT)
    return names if names >= RENAMED_AT else 0.0


def _longer_name(before: str, after: str) -> bool:
    """Whether one name is the other with a word or two added: ``WORKERS`` and ``APP_WORKERS``."""
    shorter, longer = sorted((words(leaf(before)), words(leaf(after))), key=len)
    return sum(map(len, shorter)) > 3 and set(shorter) < set(longer) and len(longer) <= len(shorter) + 2


def _name_likeness(before: Fact, after: Fact) -> float:
    """Likeness of two names, 0 to 100. Environment variables and metrics share a prefix with all their siblings, so the
    words that they have in common do not speak for a rename unless most of the name is among them."""
    from rapidfuzz import fuzz  # 15 ms that only diffs with a possible rename pay

    one, other = leaf(before.key).casefold(), leaf(after.key).casefold()
    likeness = fuzz.ratio(one, other)
    if before.kind in _PREFIXED:
        first, second = words(one), words(other)
        if len(first) > 1 and len(second) > 1 and first[0] == second[0]:
            likeness = min(likeness, fuzz.ratio("_".join(first[1:]), "_".join(second[1:])))
    return likeness


def _reworded(before: Fact, after: Fact) -> float:
    """The likeness of two messages of one function that are logged or raised the same way."""
    if before.scope != after.scope or not values.same(before.value, after.value):
        return 0.0
    if before.kind is FactKind.ERROR and before.value.text != "raised":
        return 0.0
    from rapidfuzz import fuzz

    was, now = before.key.casefold(), after.key.casefold()
    likeness = max(fuzz.ratio(was, now), fuzz.token_sort_ratio(was, now))
    return likeness if likeness >= RENAMED_AT else 0.0


def _pair_renamed(gone: list[Fact], come: list[Fact], changes: list[Change]) -> tuple[list[Fact], list[Fact]]:
    pairs: list[tuple[float, int, int]] = []
    by_kind = _buckets(come, lambda f: f.kind)
    total = sum(len(by_kind.get(f.kind, ())) for f in gone if f.kind in _RENAMABLE | _MESSAGES)
    if total > _MAX_RENAME_PAIRS:
        return gone, come
    places = {id(fact): index for index, fact in enumerate(come)}
    shapes = {f"-{f.key}": f.value.text for f in gone if f.kind is FactKind.BEHAVIOUR}
    shapes |= {f"+{f.key}": f.value.text for f in come if f.kind is FactKind.BEHAVIOUR}
    for i, fact in enumerate(gone):
        if fact.kind not in _RENAMABLE | _MESSAGES:
            continue
        for other in by_kind.get(fact.kind, ()):
            score = _likeness(fact, other, shapes)
            if score:
                pairs.append((-score, i, places[id(other)]))
    used_before: set[int] = set()
    used_after: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in used_before and j not in used_after:
            used_before.add(i)
            used_after.add(j)
            # A local variable's new name is nobody's business: the same statement has moved to it.
            same_local = gone[i].attribute("local") and same_statement(gone[i], come[j])
            kind = ChangeKind.MOVED if same_local else ChangeKind.RENAMED
            changes.append(Change(kind, gone[i], come[j]))
    _drop_renamed_bodies(gone, come, changes, used_before, used_after)
    return (
        [fact for i, fact in enumerate(gone) if i not in used_before],
        [fact for j, fact in enumerate(come) if j not in used_after],
    )


def _drop_renamed_bodies(
    gone: Sequence[Fact], come: Sequence[Fact], changes: Sequence[Change], before: set[int], after: set[int]
) -> None:
    """The unchanged bodies of renamed definitions are no change of their own."""
    renamed = [(c.before.key, c.after.key) for c in changes if c.kind is ChangeKind.RENAMED and c.before and c.after]
    bodies_gone = {f.key: i for i, f in enumerate(gone) if f.kind is FactKind.BEHAVIOUR}
    bodies_come = {f.key: i for i, f in enumerate(come) if f.kind is FactKind.BEHAVIOUR}
    for was, now in renamed:
        i, j = bodies_gone.get(was), bodies_come.get(now)
        if i is not None and j is not None and values.same(gone[i].value, come[j].value):
            before.add(i)
            after.add(j)
