"""The versioned contract: ``docs/schema/report-1.json`` is normative, and every output is validated against it in
tests. The same report gives the same bytes: keys stand in a fixed order, lists are sorted, no clock is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from analyzers.model import Change, Evidence, Skipped
from runbooks.console import tool_version
from runbooks.formats import Presentation
from runbooks.model import Report, Status, Verdict

SCHEMA = 1
"""The number in ``docs/schema/report-<number>.json``. It grows when a key changes its meaning or goes away."""

_STATUS_ORDER = {status: place for place, status in enumerate(Status)}

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def render(report: Report, presentation: Presentation) -> str:
    """The report as indented JSON in ASCII, with a newline at the end. ``presentation`` changes nothing."""
    del presentation
    # ASCII, so that no locale, terminal or log reader can stumble over it; `##[` would be a command to some CI runners.
    return json.dumps(as_json(report), indent=2, ensure_ascii=True).replace("##[", "##\\u005b") + "\n"


def as_json(report: Report) -> dict[str, Json]:
    """The report as plain data, in the order of the schema."""
    summary = report.summary
    counts = {status.value: 0 for status in Status} | dict(summary.counts)
    return {
        "schema": SCHEMA,
        "tool_version": tool_version(),
        "base": _text(report.base),
        "head": _text(report.head),
        "policy_revision": _text(report.policy_revision),
        "complete": report.complete,
        "verdicts": [_verdict(verdict) for verdict in sorted(report.verdicts, key=_order)],
        "outcomes": [
            {"name": outcome.name, "answer": outcome.answer, "detail": _text(outcome.detail)}
            for outcome in report.outcomes
        ],
        "skipped": [_skipped(skipped) for skipped in sorted(report.skipped, key=lambda s: (s.path, s.reason))],
        "summary": {
            "files": summary.files,
            "changes": summary.changes,
            "findings": summary.findings,
            "runbooks": summary.runbooks,
            "sections": summary.sections,
            "counts": {name: counts[name] for name in sorted(counts, key=_status_place)},
        },
    }


def _status_place(name: str) -> int:
    return _STATUS_ORDER[Status(name)]


def _order(verdict: Verdict) -> tuple[int, str, int, str, str, str, int, str]:
    """By status, then by where the runbook says it, then by what changed; total, so that equal reports agree."""
    section, span = verdict.section, verdict.finding.change.fact.span
    line = verdict.evidence.span.start_line if verdict.evidence else 0
    place = (section.path, section.span.start_line) if section else ("", 0)
    return (
        _STATUS_ORDER[verdict.status], *place, verdict.finding.rule, verdict.finding.subject, span.path,
        span.start_line * 1_000_000 + line, verdict.finding.message,
    )  # fmt: skip


def _verdict(verdict: Verdict) -> dict[str, Json]:
    finding = verdict.finding
    before, after = _sides(finding.change, finding.evidence)
    return {
        "status": verdict.status.value,
        "fingerprint": verdict.fingerprint,
        "values_hash": verdict.values_hash,
        "section_hash": verdict.section_hash or None,
        "rule": finding.rule,
        "area": finding.area.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "code": {"before": _place(before), "after": _place(after)},
        "runbook": _runbook(verdict),
        "score": round(verdict.score, 4),
        "reasons": _reasons(verdict),
        "owners": [{"handle": _text(owner.handle), "source": _text(owner.source)} for owner in verdict.owners],
        "suggestion": _suggestion(verdict),
    }


def _reasons(verdict: Verdict) -> list[Json]:
    """The verdict's own sentence, the finding's message, then the signals' phrases; each once."""
    sentences = [verdict.reason, verdict.finding.message, *(reason.phrase for reason in verdict.reasons)]
    return [_text(sentence) for sentence in dict.fromkeys(sentences) if sentence]


def _sides(change: Change, evidence: Sequence[Evidence]) -> tuple[Evidence | None, Evidence | None]:
    """The quoted places of the two sides. A place belongs to the side whose revision its span carries."""
    before = change.before.span.revision if change.before else None
    after = change.after.span.revision if change.after else None
    return (
        next((e for e in evidence if e.span.revision == before), None),
        next((e for e in evidence if e.span.revision == after and after != before), None),
    )


def _place(evidence: Evidence | None) -> dict[str, Json] | None:
    if evidence is None:
        return None
    return {"path": _text(evidence.span.path), "line": evidence.span.start_line, "quote": _text(evidence.quote)}


def _runbook(verdict: Verdict) -> dict[str, Json] | None:
    section = verdict.section
    if section is None:
        return None
    quote = next((line for line in section.text.splitlines() if line.strip()), "")
    line = section.span.start_line
    if verdict.evidence is not None:
        line, quote = verdict.evidence.span.start_line, verdict.evidence.quote
    return {
        "path": _text(section.path),
        "headings": [_text(heading) for heading in section.headings],
        "line": line,
        "quote": _text(quote),
    }


def _suggestion(verdict: Verdict) -> dict[str, Json] | None:
    suggestion = verdict.suggestion
    if suggestion is None:
        return None
    return {
        "path": _text(suggestion.path),
        "line": suggestion.line,
        "before": _text(suggestion.before),
        "after": _text(suggestion.after),
    }


def _skipped(skipped: Skipped) -> dict[str, Json]:
    return {"path": _text(skipped.path), "reason": _text(skipped.reason), "partial": skipped.partial}


def _text(text: str) -> str:
    """Text without lone surrogates, which many JSON readers refuse: an undecodable byte is written ``\\xNN``."""
    if text.isascii():
        return text
    data = text.encode("utf-8", "surrogateescape" if not _lone(text) else "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


def _lone(text: str) -> bool:
    """Whether the text holds surrogates that did not come from undecodable bytes."""
    return any("\ud800" <= char < "\udc80" or "\udcff" < char <= "\udfff" for char in text)
