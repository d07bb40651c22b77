"""The lines of a section that can make a statement, and what keeps a line from making one.

A line that speaks of history, gives advice, states a condition or shows a program's output is not false because the
code changed; *contradicted* reads only what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from analyzers.model import Change
from analyzers.patterns import regex
from runbooks.fences import is_diff
from runbooks.model import Block, Section, Suggestion

_ADVICE = regex(
    r"\b(?:increas\w*|decreas\w*|raise\w*|lower\w*|reduc\w*|bump\w*|do not|don't|never|revert|restore|"
    r"e\.g\.|for example|such as|for instance|at least|at most|"
    r"recommend\w*|suggest\w*|try|tune|instead of|override\w*|if you|consider|"
    r"in an outage|to mitigate|max(?:imum)? of|min(?:imum)? of)\b|(?:^|[,.;:]\s|\d\.\s)\W*set\b|~~",
    re.IGNORECASE,
)
_HISTORY = regex(
    r"\b(?:was|were|used to|previously|formerly|earlier|before (?:v|version|release)|changed from|prior to|"
    r"until (?:v\.?|version |release )?\d|deprecated|removed in|renamed|no longer|since v?\d|as of v?\d|"
    r"introduced in|added in)\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.{0,2000}?-->")
_HISTORY_PATH = regex(
    r"upgrad|release|changelog|migrat|history|whats?-?new|breaking"
    r"|(?:^|/)(?:adrs?|decisions?|proposals?|rfcs?|designs?|design-docs?|post-?mortems?|archived?|blog)/",
    re.IGNORECASE,
)
_HISTORY_HEADING = regex(
    r"\b(?:upgrad\w+ (?:from|to)|migrat\w+ (?:from|to)|change ?log|release notes|what'?s new|breaking|deprecat\w+|"
    r"history)\b",
    re.IGNORECASE,
)
_SHOWN = regex(
    r"\b(?:outputs?|prints?|printed|(?:we|you)(?:'ll| will| should| can)? see|looks? (?:like|similar)|returns?|"
    r"results? in|responds? with)\b",
    re.IGNORECASE,
)

_TOLD = regex(
    r"^\W*(?:\d+\W+)?(?:set|change|configure|adjust|add|try|override|increase|decrease|raise|lower|reduce|edit|update)\b"
    r"|\b(?:examples?|samples?)\b",
    re.IGNORECASE,
)
_ENDS = regex(r"[.!?:][`'\")*_]*\s*\Z")
_STOP = regex(r"[.!?][`'\")*_]*\s")
_DELIMITER = regex(r"[\s>|:-]*-[\s>|:-]*\Z")
_ITEM = regex(r"[\s>]*(?:[-*+]|\d{1,9}[.)])\s")
_FENCE = regex(r"[\s>]*(?:`{3,}|~{3,})\s*")
_LABEL = regex(r"[\s>]*(?:\*\*|__)[^*_]{1,80}(?:\*\*|__)\W*\Z")

Edit = tuple[int, int, str]
"""Replace characters start (inclusive) to end (exclusive) of a line by the text."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A line that is now false: where it stands, why, and the corrected line when it can be written.

    ``edits`` are the replacements of which the corrected line is made, where they are known one by one; ``also`` are
    further changes that make the same line false, and whose corrections the suggestion holds too. ``doubt`` says why
    the line may not be about what changed: then it is worth a look, and not called false.
    """

    change: Change
    section: Section
    line: int
    quote: str
    reason: str
    suggestion: Suggestion | None
    edits: tuple[Edit, ...] = ()
    also: tuple[Change, ...] = ()
    doubt: str = ""


ABOVE = 30
"""Lines kept above a line as its context; whole long blocks would cost the square of their length."""


WRAPPED = 3
"""Lines before and after a line over which a sentence is followed."""


class Line(NamedTuple):
    """One line: its number in the file, its text without line ending, the kind of its block, up to ``ABOVE`` lines of
    the block above it, and the line of text that leads to the block with the section's title; fences lead to nothing.

    ``governs`` is what a list, table or fence stands under: the nearest line that ends in a colon or is a bold label;
    ``header`` is the header line of a table row's table, empty elsewhere and where there is none; ``around`` is the
    line of a paragraph with the lines over which its first and last sentence are wrapped, empty where there are none;
    ``diff`` tells a line of a fence that shows a change.
    """

    number: int
    text: str
    kind: str
    above: tuple[str, ...]
    lead: str
    governs: str = ""
    header: str = ""
    around: str = ""
    diff: bool = False


def lines_of(section: Section) -> Iterator[Line]:
    """The lines of a section that can make a statement about the present: none of a chapter of history or of a dated
    document (decision records, proposals, reports), none of a fence that shows what a program printed."""
    if _HISTORY_PATH.search(section.path) or _HISTORY_HEADING.search(" / ".join(section.headings)):
        return
    lead, governs, header = "", "", ""
    source: list[str] = []
    for block in section.blocks:
        if block.kind in {"heading", "html"}:
            continue
        lines = block.text.split("\n")
        if block.kind == "row":
            source = source or section.text.split("\n")
            header = block.text if _is_header(block, section, source) else header
        else:
            header = ""
        if block.kind == "fence" and _SHOWN.search(lead):
            continue
        governs = _governing(block, lines, governs)
        diff = block.kind == "fence" and is_diff(_FENCE.sub("", lines[0]), lines[1:])
        shown = header if header is not block.text else ""
        for offset, line in enumerate(lines):
            if diff and line.lstrip(" >").startswith("-"):
                continue
            if line.strip() and not _HISTORY.search(_COMMENT.sub("", line)):
                above = tuple(lines[max(0, offset - ABOVE) : offset])
                number = block.start_line + offset
                around = _around(lines, offset) if block.kind == "paragraph" and len(lines) > 1 else ""
                text, told = line.rstrip("\r"), f"{lead} ({section.title})"
                yield Line(number, text, block.kind, above, told, governs, shown, around, diff)
        if block.kind != "fence":  # what leads to a fence leads to those right behind it
            lead = next((line for line in reversed(lines) if line.strip()), lead)


def _is_header(block: Block, section: Section, source: list[str]) -> bool:
    """Whether a table row is its table's header: the line below it is the delimiter row."""
    below = block.start_line + 1 - section.span.start_line
    return 0 <= below < len(source) and _DELIMITER.match(source[below]) is not None


def _governing(block: Block, lines: list[str], governs: str) -> str:
    """What the lines after the first of a block, and the lists, tables and fences after it, stand under."""
    if block.kind != "paragraph":
        return governs
    last = next((line for line in reversed(lines) if line.strip()), "").rstrip()
    if last.rstrip("*_ ").endswith(":") or (len(lines) == 1 and _LABEL.match(last)):
        return last
    return governs if _ITEM.match(lines[0]) else ""


def _around(lines: list[str], offset: int) -> str:
    """A line with those before and after it over which its sentences run, a few at most."""
    first = last = offset
    while first and offset - first < WRAPPED and not _ENDS.search(lines[first - 1]):
        first -= 1
    while last + 1 < len(lines) and last - offset < WRAPPED and not _ENDS.search(lines[last]):
        last += 1
    above, below = (
        " ".join(line.strip() for line in part) for part in (lines[first:offset], lines[offset + 1 : last + 1])
    )
    return f"{_STOP.split(above)[-1]} {lines[offset].strip()} {_STOP.split(below)[0]}".strip()


def advises(line: Line) -> bool:
    """Whether a line, or the one that leads to its fence, tells somebody to choose a value, or gives an example, rather
    than say which value holds; a named default is a statement, and so is a row of a table of defaults."""
    if "default" in line.text.lower() or "default" in line.header.lower():
        return False
    return _ADVICE.search(line.text) is not None or (line.kind == "fence" and _TOLD.search(line.lead) is not None)
