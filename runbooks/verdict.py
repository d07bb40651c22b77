"""From ranked sections and contradictions to verdicts: what is true of each section after the diff."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from analyzers.model import Change, Evidence, Finding, Severity, Span
from runbooks.contradiction import Contradiction
from runbooks.edited import earned_update, holds, misstated, substance
from runbooks.mapping import EXPLICIT, Ranked
from runbooks.model import Decision, Directive, DirectiveKind, Owner, Reason, Section, Status, Suggestion, Verdict
from runbooks.query import names_of
from runbooks.terms import joined

FINDINGS_PER_SECTION = 3
"""Findings named per suspect section; the section has to be read once, whatever their number."""

_SEVERITY = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

# -- decisions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Directed:
    """A section as the policy revision has it, and the directives that speak for it there."""

    section: Section
    directives: tuple[Directive, ...]

    def speaks_for(self, verdict: Verdict) -> bool:
        """Whether the directives were written for what the verdict is about: the quoted line and at least half of the
        section's lines stood there. A path and a heading do not make it the same section, because a branch can give
        both to any text; see ``docs/decisions/0006-directives-speak-for-their-text.md``."""
        if verdict.section is None:
            return False
        known = frozenset(_lines(self.section))
        lines = _lines(verdict.section)
        if 2 * sum(line in known for line in lines) < len(lines):
            return False
        if verdict.evidence is None:
            return True
        place = verdict.evidence.span.start_line - verdict.section.span.start_line
        source = verdict.section.text.split("\n")
        quoted = substance(source[place]) if 0 <= place < len(source) else ""
        return not quoted or quoted in known


def _lines(section: Section) -> list[str]:
    """The lines of a section in substance, empty ones and comments (such as the directive itself) aside."""
    lines = (substance(line) for line in _COMMENT.sub(" ", section.text).split("\n"))
    return [line for line in lines if line]


def decided(verdict: Verdict, decisions: Sequence[Decision], directed: Directed | None, as_of: date) -> Verdict:
    """The verdict after people's words on it: a directive of the section, or a decision whose hashes still agree."""
    if verdict.status not in {Status.CONTRADICTED, Status.SUSPECT}:
        return verdict
    for directive in directed.directives if directed is not None and directed.speaks_for(verdict) else ():
        if directive.until is not None and directive.until < as_of:
            continue
        status = Status.SNOOZED if directive.kind is DirectiveKind.SNOOZE else Status.ACKNOWLEDGED
        until = f" until {directive.until}" if directive.until else ""
        reason = f"{status.value}{until} in the runbook: {directive.reason}"
        return replace(verdict, status=status, reason=reason, until=directive.until)
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
        _writable(found.suggestion), 1.0, reasons,
    )  # fmt: skip


def _writable(suggestion: Suggestion | None) -> Suggestion | None:
    """The suggestion, unless its line holds bytes that could not be decoded: what is shown could not be applied."""
    return None if suggestion is not None and "\ufffd" in suggestion.before else suggestion


def doubtful(found: Contradiction, finding: Finding, owners: tuple[Owner, ...], revision: str, kept: str) -> Verdict:
    """The verdict on a line that would be false were it not for another place that ``kept`` the before value (as
    ``path:line still says value``). Suspect whatever its score is: the line itself is quoted."""
    span = Span(revision, found.section.path, found.line, found.line)
    reason = f"{found.reason}, but {kept}"
    return Verdict(
        Status.SUSPECT, finding, found.section, reason, owners, Evidence(span, found.quote), None, EXPLICIT,
        (Reason("contradiction", EXPLICIT, reason),),
    )  # fmt: skip


def unsettled(
    found: Contradiction, finding: Finding, owners: tuple[Owner, ...], section: Section, what: str
) -> Verdict:
    """The verdict on a section whose line was false at base and which this diff deleted or edited without making it
    true; ``what`` says which. ``section`` is the one of head, or of base when it was deleted."""
    reason = f"{what}; the line at base said {found.quote[:80]!r}"
    revision = "base" if section is found.section else "head"
    line, quote = (
        (found.line, found.quote)
        if section is found.section
        else line_about(section, frozenset(_names_of_change(found.change)))
    )
    evidence = Evidence(Span(revision, section.path, line, line), quote) if quote else None
    return Verdict(Status.SUSPECT, finding, section, reason, owners, evidence, None, EXPLICIT)


def corrected(found: Contradiction, finding: Finding, owners: tuple[Owner, ...], after: Section) -> Verdict:
    """The verdict on a section whose false line this diff corrected."""
    verb = "deleted the section" if after is found.section else "edited the line"
    reason = f"this diff {verb} that said {found.quote[:80]!r}"
    span = Span("head", after.path, after.span.start_line, after.span.end_line)
    quote = after.title or after.text[:80]
    return Verdict(Status.UPDATED, finding, after, reason, owners, Evidence(span, quote), None, 1.0)


def leaning(
    ranked: Ranked, finding: Finding, owners: tuple[Owner, ...], after: Section | None, *, documents_changed: bool
) -> Verdict:
    """The verdict on a section that leans on the diff: *updated* when the diff earned it, else *suspect*."""
    section = ranked.section
    names = frozenset(name for change in ranked.changes for name in _names_of_change(change))
    reasons = _spelled(ranked)
    status, reason = Status.SUSPECT, _why(reasons)
    if documents_changed and after is None:
        reason = "this diff deleted the section; " + reason
    elif documents_changed and after is not None and earned_update(section, after, names):
        if misstated(ranked.changes, section, after):
            reason = "this diff edited the section, but not to what the code now says; " + reason
        else:
            status, reason = Status.UPDATED, "this diff edited the part of the section that speaks of it"
    shown = after if after is not None else section
    line, quote = line_about(shown, names)
    evidence = Evidence(Span("head", shown.path, line, line), quote) if quote else None
    return Verdict(status, finding, shown, reason, owners, evidence, None, ranked.alert, reasons)


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


def _names_of_change(change: Change) -> Iterable[str]:
    return (joined(name) for fact in (change.before, change.after) if fact for name in names_of(fact))


def _why(reasons: Sequence[Reason]) -> str:
    return "; ".join(reason.phrase for reason in reasons[:2]) or "it shares words with the diff"


def _spelled(ranked: Ranked) -> tuple[Reason, ...]:
    """The reasons with names as the section writes them (``require_role``) rather than in the form in which they are
    compared (``requirerole``)."""
    found = []
    for reason in ranked.reasons:
        name = ranked.candidate.details.get(reason.signal, "")
        if len(name) > 3 and name.isalnum() and name.islower() and name not in ranked.section.text:
            written = re.search("[^A-Za-z0-9\\n]{0,3}".join(name), ranked.section.text, re.IGNORECASE)
            reason = replace(reason, phrase=reason.phrase.replace(name, written[0], 1)) if written else reason
        found.append(reason)
    return tuple(found)


def line_about(section: Section, names: frozenset[str]) -> tuple[int, str]:
    """The first line of a section that states one of the names (number and text), first as one word, then as several
    (``POST /refunds``); else its heading line."""
    lines = section.text.split("\n")
    body = [(i, line) for i, line in enumerate(lines) if line.strip()][1 if section.title else 0 :] if names else []
    long = [name for name in names if len(name) >= 8]
    stating = (
        *((i, line) for i, line in body if holds(line, names)),
        *((i, line) for i, line in body if any(name in joined(line) for name in long)),
    )
    for offset, line in stating[:1]:
        return section.span.start_line + offset, line.strip()[:240]
    first = next(((i, text) for i, text in enumerate(lines) if text.strip()), (0, ""))
    return section.span.start_line + first[0], first[1].strip()[:240]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, then in their own order."""
    return sorted(findings, key=lambda f: _SEVERITY[f.severity])
