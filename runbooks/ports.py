"""Lines that use a port which a diff moved: a port in a URL, or after the word port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.model import Change, Confidence, FactKind
from analyzers.vocabulary import words
from runbooks.index import Index
from runbooks.lines import Contradiction, lines_of
from runbooks.model import Suggestion
from runbooks.places import is_example

_PORT_USE = re.compile(
    r"(?:port[- ]forward\w*(?:\s+\w+){0,3}?\s+(?:to\s+)?|\bports?\s+(?:is\s+|to\s+|of\s+)?`?"
    r"|localhost:|127\.0\.0\.1:|0\.0\.0\.0:|https?://[\w.-]{1,80}:)(\d{2,5})\b",
    re.IGNORECASE,
)
_PORT_NOISE = frozenset(
    "port ports http https grpc service deployment config yaml operations listen server docker compose jsonnet "
    "libsonnet kube main spec deploy".split()
)


def moved_ports(changes: Sequence[Change], index: Index) -> Iterator[Contradiction]:
    """A port in a URL or after the word port, when the diff moves that port everywhere it touches it and the section
    speaks of the thing whose port it is."""
    moved: dict[str, list[Change]] = {}
    kept: set[str] = set()
    for change in changes:
        if change.fact.kind is not FactKind.PORT:
            continue
        before, after = change.before, change.after
        if before and after and before.value.number is not None and after.value.number is not None:
            if before.value.number != after.value.number and before.confidence is not Confidence.LOW:
                moved.setdefault(f"{before.value.number:g}", []).append(change)
            kept.add(f"{after.value.number:g}")
        elif after and after.value.number is not None:
            kept.add(f"{after.value.number:g}")
    for port, found in moved.items():
        targets = {f"{c.after.value.number:g}" for c in found if c.after and c.after.value.number is not None}
        real = [c for c in found if not is_example(c.path)]
        if len(targets) != 1 or port in kept or not real or len(port) < 4:
            continue
        yield from _port_lines(port, targets.pop(), real, index)


def _port_lines(port: str, target: str, changes: Sequence[Change], index: Index) -> Iterator[Contradiction]:
    subjects = {w for c in changes for w in words(f"{c.path} {c.fact.key} {c.fact.scope}") if len(w) > 3}
    subjects -= _PORT_NOISE
    for terms in index.sections:
        section = terms.section
        if port not in section.text:
            continue
        for number, line, *_ in lines_of(section):
            about = {w for w in words(f"{line} {section.title} {section.path}") if len(w) > 3}
            if not subjects & about or target in line:
                continue
            found = next((use for use in _PORT_USE.finditer(line) if use.group(1) == port), None)
            if found is not None:
                reason = f"the line uses port {port}; the code now listens on {target}"
                after = line[: found.start(1)] + target + line[found.end(1) :]
                after = after.replace(f"{target}:{port}", f"{target}:{target}")
                suggestion = Suggestion(section.path, number, line, after)
                yield Contradiction(_closest(changes, about), section, number, line.strip(), reason, suggestion)


def _closest(changes: Sequence[Change], about: set[str]) -> Change:
    return max(changes, key=lambda c: len(about & set(words(f"{c.path} {c.fact.key} {c.fact.scope}"))))
