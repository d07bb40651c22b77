"""From a diff to the sections that lean on it: signals, one table of weights, a ranked list, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analyzers.model import Change, ChangeKind, FactKind, Finding
from analyzers.pipeline import Analysis
from runbooks.history import Together
from runbooks.index import Index
from runbooks.model import Reason, Section
from runbooks.query import Query
from runbooks.signals import FEATURES, SIGNALS, TELLING, Candidate, candidates

EXPLICIT = 0.95
"""Least alert of a section with an explicit tie: its heading is the changed alert (or other name), it names in code
style what a rule judged, or its front matter covers the path. A predicate, not a weight; see
``docs/decisions/0004-explicit-ties.md``."""

REASONS_SHOWN = 4
"""Reasons kept per section: more than four and nobody reads any."""


@dataclass(frozen=True)
class Weights:
    """The fitted table: ``rank`` by signal, ``alert`` by feature (with ``bias``), the least alert that is a suspect."""

    rank: Mapping[str, float]
    alert: Mapping[str, float]
    suspect: float


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The weights that the product ships with. The table is our own, a number a line: reading it as such saves a check
    the import of a TOML parser (a test compares the two)."""
    tables: dict[str, dict[str, float]] = {}
    table = ""
    for line in Path(__file__).with_name("weights.toml").read_text(encoding="utf-8").splitlines():
        name, _, number = line.partition("#")[0].partition(" = ")
        if line.startswith("["):
            table = line.strip("[]")
        elif table and number:
            tables.setdefault(table, {})[name.strip('"')] = float(number)
    return Weights(tables["rank"], tables["alert"], tables["threshold"]["suspect"])


@dataclass(frozen=True, slots=True)
class Ranked:
    """A section in the order of how much it leans on the diff. ``alert`` in 0..1 is how sure it is that somebody must
    look at it; the threshold of *suspect* applies to it. ``changes`` are those whose name the section states;
    ``explicit`` is a tie by predicate."""

    section: Section
    score: float
    alert: float
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    candidate: Candidate
    explicit: bool = False


def rank(
    analysis: Analysis,
    query: Query,
    index: Index,
    *,
    covers: Callable[[int], str] | None = None,
    past: Sequence[Together] = (),
    weights: Weights | None = None,
    limit: int = 80,
) -> list[Ranked]:
    """The sections that share anything with the diff, best first; equal scores in document order. Empty when nothing
    changed behaviour."""
    weights = weights or shipped()
    if not analysis.changes:
        return []
    found = candidates(query, index, covers, past)
    scored = [(sum(weights.rank.get(name, 0.0) * value for name, value in c.values.items()), c) for c in found]
    scored.sort(key=lambda pair: (-pair[0], pair[1].place))
    diff_features = features_of_diff(analysis)
    chosen = _explicit(scored, index)
    return [
        Ranked(
            index.sections[candidate.place].section,
            round(score, 6),
            max(
                alert_of(candidate, diff_features, weights),
                EXPLICIT if candidate.place in chosen else 0.0,
            ),
            _reasons(candidate, weights),
            _named(query, index, candidate.place),
            candidate,
            candidate.place in chosen,
        )
        for score, candidate in scored[:limit]
    ]


_TELLING_KINDS: Mapping[str, frozenset[FactKind]] = {
    "has_setting": frozenset(
        {FactKind.SETTING, FactKind.LIMIT, FactKind.RETENTION, FactKind.CREDENTIAL_LIFETIME, FactKind.FEATURE_FLAG,
         FactKind.ACCESS_POLICY, FactKind.CRYPTO, FactKind.BACKUP, FactKind.STORAGE_NAME, FactKind.SCHEDULE}
    ),
    "has_flag": frozenset({FactKind.CLI_FLAG}),
    "has_env": frozenset({FactKind.ENV_VAR, FactKind.SECRET}),
    "has_metric": frozenset({FactKind.METRIC}),
    "has_alert": frozenset({FactKind.ALERT}),
    "has_route": frozenset({FactKind.ROUTE}),
    "has_port": frozenset({FactKind.PORT}),
    "has_deploy": frozenset({FactKind.WORKLOAD, FactKind.IMAGE, FactKind.CI_JOB, FactKind.TARGET}),
    "has_schema": frozenset({FactKind.TABLE, FactKind.COLUMN, FactKind.DESTRUCTIVE}),
}  # fmt: skip


DIFF_FEATURES = (*(n for k in _TELLING_KINDS for n in (k, f"{k}_added")), "changes", "files", "findings")

ALERT_FEATURES = (*(f"signal.{name}" for name in FEATURES), *(f"diff.{name}" for name in DIFF_FEATURES))
"""Everything that the alert table may weigh, by the names that stand in it."""


def features_of_diff(analysis: Analysis) -> dict[str, float]:
    """What kind of diff it is, whatever the runbooks say: which kinds of facts came, went or changed, and how big."""
    features: dict[str, float] = {}
    for name, kinds in _TELLING_KINDS.items():
        changed = [c for c in analysis.changes if c.fact.kind in kinds]
        if changed:
            features[name] = 1.0
        if any(c.kind is ChangeKind.ADDED for c in changed):
            features[f"{name}_added"] = 1.0
    features["changes"] = math.log1p(len(analysis.changes))
    features["files"] = math.log1p(len(analysis.diffs))
    features["findings"] = math.log1p(len(analysis.findings))
    return features


def alert_of(candidate: Candidate, diff: Mapping[str, float], weights: Weights) -> float:
    """The logistic of the alert table over the section's signals and the diff's features, in 0..1."""
    table = weights.alert
    total = table.get("bias", 0.0)
    total += sum(table.get(f"signal.{name}", 0.0) * value for name, value in candidate.values.items())
    total += sum(table.get(f"diff.{name}", 0.0) * value for name, value in diff.items())
    alert = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
    return round(alert, 6)


def _explicit(scored: Sequence[tuple[float, Candidate]], index: Index) -> frozenset[int]:
    """The sections tied to what changed by a predicate: those whose heading is its name, those that name in code style
    what a rule judged and, of a runbook that claims the path, the best one (a claim on a path is no claim that every
    section speaks of it)."""
    chosen = {c.place for _, c in scored if c.values.get("heading") or c.values.get("judged")}
    claimed: set[int] = set()
    for _, candidate in scored:
        document = index.document_of[candidate.place]
        section = index.sections[candidate.place].section
        says_something = section.title and any(block.kind != "heading" for block in section.blocks)
        if candidate.values.get("covers") and document not in claimed and says_something:
            claimed.add(document)
            chosen.add(candidate.place)
    return frozenset(chosen)


def _reasons(candidate: Candidate, weights: Weights) -> tuple[Reason, ...]:
    """The reasons of a section in the order in which they convince a person; those that only rank come last."""
    order = {name: place for place, name in enumerate(TELLING)}
    present = sorted((name for name in SIGNALS if candidate.values.get(name)), key=lambda n: (order.get(n, 99), n))
    told = [name for name in present if name in order and candidate.details.get(name)] or present
    return tuple(
        Reason(
            name,
            round(weights.rank.get(name, 0.0) * candidate.values[name], 4),
            SIGNALS[name].format(detail=candidate.details.get(name, "it")),
        )
        for name in told[:REASONS_SHOWN]
    )


def _named(query: Query, index: Index, place: int) -> tuple[Change, ...]:
    section = index.sections[place]
    named: dict[int, Change] = {}
    present = section.names.keys() | section.coded | section.heading_names
    for name in sorted(query.keys.keys() & present, key=lambda n: (-index.name_rarity(n), n)):
        for change in query.keys[name]:
            named.setdefault(id(change), change)
    return tuple(named.values())


def findings_for(ranked: Ranked, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that a section speaks of: those on changes that it names; else none."""
    named = {id(change) for change in ranked.changes}
    return tuple(finding for finding in findings if id(finding.change) in named)
