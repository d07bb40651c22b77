"""The registry of rules, and judging changes with them. A new rule is one line here, one module, one test folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import cast

from analyzers.findings import Rule
from analyzers.model import Change, ChangeKind, FactKind, Finding

REGISTRY: tuple[str, ...] = ()
"""Rule ids in the order of the documentation. The module of ``auth/guard-removed`` is
``analyzers.rules.auth.guard_removed``."""


def module_name(rule: str) -> str:
    """``auth/guard-removed`` → ``analyzers.rules.auth.guard_removed``."""
    return "analyzers.rules." + rule.replace("/", ".").replace("-", "_")


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every registered rule's module, in registry order."""
    return tuple(cast(Rule, import_module(module_name(rule))) for rule in REGISTRY)


@lru_cache(maxsize=1)
def _by_kind() -> dict[FactKind, tuple[Rule, ...]]:
    index: dict[FactKind, list[Rule]] = defaultdict(list)
    for rule in all_rules():
        for kind in rule.KINDS:
            index[kind].append(rule)
    return {kind: tuple(found) for kind, found in index.items()}


def judge(changes: Sequence[Change], disabled: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """All findings on the changes, in the changes' order; a moved statement is none. A finding that repeats another's
    fingerprint and evidence is dropped."""
    findings: list[Finding] = []
    seen: set[tuple[object, ...]] = set()
    for change in changes:
        if change.kind is ChangeKind.MOVED:
            continue
        for rule in _by_kind().get(change.fact.kind, ()):
            if rule.ID in disabled:
                continue
            for found in rule.check(change):
                key = (found.rule, found.subject, found.message, found.change.path)
                if key not in seen:
                    seen.add(key)
                    findings.append(found)
    return tuple(findings)
