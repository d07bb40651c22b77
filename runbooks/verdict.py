"""From ranked sections and contradictions to verdicts: what is true of each section after the diff."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from analyzers.model import Change, Evidence, Finding, Severity, Span
from runbooks.contradiction import Contradiction
from runbooks.mapping import Ranked
from runbooks.model import (
    Decision,
    Directive,
    DirectiveKind,
    Owner,
    Reason,
    Runbook,
    Section,
    Status,
    Verdict,
)
from runbooks.query import names_of
from runbooks.terms import joined, terms

FINDINGS_PER_SECTION = 3
"""Findings named per suspect section; the section has to be read once, whatever their number."""

_SEVERITY = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}

SectionKey = tuple[str, str]
OwnersOf = Callable[[Section], tuple[Owner, ...]]
FindingFor = Callable[[Change], Finding | None]


@dataclass(frozen=True)
class Edition:
    """The runbooks of one side, by section. ``moved`` maps a before path to its after path where git saw a rename."""

    sections: Mapping[SectionKey, Section]
    moved: Mapping[str, str]

    @classmethod
    def of(cls, runbooks: Iterable[Runbook], moved: Mapping[str, str] | None = None) -> Edition:
        """The edition of these runbooks."""
        return cls({(s.path, s.slug): s for runbook in runbooks for s in runbook.sections}, moved or {})

    def counterpart(self, section: Section) -> Section | None:
        """The same section on this side: by path (following a rename) and slug."""
        return self.sections.get((self.moved.get(section.path, section.path), section.slug))


def key_of(section: Section) -> SectionKey:
    """What identifies a section within one revision."""
    return (section.path, section.slug)


# -- updated ------------------------------------------------------------------------------------------------------

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2},? \d{4}\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[*_`~>#|\\]+|<!--.*?-->|https?://\S+", re.DOTALL)


def substance(text: str) -> str:
    """What a block says, without white space, markup, link targets and dates: the part whose change is an update."""
    text = _LINK.sub(r"\1", text)
    text = _MARKUP.sub(" ", _DATE.sub(" ", text))
    return " ".join(text.split())


def earned_update(before: Section, after: Section | None, names: frozenset[str]) -> bool:
    """Whether the diff edited the block that holds a matched anchor. ``names`` are the joined names that tie section
    and diff; without any, each block of the section counts. A deleted or renamed section earns nothing."""
    if after is None:
        return False
    if before is after or before.text == after.text:
        return False
    kept = {substance(block.text) for block in after.blocks}
    holding = [block for block in before.blocks if block.kind != "heading" and (not names or _holds(block.text, names))]
    if not holding:
        was = {substance(block.text) for block in before.blocks}
        return any(_holds(block.text, names) for block in after.blocks if substance(block.text) not in was)
    return any(substance(block.text) not in kept for block in holding)


def _holds(text: str, names: frozenset[str]) -> bool:
    found, _ = terms(text)
    return any(name in names for name in found)


# -- decisions ----------------------------------------------------------------------------------------------------


def decided(verdict: Verdict, decisions: Sequence[Decision], directives: Sequence[Directive], as_of: date) -> Verdict:
    """The verdict after people's words on it: a directive of the section, or a decision whose hashes still agree."""
    if verdict.status not in {Status.CONTRADICTED, Status.SUSPECT}:
        return verdict
    for directive in directives:
        if directive.until is not None and directive.until < as_of:
            continue
        status = Status.SNOOZED if directive.kind is DirectiveKind.SNOOZE else Status.ACKNOWLEDGED
        until = f" until {directive.until}" if directive.until else ""
        return replace(verdict, status=status, reason=f"{status.value}{until} in the runbook: {directive.reason}")
    for decision in decisions:
        fits = (decision.fingerprint, decision.values_hash, decision.section_hash) == (
            verdict.fingerprint,
            verdict.values_hash,
            verdict.section_hash,
        )
        if fits and (decision.until is None or decision.until >= as_of):
            return replace(
                verdict, status=decision.kind, reason=f"{decision.kind.value} by {decision.by}: {decision.reason}"
            )
    return verdict


# -- building -----------------------------------------------------------------------------------------------------


def contradicted(found: Contradiction, finding: Finding, owners: tuple[Owner, ...], revision: str) -> Verdict:
    """The verdict on a line that is now false."""
    span = Span(revision, found.section.path, found.line, found.line)
    reasons = (Reason("contradiction", 1.0, found.reason),)
    return Verdict(
        Status.CONTRADICTED, finding, found.section, found.reason, owners, Evidence(span, found.quote),
        found.suggestion, 1.0, reasons,
    )  # fmt: skip


def corrected(found: Contradiction, finding: Finding, owners: tuple[Owner, ...], after: Section) -> Verdict:
    """The verdict on a section whose false line this diff corrected."""
    reason = f"this diff edited the line that said {found.quote[:80]!r}"
    span = Span("head", after.path, after.span.start_line, after.span.end_line)
    quote = after.title or after.text[:80]
    return Verdict(Status.UPDATED, finding, after, reason, owners, Evidence(span, quote), None, 1.0)


def leaning(
    ranked: Ranked, finding: Finding, owners: tuple[Owner, ...], after: Section | None, *, documents_changed: bool
) -> Verdict:
    """The verdict on a section that leans on the diff: *updated* when the diff earned it, else *suspect*."""
    section = ranked.section
    names = frozenset(joined(n) for c in ranked.changes for f in (c.before, c.after) if f for n in names_of(f))
    status, reason = Status.SUSPECT, _why(ranked)
    if documents_changed and after is None:
        reason = "this diff deleted or renamed the section; " + reason
    elif documents_changed and earned_update(section, after, names):
        status, reason = Status.UPDATED, "this diff edited the part of the section that speaks of it"
    shown = after if after is not None else section
    line, quote = line_about(shown, names)
    evidence = Evidence(Span("head", shown.path, line, line), quote) if quote else None
    return Verdict(status, finding, shown, reason, owners, evidence, None, ranked.alert, ranked.reasons)


def written(ranked: Ranked, finding: Finding, owners: tuple[Owner, ...]) -> Verdict:
    """The verdict on a section that this diff added and that speaks of the change."""
    section = ranked.section
    line, quote = line_about(section, frozenset())
    evidence = Evidence(Span("head", section.path, line, line), quote) if quote else None
    reason = "this diff wrote the section"
    return Verdict(Status.UPDATED, finding, section, reason, owners, evidence, None, ranked.alert, ranked.reasons)


def uncovered(finding: Finding) -> Verdict:
    """Risky behaviour changed and no section speaks of it."""
    return Verdict(Status.UNCOVERED, finding, None, "no runbook section speaks of it", (), None, None, 0.0)


def _why(ranked: Ranked) -> str:
    return "; ".join(reason.phrase for reason in ranked.reasons[:2]) or "it shares words with the diff"


def line_about(section: Section, names: frozenset[str]) -> tuple[int, str]:
    """The first line of a section that states one of the names (number and text); else its heading line."""
    lines = section.text.split("\n")
    for offset, line in enumerate(lines[1:] if section.title else lines, start=1 if section.title else 0):
        if names and line.strip() and _holds(line, names):
            return section.span.start_line + offset, line.strip()[:240]
    first = next(((i, text) for i, text in enumerate(lines) if text.strip()), (0, ""))
    return section.span.start_line + first[0], first[1].strip()[:240]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, then in their own order."""
    return sorted(findings, key=lambda f: _SEVERITY[f.severity])
