"""The registry of rules, and judging changes with them. A new rule is one line here, one module, one test folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import cast

from analyzers.findings import Rule
from analyzers.model import Change, ChangeKind, FactKind, Finding
from analyzers.rules.consequences import distinct, primary

REGISTRY: tuple[str, ...] = (
    "auth/access-policy-changed",
    "auth/authentication-logic-changed",
    "auth/credential-lifetime-changed",
    "auth/crypto-changed",
    "auth/guard-added",
    "auth/guard-changed",
    "auth/guard-removed",
    "auth/role-grant-changed",
    "auth/role-granted",
    "auth/route-unguarded",
    "auth/secret-reference-changed",
    "auth/verification-disabled",
    "data/backup-changed",
    "data/destructive-operation-added",
    "data/payload-logged",
    "data/persistence-logic-changed",
    "data/personal-data-field-added",
    "data/retention-changed",
    "data/schema-changed",
    "data/storage-name-changed",
    "ops/alert-added",
    "ops/alert-changed",
    "ops/alert-removed",
    "ops/cli-flag-changed",
    "ops/entry-point-changed",
    "ops/env-var-changed",
    "ops/error-handling-changed",
    "ops/error-message-changed",
    "ops/exit-code-changed",
    "ops/feature-flag-changed",
    "ops/image-changed",
    "ops/limit-changed",
    "ops/metric-changed",
    "ops/operational-logic-changed",
    "ops/pipeline-changed",
    "ops/port-changed",
    "ops/route-changed",
    "ops/schedule-changed",
    "ops/setting-added",
    "ops/setting-default-changed",
    "ops/setting-removed",
    "ops/workload-changed",
)
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
    """All findings on the changes, in the changes' order; a moved statement is none, nor is what only follows from
    another change. A finding that repeats another's rule, subject, message and path is dropped, and so is one that
    says less about the same thing."""
    findings: list[Finding] = []
    seen: set[tuple[object, ...]] = set()
    for change in primary(changes):
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
    return distinct(findings)
