"""JSON (and JSON5 as far as its grammar goes): configuration, policies, Kubernetes objects, package manifests.

What a document means is read by :mod:`analyzers.documents`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzers.documents import dialects
from analyzers.documents.entries import Item, Kind, Page
from analyzers.documents.nodes import children_on, last_line, problem_line
from analyzers.documents.silent import silent_path
from analyzers.languages import Reading, Side
from analyzers.syntax import Grammar, Lines, Node, Source

GRAMMAR = Grammar("json", "tree_sitter_json")

_KINDS = {"object": Kind.MAPPING, "array": Kind.SEQUENCE, "null": Kind.NULL}


def read(side: Side) -> Reading:
    """The facts that the changed lines of one side of a JSON file state."""
    if silent_path(side.path):
        return Reading(())
    source = Source(GRAMMAR, side.path, side.revision, side.data)
    page = Page(side.path, side.revision, side.data)
    context = dialects.context_for(side.lines)
    roots = (node for node in children_on(source.root, side.lines) if node.is_named and node.type != "comment")
    facts = tuple(fact for root in roots for fact in dialects.read(_item(source, page, root), context))
    line = problem_line(source.root, side.lines)
    return Reading(facts, f"syntax errors near line {line}" if line else dialects.exhausted(context))


class JsonItem(Item):
    """One JSON value."""

    __slots__ = ("node", "source")

    def __init__(
        self, source: Source, page: Page, kind: Kind, place: tuple[int, int], node: Node, key: str, parent: Item | None
    ) -> None:
        super().__init__(page, kind, place, key, parent)
        self.source = source
        self.node = node

    def _expand(self, lines: Lines | None, limit: int) -> Iterator[Item]:
        # brackets and commas are children too
        for node in children_on(self.node, lines, limit * 2):
            if node.type == "pair":
                key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
                if key is not None and value is not None:
                    yield _item(self.source, self.page, value, _content(self.source, key), self, node)
            elif node.is_named and node.type not in {"comment", "ERROR"} and self.kind is Kind.SEQUENCE:
                yield _item(self.source, self.page, node, "", self)

    def _read(self) -> str:
        return _content(self.source, self.node)


def _item(
    source: Source, page: Page, node: Node, key: str = "", parent: Item | None = None, pair: Node | None = None
) -> JsonItem:
    outer = pair or node
    place = (outer.start_point[0] + 1, last_line(outer))
    kind = _KINDS.get(node.type, Kind.MAPPING if node.type == "ERROR" else Kind.SCALAR)
    return JsonItem(source, page, kind, place, node, key, parent)


def _content(source: Source, node: Node) -> str:
    """A string's content with escapes resolved, any other scalar as written."""
    text = source.text(node)
    if node.type != "string":
        return text
    try:
        decoded = json.loads(text, strict=False)
    except ValueError:
        return text.strip("\"'")
    return decoded if isinstance(decoded, str) else text
