"""YAML as a neutral tree. Anchors and tags are looked through, merges are never expanded, and an alias is resolved
only when its anchor names a scalar: an alias bomb costs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.documents.entries import Item, Kind, Page
from analyzers.documents.nodes import children_on, last_line, problem_line
from analyzers.documents.templates import blanked, tidy
from analyzers.syntax import Grammar, Lines, Node, Source

GRAMMAR = Grammar("yaml", "tree_sitter_yaml")

_KINDS = {
    "block_mapping": Kind.MAPPING, "flow_mapping": Kind.MAPPING, "flow_pair": Kind.MAPPING,
    "block_sequence": Kind.SEQUENCE, "flow_sequence": Kind.SEQUENCE,
    "plain_scalar": Kind.SCALAR, "double_quote_scalar": Kind.SCALAR, "single_quote_scalar": Kind.SCALAR,
    "block_scalar": Kind.SCALAR, "alias": Kind.ALIAS,
}  # fmt: skip
_PAIRS = frozenset({"block_mapping_pair", "flow_pair"})
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\0",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "_": " ",
}
_ANCHOR = re.compile(rb"&([\w.-]{1,80})[ \t]+([^\s\[{|>#&*!][^\n#]{0,200})")
_KEY_AHEAD = re.compile(r"[\w.-]+:(?:\s|$)")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n[ \t]*)|(.))", re.DOTALL)


_SEPARATOR = re.compile(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
MAX_ROWS = 32_000
"""Lines of one document that the grammar can count (its scanner keeps rows in 16 bits)."""


def pages(path: str, revision: str, data: bytes, lines: Lines) -> Iterator[YamlPage]:
    """The documents of a stream that touch the lines, each as a page of its own: parsing grows with the documents
    that changed, and an error in one leaves the others readable."""
    starts = [0, *(found.start() for found in _SEPARATOR.finditer(data) if found.start() > 0)]
    offset = 0
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(data)
        rows = data.count(b"\n", start, end)
        if any(first <= offset + rows + 1 and offset + 1 <= last for first, last in lines):
            yield YamlPage(path, revision, data[start:end], offset)
        offset += rows


class YamlPage(Page):
    """A YAML document (or several): parsed with templates blanked, quoted and read as written. ``offset`` lines of the
    file stand before it."""

    def __init__(self, path: str, revision: str, data: bytes, offset: int = 0) -> None:
        super().__init__(path, revision, data, offset)
        self.source = Source(GRAMMAR, path, revision, blanked(data))
        self._anchors: dict[str, str] | None = None

    def documents(self, lines: Lines) -> Iterator[Item]:
        """The roots of the documents that touch the lines. Where the grammar lost the document's frame, what it
        could read stands in for it."""
        for node in children_on(self.source.root, self.inner(lines)):
            if node.type == "document":
                for child in node.named_children:
                    if child.type in {"block_node", "flow_node"}:
                        yield yaml_item(self, child, self.place(child))
            elif node.type == "ERROR":
                yield YamlItem(self, Kind.MAPPING, self.place(node), node)

    def inner(self, lines: Lines) -> Lines:
        """Lines of the file as lines of this page."""
        return [(first - self.offset, last - self.offset) for first, last in lines] if self.offset else lines

    def place(self, node: Node) -> tuple[int, int]:
        """First and last line of a node in the file."""
        return node.start_point[0] + 1 + self.offset, last_line(node) + self.offset

    def problem(self, lines: Lines) -> str:
        """Why the reading of the changed lines is partial, or an empty string."""
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
    text = page.content(inner)
    if inner.type == "block_scalar":
        return tidy(_block(text))
    if inner.type == "double_quote_scalar":
        return tidy(_unescaped(_folded(text[1:-1])))
    if inner.type == "single_quote_scalar":
        return tidy(_folded(text[1:-1]).replace("''", "'"))
    return tidy(_folded(text).strip()) if inner.type == "plain_scalar" else ""


def _folded(text: str) -> str:
    """Line folding of flow scalars: a line break is a blank, an empty line a line break."""
    if "\n" not in text:
        return text
    lines = [line.strip() for line in text.split("\n")]
    folded = lines[0]
    breaks = 0
    for line in lines[1:]:
        if not line:
            breaks += 1
            continue
        glue = "\n" * breaks if breaks else ("" if folded.endswith("\\") else " ")
        folded = (folded[:-1] if folded.endswith("\\") and not breaks else folded) + glue + line
        breaks = 0
    return folded


def _unescaped(text: str) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found.group(1) or found.group(2) or found.group(3)
        if code:
            number = int(code, 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        if found.group(4):
            return ""
        return _ESCAPES.get(found.group(5), found.group(5))

    return _ESCAPE.sub(replace, text) if "\\" in text else text


def dedented(lines: list[str]) -> list[str]:
    """The lines without the indentation of the first that is not blank (YAML's rule for block scalars)."""
    indent = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
    return [line[indent:] if not line[:indent].strip() else line.lstrip(" ") for line in lines]


def _block(text: str) -> str:
    header, _, body = text.partition("\n")
    lines = [line.rstrip("\r") for line in dedented(body.split("\n"))]
    if header.startswith("|"):
        return "\n".join(lines).rstrip("\n")
    folded = ""
    for index, line in enumerate(lines):
        follows_text = index > 0 and lines[index - 1].strip() and not lines[index - 1].startswith(" ")
        if index and follows_text and line.strip() and not line.startswith(" "):
            folded += " "
        elif index and (line.strip() == "" or line.startswith(" ") or not folded.endswith("\n")):
            folded += "\n"
        folded += line
    return folded.rstrip("\n")
