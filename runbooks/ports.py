"""Lines that use a port which a diff moved: a port in a URL, or after the word port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analyzers.model import Change, Confidence, FactKind
from analyzers.patterns import regex
from analyzers.vocabulary import words
from runbooks.corrections import contradiction
from runbooks.hosts import of_another, own_words
from runbooks.index import Index
from runbooks.lines import Contradiction, Line
from runbooks.model import Section
from runbooks.pages import Pages
from runbooks.places import is_example
from runbooks.scoped import elsewhere

_DIGITS = regex(r"\d{4,5}")
_PORT_USE = re.compile(
    r"(?:port[- ]forward\w*(?:\s+[\w./-]{1,80}){0,5}?\s+(?:to\s+)?|\bports?\s+(?:is\s+|to\s+|of\s+)?`?"
    r"|localhost:|127\.0\.0\.1:|0\.0\.0\.0:|https?://(?:[\w.-]{1,80}|<[\w -]{1,40}>|\$\{?\w{1,40}\}?):)(\d{2,5})\b",
    re.IGNORECASE,
)
_PORT_NOISE = frozenset(
    "port ports http https grpc service deployment config yaml operations listen server docker compose jsonnet "
    "libsonnet kube main spec deploy".split()
)


_MOST = 8
"""Uses of a port on one line that are looked at; a line with more is data."""


def moved_ports(changes: Sequence[Change], index: Index, pages: Pages) -> Iterator[Contradiction]:
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
    found: dict[str, _Moved] = {}
    for port, there in moved.items():
        targets = {f"{c.after.value.number:g}" for c in there if c.after and c.after.value.number is not None}
        real = [c for c in there if not is_example(c.path)]
        if len(targets) == 1 and port not in kept and real and len(port) >= 4:
            subjects = {w for c in real for w in words(_subject(c)) if len(w) > 3} - _PORT_NOISE
            found[port] = _Moved(targets.pop(), real, subjects)
    if found:
        yield from _lines(found, index, pages)


class _Moved(NamedTuple):
    """Where a port went, the changes that moved it, and the words of what it is the port of."""

    target: str
    changes: list[Change]
    subjects: set[str]


def _subject(change: Change) -> str:
    return f"{change.path} {change.fact.key} {change.fact.scope}"


def _lines(moved: dict[str, _Moved], index: Index, pages: Pages) -> Iterator[Contradiction]:
    """The lines of all sections that use one of the ports; each section is read once, whatever their number."""
    for terms in index.sections:
        section = terms.section
        if moved.keys().isdisjoint(_DIGITS.findall(section.text)):
            continue
        for line in pages.of(section).lines:
            if moved.keys().isdisjoint(_DIGITS.findall(line.text)):
                continue
            about = {w for w in words(f"{line.text} {section.title} {section.path}") if len(w) > 3}
            for port in dict.fromkeys(use.group(1) for use in _PORT_USE.finditer(line.text)):
                if port in moved and moved[port].subjects & about and moved[port].target not in line.text:
                    yield from _use(port, moved[port], line, section, about)


def _use(port: str, moved: _Moved, line: Line, section: Section, about: set[str]) -> Iterator[Contradiction]:
    change = _closest(moved.changes, about)
    if elsewhere(change.fact, line, section):
        return
    uses = [use for use in _PORT_USE.finditer(line.text) if use.group(1) == port]
    own = own_words(_subject(change) for change in moved.changes)
    if len(uses) > _MOST or any(of_another(line, use, own) for use in uses):
        return
    reason = f"the line uses port {port}; the code now listens on {moved.target}"
    edits = []
    for found in uses:
        edits.append((found.start(1), found.end(1), moved.target))
        if line.text.startswith(f":{port}", found.end(1)):  # forwarded to the same port: `8080:8080`
            edits.append((found.end(1) + 1, found.end(1) + 1 + len(port), moved.target))
    if len(edits) < len(re.findall(rf"(?<!\d){port}(?!\d)", line.text)):
        edits = []  # a use that is not read here would be left standing
    yield contradiction(change, section, line, reason, tuple(edits))


def _closest(changes: Sequence[Change], about: set[str]) -> Change:
    return max(changes, key=lambda c: len(about & set(words(_subject(c)))))
