"""A parsed runbook with its counted terms as a JSON text, and back.

JSON because the texts come from other people's repositories: reading it back can build nothing but numbers, texts and
lists. Field order is that of the classes in :mod:`runbooks.model`; what depends on it is only :mod:`runbooks.cache`,
which keys every text by this module's own source.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from analyzers.model import Span
from runbooks.index import SectionTerms
from runbooks.model import Block, Directive, DirectiveKind, Owner, OwnerKind, Runbook, Section

Parsed = tuple[Runbook, tuple[SectionTerms, ...]]
"""A runbook whose sections have no anchors (:func:`runbooks.parse.skim`), and their terms in their order."""


def dumps(parsed: Parsed) -> str:
    """The JSON text of a parsed runbook. Raises ValueError for what JSON cannot hold (a number too long to print)."""
    runbook, terms = parsed
    return json.dumps(
        [
            runbook.title,
            runbook.service,
            [[owner.handle, owner.kind.value, owner.source] for owner in runbook.owners],
            runbook.review_every,
            _day(runbook.last_reviewed),
            runbook.covers,
            runbook.problems,
            [_section(section) for section in runbook.sections],
            [_terms(counted) for counted in terms],
        ],
        separators=(",", ":"),
    )


def loads(text: str, path: str, revision: str) -> Parsed:
    """What :func:`dumps` was given; ``path`` and ``revision`` are those it was parsed with. Raises ValueError,
    TypeError, KeyError or IndexError for a text that it did not write."""
    raw: Any = json.loads(text)
    title, service, owners, review_every, last_reviewed, covers, problems, sections, terms = raw
    read = tuple(_read_section(section, path, revision) for section in sections)
    runbook = Runbook(
        path,
        title,
        service,
        tuple(Owner(handle, OwnerKind(kind), source) for handle, kind, source in owners),
        review_every,
        _read_day(last_reviewed),
        tuple(covers),
        read,
        tuple(problems),
    )
    return runbook, tuple(_read_terms(counted, section) for counted, section in zip(terms, read, strict=True))


# -- writing --------------------------------------------------------------------------------------------------------


def _section(section: Section) -> list[object]:
    return [
        section.headings,
        section.slug,
        section.span.start_line,
        section.span.end_line,
        section.text,
        [[block.kind, block.start_line, block.end_line, block.text] for block in section.blocks],
        [[d.kind.value, d.reason, _day(d.until), d.span.start_line, d.span.end_line] for d in section.directives],
        section.written,
    ]


def _terms(counted: SectionTerms) -> list[object]:
    return [
        counted.names,
        counted.words,
        counted.numbers,
        sorted(counted.heading_names),
        sorted(counted.heading_words),
        sorted(counted.coded),
        counted.paths,
        counted.length,
        sorted(counted.title_words),
    ]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


# -- reading --------------------------------------------------------------------------------------------------------


def _read_section(raw: Sequence[Any], path: str, revision: str) -> Section:
    headings, slug, start, end, text, blocks, directives, written = raw
    return Section(
        path,
        tuple(headings),
        slug,
        Span(revision, path, start, end),
        text,
        tuple(Block(*block) for block in blocks),
        (),
        tuple(
            Directive(DirectiveKind(kind), reason, _read_day(until), Span(revision, path, first, last))
            for kind, reason, until, first, last in directives
        ),
        tuple(written),
    )


def _read_terms(raw: Sequence[Any], section: Section) -> SectionTerms:
    names, words, numbers, heading_names, heading_words, coded, paths, length, title_words = raw
    return SectionTerms(
        section,
        Counter(names),
        Counter(words),
        Counter(numbers),
        frozenset(heading_names),
        frozenset(heading_words),
        frozenset(coded),
        tuple(paths),
        length,
        frozenset(title_words),
    )


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
