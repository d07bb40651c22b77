"""TOML: settings by dotted path, and the entry points of ``pyproject.toml``.

Tables that configure builds, linters and dependencies state nothing: they change in most weeks of a project and never
reach operation. What a build installs as a command does, and is a ``target``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.config_files import is_tooling, setting_facts, unquoted
from analyzers.languages import Reading, Side
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Grammar, Node, Source, touches

GRAMMAR = Grammar(
    name="toml",
    wheel="tree_sitter_toml",
    comments=frozenset({"comment"}),
    strings=frozenset({"string"}),
)

_MANIFEST = re.compile(r"(?:^|/)(?:pyproject|Cargo)\.toml$")
_SCRIPTS = re.compile(
    r"(?:project\.(?:gui-)?scripts|project\.entry-points\.[^.]+|tool\.poetry\.scripts)\.(?P<name>.+)$"
)
_MAX_DEPTH = 40
"""Deepest nesting of inline tables that is read; deeper ones are an attack."""


def read(side: Side) -> Reading:
    """The settings that touch the changed lines, each with the dotted path of its table."""
    if is_tooling(side.path):
        return Reading(())
    source = Source(GRAMMAR, side.path, side.revision, side.data)
    manifest = bool(_MANIFEST.search(side.path))
    facts: list[Fact] = []
    for path, scope, pair in _pairs(source, side):
        if manifest:
            facts += _entry_point(source, path, pair)
        else:
            facts += _settings(source, path, scope, pair, 0)
    partial = "syntax errors" if source.partial else ""
    return Reading(tuple(facts), partial)


def _pairs(source: Source, side: Side) -> Iterator[tuple[str, str, Node]]:
    """The pairs that touch the changed lines (all of a table whose header does): path, scope, node."""
    for top in source.root.named_children:
        if not touches(top, side.lines):
            continue
        if top.type == "pair":
            yield _key(source, top), "", top
        elif top.type in {"table", "table_array_element"} and top.named_children:
            header = top.named_children[0]
            name = ".".join(_parts(source, header))
            everything = touches(header, side.lines)
            scope = _element(source, top) if top.type == "table_array_element" else ""
            for pair in top.named_children[1:]:
                if pair.type == "pair" and (everything or touches(pair, side.lines)):
                    yield f"{name}.{_key(source, pair)}", scope, pair


def _element(source: Source, table: Node) -> str:
    """What tells an element of an array of tables from its siblings: its ``name`` or ``id``."""
    for pair in table.named_children[1:]:
        if pair.type == "pair" and _key(source, pair) in {"name", "id", "source", "path"}:
            return unquoted(source.text(_value(pair)))
    return ""


def _parts(source: Source, key: Node) -> list[str]:
    if key.type == "dotted_key":
        return [part for child in key.named_children for part in _parts(source, child)]
    return [unquoted(source.text(key))]


def _key(source: Source, pair: Node) -> str:
    return ".".join(_parts(source, pair.named_children[0])) if pair.named_children else ""


def _value(pair: Node) -> Node:
    """The value of a pair; a comment on the same line belongs to the pair in this grammar."""
    return [child for child in pair.named_children if child.type not in GRAMMAR.comments][-1]


def _settings(source: Source, path: str, scope: str, pair: Node, depth: int) -> Iterator[Fact]:
    value = _value(pair)
    if value.type == "inline_table" and depth < _MAX_DEPTH:
        for inner in value.named_children:
            if inner.type == "pair":
                yield from _settings(source, f"{path}.{_key(source, inner)}", scope, inner, depth + 1)
        return
    span = source.span(pair)
    yield from setting_facts(path, _literal(source, value), span, source.line(span.start_line), scope=scope)


def _literal(source: Source, value: Node) -> str:
    """A value's text: a string's content, an array's items joined, anything else as written."""
    if value.type == "string":
        text = source.text(value)
        for quotes in ('"""', "'''"):
            if text.startswith(quotes):
                return text[3:-3].strip()
        return unquoted(text)
    if value.type == "array":
        items = [c for c in value.named_children if c.type not in GRAMMAR.comments]
        return ", ".join(unquoted(source.canonical(item)) for item in items)
    return source.text(value)


def _entry_point(source: Source, path: str, pair: Node) -> Iterator[Fact]:
    match = _SCRIPTS.match(path)
    if match:
        value = Value(_literal(source, _value(pair)))
        yield source.fact(FactKind.TARGET, match["name"], value, node=pair, scope="")
