"""The report for a person: sections worst first, then what no runbook covers, what was not read, and the counts.

Written for somebody tired: the code line, the runbook line, what to write instead, whom to ask. Layout is a list of
styled lines, so that the plain and the coloured output cannot differ in words. Every text of the repository passes
through :func:`~runbooks.formats.printable`, and every such line starts with a word of ours or is indented behind a
mark, so that no line can be taken for a command of a CI runner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from analyzers.model import Evidence, Severity
from runbooks.formats import Presentation, printable
from runbooks.model import Report, Section, Status, Verdict

SECTIONS_SHOWN = 10
"""Contradicted and suspect sections before "and N more": two screens are what somebody reads."""
UNCOVERED_SHOWN = 5
SKIPPED_SHOWN = 5
PASSED_SHOWN = 5
CHANGES_SHOWN = 3
"""Changes quoted per section; the section has to be read once, whatever their number."""
QUOTE_COLUMNS = 160
"""Longest quoted line; what changed stands further left in nearly all code."""

_LABEL = 9
_ORDER = {status: place for place, status in enumerate(Status)}
_SEVERITY = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}
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

Line = tuple[tuple[str, str], ...]
"""One line as (style, text) pieces; an empty style is plain text."""


@dataclass(frozen=True, slots=True)
class Group:
    """The verdicts on one section, worst first; the section's status is that of the first."""

    section: Section
    verdicts: tuple[Verdict, ...]

    @property
    def status(self) -> Status:
        """The worst status among the verdicts."""
        return self.verdicts[0].status


def render(report: Report, presentation: Presentation) -> str:
    """The report as text; coloured only when the presentation says that a terminal reads it."""
    lines = list(_lines(report, presentation))
    if presentation.colour:
        return _coloured(lines, presentation.width)
    return "".join("".join(text for _, text in line).rstrip() + "\n" for line in lines)


def groups_of(report: Report) -> list[Group]:
    """The report's verdicts by section: worst status first, then the surest, then in the order of the runbooks."""
    by_section: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.section is not None:
            by_section.setdefault((verdict.section.path, verdict.section.slug), []).append(verdict)
    groups: list[Group] = []
    for verdicts in by_section.values():
        worst = sorted(verdicts, key=lambda v: (_ORDER[v.status], _SEVERITY[v.finding.severity]))
        section = worst[0].section
        assert section is not None
        groups.append(Group(section, tuple(worst)))
    return sorted(
        groups,
        key=lambda g: (
            _ORDER[g.status],
            -max(v.score for v in g.verdicts),
            g.section.path,
            g.section.span.start_line,
        ),
    )


def _lines(report: Report, presentation: Presentation) -> Iterator[Line]:
    everything = presentation.everything
    groups = groups_of(report)
    pressing = [group for group in groups if group.status in _OPEN]
    shown = pressing if everything else pressing[:SECTIONS_SHOWN]
    for group in shown:
        yield from _group(group, everything)
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


def _group(group: Group, everything: bool) -> Iterator[Line]:
    status = group.status
    heading = " › ".join(printable(part) for part in group.section.headings) or "(before the first heading)"
    where = f"{printable(group.section.path)} › {heading}"
    yield ((_STYLES[status], f"{status.value.upper():<12}"), ("bold", f"  {where}"))
    shown = group.verdicts if everything else group.verdicts[:CHANGES_SHOWN]
    said: set[tuple[str, str]] = set()
    for verdict in shown:
        yield from _verdict(verdict, said)
        if everything and verdict.status in _OPEN:
            yield _labelled("decide", _decision(verdict))
    if len(group.verdicts) > len(shown):
        yield (("", f"  {'':<{_LABEL}}and {_count(len(group.verdicts) - len(shown), 'more change')} (--all)"),)
    yield from _owner(group)


def _verdict(verdict: Verdict, said: set[tuple[str, str]]) -> Iterator[Line]:
    """One change and what the section says of it; what an earlier verdict of the section said is not repeated."""
    finding = verdict.finding
    change = _labelled("change", printable(finding.message).rstrip("."), f"  [{finding.rule}]")
    if _first(said, "change", finding.message):
        yield change
        yield from _code(finding.evidence)
    if _first(said, "runbook", f"{verdict.evidence}{verdict.suggestion}"):
        yield from _runbook_line(verdict)
    if _first(said, "why", verdict.reason):
        yield _labelled("why", printable(verdict.reason))


def _decision(verdict: Verdict) -> str:
    """What identifies the verdict in a ``[[decisions]]`` entry of the configuration, ready to paste."""
    keys = ("fingerprint", "values_hash", "section_hash")
    return ", ".join(f'{key} = "{getattr(verdict, key)}"' for key in keys)


def _first(said: set[tuple[str, str]], label: str, text: str) -> bool:
    known = (label, text) in said
    said.add((label, text))
    return not known


def _labelled(label: str, text: str, aside: str = "") -> Line:
    return (("dim", f"  {label:<{_LABEL}}"), ("", text), ("dim", aside))


def _code(evidence: Sequence[Evidence]) -> Iterator[Line]:
    """The before and after lines, each place named once; one line where both read the same."""
    if len({item.quote.strip() for item in evidence}) == 1 and len(evidence) > 1:
        here = evidence[-1]
        yield (("", f"  {'':<{_LABEL}}"), ("cyan", f"{printable(here.span.path)}:{here.span.start_line}"))
        yield _quoted("|", here.quote)
        return
    place = ""
    for item in evidence:
        before = item.span.revision == "before"
        here = f"{printable(item.span.path)}:{item.span.start_line}"
        if here != place:
            place = here
            yield (("", f"  {'':<{_LABEL}}"), ("cyan", here))
        yield _quoted("-" if before else "+", item.quote)


def _quoted(mark: str, quote: str) -> Line:
    style = {"-": "red", "+": "green"}.get(mark, "")
    return (("", f"  {'':<{_LABEL}}  "), (style, f"{mark} {_cut(printable(quote.strip()))}"))


def _cut(text: str) -> str:
    return text if len(text) <= QUOTE_COLUMNS else text[: QUOTE_COLUMNS - 1] + "…"


def _runbook_line(verdict: Verdict) -> Iterator[Line]:
    """The line the section has, and what to write instead where that is known."""
    section, suggestion = verdict.section, verdict.suggestion
    assert section is not None
    if suggestion is not None:
        yield (("dim", f"  {'runbook':<{_LABEL}}"), ("cyan", f"{printable(suggestion.path)}:{suggestion.line}"))
        yield _quoted("-", suggestion.before)
        yield _quoted("+", suggestion.after)
        return
    evidence = verdict.evidence
    line = evidence.span.start_line if evidence else section.span.start_line
    path = evidence.span.path if evidence else section.path
    yield (("dim", f"  {'runbook':<{_LABEL}}"), ("cyan", f"{printable(path)}:{line}"))
    if evidence is not None and evidence.quote.strip("# \t") != section.title:
        yield _quoted("|", evidence.quote)


def _owner(group: Group) -> Iterator[Line]:
    owners = {owner: None for verdict in group.verdicts for owner in verdict.owners}
    if not owners:
        yield _labelled("owner", "unknown")
        return
    by_source: dict[str, list[str]] = {}
    for owner in owners:
        by_source.setdefault(owner.source, []).append(printable(owner.handle))
    text = "; ".join(f"{', '.join(handles)} ({printable(source)})" for source, handles in by_source.items())
    yield _labelled("owner", text)


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
    for verdict in verdicts if everything else verdicts[:UNCOVERED_SHOWN]:
        finding = verdict.finding
        span = finding.evidence[-1].span
        place = f"{printable(span.path)}:{span.start_line}"
        yield (
            ("", "  "),
            ("cyan", place),
            ("", f"  {printable(finding.message).rstrip('.')}"),
            ("dim", f"  [{finding.rule}]"),
        )
    if len(verdicts) > UNCOVERED_SHOWN and not everything:
        yield (("dim", f"  and {len(verdicts) - UNCOVERED_SHOWN} more (--all shows them)"),)
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


# -- colour -------------------------------------------------------------------------------------------------------


def _coloured(lines: Iterable[Line], width: int) -> str:
    """The lines with a terminal's colours, each cut to the terminal's width in columns, not characters."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    columns = width or 200
    target = StringIO()
    console = Console(file=target, force_terminal=True, width=columns, highlight=False, emoji=False, markup=False)
    for line in lines:
        text = Text.assemble(*((piece, style) for style, piece in line))
        text.rstrip()
        console.print(text, no_wrap=True, overflow="ellipsis", crop=True, soft_wrap=False)
    return target.getvalue()
