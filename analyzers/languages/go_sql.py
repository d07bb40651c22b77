"""SQL inside Go string literals: what it destroys, and the tables and columns it makes.

Only statements that begin a string (or follow a ``;``) are read, so prose that says "drop" is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.go_nodes import string_value
from analyzers.languages.go_source import GoSource
from analyzers.model import Fact, FactKind, Value
from analyzers.patterns import regex
from analyzers.syntax import Node

_MAX_CHARS = 20_000
_NAME = r"[\"`\[]?([A-Za-z_][\w.$]{0,120})[\"`\]]?"
_START = regex(r"^\s*(?:--[^\n]*\n\s*)*(DROP|TRUNCATE|DELETE|ALTER|CREATE)\b", re.IGNORECASE)
_DESTROYS = (
    (
        re.compile(rf"^DROP (TABLE|DATABASE|SCHEMA|INDEX|VIEW|COLUMN)(?: CONCURRENTLY)?(?: IF EXISTS)? {_NAME}", re.I),
        "",
    ),
    (re.compile(rf"^(TRUNCATE)(?: TABLE)? {_NAME}", re.I), "truncate"),
    (re.compile(rf"^(DELETE) FROM {_NAME}", re.I), "delete_from"),
)
_ALTER = regex(rf"^ALTER TABLE(?: IF EXISTS)?(?: ONLY)? {_NAME} (.*)$", re.I)
_ADD = regex(rf"^ADD(?: COLUMN)?(?: IF NOT EXISTS)? (?!CONSTRAINT|INDEX|PRIMARY|FOREIGN|UNIQUE){_NAME} (.+)$", re.I)
_DROP_COLUMN = regex(rf"^DROP COLUMN(?: IF EXISTS)? {_NAME}", re.I)
_CREATE = regex(rf"^CREATE (?:TEMP(?:ORARY)? |UNLOGGED )?TABLE(?: IF NOT EXISTS)? {_NAME} ?\((.*)\)", re.I)
_NOT_COLUMN = regex(r"^(?:PRIMARY|FOREIGN|UNIQUE|CONSTRAINT|CHECK|INDEX|KEY|EXCLUDE|LIKE)\b", re.I)


def sql(go: GoSource, node: Node) -> Iterator[Fact]:
    """The facts of a string literal that is SQL."""
    text = go.text(node)
    if len(text) > _MAX_CHARS or not _START.match(string_value(text[:400] + text[:1])):
        return
    for statement in string_value(text).split(";"):
        lines = [line.split("--", 1)[0] for line in statement.splitlines()]
        flat = " ".join(" ".join(lines).split())
        if flat:
            yield from _statement(go, node, flat)


def _statement(go: GoSource, node: Node, text: str) -> Iterator[Fact]:
    for pattern, operation in _DESTROYS:
        match = pattern.match(text)
        if match:
            name = operation or f"drop_{match.group(1).lower()}"
            where = text[match.end() :].strip() if operation == "delete_from" else ""
            yield go.source.fact(FactKind.DESTRUCTIVE, f"{name} {match.group(2)}", Value(where), node=node)
            return
    alter = _ALTER.match(text)
    if alter:
        table = alter.group(1)
        for clause in _split(alter.group(2)):
            yield from _clause(go, node, table, clause)
        return
    create = _CREATE.match(text)
    if create:
        table = create.group(1)
        yield go.source.fact(FactKind.TABLE, table, node=node, scope="")
        for definition in _split(create.group(2)):
            column = re.match(rf"{_NAME} (.+)$", definition)
            if column and not _NOT_COLUMN.match(definition):
                yield _column(go, node, f"{table}.{column.group(1)}", column.group(2))


def _clause(go: GoSource, node: Node, table: str, clause: str) -> Iterator[Fact]:
    dropped, added = _DROP_COLUMN.match(clause), _ADD.match(clause)
    if dropped:
        yield go.source.fact(FactKind.DESTRUCTIVE, f"drop_column {table}.{dropped.group(1)}", node=node)
    elif added:
        yield _column(go, node, f"{table}.{added.group(1)}", added.group(2))


def _column(go: GoSource, node: Node, key: str, definition: str) -> Fact:
    required = re.search(r"\bNOT NULL\b|\bPRIMARY KEY\b", definition, re.I)
    of = re.split(
        r" (?:NOT NULL|NULL|DEFAULT|PRIMARY|UNIQUE|REFERENCES|CHECK|CONSTRAINT|COLLATE)\b", definition, flags=re.I
    )
    attributes = {"nullable": "no" if required else ""}
    return go.source.fact(
        FactKind.COLUMN, key, Value(of[0].strip().lower()), node=node, scope="", attributes=attributes
    )


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside brackets."""
    parts: list[str] = []
    depth = start = 0
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]
