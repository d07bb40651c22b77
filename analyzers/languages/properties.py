"""INI, ``.env``, Java properties, and ``.conf`` files of many kinds, read line by line without a grammar.

There is no one grammar: sections (``[name]``), blocks (``name { … }``, nginx and HOCON), ``key = value``,
``key: value``, ``key value;`` (``.conf`` only), comments ``#``, ``;`` and ``!``, continuations by backslash or by
indentation (Python's configparser). The reading follows java.util.Properties and configparser where they agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.config_files import is_tooling, place, setting_facts, unquoted
from analyzers.languages import Reading, Side
from analyzers.model import Fact, FactKind

_SECTION = re.compile(r"\s*\[\[?([^\[\]]{1,200})\]\]?\s*(?:[#;].*)?$")
_BLOCK = re.compile(r"""\s*([\w.@*/~^$"'():-][^{}#;=]{0,200}?)\s*[:=]?\s*\{\s*$""")
_PAIR = re.compile(r"""\s*(?:export\s+)?(["']?)([A-Za-z_][\w.\-/:@%*\[\]]{0,200}?)\1\s*(\+?=|:(?=\s|$))\s*(.*)$""")
_PLAIN_PAIR = re.compile(r"\s*([A-Za-z_%][\w.\-/]{0,200})(?:\s*[=:]\s*|\s+)(.*)$")
_DIRECTIVE = re.compile(r"""\s*([A-Za-z_][\w.-]{1,80})\s+([^{}]+?)\s*;?\s*$""")
_INLINE_COMMENT = re.compile(r"\s[#;](?:\s.*)?$")
_ENV_FILE = re.compile(r"(?:^|/)env(?:\.[^/]*)?$|\.env$|(?:^|/)\.env[^/]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment: section path, key, value as written (continuations joined by a blank), 1-based lines."""

    section: str
    key: str
    text: str
    first: int
    last: int


def read(side: Side) -> Reading:
    """The assignments that touch the changed lines: variables in ``.env`` files, settings elsewhere."""
    if is_tooling(side.path):
        return Reading(())
    lines = side.data.decode("utf-8", "replace").split("\n")
    environment = bool(_ENV_FILE.search(side.path))
    facts: list[Fact] = []
    for entry in _entries(lines, side.path):
        if not any(entry.first <= last and first <= entry.last for first, last in side.lines):
            continue
        span, quote = place(side, entry.first, entry.last, lines)
        key = f"{entry.section}.{entry.key}" if entry.section and not environment else entry.key
        kind = FactKind.ENV_VAR if environment else None
        facts += setting_facts(key, entry.text, span, quote, kind=kind)
    return Reading(tuple(facts))


def _entries(lines: list[str], path: str) -> Iterator[Entry]:
    """The assignments in file order, each with the sections and blocks around it."""
    java = path.endswith(".properties")
    blocks_allowed = path.endswith((".conf", ".cfg"))
    section = ""
    blocks: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        first = index
        index += 1
        stripped = line.strip()
        if not stripped or stripped[0] in "#;!" or stripped.startswith("//"):
            continue
        found = None if java else _SECTION.match(line)
        if found:
            section = unquoted(found.group(1))
            continue
        if blocks_allowed and (block := _BLOCK.match(line)):
            blocks.append(" ".join(unquoted(block.group(1)).split()))
            continue
        if blocks_allowed and stripped.startswith("}"):
            del blocks[-1:]
            continue
        text, index = _continued(stripped, lines, index, java)
        pair = _pair(text, java, blocks_allowed)
        if pair:
            yield Entry(".".join([*([section] if section else []), *blocks]), pair[0], pair[1], first + 1, index)


def _continued(text: str, lines: list[str], index: int, java: bool) -> tuple[str, int]:
    """The logical line that starts with ``text`` and the index of the next physical one: a trailing backslash, or
    (not in properties) an indented line without an assignment of its own."""
    while index < len(lines):
        following = lines[index]
        if text.endswith("\\"):
            text = text[:-1].rstrip() + " " + following.strip()
        elif not java and following[:1] in {" ", "\t"} and _continues(text, following):
            text = text + " " + following.strip()
        else:
            break
        index += 1
    return text, index


def _continues(text: str, following: str) -> bool:
    """Whether an indented line is a further item of an open list (``key =`` with nothing, or with items below)."""
    body = following.strip()
    if not body or body[0] in "#;[}" or "{" in body or _PAIR.match(following):
        return False
    return bool(re.match(r"\s*[\w.\-]+\s*=\s*(?:\S.*)?$", text)) and not body.endswith(";")


def _pair(text: str, java: bool, directives: bool) -> tuple[str, str] | None:
    if java:
        plain = _PLAIN_PAIR.match(text)
        return (plain.group(1), plain.group(2).strip()) if plain else None
    found = _PAIR.match(text)
    if found:
        return found.group(2), _clean(found.group(4))
    directive = _DIRECTIVE.match(_INLINE_COMMENT.sub("", text)) if directives else None
    if directive and directive.group(1).lower() != "include":
        return directive.group(1), unquoted(directive.group(2))
    return None


def _clean(text: str) -> str:
    """A value without its inline comment, quotes and trailing comma or semicolon."""
    if text[:1] in {'"', "'"}:
        end = text.find(text[0], 1)
        if end > 0 and not text[end + 1 :].strip().strip(",;").split("#")[0].split(";")[0].strip():
            return text[1:end]
    return unquoted(_INLINE_COMMENT.sub("", text).rstrip(" ,;"))
