"""The report for a person: sections worst first, then what no runbook covers, what was not read, and the counts.

Written for somebody tired: the code line, the runbook line, what to write instead, whom to ask. Layout is a list of
styled lines, so that the plain and the coloured output cannot differ in words. Every text of the repository passes
through :func:`~runbooks.formats.printable`, and every such line starts with a word of ours or is indented behind a
mark, so that no line can be taken for a command of a CI runner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.model import Evidence, Finding
from runbooks.folders import spread
from runbooks.formats import Group, Presentation, groups_of, printable
from runbooks.model import Report, Status, Verdict
from runbooks.terminal import Line, coloured

SECTIONS_SHOWN = 10
"""Contradicted and suspect sections before "and N more": two screens are what somebody reads."""
UNCOVERED_SHOWN = 5
UNCOVERED_OF_FOLDER = 3
"""Uncovered changes of one folder that are shown before the worst of the next folder."""
FOLDERS_SHOWN = 4
SKIPPED_SHOWN = 5
PASSED_SHOWN = 5
CHANGES_SHOWN = 3
"""Changes quoted per section; the section has to be read once, whatever their number."""
OWNERS_SHOWN = 4
QUOTE_COLUMNS = 160
"""Longest quoted line; what changed stands further left in nearly all code."""

_LABEL = 9
_WORD = 14
_QUOTE = 13
"""Columns before the mark of a quoted line."""
_OPEN = frozenset({Status.CONTRADICTED, Status.SUSPECT})
_STYLES = {
    Status.CONTRADICTED: "bold red",
    Status.SUSPECT: "bold yellow",
    Status.UPDATED: "green",
    Status.ACKNOWLEDGED: "green",
    Status.SNOOZED: "green",
    Status.UNCOVERED: "bold cyan",
}
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def render(report: Report, presentation: Presentation) -> str:
    """The report as text; coloured only when the presentation says that a terminal reads it."""
    lines = list(_lines(report, presentation))
    if presentation.colour:
        return coloured(lines, presentation.width, _indent)
    return "".join("".join(text for _, text in line).rstrip() + "\n" for line in lines)


def _lines(report: Report, presentation: Presentation) -> Iterator[Line]:
    everything = presentation.everything
    groups = groups_of(report)
    pressing = [group for group in groups if group.status in _OPEN]
    shown = pressing if everything else pressing[:SECTIONS_SHOWN]
    columns = min(QUOTE_COLUMNS, max(40, presentation.width - _QUOTE - 2)) if presentation.width else QUOTE_COLUMNS
    quoted: set[Finding] = set()
    for group in shown:
        yield from _group(group, everything, columns, quoted)
        yield ()
    if len(pressing) > len(shown):
        yield (("bold", f"and {_count(len(pressing) - len(shown), 'more section')} (--all shows them)"),)
        yield ()
    yield from _passed([group for group in groups if group.status not in _OPEN], everything)
    yield from _uncovered([v for v in report.verdicts if v.section is None], everything)
    yield from _skipped(report, everything)
    if everything:
        yield from _outcomes(report)
    yield from _summary(report, presentation.seconds)


# -- one section --------------------------------------------------------------------------------------------------


def _group(group: Group, everything: bool, columns: int, quoted: set[Finding]) -> Iterator[Line]:
    """A section's lines. Code that an earlier section quoted (``quoted``) is not repeated under a suspect one."""
    status = group.status
    heading = " › ".join(printable(part) for part in group.section.headings) or "(before the first heading)"
    where = f"{printable(group.section.path)} › {heading}"
    yield ((_STYLES[status], f"{status.value.upper():<12}"), ("bold", f"  {where}"))
    shown = group.verdicts if everything else group.verdicts[:CHANGES_SHOWN]
    for verdicts in _alike(shown):
        for finding in dict.fromkeys(verdict.finding for verdict in verdicts):
            yield _labelled("change", printable(finding.message).rstrip("."), f"  [{finding.rule}]")
            if everything or status is Status.CONTRADICTED or finding not in quoted:
                yield from _code(finding.evidence, columns)
            quoted.add(finding)
        yield from _runbook_line(verdicts[0], columns)
        if verdicts[0].reason:
            yield _labelled("why", printable(verdicts[0].reason))
        if everything:
            yield from (_labelled("decide", _decision(v)) for v in verdicts if v.status in _OPEN)
    if len(group.verdicts) > len(shown):
        yield (("", f"  {'':<{_LABEL}}and {_count(len(group.verdicts) - len(shown), 'more change')} (--all)"),)
    yield from _owner(group, everything)


def _alike(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Verdicts by what they say of the section, in order, so that nothing is said twice."""
    found: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault((verdict.status, verdict.evidence, verdict.suggestion, verdict.reason), []).append(verdict)
    return list(found.values())


def _decision(verdict: Verdict) -> str:
    """What identifies the verdict in a ``[[decisions]]`` entry of the configuration, ready to paste."""
    keys = ("fingerprint", "values_hash", "section_hash")
    return ", ".join(f'{key} = "{getattr(verdict, key)}"' for key in keys)


def _labelled(label: str, text: str, aside: str = "") -> Line:
    return (("dim", f"  {label:<{_LABEL}}"), ("", text), ("dim", aside))


def _code(evidence: Sequence[Evidence], columns: int) -> Iterator[Line]:
    """The before and after lines, each place named once; one line where both read the same."""
    places = [f"{printable(item.span.path)}:{item.span.start_line}" for item in evidence]
    if len(evidence) != 2 or places[0] != places[1]:
        for item, place in zip(evidence, places, strict=True):
            yield _place(place)
            yield _quoted("-" if item.span.revision == "before" else "+", item.quote, columns)
    else:
        yield _place(places[0])
        yield from _pair(evidence[0].quote, evidence[1].quote, columns)


def _place(place: str) -> Line:
    return (("", f"  {'':<{_LABEL}}"), ("cyan", place))


def _pair(before: str, after: str, columns: int) -> Iterator[Line]:
    """Two lines under one another. Where they are long, what they share at the start is left out, so that the
    difference can be seen."""
    before, after = printable(before.strip()), printable(after.strip())
    if before == after:
        yield _quoted("|", after, columns)
        return
    shared = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    yield _quoted("-", before, columns, shared)
    yield _quoted("+", after, columns, shared)


def _quoted(mark: str, quote: str, columns: int, shared: int = 0) -> Line:
    """A line of the repository behind its mark."""
    style = {"-": "red", "+": "green"}.get(mark, "")
    return (("", " " * _QUOTE), (style, f"{mark} {_cut(printable(quote.strip()), columns, shared)}"))


def _cut(text: str, columns: int, shared: int) -> str:
    """The text within so many columns, with the place after ``shared`` characters in view."""
    if len(text) <= columns:
        return text
    start = min(shared - columns // 3, len(text) - columns) if shared > columns * 2 // 3 else 0
    cut = "…" + text[start + 1 :] if start else text
    return cut if len(cut) <= columns else cut[: columns - 1] + "…"


def _runbook_line(verdict: Verdict, columns: int) -> Iterator[Line]:
    """The line the section has, and what to write instead where that is known."""
    section, suggestion = verdict.section, verdict.suggestion
    assert section is not None
    if suggestion is not None:
        yield (("dim", f"  {'runbook':<{_LABEL}}"), ("cyan", f"{printable(suggestion.path)}:{suggestion.line}"))
        yield from _pair(suggestion.before, suggestion.after, columns)
        return
    evidence = verdict.evidence
    line = evidence.span.start_line if evidence else section.span.start_line
    path = evidence.span.path if evidence else section.path
    yield (("dim", f"  {'runbook':<{_LABEL}}"), ("cyan", f"{printable(path)}:{line}"))
    if evidence is not None and evidence.quote.strip("# \t") != section.title:
        yield _quoted("|", evidence.quote, columns)


def _owner(group: Group, everything: bool) -> Iterator[Line]:
    owners = {owner: None for verdict in group.verdicts for owner in verdict.owners}
    if not owners:
        yield _labelled("owner", "unknown")
        return
    by_source: dict[str, list[str]] = {}
    for owner in owners:
        by_source.setdefault(owner.source, []).append(printable(owner.handle))
    parts: list[str] = []
    for source, handles in by_source.items():
        more = len(handles) - OWNERS_SHOWN if not everything else 0
        named = ", ".join(handles[:OWNERS_SHOWN]) + f" and {more} more" if more > 0 else ", ".join(handles)
        parts.append(f"{named} ({printable(source)})")
    yield _labelled("owner", "; ".join(parts))


# -- what follows the sections ------------------------------------------------------------------------------------


def _passed(groups: Sequence[Group], everything: bool) -> Iterator[Line]:
    for group in groups if everything else groups[:PASSED_SHOWN]:
        verdict = group.verdicts[0]
        where = " › ".join(printable(part) for part in (group.section.path, *group.section.headings[-1:]))
        reason = f"  ({printable(verdict.reason)})" if verdict.reason else ""
        yield ((_STYLES[group.status], f"{group.status.value:<12}"), ("", f"  {where}"), ("dim", reason))
    if len(groups) > PASSED_SHOWN and not everything:
        yield (("dim", f"and {len(groups) - PASSED_SHOWN} more that pass (--all shows them)"),)
    if groups:
        yield ()


def _uncovered(verdicts: Sequence[Verdict], everything: bool) -> Iterator[Line]:
    if not verdicts:
        return
    yield ((_STYLES[Status.UNCOVERED], "UNCOVERED   "), ("bold", "  changed, and no runbook speaks of it"))
    paths = [verdict.finding.evidence[-1].span.path for verdict in verdicts]
    shown = len(verdicts) if everything else UNCOVERED_SHOWN
    chosen, where = spread(paths, shown, UNCOVERED_OF_FOLDER, FOLDERS_SHOWN)
    for finding in (verdicts[number].finding for number in chosen):
        span = finding.evidence[-1].span
        place = f"{printable(span.path)}:{span.start_line}"
        yield (
            ("", "  "),
            ("cyan", place),
            ("", f"  {printable(finding.message).rstrip('.')}"),
            ("dim", f"  [{finding.rule}]"),
        )
    if len(verdicts) > len(chosen):
        more = f"{len(verdicts) - len(chosen)} more" + (f": {printable(where)}" if where else "")
        yield (("dim", f"  and {more} (--all shows them)"),)
    yield ()


def _skipped(report: Report, everything: bool) -> Iterator[Line]:
    for partial, label in ((False, "not read"), (True, "read in part")):
        found = [skipped for skipped in report.skipped if skipped.partial is partial]
        for skipped in found if everything else found[:SKIPPED_SHOWN]:
            yield (("yellow", f"{label:<12}"), ("", f"  {printable(skipped.path)}: {printable(skipped.reason)}"))
        if len(found) > SKIPPED_SHOWN and not everything:
            yield (("dim", f"{label:<12}  and {len(found) - SKIPPED_SHOWN} more (--all shows them)"),)
    for note in report.notes:
        yield (("dim", f"{'note':<12}  {printable(note)}"),)
    if report.skipped or report.notes:
        yield ()


def _outcomes(report: Report) -> Iterator[Line]:
    for outcome in report.outcomes:
        style = "red" if outcome.answer == "fails" else ""
        detail = f": {printable(outcome.detail)}" if outcome.detail else ""
        yield (
            ("dim", f"{'done when':<12}  "),
            ("", f"{printable(outcome.name)}  "),
            (style, outcome.answer),
            ("", detail),
        )
    if report.outcomes:
        yield ()


def _summary(report: Report, seconds: float | None) -> Iterator[Line]:
    summary = report.summary
    counts = [(name, count) for name, count in summary.counts if count]
    drift = any(count for name, count in counts if Status(name) in _OPEN)
    verdict = ", ".join(f"{count} {name}" for name, count in counts) or "nothing to say"
    if not drift:
        verdict = "No drift" + (f": {verdict}" if counts else "")
    incomplete = "" if report.complete else "; incomplete"
    numbers = [
        f"{_count(summary.files, 'file')}, {_count(summary.changes, 'change')}, {_count(summary.findings, 'finding')}",
        f"{_count(summary.runbooks, 'runbook')}, {_count(summary.sections, 'section')}",
        f"{_revision(report.base)} → {_revision(report.head)}",
        *([f"{seconds:.2f} s"] if seconds is not None else []),
    ]
    style = "bold red" if drift else "bold green"
    yield ((style, verdict), ("yellow", incomplete), ("dim", f"  ({'; '.join(numbers)})"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _revision(name: str) -> str:
    return name[:10] if _COMMIT.match(name) else printable(name)


def _indent(line: Line) -> int:
    """Under which column a long line goes on; 0 for lines that are cut instead (headings, places, quotes)."""
    label = line[0][1] if line else ""
    if not label or len(label) == _QUOTE:
        return 0
    return _LABEL + 2 if label.startswith("  ") else _WORD
