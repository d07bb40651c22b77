"""The main flow on one screen: diffs and runbooks in, report out. Pure; ``workspace.py`` gathers the inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from analyzers.model import Change, ChangeKind, FactKind, FileDiff, Finding, Severity, Skipped
from analyzers.pipeline import Analysis, Limits, analyse
from runbooks import documented
from runbooks import verdict as judging
from runbooks.config import Config
from runbooks.contradiction import StillDefined, contradictions
from runbooks.index import Index, SectionTerms, section_terms
from runbooks.mapping import Ranked, findings_for, rank, shipped
from runbooks.model import Decision, Directive, Owner, Report, Runbook, Section, Status, Summary, Verdict
from runbooks.outcomes import outcomes_of
from runbooks.query import Query, build, names_of
from runbooks.terms import joined
from runbooks.verdict import Edition, key_of

MAX_SUSPECTS = 8
"""Suspect sections reported per diff: past that, reading them all is rereading the manual."""

MAX_UNNAMED = 3
"""Where no section names anything that changed, only the best ranked are suspect: the right one is among the first
three in most cases (``benchmarks/README.md``), and those after it are noise."""

MAX_UNCOVERED = 20


@dataclass(frozen=True)
class Inputs:
    """All that a check depends on. ``before``/``after`` are the runbooks of base and head (the same tuple when the diff
    changed none, or with ``--without-doc-changes``); ``directives`` come from the policy revision, by section."""

    base: str
    head: str
    policy_revision: str
    diffs: tuple[FileDiff, ...]
    before: tuple[Runbook, ...]
    after: tuple[Runbook, ...]
    as_of: date
    skipped: tuple[Skipped, ...] = ()
    limits: Limits = field(default_factory=Limits)
    disabled: frozenset[str] = frozenset()
    suspect_threshold: float | None = None
    moved: Mapping[str, str] = field(default_factory=dict)
    directives: Mapping[tuple[str, str], tuple[Directive, ...]] = field(default_factory=dict)
    owners: Callable[[Section], tuple[Owner, ...]] = lambda section: ()
    covers: Callable[[Runbook, Sequence[str]], str] = lambda runbook, paths: ""
    still_defined: StillDefined = lambda name: True
    terms: Callable[[Runbook], tuple[SectionTerms, ...]] = section_terms
    head_text: Callable[[str], bytes | None] = lambda path: None
    notes: tuple[str, ...] = ()
    config: Config = field(default_factory=Config)

    @property
    def documents_changed(self) -> bool:
        """Whether the diff changed any runbook."""
        return self.before is not self.after


@dataclass(frozen=True)
class Mapped:
    """The analysis joined with the runbooks, before any verdict: what the benchmark scores."""

    analysis: Analysis
    query: Query
    index: Index
    ranked: tuple[Ranked, ...]


def map_sections(inputs: Inputs) -> Mapped:
    """Analyse the diffs and rank the sections of the before runbooks."""
    analysis = analyse(inputs.diffs, inputs.limits, inputs.disabled)
    query = build(analysis)
    index = _index(inputs, inputs.before)
    ranked = rank(analysis, query, index, covers=_covers(inputs, index, query))
    return Mapped(analysis, query, index, tuple(ranked))


def check(inputs: Inputs, decisions: Sequence[Decision] = ()) -> Report:
    """The report on a diff. Deterministic in its inputs; people's decisions are one of them."""
    return judge(inputs, map_sections(inputs), decisions)


def judge(inputs: Inputs, mapped: Mapped, decisions: Sequence[Decision] = ()) -> Report:
    """The second half of ``check``: verdicts on sections that are already ranked."""
    verdicts = list(_verdicts(inputs, mapped))
    directives = inputs.directives
    judged = [
        judging.decided(v, decisions, directives.get(key_of(v.section), ()) if v.section else (), inputs.as_of)
        for v in verdicts
    ]
    analysis = mapped.analysis
    skipped = tuple(dict.fromkeys((*inputs.skipped, *analysis.skipped)))
    counts = Counter(v.status for v in judged)
    summary = Summary(
        files=len(analysis.diffs),
        changes=sum(change.kind is not ChangeKind.MOVED for change in analysis.changes),
        findings=len(analysis.findings),
        counts=tuple((status.value, counts.get(status, 0)) for status in Status),
        runbooks=len(inputs.after),
        sections=sum(len(runbook.sections) for runbook in inputs.after),
    )
    return Report(
        inputs.base, inputs.head, inputs.policy_revision, tuple(judged), outcomes_of(judged, analysis), skipped,
        summary, complete=not skipped, notes=(*inputs.notes, *_notes(analysis)),
    )  # fmt: skip


def _index(inputs: Inputs, runbooks: Iterable[Runbook]) -> Index:
    return Index((runbook, inputs.terms(runbook)) for runbook in runbooks)


def _covers(inputs: Inputs, index: Index, query: Query) -> Callable[[int], str]:
    claimed = [inputs.covers(document.runbook, query.paths) for document in index.documents]
    return lambda number: claimed[number]


def _notes(analysis: Analysis) -> Iterator[str]:
    if analysis.set_aside:
        yield "not compared: " + ", ".join(f"{count} {reason}" for reason, count in analysis.set_aside)
    if analysis.plain:
        shown = ", ".join(analysis.plain[:3]) + ("…" if len(analysis.plain) > 3 else "")
        yield f"read as plain text (at most suspect): {len(analysis.plain)} ({shown})"


def _verdicts(inputs: Inputs, mapped: Mapped) -> Iterator[Verdict]:
    """Contradicted lines, then corrected ones, then sections that lean on the diff, then what nobody documents."""
    analysis = mapped.analysis
    if not analysis.changes:
        return
    after_index = _index(inputs, inputs.after) if inputs.documents_changed else mapped.index
    after = Edition.of(inputs.after, inputs.moved)
    finding_for = _finding_lookup(analysis)
    settled: set[tuple[str, str]] = set()
    shown: set[tuple[str, str]] = set()
    for found in contradictions(analysis.changes, after_index, inputs.still_defined):
        finding = finding_for(found.change)
        if finding is not None:
            settled.add(key_of(found.section))
            shown.add((finding.rule, finding.subject))
            yield judging.contradicted(found, finding, inputs.owners(found.section), inputs.head)
    if inputs.documents_changed:
        for found in contradictions(analysis.changes, mapped.index, inputs.still_defined):
            section = after.counterpart(found.section)
            finding = finding_for(found.change)
            if section is None or finding is None or key_of(section) in settled:
                continue
            settled.add(key_of(section))
            shown.add((finding.rule, finding.subject))
            yield judging.corrected(found, finding, inputs.owners(section), section)
    for verdict in _leaning(inputs, mapped, after, after_index, finding_for, settled):
        shown.add((verdict.finding.rule, verdict.finding.subject))
        yield verdict
    yield from _also(inputs, mapped, after, settled, shown)
    yield from _uncovered(analysis, (mapped.index, after_index), shown)


def _also(
    inputs: Inputs, mapped: Mapped, after: Edition, settled: set[tuple[str, str]], shown: set[tuple[str, str]]
) -> Iterator[Verdict]:
    """What else was found of sections that already have a verdict for one of their lines: a lost guard does not go
    unsaid because a timeout on the same page is wrong too."""
    for ranked in mapped.ranked:
        counterpart = after.counterpart(ranked.section)
        if key_of(counterpart or ranked.section) not in settled:
            continue
        for finding in judging.worst_first(findings_for(ranked, mapped.analysis.findings)):
            if finding.severity is Severity.LOW or (finding.rule, finding.subject) in shown:
                continue
            shown.add((finding.rule, finding.subject))
            owners = inputs.owners(counterpart or ranked.section)
            yield judging.leaning(ranked, finding, owners, counterpart, documents_changed=inputs.documents_changed)


def _leaning(
    inputs: Inputs,
    mapped: Mapped,
    after: Edition,
    after_index: Index,
    finding_for: Callable[[Change], Finding | None],
    settled: set[tuple[str, str]],
) -> Iterator[Verdict]:
    threshold = inputs.suspect_threshold if inputs.suspect_threshold is not None else shipped().suspect
    for ranked in _suspects(mapped.ranked, threshold, settled, after):
        counterpart = after.counterpart(ranked.section)
        for finding in _tied(ranked, mapped.analysis, finding_for):
            owners = inputs.owners(counterpart or ranked.section)
            yield judging.leaning(ranked, finding, owners, counterpart, documents_changed=inputs.documents_changed)
    if inputs.documents_changed:
        known = {key_of(section) for section in Edition.of(inputs.before).sections.values()}
        known = {(inputs.moved.get(path, path), slug) for path, slug in known}
        fresh = rank(mapped.analysis, mapped.query, after_index, covers=_covers(inputs, after_index, mapped.query))
        for ranked in fresh:
            if key_of(ranked.section) in known or key_of(ranked.section) in settled:
                continue
            if ranked.alert >= threshold or ranked.candidate.values.get("heading"):
                for finding in _tied(ranked, mapped.analysis, finding_for)[:1]:
                    yield judging.written(ranked, finding, inputs.owners(ranked.section))


def _suspects(
    ranked: Sequence[Ranked], threshold: float, settled: set[tuple[str, str]], after: Edition
) -> list[Ranked]:
    """The sections above the threshold that name something that changed, explicit ties first, then by rank, and always
    the best ranked one. Where none is named the three best ranked, because then they are all there is to look at."""
    above = [
        r for r in ranked if r.alert >= threshold and key_of(after.counterpart(r.section) or r.section) not in settled
    ]
    best = [r for r in ranked[:1] if r in above]
    named = sorted((r for r in above if r.changes or r.explicit), key=lambda r: not r.explicit)
    if named or settled:
        return [*(r for r in named if r.explicit), *(r for r in best if not r.explicit),
                *(r for r in named if not r.explicit and r not in best)][:MAX_SUSPECTS]  # fmt: skip
    return [r for r in ranked[:MAX_UNNAMED] if r in above]


def _tied(ranked: Ranked, analysis: Analysis, finding_for: Callable[[Change], Finding | None]) -> list[Finding]:
    """The findings to show for a section: those whose names it states, else those on a definition of which it names
    something, else the changes that it names, else the diff's worst finding, else its first change. At most a few, and
    one per subject."""
    named = judging.worst_first(findings_for(ranked, analysis.findings))
    if not named:
        places = {_place(change) for change in ranked.changes if change.fact.symbol}
        named = judging.worst_first(f for f in analysis.findings if f.change.fact.symbol and _place(f.change) in places)
    if not named:
        found = (finding_for(change) for change in ranked.changes[:5])
        named = [finding for finding in found if finding is not None][:1]
    if not named:
        named = judging.worst_first(analysis.findings)[:1]
    if not named:
        found = (finding_for(change) for change in analysis.changes[:20])
        named = [finding for finding in found if finding is not None][:1]
    unique = {(finding.rule, finding.subject): finding for finding in reversed(named)}
    chosen = [finding for finding in named if unique.get((finding.rule, finding.subject)) is finding]
    return chosen[: judging.FINDINGS_PER_SECTION]


def _place(change: Change) -> tuple[str, str]:
    """Path and symbol of a change: what a section names and what a rule found are often two facts of one definition."""
    return (change.path, change.fact.symbol.name if change.fact.symbol else "")


def _finding_lookup(analysis: Analysis) -> Callable[[Change], Finding | None]:
    """The worst finding on a change, or one that says that documented behaviour changed."""
    by_change: dict[int, Finding] = {}
    for finding in reversed(judging.worst_first(analysis.findings)):
        by_change[id(finding.change)] = finding

    def lookup(change: Change) -> Finding | None:
        known = by_change.get(id(change))
        return known or next(documented.on_mention(change), None)

    return lookup


def _uncovered(analysis: Analysis, indexes: Sequence[Index], shown: set[tuple[str, str]]) -> Iterator[Verdict]:
    """Risky findings whose names no section of either side states, each subject once and not if ``shown`` already."""
    seen = set(shown)
    told = 0
    for finding in judging.worst_first(analysis.findings):
        if finding.severity is Severity.LOW or (finding.rule, finding.subject) in seen:
            continue
        if finding.change.fact.kind is FactKind.BEHAVIOUR:
            continue
        sides = (finding.change.before, finding.change.after)
        names = {joined(name) for fact in sides if fact for name in names_of(fact)}
        if any(index.by_name.get(name) for index in indexes for name in names if len(name) > 2):
            continue
        seen.add((finding.rule, finding.subject))
        yield judging.uncovered(finding)
        told += 1
        if told >= MAX_UNCOVERED:
            return
