"""Raw SQL in Python strings that destroys data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_data import undoes
from analyzers.languages.python_nodes import Module
from analyzers.model import Fact, FactKind
from analyzers.syntax import Node

__all__ = ["raw_sql"]

_NAME = r"(?:IF\s+EXISTS\s+)?[\"`\[]?(?P<name>[\w.{}]+)"
_DESTROYS = re.compile(
    r"\b(?:(?P<drop>DROP\s+(?:TABLE|INDEX|DATABASE|SCHEMA|VIEW|MATERIALIZED\s+VIEW|COLUMN|CONSTRAINT|TYPE))\s+"
    rf"(?:CONCURRENTLY\s+)?|(?P<truncate>TRUNCATE)\s+(?:TABLE\s+)?|(?P<delete>DELETE\s+FROM)\s+){_NAME}"
)
_ALTERS = re.compile(r"\bALTER\s+TABLE\s+(?:ONLY\s+)?(?:IF\s+EXISTS\s+)?[\"`]?([\w.]+)")


def raw_sql(module: Module, node: Node) -> Iterator[Fact]:
    """``DROP``, ``TRUNCATE`` and ``DELETE FROM`` in strings, in capitals as SQL is written (prose is not)."""
    parent = node.parent
    if parent is not None and parent.type == "expression_statement":
        return  # a docstring is prose
    text = module.text(node)
    if len(text) < 12 or ("DROP" not in text and "TRUNCATE" not in text and "DELETE" not in text):
        return
    if undoes(module, node):
        return
    message = module.message(node) or ""
    altered = _ALTERS.search(message)
    for found in _DESTROYS.finditer(message[:20_000]):
        act = re.sub(r"\s+", "_", (found.group("drop") or found.group("truncate") or found.group("delete")).lower())
        name = found.group("name").strip("{}.") or "{}"
        if act == "drop_column" and altered:
            name = f"{altered.group(1)}.{name}"
        yield module.source.fact(FactKind.DESTRUCTIVE, f"{act} {name}", node=node, scope="")
