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

_MARK = 1
_BLOCK_HEADER = re.compile(
    rb"^(?P<lead> *(?:- +)*)(?:[^#\n]*?:[ \t]+)?(?:[&!][^ \n]+[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?\r?$"
)
_CONTROL = re.compile(
    rb"[ \t]*(?:\{[{%]-?|<%-?)[ \t]*(?:if|else|elsif|elif|end\w*|range|with|for|define|block|/\*|\$\w+[ \t]*:?=)"
)
_TRIM = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")


def blanked(data: bytes) -> bytes:
    """The bytes with template actions blanked; the very same object when there are none."""
    if not _OPENER.search(data):
        return data
    masked = bytearray(data)
    if not _mask(data, masked):
        return data
    return b"\n".join(_lines(bytes(masked).split(b"\n"), data.split(b"\n")))


def tidy(text: str) -> str:
    """A value's text with the layout of its template actions folded: ``{{- .Values.x -}}`` → ``{{ .Values.x }}``."""
    return _TRIM.sub(r"{{ \1 }}", text) if "{{" in text else text


def nameable(text: str) -> str:
    """A name without its template actions: ``{{ include "x.fullname" . }}-api`` → ``*-api``."""
    if "{{" not in text and "$" not in text:
        return text
    starred = re.sub(r"\$?\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)", "*", text, flags=re.DOTALL)
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
            first = start + part.start()
            masked[first : start + part.end()] = bytes([_MARK]) * len(part.group())
        position = end
    return found


def _lines(masked: list[bytes], written: list[bytes]) -> list[bytes]:
    """Marks become ``x`` within values and blanks where they fill a line. In a block scalar a line that writes
    something keeps its ``x``, so that the block does not look empty."""
    mark = bytes([_MARK])
    block: int | None = None
    result: list[bytes] = []
    for line, original in zip(masked, written, strict=True):
        content = line.lstrip(b" ")
        indent = len(line) - len(content)
        if block is not None and content.strip() and indent <= block and content[:1] != mark:
            block = None
        if mark in line:
            alone = not content.replace(mark, b"").strip(b" \t\r,")
            inside = block is not None and indent > block and not _CONTROL.match(original)
            line = line.replace(mark, b" " if alone and not inside else b"x")
        header = _BLOCK_HEADER.match(line) if block is None else None
        if header:
            lead = header.group("lead")
            bare = line[len(lead) : len(lead) + 1] in {b"|", b">"}
            block = len(lead) - 2 if bare and b"-" in lead else len(lead)
        result.append(line)
    return result
