"""What a named value is about, whatever it was read as: environment variables, flags and bare switches included."""

from __future__ import annotations

from analyzers.model import Change, ChangeKind, Fact, FactKind
from analyzers.vocabulary import leaf, setting_kind, words

NAMED = frozenset({FactKind.ENV_VAR, FactKind.CLI_FLAG, FactKind.SETTING})
"""Kinds that say where a value is named, not what it is about."""

_SWITCH = frozenset("enabled enable disabled disable active on off state mode".split())


def about(change: Change, kind: FactKind) -> bool:
    """Whether the change is one of a value of that kind.

    An environment variable or flag is of the kind that a setting of its name would have, but only where its value
    changed: that it is new or renamed is for the rules on operations. A bare switch (``backup.enabled``) is of the kind
    of what it switches.
    """
    fact = change.fact
    if fact.kind is kind:
        return True
    if fact.kind not in NAMED:
        return False
    if fact.kind is FactKind.SETTING:
        return _switched(fact) is kind
    changed = change.before is not None and change.after is not None and change.kind is not ChangeKind.RENAMED
    return changed and setting_kind(leaf(fact.key).replace("-", "_"), fact.value) is kind


def _switched(fact: Fact) -> FactKind | None:
    parts = fact.key.replace("/", ".").split(".")
    if len(parts) < 2 or not set(words(parts[-1])) <= _SWITCH:
        return None
    found = setting_kind(parts[-2], fact.value)
    return None if found is FactKind.SETTING else found
