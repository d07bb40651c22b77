"""The registry of rules, and judging changes with them. A new rule is one line here, one module, one test folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import cast

from analyzers.findings import Rule
from analyzers.model import Change, ChangeKind, FactKind, Finding
from analyzers.rules.consequences import distinct, primary
from analyzers.rules.kinds import NAMED

_NAMED = tuple(NAMED)

REGISTRY: Mapping[str, tuple[FactKind, ...]] = {
    "auth/access-policy-changed": (*_NAMED, FactKind.ACCESS_POLICY),
    "auth/authentication-logic-changed": (FactKind.BEHAVIOUR,),
    "auth/credential-lifetime-changed": (*_NAMED, FactKind.CREDENTIAL_LIFETIME),
    "auth/crypto-changed": (*_NAMED, FactKind.CRYPTO),
    "auth/guard-added": (FactKind.GUARD,),
    "auth/guard-changed": (FactKind.GUARD,),
    "auth/guard-removed": (FactKind.GUARD,),
    "auth/role-grant-changed": (FactKind.ROLE_GRANT,),
    "auth/role-granted": (FactKind.ROLE_GRANT,),
    "auth/route-unguarded": (FactKind.ROUTE,),
    "auth/secret-reference-changed": (FactKind.SECRET, FactKind.ENV_VAR),
    "auth/verification-disabled": (
        *_NAMED,
        FactKind.GUARD,
        FactKind.CRYPTO,
        FactKind.ACCESS_POLICY,
        FactKind.FEATURE_FLAG,
    ),
    "data/backup-changed": (*_NAMED, FactKind.BACKUP),
    "data/destructive-operation-added": (FactKind.DESTRUCTIVE,),
    "data/payload-logged": (FactKind.LOG_CALL,),
    "data/persistence-logic-changed": (FactKind.BEHAVIOUR,),
    "data/personal-data-field-added": (FactKind.COLUMN,),
    "data/retention-changed": (*_NAMED, FactKind.RETENTION),
    "data/schema-changed": (FactKind.TABLE, FactKind.COLUMN, FactKind.INDEX, FactKind.CONSTRAINT, FactKind.DESTRUCTIVE),
    "data/storage-name-changed": (*_NAMED, FactKind.STORAGE_NAME),
    "ops/alert-added": (FactKind.ALERT,),
    "ops/alert-changed": (FactKind.ALERT,),
    "ops/alert-removed": (FactKind.ALERT,),
    "ops/cli-flag-changed": (FactKind.CLI_FLAG,),
    "ops/entry-point-changed": (FactKind.TARGET,),
    "ops/env-var-changed": (FactKind.ENV_VAR,),
    "ops/error-handling-changed": (FactKind.ERROR,),
    "ops/error-message-changed": (FactKind.LOG_CALL, FactKind.ERROR),
    "ops/exit-code-changed": (FactKind.EXIT_CODE,),
    "ops/feature-flag-changed": (FactKind.FEATURE_FLAG,),
    "ops/image-changed": (FactKind.IMAGE, FactKind.BEHAVIOUR),
    "ops/limit-changed": (FactKind.LIMIT,),
    "ops/metric-changed": (FactKind.METRIC,),
    "ops/operational-logic-changed": (FactKind.BEHAVIOUR,),
    "ops/pipeline-changed": (FactKind.CI_JOB,),
    "ops/port-changed": (FactKind.PORT,),
    "ops/route-changed": (FactKind.ROUTE,),
    "ops/schedule-changed": (FactKind.SCHEDULE,),
    "ops/setting-added": (FactKind.SETTING,),
    "ops/setting-default-changed": (FactKind.SETTING,),
    "ops/setting-removed": (FactKind.SETTING,),
    "ops/workload-changed": (FactKind.WORKLOAD,),
}
"""Rule ids in the order of the documentation, with the kinds of facts that each one judges (its ``KINDS``; a test
compares), so that a check imports the rules that it needs. The module of ``auth/guard-removed`` is
``analyzers.rules.auth.guard_removed``."""


def module_name(rule: str) -> str:
    """``auth/guard-removed`` → ``analyzers.rules.auth.guard_removed``."""
    return "analyzers.rules." + rule.replace("/", ".").replace("-", "_")


@cache
def load(rule: str) -> Rule:
    """The module of a registered rule."""
    return cast(Rule, import_module(module_name(rule)))


def all_rules() -> tuple[Rule, ...]:
    """Every registered rule's module, in registry order."""
    return tuple(load(rule) for rule in REGISTRY)


@cache
def rules_for(kind: FactKind) -> tuple[Rule, ...]:
    """The rules that judge facts of that kind, in registry order."""
    return tuple(load(rule) for rule, kinds in REGISTRY.items() if kind in kinds)


def judge(changes: Sequence[Change]) -> tuple[Finding, ...]:
    """All findings on the changes, in the changes' order; a moved statement is none, nor is what only follows from
    another change. A finding that repeats another's rule, subject, message and path is dropped, and so is one that
    says less about the same thing."""
    findings: list[Finding] = []
    seen: set[tuple[object, ...]] = set()
    for change in primary(changes):
        if change.kind is ChangeKind.MOVED:
            continue
        for rule in rules_for(change.fact.kind):
            for found in rule.check(change):
                key = (found.rule, found.subject, found.message, found.change.path)
                if key not in seen:
                    seen.add(key)
                    findings.append(found)
    return distinct(findings)
