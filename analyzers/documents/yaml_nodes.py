"""A second opinion on YAML that the grammar cannot read: libyaml's parser, through PyYAML's node trees.

tree-sitter-yaml gives up on a whole document over things that every YAML loader takes (a closing bracket or a quoted
continuation at the parent's column), and its scanner cannot count past 32,767 lines. Nodes are composed, never
constructed: no tag is acted upon and no alias expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from analyzers.documents.entries import Item, Kind, Page
from analyzers.documents.yaml_text import block_text, double_quoted, plain, single_quoted
from analyzers.syntax import Lines

MAX_BYTES = 2_000_000
MAX_FLOW_DEPTH = 60
"""Nested brackets that are handed to the parser, which is recursive."""

_LOADER = getattr(yaml, "CSafeLoader", None)
_ASCII = bytes(code if code in b"\t\n\r" or 32 <= code < 127 else ord("x") for code in range(256))
"""Other bytes become ``x``, so that the parser's character positions are byte positions."""

_NULL = "tag:yaml.org,2002:null"


def second_opinion(page: Page, readable: bytes) -> list[Item] | None:
    """The documents of a page, or None when libyaml is not there or cannot read them either."""
    if _LOADER is None or len(readable) > MAX_BYTES or _flow_depth(readable) > MAX_FLOW_DEPTH:
        return None
    try:
        roots = list(yaml.compose_all(readable.translate(_ASCII).decode("ascii"), Loader=_LOADER))
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return [_item(page, root, None, "", None) for root in roots if root is not None]


def _flow_depth(data: bytes) -> int:
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", data):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


class NodeItem(Item):
    """One YAML value, by libyaml's reading."""

    __slots__ = ("node",)

    def __init__(
        self, page: Page, kind: Kind, place: tuple[int, int], node: yaml.Node, key: str, parent: Item | None
    ) -> None:
        super().__init__(page, kind, place, key, parent)
        self.node = node

    def _expand(self, lines: Lines | None, limit: int) -> Iterator[Item]:
        found = 0
        for key, value in self._members():
            name = _text(self.page, key) if key is not None else ""
            if name == "<<" or (key is not None and not name):
                continue
            item = _item(self.page, value, key, name, self)
            if lines is None or item.on(lines):
                yield item
                found += 1
                if limit and found >= limit:
                    return

    def _members(self) -> Iterator[tuple[yaml.Node | None, yaml.Node]]:
        if isinstance(self.node, yaml.MappingNode):
            yield from self.node.value
        elif isinstance(self.node, yaml.SequenceNode):
            yield from ((None, child) for child in self.node.value)

    def _read(self) -> str:
        return _text(self.page, self.node)

    def block_lines(self) -> tuple[int, int] | None:
        """First and last line of a literal block's content."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.style != "|":
            return None
        return self.node.start_mark.line + 2 + self.page.offset, self.last


def _item(page: Page, node: yaml.Node, key: yaml.Node | None, name: str, parent: Item | None) -> NodeItem:
    start = key or node
    # an alias is the anchored node itself, which stands elsewhere
    before = parent.node.start_mark.index if isinstance(parent, NodeItem) else 0
    alias = (key is not None and node.start_mark.index < key.end_mark.index) or node.start_mark.index < before
    end = start.end_mark.index if alias else node.end_mark.index
    written = page.shown[start.start_mark.index : end].rstrip()
    first = start.start_mark.line + 1 + page.offset
    place = (first, first + written.count(b"\n"))
    kind = Kind.MAPPING if isinstance(node, yaml.MappingNode) else Kind.SEQUENCE
    if isinstance(node, yaml.ScalarNode):
        kind = Kind.NULL if node.tag == _NULL else Kind.SCALAR
    elif alias:
        kind = Kind.ALIAS
    item = NodeItem(page, kind, place, node, name, parent)
    if node.tag and node.tag.startswith("!") and len(node.tag) > 1:
        item.tag = node.tag
    return item


def _text(page: Page, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return ""
    text = page.shown[node.start_mark.index : node.end_mark.index].decode("utf-8", "replace")
    if node.style in {"|", ">"}:
        return block_text(text)
    if node.style == '"':
        return double_quoted(text)
    return single_quoted(text) if node.style == "'" else plain(text)
