"""A runbook as the tool reads it, in words: what ``runbook-drift anchors`` prints."""

from __future__ import annotations

from runbooks.formats import printable
from runbooks.model import Runbook


def outline(runbook: Runbook) -> str:
    """Owner and service, then each section with its anchors and directives."""
    about = [f"owner {owner.handle} ({owner.source})" for owner in runbook.owners]
    about += [f"service {runbook.service}"] if runbook.service else []
    about += [f"covers {pattern}" for pattern in runbook.covers]
    about += [f"problem: {problem}" for problem in runbook.problems]
    lines = [f"{runbook.path}: {runbook.title}", *(f"  {text}" for text in about)]
    for section in runbook.sections:
        lines.append(f"line {section.span.start_line}: {' › '.join(section.headings) or '(before the first heading)'}")
        for anchor in section.anchors:
            value = f" = {anchor.value.text}" if anchor.value else ""
            lines.append(
                f"  {anchor.span.start_line:>5}  {anchor.kind.value:<8} {anchor.place.value:<8} {anchor.target}{value}"
            )
        lines += [f"  {d.span.start_line:>5}  drift: {d.kind.value} {d.reason}" for d in section.directives]
    return "".join(f"{printable(line)}\n" for line in lines)
