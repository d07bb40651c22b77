"""Names in Go source as the readers of facts want them: without locals, with call chains taken apart.

Every text made here is blind to local names: ``i.local.BlockMeta`` in a method of ``i`` reads ``local.BlockMeta``, a
bare local reads ``_``. So renaming a local, a parameter or a receiver changes no fact.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.languages.go_nodes import FUNCTIONS, STRINGS, outermost, pairs, string_value, walk
from analyzers.syntax import Lines, Node, Source

_BINDERS = frozenset(
    {
        "parameter_declaration", "variadic_parameter_declaration", "short_var_declaration", "var_spec", "const_spec",
        "range_clause", "receive_statement", "type_switch_statement",
    }
)  # fmt: skip
_CHANGERS = frozenset({"assignment_statement", "inc_statement", "dec_statement"})

_MAX_DEPTH = 60
"""Deepest expression that is rendered piece by piece; deeper ones are generated code or an attack."""


@dataclass(frozen=True, slots=True)
class Local:
    """A name bound in a function: its declared type's text (empty when unknown) and the one node it was given."""

    type: str
    value: Node | None


@dataclass(frozen=True, slots=True)
class Link:
    """One call of a chain: ``path`` is the dotted text between the call before (or the root) and ``name``."""

    name: str
    path: str
    args: tuple[Node, ...]
    call: Node


class GoNames:
    """One side of a Go file by its names. Look-ups (types, locals of a function) are made once and on demand."""

    def __init__(self, source: Source, lines: Lines) -> None:
        self.source = source
        self.lines = lines
        self._types: dict[str, Node] | None = None
        self._locals: dict[int, dict[str, Local]] = {}
        self._imports: dict[str, str] | None = None
        self._tops: list[Node] | None = None
        self._closures: dict[int, list[Node]] = {}
        self.told: set[tuple[int, str]] = set()  # keys for which a whole function was already searched

    # -- names --------------------------------------------------------------------------------------------------

    def text(self, node: Node | None) -> str:
        """The node's text, or an empty string for none."""
        return self.source.text(node) if node is not None else ""

    def function_of(self, node: Node) -> Node | None:
        """The top-level function or method around the node, to which its closures belong; outside of one the
        outermost closure (``var cmd = &cobra.Command{Run: func(…) {…}}``)."""
        if self._tops is None:
            self._tops = self.source.root.named_children
        index = bisect_right(self._tops, node.start_byte, key=lambda top: top.start_byte) - 1
        top = self._tops[index] if index >= 0 else None
        if top is None or top.end_byte < node.end_byte or top.type in FUNCTIONS:
            return top if top is not None and top.end_byte >= node.end_byte else None
        if top.id not in self._closures:
            self._closures[top.id] = outermost(top, "func_literal")
        around = (c for c in self._closures[top.id] if c.start_byte <= node.start_byte and node.end_byte <= c.end_byte)
        return next(around, None)

    def locals_at(self, node: Node) -> dict[str, Local]:
        """The names bound anywhere in the function around the node: receiver, parameters, variables, constants."""
        function = self.function_of(node)
        if function is None:
            return {}
        known = self._locals.get(function.id)
        if known is None:
            known = self._locals[function.id] = dict(self._bindings(function))
        return known

    def _bindings(self, function: Node) -> Iterator[tuple[str, Local]]:
        found: dict[str, Local] = {}
        for node in walk(function):
            if node.type in _BINDERS:
                for name, local in bindings(self, node):
                    if name != "_":
                        known = found.get(name)
                        # Bound twice (or by several branches): its value is not plain to see.
                        found[name] = local if known is None else Local(known.type or local.type, None)
            elif node.type in _CHANGERS:
                target = node.child_by_field_name("left") or node
                for child in target.named_children:
                    if child.type == "identifier" and self.text(child) in found:
                        found[self.text(child)] = Local(found[self.text(child)].type, None)
        yield from found.items()

    def is_local(self, node: Node) -> bool:
        """Whether an identifier names something bound in the function around it."""
        return node.type == "identifier" and self.text(node) in self.locals_at(node)

    def imported(self) -> dict[str, str]:
        """Packages imported under a name of the file's own, by that name: ``{"util_log": "log"}``. So giving an import
        another name changes nothing. A path that ends in a version says too little and keeps the name."""
        if self._imports is None:
            self._imports = {}
            for declaration in self.source.root.named_children:
                if declaration.type != "import_declaration":
                    continue
                for spec in (n for n in walk(declaration) if n.type == "import_spec"):
                    name, path = spec.child_by_field_name("name"), spec.child_by_field_name("path")
                    base = string_value(self.text(path)).rsplit("/", 1)[-1]
                    base = re.sub(r"\.v\d+$|^go[-.]|[-.]go$", "", base)
                    if name is not None and re.fullmatch(r"[a-z]\w+", base) and not re.fullmatch(r"v\d\w*", base):
                        self._imports[self.text(name)] = base
        return self._imports

    def types(self) -> dict[str, Node]:
        """The file's top-level type declarations by name."""
        if self._types is None:
            self._types = {}
            for declaration in self.source.root.named_children:
                if declaration.type == "type_declaration":
                    for spec in declaration.named_children:
                        name = spec.child_by_field_name("name")
                        if name is not None:
                            self._types.setdefault(self.text(name), spec)
        return self._types

    def render(self, node: Node, depth: int = 0) -> str:
        """An expression in one line, blind to layout, local names and redundant parentheses."""
        kind = node.type
        if kind == "identifier":
            return "_" if self.is_local(node) else self.imported().get(self.text(node), self.text(node))
        if depth > _MAX_DEPTH:
            return "…"
        if kind == "selector_expression":
            operand, name = node.child_by_field_name("operand"), node.child_by_field_name("field")
            before = self.render(operand, depth + 1) if operand is not None else ""
            return self.text(name) if not before.strip("_[]*()") else f"{before}.{self.text(name)}"
        if kind in STRINGS:
            return '"' + string_value(self.text(node)) + '"'
        if kind == "call_expression":
            inside = ", ".join(self.render(arg, depth + 1) for arg in self.args(node))
            return f"{self.callee(node)}({inside})"
        if kind == "func_literal":
            return "func"
        if kind == "composite_literal":
            return self.text(node.child_by_field_name("type")) + "{}"
        if kind in {"parenthesized_expression", "type_assertion_expression"} and node.named_child_count:
            return self.render(node.named_children[0], depth + 1)
        if not node.child_count:
            return self.text(node)
        pad = " " if kind == "binary_expression" else ""
        return pad.join(self.render(c, depth + 1) for c in node.children if c.type != "comment")

    def callee(self, call: Node) -> str:
        """The called function's name without a local root: ``errors.Wrap``, ``local.BlockMeta``, ``func``."""
        function = call.child_by_field_name("function")
        return self.render(function) if function is not None else ""

    def giver(self, call: Node) -> str:
        """The called function's name for a key: arguments of a chain do not count (``json.NewDecoder().Decode``)."""
        links = self.chain(call)
        if len(links) < 2:
            return self.callee(call)
        first = self.callee(links[0].call)
        last = ".".join(part for part in (links[-1].path, links[-1].name) if part)
        return f"{first}().{last}" if first.strip("_") else last

    def args(self, call: Node) -> tuple[Node, ...]:
        """The call's arguments, without comments."""
        arguments = call.child_by_field_name("arguments")
        if arguments is None:
            return ()
        return tuple(child for child in arguments.named_children if child.type != "comment")

    def chain(self, call: Node) -> list[Link]:
        """The calls of ``a.B(…).c.D(…)`` from first to last."""
        links: list[Link] = []
        current: Node | None = call
        while current is not None and current.type == "call_expression" and len(links) < _MAX_DEPTH:
            function = current.child_by_field_name("function")
            names: list[str] = []
            while function is not None and function.type == "selector_expression":
                names.append(self.text(function.child_by_field_name("field")))
                function = function.child_by_field_name("operand")
            if function is not None and function.type != "call_expression":
                names.append(self.text(function) if function.type == "identifier" else "")
            path = ".".join(reversed(names[1:]))
            links.append(Link(names[0] if names else "", path, self.args(current), current))
            current = function
        return links[::-1]


def bindings(go: GoNames, node: Node) -> Iterator[tuple[str, Local]]:
    """The names that one node binds in a function."""
    kind = node.type
    if kind in {"parameter_declaration", "variadic_parameter_declaration"}:
        of = go.text(node.child_by_field_name("type"))
        for name in node.children_by_field_name("name"):
            yield go.text(name), Local(of, None)
    elif kind in {"short_var_declaration", "var_spec", "const_spec"}:
        given = {name.id: value for name, value in pairs(node)}
        of = go.text(node.child_by_field_name("type"))
        left = node.child_by_field_name("left")
        for name in left.named_children if left is not None else node.children_by_field_name("name"):
            if name.type == "identifier":
                value = given.get(name.id)
                yield go.text(name), Local(of or _type_given(go, value), value)
    elif kind in {"range_clause", "receive_statement", "type_switch_statement"}:
        left = node.child_by_field_name("alias" if kind == "type_switch_statement" else "left")
        for name in left.named_children if left is not None else ():
            if name.type == "identifier":
                yield go.text(name), Local("", None)


def _type_given(go: GoNames, value: Node | None) -> str:
    """The type named in ``T{…}``, ``&T{…}`` or ``new(T)``."""
    if value is not None and value.type == "unary_expression":
        value = value.child_by_field_name("operand")
    if value is not None and value.type == "composite_literal":
        return go.text(value.child_by_field_name("type"))
    if value is not None and value.type == "call_expression":
        function, args = value.child_by_field_name("function"), go.args(value)
        if go.text(function) == "new" and len(args) == 1:
            return go.text(args[0])
    return ""
