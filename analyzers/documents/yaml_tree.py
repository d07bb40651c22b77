"""YAML as a neutral tree. Anchors and tags are looked through, merges are never expanded, and an alias is resolved
only when its anchor names a scalar: an alias bomb costs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.documents.entries import Item, Kind, Page
from analyzers.documents.nodes import children_on, last_line, problem_line
from analyzers.documents.templates import blanked
from analyzers.documents.yaml_text import block_text, double_quoted, plain, single_quoted
from analyzers.syntax import Grammar, Lines, Node, Source

GRAMMAR = Grammar("yaml", "tree_sitter_yaml")

_KINDS = {
    "block_mapping": Kind.MAPPING, "flow_mapping": Kind.MAPPING, "flow_pair": Kind.MAPPING,
    "block_sequence": Kind.SEQUENCE, "flow_sequence": Kind.SEQUENCE,
    "plain_scalar": Kind.SCALAR, "double_quote_scalar": Kind.SCALAR, "single_quote_scalar": Kind.SCALAR,
    "block_scalar": Kind.SCALAR, "alias": Kind.ALIAS,
}  # fmt: skip
_SCALARS = frozenset(name for name, kind in _KINDS.items() if kind is Kind.SCALAR)
_PAIRS = frozenset({"block_mapping_pair", "flow_pair"})
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_ANCHOR = re.compile(rb"&([\w.-]{1,80})[ \t]+([^\s\[{|>#&*!][^\n#]{0,200})")
_KEY_AHEAD = re.compile(r"[\w.-]+:(?:\s|$)")
_SEPARATOR = re.compile(rb"\n---(?=[ \t\r\n]|\Z)")
_SCHEMA = b"\nkind: CustomResourceDefinition"
MAX_ROWS = 32_000
"""Lines of one document that the grammar can count (its scanner keeps rows in 16 bits)."""


MAX_LEVELS = 100
"""Block levels that are handed to the grammar. Its scanner keeps its indents in 1,024 bytes, and with more than about
250 of them tree-sitter-yaml 0.7 writes past the end and ends the process."""

_DEEP_LINE = re.compile(rb"(?:\A|[\r\n])[ \t?:-]{90,}[^ \t\r\n]")


def too_deep(data: bytes) -> bool:
    """Whether the text may have more than :data:`MAX_LEVELS` block levels: an upper bound from the indents alone,
    worked out only when some line is indented far enough."""
    if not _DEEP_LINE.search(data):
        return False
    columns: list[int] = []
    for line in re.split(rb"[\r\n]", data):
        content = line.lstrip(b" \t")
        if not content.strip():
            continue
        indent = len(line) - len(content)
        while columns and columns[-1] >= indent:
            columns.pop()
        columns.append(indent)
        lead = content[: len(content) - len(content.lstrip(b" \t?:-"))]
        # a level per dash, and one more for each sequence that stands at its parent's own column
        if 2 * len(columns) + 2 * len(lead.split()) > 2 * MAX_LEVELS:
            return True
    return False


def pages(path: str, revision: str, data: bytes, lines: Lines) -> Iterator[YamlPage]:
    """The documents of a stream that touch the lines, each as a page of its own: parsing grows with the documents
    that changed, and an error in one leaves the others readable."""
    starts = [0, *(found.start() + 1 for found in _SEPARATOR.finditer(data))]
    offset = 0
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(data)
        rows = data.count(b"\n", start, end)
        if data.find(_SCHEMA, start, end) >= 0 or data.startswith(_SCHEMA[1:], start):
            pass  # schemas say nothing, and are the largest documents of all
        elif any(first <= offset + rows + 1 and offset + 1 <= last for first, last in lines):
            yield YamlPage(path, revision, data[start:end], offset)
        offset += rows


class YamlPage(Page):
    """A YAML document (or several): parsed with templates blanked, quoted and read as written. ``offset`` lines of the
    file stand before it. A document inside a quoted string has no lines of its own: all of it stands at ``fixed``."""

    def __init__(
        self, path: str, revision: str, data: bytes, offset: int = 0, fixed: tuple[int, int] | None = None
    ) -> None:
        super().__init__(path, revision, data, offset)
        self.fixed = fixed
        readable = blanked(data)
        self.refused = too_deep(readable)
        self.source = Source(GRAMMAR, path, revision, b"" if self.refused else readable)
        self._anchors: dict[str, str] | None = None
        self.second: list[Item] | None = None
        too_long = readable.count(b"\n") > MAX_ROWS
        if (self.source.partial or too_long) and not self.refused and not fixed:
            from analyzers.documents.yaml_nodes import second_opinion  # PyYAML: 25 ms

            self.second = second_opinion(self, readable)

    def documents(self, lines: Lines) -> Iterator[Item]:
        """The roots of the documents that touch the lines. Where the grammar lost the document's frame, what it
        could read stands in for it."""
        if self.second is not None:
            yield from self.second
            return
        for node in children_on(self.source.root, self.inner(lines)):
            if node.type == "document":
                for child in node.named_children:
                    if child.type in {"block_node", "flow_node"}:
                        yield yaml_item(self, child, self.place(child))
            elif node.type == "ERROR":
                yield YamlItem(self, Kind.MAPPING, self.place(node), node)

    def inner(self, lines: Lines) -> Lines:
        """Lines of the file as lines of this page."""
        if self.fixed:
            return ((1, 10**9),)
        return [(first - self.offset, last - self.offset) for first, last in lines] if self.offset else lines

    def place(self, node: Node) -> tuple[int, int]:
        """First and last line of a node in the file."""
        if self.fixed:
            return self.fixed
        return node.start_point[0] + 1 + self.offset, last_line(node) + self.offset

    def problem(self, lines: Lines) -> str:
        """Why the reading of the changed lines is partial, or an empty string."""
        if self.second is not None:
            return ""
        if self.refused:
            return f"more than {MAX_LEVELS} levels of nesting"
        if self.source.data.count(b"\n") > MAX_ROWS:
            return f"a YAML document of more than {MAX_ROWS:,} lines"
        line = problem_line(self.source.root, self.inner(lines))
        return f"syntax errors near line {line + self.offset}" if line else ""

    def content(self, node: Node) -> str:
        """The node's text as written in the file."""
        return self.shown[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def anchored(self, name: str) -> str:
        """The one-line scalar that ``&name`` marks, or an empty string. All anchors are found in one pass."""
        if self._anchors is None:
            self._anchors = {}
            for found in _ANCHOR.finditer(self.shown):
                text = found.group(2).decode("utf-8", "replace").strip()
                if not _KEY_AHEAD.match(text):
                    self._anchors.setdefault(found.group(1).decode("utf-8", "replace"), text.strip("\"'"))
        return self._anchors.get(name, "")


class YamlItem(Item):
    """One YAML value; ``node`` is the mapping, sequence or scalar itself."""

    __slots__ = ("node", "yaml")

    def __init__(
        self,
        page: YamlPage,
        kind: Kind,
        place: tuple[int, int],
        node: Node | None,
        key: str = "",
        parent: Item | None = None,
    ) -> None:
        super().__init__(page, kind, place, key, parent)
        self.yaml = page
        self.node = node

    def _expand(self, lines: Lines | None, limit: int) -> Iterator[Item]:
        if self.node is None or self.kind not in {Kind.MAPPING, Kind.SEQUENCE}:
            return
        if self.node.type == "flow_pair":
            yield from self._member(self.node)
            return
        for node in children_on(self.node, self.yaml.inner(lines) if lines is not None else None, limit * 2):
            if not node.is_named:
                continue
            if node.type == "ERROR":
                for inner in node.named_children:
                    yield from self._member(inner)
            else:
                yield from self._member(node)

    def _member(self, node: Node) -> Iterator[Item]:
        place = self.yaml.place(node)
        if self.kind is Kind.MAPPING:
            if node.type in _PAIRS:
                key = node.child_by_field_name("key")
                name = scalar_text(self.yaml, key) if key is not None else ""
                if name and name != "<<":
                    yield yaml_item(self.yaml, node.child_by_field_name("value"), place, name, self)
            elif node.type in {"block_mapping", "block_sequence", "document", "block_node", "flow_node"}:
                # only under ERROR: a readable part that lost its key
                yield yaml_item(self.yaml, node, place, "", self)
        elif node.type == "block_sequence_item":
            value = next((child for child in node.named_children if child.type != "comment"), None)
            yield yaml_item(self.yaml, value, place, "", self)
        elif node.type in {"flow_node", "flow_pair", "block_node"}:
            yield yaml_item(self.yaml, node, place, "", self)

    def _read(self) -> str:
        return scalar_text(self.yaml, self.node) if self.node is not None else ""

    def block_lines(self) -> tuple[int, int] | None:
        """First and last line (1-based) of a literal block's content, or None for any other scalar."""
        if self.node is None or self.node.type != "block_scalar" or self.yaml.content(self.node)[:1] != "|":
            return None
        first, last = self.yaml.place(self.node)
        return first + 1, last


def yaml_item(
    page: YamlPage, node: Node | None, place: tuple[int, int], key: str = "", parent: Item | None = None
) -> YamlItem:
    """The item for a value node; None and empty nodes are ``NULL``."""
    inner, tag = _unwrapped(page, node)
    if inner is None:
        return YamlItem(page, Kind.NULL, place, None, key, parent)
    kind = _KINDS.get(inner.type, Kind.NULL)
    item = YamlItem(page, kind, place, inner, key, parent)
    item.tag = tag
    if kind is Kind.ALIAS:
        text = page.anchored(page.content(inner).lstrip("*"))
        if text:
            item.kind, item._text = Kind.SCALAR, text
    elif kind is Kind.SCALAR and inner.type == "plain_scalar" and page.content(inner) in _NULLS:
        item.kind = Kind.NULL
    return item


def _unwrapped(page: YamlPage, node: Node | None) -> tuple[Node | None, str]:
    """The content inside ``block_node``/``flow_node`` wrappers, and an application tag (``!Ref``)."""
    tag = ""
    for _ in range(4):
        if node is None or node.type in _KINDS:
            break
        content = None
        for child in node.named_children:
            if child.type == "tag":
                text = page.content(child)
                tag = text if text.startswith("!") and not text.startswith("!!") else ""
            elif child.type in _KINDS or child.type in {"block_node", "flow_node"}:
                content = child
        node = content
    return node, tag


def scalar_text(page: YamlPage, node: Node | None) -> str:
    """A scalar's content: quotes, escapes, folding and block indentation resolved, template layout folded."""
    inner, _ = _unwrapped(page, node)
    if inner is None:
        return ""
    if inner.type not in _SCALARS:
        return ""
    text = page.content(inner)
    if inner.type == "block_scalar":
        return block_text(text)
    if inner.type == "double_quote_scalar":
        return double_quoted(text)
    return single_quoted(text) if inner.type == "single_quote_scalar" else plain(text)
