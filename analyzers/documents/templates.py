"""Templates inside data formats (Go templates as in Helm, Jinja, ERB), blanked so that the grammar can read on.

Every byte keeps its place: an action inside a value becomes a run of ``x``, a line that holds only actions becomes
blank. Values are later taken from the file as written, so a changed template expression is still a changed value.
"""

from __future__ import annotations

import re

_ACTION = re.compile(rb'\{\{(?:[^"`{}]|\{(?!\{)|\}(?!\})|"(?:[^"\\\n]|\\.)*"|`[^`]*`)*\}\}')
"""A Go template action; string literals in it may hold braces."""

_CLOSERS = {b"{{": b"}}", b"{%": b"%}", b"<%": b"%>", b"{#": b"#}"}
_OPENER = re.compile(rb"\{\{|\{%|<%|\{#")
MAX_ACTION = 4000
"""Bytes in which an action must end."""

MAX_UNCLOSED = 500
"""After so many openers that close nowhere the file is no template."""

_MARK = b"\x01"
_MARK_ON = b"\x02"  # an action that began on a line above
_TO_BLANK = bytes.maketrans(_MARK + _MARK_ON, b"  ")
_TO_X = bytes.maketrans(_MARK + _MARK_ON, b"xx")
_BLOCK_HEADER = re.compile(
    rb"^(?P<lead> *(?:- +)*)(?:[^#\n]*?:[ \t]+)?(?:[&!][^ \n]+[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?\r?$"
)
_TRIM = re.compile(r"\{\{-?\s{0,40}([^{}]{0,500}?)\s{0,40}-?\}\}")


def blanked(data: bytes) -> bytes:
    """The bytes with template actions blanked; the very same object when there are none."""
    if not _OPENER.search(data):
        return data
    masked = bytearray(data)
    if not _mask(data, masked):
        return data
    return b"\n".join(_lines(bytes(masked).split(b"\n")))


def tidy(text: str) -> str:
    """A value's text with the layout of its template actions folded: ``{{- .Values.x -}}`` → ``{{ .Values.x }}``."""
    return _TRIM.sub(r"{{ \1 }}", text) if "{{" in text else text


def nameable(text: str) -> str:
    """A name without its template actions: ``{{ include "x.fullname" . }}-api`` → ``*-api``."""
    if "{{" not in text and "$" not in text:
        return text
    starred = re.sub(r"\$?\{\{[^{}]{0,500}\}\}|\$\{[^{}]{0,500}\}|\$\([^()]{0,500}\)", "*", text)
    return re.sub(r"\*+", "*", starred)


def _mask(data: bytes, masked: bytearray) -> bool:
    """Overwrite every action but its line breaks with a mark; whether there was one."""
    position, unclosed, found = 0, 0, False
    while unclosed < MAX_UNCLOSED:
        opener = _OPENER.search(data, position)
        if opener is None:
            break
        start, limit = opener.start(), opener.start() + MAX_ACTION
        action = _ACTION.match(data, start, limit) if opener.group() == b"{{" else None
        end = action.end() if action else data.find(_CLOSERS[opener.group()], start + 2, limit) + 2
        if end < start + 2:
            unclosed += 1
            position = start + 2
            continue
        found = True
        for part in re.finditer(rb"[^\n]+", data[start:end]):
            text = part.group()
            lead = 0 if part.start() == 0 else len(text) - len(text.lstrip(b" \t"))
            first, last = start + part.start() + lead, start + part.end()
            masked[first:last] = (_MARK if part.start() == 0 else _MARK_ON) * (last - first)
        position = end
    return found


def _lines(masked: list[bytes]) -> list[bytes]:
    """Marks become ``x`` within values and blanks where they fill a line. In a block scalar a line that writes
    something keeps its ``x``, so that the block does not look empty."""
    block: int | None = None  # the indent of the key or dash that opened a block scalar
    inner: int | None = None  # the indent of that scalar's first line
    blank = False
    result: list[bytes] = []
    for line in masked:
        content = line.lstrip(b" ")
        indent = len(line) - len(content)
        if block is not None and content.strip() and indent <= block and content[:1] not in {_MARK, _MARK_ON}:
            block = inner = None
        if _MARK in line or _MARK_ON in line:
            alone = not content.translate(None, _MARK + _MARK_ON).strip(b" \t\r,")
            if alone and block is not None and indent > block:
                # at the scalar's own indent; as far left as can be when it is the line that sets it
                inner = block + 1 if inner is None else inner
                line = (b" " * inner + b"x" * (len(line) - inner))[: len(line)]
            else:
                # the rest of an action goes the way of its beginning
                blank = alone and (blank if content[:1] == _MARK_ON else True)
                line = line.translate(_TO_BLANK if blank else _TO_X)
        if block is None:
            block = _opened(line)
        elif inner is None and line.strip():
            inner = indent
        result.append(line)
    return result


def _opened(line: bytes) -> int | None:
    """The indent of the key or dash whose block scalar this line opens, or None."""
    header = _BLOCK_HEADER.match(line) if b"|" in line or b">" in line else None
    if header is None:
        return None
    lead = header.group("lead")
    bare = line[len(lead) : len(lead) + 1] in {b"|", b">"}
    return len(lead) - 2 if bare and b"-" in lead else len(lead)
