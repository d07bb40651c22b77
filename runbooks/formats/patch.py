"""All suggestions as one unified diff that ``git apply`` takes.

Works on the bytes of the runbooks at head: line endings, a missing newline at the end and undecodable bytes elsewhere
in the file stay as they are. A suggestion whose line is not what the file holds is left out: a patch that might not
apply helps nobody. Suggestions on one line are merged word by word; of two that disagree, the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from runbooks.formats import Presentation
from runbooks.model import Report, Status, Suggestion

CONTEXT = 3
"""Unchanged lines around a change; git's own default."""
_MERGED_CHARS = 2_000
"""Longest line on which several suggestions are merged; in a longer one only the first counts."""

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_ORDER = {status: place for place, status in enumerate(Status)}

Edit = tuple[int, int, str]
"""Replace characters start (inclusive) to end (exclusive) by the text."""


def render(report: Report, presentation: Presentation) -> str:
    """The patch, or an empty string without suggestions. Bytes that are not UTF-8 are surrogate-escaped."""
    by_path: dict[str, dict[int, list[Suggestion]]] = {}
    for verdict in sorted(report.verdicts, key=lambda v: (_ORDER[v.status], -v.score)):
        suggestion = verdict.suggestion
        if suggestion is not None and verdict.status is Status.CONTRADICTED:
            by_path.setdefault(suggestion.path, {}).setdefault(suggestion.line, []).append(suggestion)
    parts: list[str] = []
    for path in sorted(by_path):
        data = presentation.head_text(path)
        if data is not None:
            parts += _file(path, data.decode("utf-8", "surrogateescape"), by_path[path])
    return "".join(parts)


def _file(path: str, text: str, suggestions: dict[int, list[Suggestion]]) -> Iterator[str]:
    lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
    changed: dict[int, str] = {}
    for number, found in suggestions.items():
        if not 1 <= number <= len(lines):
            continue
        body = lines[number - 1].rstrip("\r\n")
        ending = lines[number - 1][len(body) :]
        replaced = merged(body, found)
        # A line break in a suggestion would be a second line, a carriage return a change of line ending.
        if replaced != body and not re.search(r"[\r\n]", replaced):
            changed[number - 1] = replaced + ending
    if changed:
        before, after = _name("a/", path), _name("b/", path)
        # A tab ends a name with blanks in it; `git apply` needs it there.
        tab = "\t" if " " in path else ""
        yield f"diff --git {before} {after}\n--- {before}{tab}\n+++ {after}{tab}\n"
        yield from _hunks(lines, changed)


def merged(line: str, suggestions: Sequence[Suggestion]) -> str:
    """The line with the edits of every suggestion that was made for exactly this line and does not overlap an earlier
    one; the line itself when there is none."""
    fitting = [s for s in suggestions if s.before.rstrip("\r\n") == line]
    if not fitting:
        return line
    if len({s.after for s in fitting}) == 1 or len(line) > _MERGED_CHARS:
        return fitting[0].after
    taken: list[Edit] = []
    for suggestion in fitting:
        edits = _edits(line, suggestion.after)
        new = [edit for edit in edits if edit not in taken]
        if not any(_overlap(edit, other) for edit in new for other in taken):
            taken += new
    for start, end, text in sorted(taken, reverse=True):
        line = line[:start] + text + line[end:]
    return line


def _overlap(edit: Edit, other: Edit) -> bool:
    return (edit[0] < other[1] and other[0] < edit[1]) or edit[0] == other[0]


def _edits(before: str, after: str) -> list[Edit]:
    tokens, wanted = _TOKEN.findall(before), _TOKEN.findall(after)
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    matcher = SequenceMatcher(None, tokens, wanted, autojunk=False)
    return [
        (starts[i1], starts[i2], "".join(wanted[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _hunks(lines: Sequence[str], changed: dict[int, str]) -> Iterator[str]:
    """Hunks with context; each changed line is one line before and one after, so both sides count alike."""
    for first, last in _ranges(changed, len(lines)):
        count = last - first
        yield f"@@ -{first + 1},{count} +{first + 1},{count} @@\n"
        place = first
        while place < last:
            run = place
            while run in changed:
                run += 1
            if run == place:
                yield _line(" ", lines[place])
                place += 1
                continue
            yield from (_line("-", lines[i]) for i in range(place, run))
            yield from (_line("+", changed[i]) for i in range(place, run))
            place = run


def _ranges(changed: Iterable[int], total: int) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for place in sorted(changed):
        first, last = max(0, place - CONTEXT), min(total, place + CONTEXT + 1)
        if ranges and first <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return ranges


def _line(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _name(prefix: str, path: str) -> str:
    """The name as git writes it: quoted like a C string when it holds quotes, control or non-ASCII bytes."""
    data = (prefix + path).encode("utf-8", "surrogateescape")
    if re.fullmatch(rb"[ !#-\[\]-~]+", data):
        return prefix + path
    named = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    quoted = "".join(named.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in data)
    return f'"{quoted}"'
