"""The only place that knows tree-sitter: grammars, parsing, queries, and text that is blind to cosmetics.

A language describes itself by a :class:`Grammar` and a ``.scm`` file next to its module. In the ``.scm`` file each
pattern carries one *outer* capture that contains the others and names the pattern (``@setting``, ``@guard``); the
language's code receives it as :attr:`Capture.name` together with the inner captures.

Longer than other modules because it is the one that may import tree_sitter, and places, queries and canonical text all
walk the same tree.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources

import tree_sitter
from tree_sitter import Node

from analyzers.model import NO_VALUE, Confidence, Fact, FactKind, Span, Symbol, Value

__all__ = ["Capture", "Grammar", "Lines", "Node", "Source"]

Lines = Sequence[tuple[int, int]]
"""Line ranges of one side, 1-based and inclusive."""

QUOTE_CHARS = 240
"""Longest quote kept of a source line; beyond it a person stops reading."""


@dataclass(frozen=True)
class Grammar:
    """What the generic code must know of a language.

    ``wheel``/``entry`` name the module and function that return the grammar. ``comments`` are node types without
    meaning. ``strings`` are literal nodes compared by content, so quote style does not matter; ``joined`` are implicit
    concatenations of them. ``scopes`` maps a definition's node type to the symbol kind (its name is field ``name``).
    ``transparent`` nodes contribute their children but not their own brackets; ``structured`` nodes are bracketed by
    structure instead, so that ``(a + b) * c`` and ``a + b * c`` stay different; a node that is both has structure but
    not its own brackets (Python's tuples, blocks). ``binders`` maps a node type to the field in which it names locals:
    those names are compared by position, except where ``members`` (node type → field) says that a name is a member or
    a keyword, and those that a statement of ``globals`` declares as not local. ``ignored`` subtrees never count (type
    annotations), nor does the ``:`` or ``->`` before them. ``numbers`` are compared without case and underscores.
    ``prose`` names, per node type (whose name is in ``members``), arguments that only people read (``help="…"``).
    ``wrappers`` hold a definition together with its decorators, which are part of its behaviour. ``docstring`` says
    whether the first string statement of a body is documentation.
    """

    name: str
    wheel: str
    entry: str = "language"
    comments: frozenset[str] = frozenset({"comment"})
    strings: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    scopes: Mapping[str, str] = field(default_factory=dict)
    transparent: frozenset[str] = frozenset()
    structured: frozenset[str] = frozenset()
    binders: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    prose: Mapping[str, frozenset[str]] = field(default_factory=dict)
    globals: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    docstring: bool = False
    newline_tokens: bool = False

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grammar) and other.name == self.name


@cache
def _binder_query(grammar: Grammar) -> tree_sitter.Query:
    """Where locals are bound, and what is declared as not local."""
    patterns = [f"({kind} {place}: (_) @bound)" for kind, place in sorted(grammar.binders.items())]
    patterns += [f"({kind}) @outer" for kind in sorted(grammar.globals)]
    return tree_sitter.Query(_language(grammar), "\n".join(patterns))


@dataclass(frozen=True, slots=True)
class Capture:
    """One match of a pattern: ``name`` of its outer capture, the outer ``node``, and the inner captures by name."""

    name: str
    node: Node
    inner: Mapping[str, tuple[Node, ...]]

    def one(self, name: str) -> Node | None:
        """The first inner capture of that name, or None."""
        nodes = self.inner.get(name)
        return nodes[0] if nodes else None


@cache
def _language(grammar: Grammar) -> tree_sitter.Language:
    module = importlib.import_module(grammar.wheel)
    return tree_sitter.Language(getattr(module, grammar.entry)())


@cache
def _query(grammar: Grammar) -> tree_sitter.Query:
    text = resources.files("analyzers.languages").joinpath(f"{grammar.name}.scm").read_text(encoding="utf-8")
    return tree_sitter.Query(_language(grammar), text)


class Source:
    """One side of one file, parsed. ``partial`` is True when the grammar met text that it could not read."""

    def __init__(self, grammar: Grammar, path: str, revision: str, data: bytes) -> None:
        self.grammar = grammar
        self.path = path
        self.revision = revision
        self.data = data
        self.root: Node = tree_sitter.Parser(_language(grammar)).parse(data).root_node
        self.partial: bool = self.root.has_error
        self._lines: list[bytes] | None = None
        self._scopes: dict[int, tuple[str, Node | None]] = {}

    # -- places -----------------------------------------------------------------------------------------------

    def text(self, node: Node) -> str:
        """The node's source text; undecodable bytes become U+FFFD."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, number: int) -> str:
        """The text of a 1-based line without its ending, stripped and cut to ``QUOTE_CHARS``."""
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        if not 1 <= number <= len(self._lines):
            return ""
        return self._lines[number - 1].decode("utf-8", "replace").strip()[:QUOTE_CHARS]

    def span(self, node: Node) -> Span:
        """The node's place, 1-based; a node that ends at column 0 does not claim that line."""
        start, end = node.start_point, node.end_point
        last = end[0] if end[1] == 0 and end[0] > start[0] else end[0] + 1
        return Span(self.revision, self.path, start[0] + 1, last)

    def symbol(self, node: Node) -> Symbol | None:
        """The innermost definition around (or at) the node, with its qualified name."""
        name, innermost = self._scope(node)
        if innermost is None:
            return None
        return Symbol(name, self.grammar.scopes[innermost.type], self.span(innermost))

    def _scope(self, node: Node) -> tuple[str, Node | None]:
        """Qualified name and node of the innermost definition. Remembered for every node on the way up: tree-sitter
        finds a parent by descending from the root, so that climbing again from each fact would cost the square of the
        depth."""
        path: list[Node] = []
        current: Node | None = node
        while current is not None and current.id not in self._scopes:
            path.append(current)
            current = current.parent
        found: tuple[str, Node | None] = self._scopes[current.id] if current is not None else ("", None)
        for step in reversed(path):
            name = self.name_of(step) if step.type in self.grammar.scopes else ""
            if name:
                found = (f"{found[0]}.{name}" if found[0] else name, step)
            self._scopes[step.id] = found
        return found

    def name_of(self, definition: Node) -> str:
        """The text of a definition's ``name`` field (Go methods carry their receiver's type)."""
        name = definition.child_by_field_name("name")
        if name is None:
            return ""
        receiver = definition.child_by_field_name("receiver")
        owner = ""
        if receiver is not None:
            words = self.text(receiver).strip("()").replace("*", " ").split()
            owner = words[-1].split("[")[0] + "." if words else ""
        return owner + self.text(name)

    def fact(
        self,
        kind: FactKind,
        key: str,
        value: Value = NO_VALUE,
        *,
        node: Node,
        scope: str | None = None,
        aliases: Sequence[str] = (),
        attributes: Mapping[str, str] | None = None,
        confidence: Confidence = Confidence.HIGH,
        anchor: Node | None = None,
    ) -> Fact:
        """A fact at ``node`` whose quote is the first line of ``anchor`` (default: the node). ``scope`` defaults to
        the enclosing symbol's name."""
        symbol = self.symbol(node)
        place = anchor or node
        span = self.span(place)
        if scope is None:
            scope = symbol.name if symbol else ""
        facets = tuple(sorted((k, v) for k, v in (attributes or {}).items() if v))
        quote = self.line(span.start_line)
        return Fact(kind, key, value, span, quote, symbol, scope, tuple(dict.fromkeys(aliases)), facets, confidence)

    # -- queries ----------------------------------------------------------------------------------------------

    def captures(self, lines: Lines | None = None) -> Iterator[Capture]:
        """Matches of the language's patterns that touch the given lines (all when None), each once, in file order.

        The cursor visits only the ranges, so cost grows with the change and not with the file.
        """
        cursor = tree_sitter.QueryCursor(_query(self.grammar), match_limit=4096)
        seen: set[tuple[int, int]] = set()
        if lines is None or len(lines) > 60:
            ranges = [(0, len(self.data) + 1)]
        else:
            ranges = [self._bytes_of(first, last) for first, last in lines]
        for start, end in ranges:
            cursor.set_byte_range(start, end)
            for pattern, captured in cursor.matches(self.root):
                capture = _capture(captured)
                if capture is None or (pattern, capture.node.id) in seen:
                    continue
                seen.add((pattern, capture.node.id))
                yield capture

    def _bytes_of(self, first: int, last: int) -> tuple[int, int]:
        if self._lines is None:
            self._lines = self.data.split(b"\n")
        offsets = self._offsets()
        count = len(self._lines)
        first, last = max(1, min(first, count)), max(1, min(last, count))
        return offsets[first - 1], max(offsets[last], offsets[first - 1] + 1)

    @lru_cache(maxsize=1)  # noqa: B019 - a Source lives for one comparison
    def _offsets(self) -> list[int]:
        offsets = [0]
        for line in self._lines or []:
            offsets.append(offsets[-1] + len(line) + 1)
        return offsets

    def touching(self, lines: Lines, kinds: frozenset[str] | None = None) -> Iterator[Node]:
        """Named definitions (``grammar.scopes``) that touch the lines, outermost first."""
        wanted = kinds or frozenset(self.grammar.scopes)
        stack = [self.root]
        while stack:
            node = stack.pop()
            if node is not self.root and not touches(node, lines) and not self._wrapped(node):
                continue
            if node.type in wanted:
                yield node
            stack.extend(reversed(node.named_children))

    def _wrapped(self, node: Node) -> bool:
        """Whether the node is a decorated definition; its wrapper was found to touch, so its decorators do."""
        wrappers = self.grammar.wrappers
        if not wrappers or node.type not in self.grammar.scopes:
            return False
        return node.parent is not None and node.parent.type in wrappers

    # -- text that is blind to cosmetics --------------------------------------------------------------------------

    def canonical(self, node: Node, *, locals_by_position: bool = False) -> str:
        """The node's tokens joined by blanks: no comments, docstrings, layout, quote style, trailing commas or
        redundant parentheses; with ``locals_by_position`` local names become their index."""
        tokens: list[str] = []
        names = self._locals(node) if locals_by_position else {}
        self._tokens(node, tokens, names, node)
        kept: list[str] = []
        for index, token in enumerate(tokens):
            following = tokens[index + 1] if index + 1 < len(tokens) else ""
            if token in {",", ";"} and (not following or following in {")", "]", "}", "⟩"}):
                continue
            if kept[-1:] == ["("] and token in {","} and self.grammar.prose:
                continue  # the first argument was prose
            kept.append(token)
        return " ".join(kept)

    def shape(self, node: Node) -> str:
        """12 hex digits over the canonical tokens with locals by position: equal for two definitions that differ
        only in cosmetics."""
        return hashlib.sha256(self.canonical(node, locals_by_position=True).encode()).hexdigest()[:12]

    def _locals(self, node: Node) -> dict[str, str]:
        if not self.grammar.binders:
            return {}
        # A query walks large bodies about ten times as fast as a loop over nodes.
        found = tree_sitter.QueryCursor(_binder_query(self.grammar)).captures(node)
        outer = {self.text(child) for statement in found.get("outer", ()) for child in statement.named_children}
        names: dict[str, str] = {}
        for target in sorted(found.get("bound", ()), key=lambda bound: bound.start_byte):
            for leaf in _identifiers(target):
                name = self.text(leaf)
                if name not in outer:
                    names.setdefault(name, f"${len(names)}")
        return names

    def _tokens(self, node: Node, tokens: list[str], names: Mapping[str, str], top: Node) -> None:
        grammar = self.grammar
        stack: list[Node | str] = [node]
        while stack:
            current = stack.pop()
            if isinstance(current, str):
                tokens.append(current)
                continue
            kind = current.type
            if kind in grammar.comments or kind in grammar.ignored or self._is_docstring(current):
                continue
            if kind in grammar.prose and self._is_prose(current):
                if tokens and tokens[-1] == ",":
                    tokens.pop()
                continue
            if kind in grammar.joined:
                tokens.append(_quoted("".join(string_content(self.text(c)) for c in current.named_children)))
            elif kind in grammar.strings:
                tokens.append(_quoted(string_content(self.text(current))))
            elif current is not top and kind in grammar.scopes and current.child_by_field_name("body") is not None:
                tokens.append(f"⟨{kind} {self.name_of(current)}⟩")
            elif not current.child_count:
                text = self.text(current)
                if kind in grammar.numbers:
                    text = _number(text)
                if text.strip() or grammar.newline_tokens:
                    tokens.append(names.get(text, text) if current.is_named else text)
            else:
                children = self._parts(current)
                if kind in grammar.structured:
                    stack += ["⟩", *reversed(children), "⟨"]
                else:
                    stack += reversed(children)

    def _parts(self, node: Node) -> list[Node | str]:
        """What counts of a node's children; names of members come as text, since they are never locals."""
        grammar = self.grammar
        children = node.children
        if node.type in grammar.transparent:
            return [child for child in children if child.is_named]
        member = grammar.members.get(node.type)
        if member is not None:
            named = node.child_by_field_name(member)
            return [self.text(child) if child == named else child for child in children]
        if not grammar.ignored or not any(child.type in grammar.ignored for child in children):
            return list(children)
        parts: list[Node | str] = []
        for child in children:
            if child.type not in grammar.ignored:
                parts.append(child)
            elif parts and isinstance(parts[-1], Node) and parts[-1].type in {":", "->"}:
                parts.pop()
        # A declaration of which only the name is left (``x: int``) does nothing.
        return parts if len(parts) > 1 or node.child_by_field_name("left") is None else []

    def _is_prose(self, node: Node) -> bool:
        name = node.child_by_field_name(self.grammar.members[node.type])
        return name is not None and self.text(name) in self.grammar.prose[node.type]

    def _is_docstring(self, node: Node) -> bool:
        if not self.grammar.docstring or node.type != "expression_statement" or node.named_child_count != 1:
            return False
        child = node.named_children[0]
        return child.type in self.grammar.strings or child.type in self.grammar.joined


def touches(node: Node, lines: Lines) -> bool:
    """Whether the node stands on any of the 1-based inclusive line ranges."""
    first, last = node.start_point[0] + 1, node.end_point[0] + 1
    return any(first <= end and start <= last for start, end in lines)


def string_content(text: str) -> str:
    """A literal's content without prefix and quotes (``rb'''x'''`` → ``x``); text without quotes comes back as is."""
    body = text.lstrip("rRbBuUfF") if text[:1] in "rRbBuUfF" else text
    for quote in ('"""', "'''", '"', "'", "`"):
        if body.startswith(quote) and body.endswith(quote) and len(body) >= 2 * len(quote):
            inner = body[len(quote) : -len(quote)]
            return inner.replace("\\'", "'").replace('\\"', '"')
    return text


def _number(text: str) -> str:
    """A number in one spelling: ``1_000`` is ``1000``, ``0XFF`` is ``0xff``, ``.5`` is ``0.5``, ``1.`` is ``1.0``."""
    text = text.lower().replace("_", "")
    text = "0" + text if text.startswith(".") else text
    return text + "0" if text.endswith(".") else text


def _quoted(content: str) -> str:
    return '"' + content + '"'


_PATTERNS = frozenset(
    "expression_list pattern_list tuple_pattern list_pattern as_pattern_target lambda_parameters".split()
)


def _identifiers(node: Node) -> Iterator[Node]:
    """The names in a binding pattern, in order."""
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type == "identifier":
            yield current
        elif current.type in _PATTERNS:
            stack.extend(reversed(current.named_children))


def _capture(captured: Mapping[str, list[Node]]) -> Capture | None:
    """The outer capture is the one whose node contains all others."""
    best: tuple[int, str, Node] | None = None
    for name, nodes in captured.items():
        for node in nodes:
            size = node.end_byte - node.start_byte
            if best is None or size > best[0]:
                best = (size, name, node)
    if best is None:
        return None
    inner = {name: tuple(nodes) for name, nodes in captured.items() if name != best[1]}
    return Capture(best[1], best[2], inner)
