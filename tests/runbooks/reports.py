"""Reports to render: built from a few words, each a report that a check could have made."""

from __future__ import annotations

from dataclasses import replace

from analyzers.model import (
    Area,
    Change,
    ChangeKind,
    Confidence,
    Evidence,
    Fact,
    FactKind,
    Finding,
    Severity,
    Skipped,
    Span,
    Unit,
    Value,
)
from runbooks.model import (
    Outcome,
    Owner,
    OwnerKind,
    Reason,
    Report,
    Section,
    Status,
    Suggestion,
    Summary,
    Verdict,
)

BASE, HEAD, POLICY = "a" * 40, "b" * 40, "c" * 40
RUNBOOK = "docs/runbooks/sessions.md"
ONCALL = Owner("@payments-oncall", OwnerKind.USER, "front matter")


def finding(
    name: str = "SESSION_TTL",
    before: str | None = "SESSION_TTL = 3600",
    after: str | None = "SESSION_TTL = 300",
    *,
    path: str = "app/settings.py",
    line: int = 12,
    severity: Severity = Severity.HIGH,
) -> Finding:
    """A finding on a changed, added (no ``before``) or removed (no ``after``) line."""

    def fact(revision: str, quote: str | None) -> Fact | None:
        if quote is None:
            return None
        value = Value(quote.rpartition(" ")[2], None, Unit.NONE)
        return Fact(FactKind.CREDENTIAL_LIFETIME, name, value, Span(revision, path, line, line), quote)

    sides = (fact("before", before), fact("after", after))
    kind = ChangeKind.MODIFIED if all(sides) else ChangeKind.REMOVED if sides[0] else ChangeKind.ADDED
    evidence = tuple(Evidence(side.span, side.quote) for side in sides if side)
    rule = "auth/credential-lifetime-changed"
    message = f"{name} changed."
    return Finding(rule, Area.AUTH, severity, Confidence.HIGH, name, Change(kind, *sides), message, evidence)


def section(title: str = "Everyone is logged out", *, path: str = RUNBOOK, line: int = 10, text: str = "") -> Section:
    """A section whose second line is line ``line + 1`` of its runbook."""
    slug = title.lower().replace(" ", "-")
    text = text or f"## {title}\n\nSessions end after 1 hour.\n"
    span = Span("head", path, line, line + text.count("\n"))
    return Section(path, ("Sessions", title), slug, span, text, (), (), ())


def contradicted(
    found: Finding | None = None,
    where: Section | None = None,
    *,
    line: int = 12,
    says: str = "Sessions end after 1 hour.",
    instead: str | None = "Sessions end after 5 minutes.",
) -> Verdict:
    """A line that is now false, with what to write instead."""
    where = where or section()
    suggestion = Suggestion(where.path, line, says, instead) if instead is not None else None
    evidence = Evidence(Span("head", where.path, line, line), says.strip())
    reason = "the line says 1 hour, the code says 5 minutes"
    return Verdict(
        Status.CONTRADICTED, found or finding(), where, reason, (ONCALL,), evidence, suggestion, 1.0,
        (Reason("contradiction", 1.0, reason),),
    )  # fmt: skip


def suspect(where: Section | None = None, *, score: float = 0.7, found: Finding | None = None) -> Verdict:
    """A section that leans on what changed."""
    reasons = (Reason("key", 1.0, "names SESSION_TTL, which changed"),)
    where = where or section("Rotate the keys", line=30)
    return Verdict(
        Status.SUSPECT, found or finding(), where, "the section names SESSION_TTL, which changed", (), None, None,
        score, reasons,
    )  # fmt: skip


def uncovered(found: Finding | None = None) -> Verdict:
    """A risky change that no section speaks of."""
    found = found or finding("delete_user", '@require_role("admin")', None, path="app/views.py", line=20)
    return Verdict(Status.UNCOVERED, found, None, "no runbook section speaks of it", (), None, None, 0.0)


def passed(status: Status, where: Section | None = None) -> Verdict:
    """A section that somebody dealt with."""
    return replace(suspect(where), status=status, reason=f"{status.value} for the test")


def report(*verdicts: Verdict, skipped: tuple[Skipped, ...] = (), notes: tuple[str, ...] = ()) -> Report:
    """A report with these verdicts and counts that fit them."""
    counts = tuple((status.value, sum(v.status is status for v in verdicts)) for status in Status)
    findings = len({id(verdict.finding) for verdict in verdicts})
    return Report(
        BASE, HEAD, POLICY, verdicts, (Outcome("runbooks updated when behaviour changes", "holds", ""),), skipped,
        Summary(3, 7, findings, counts, 2, 9), complete=not skipped, notes=notes,
    )  # fmt: skip
