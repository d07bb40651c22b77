"""Constants in Go source: what an expression is worth where that is plain to see, resolved within the file."""

from __future__ import annotations

import re

from analyzers.languages.go_names import GoNames
from analyzers.languages.go_nodes import NUMBERS, STRINGS, pairs, specs, string_value
from analyzers.syntax import Lines, Node, Source

_MAX_DEPTH = 60
"""Deepest expression that is evaluated; deeper ones are generated code or an attack."""

_CONVERSION = re.compile(
    r"^(?:new|must)?_?(?:parse)?(?:duration|bytes?(?:size)?|u?int(?:8|16|32|64)?|float(?:32|64)?|string|bool|to|toptr"
    r"|ptr|quantity)$",
    re.IGNORECASE,
)
"""Calls that only convert their one argument: ``uint64(3)``, ``model.Duration(…)``, ``ptr.To(…)``."""

_VERB = re.compile(r"%(?:\[\d+\])?[-+# 0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z]")


class GoSource(GoNames):
    """One side of a Go file with its constants."""

    def __init__(self, source: Source, lines: Lines) -> None:
        super().__init__(source, lines)
        self._constants: dict[str, Node] | None = None

    def constant_node(self, name: str, at: Node) -> Node | None:
        """What an identifier stands for: the local it was given once, or the file's constant or variable."""
        local = self.locals_at(at).get(name)
        if local is not None:
            return local.value
        if self._constants is None:
            self._constants = {}
            for declaration in self.source.root.named_children:
                if declaration.type in {"const_declaration", "var_declaration"}:
                    for spec in specs(declaration):
                        for name_node, value in pairs(spec):
                            self._constants.setdefault(self.text(name_node), value)
        return self._constants.get(name)

    def parts(self, node: Node, depth: int = 0) -> list[str | None]:
        """A string expression's pieces in order; None stands for a piece that is not constant. ``%v`` in a format
        is such a piece."""
        if depth > _MAX_DEPTH:
            return [None]
        kind = node.type
        if kind in STRINGS:
            return [string_value(self.text(node))]
        if kind == "parenthesized_expression" and node.named_child_count == 1:
            return self.parts(node.named_children[0], depth + 1)
        if kind == "binary_expression" and self.text(node.child_by_field_name("operator")) == "+":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                return self.parts(left, depth + 1) + self.parts(right, depth + 1)
        if kind == "identifier":
            found = self.constant_node(self.text(node), node)
            if found is not None and found.id != node.id and found.type != "call_expression":
                return self.parts(found, depth + 20)
        if kind == "call_expression":
            args = self.args(node)
            if self.callee(node) == "fmt.Sprintf" and args:
                return self._format_parts(node, depth)
            if len(args) == 1 and self.callee(node) == "string":
                return self.parts(args[0], depth + 1)
        return [None]

    def _format_parts(self, call: Node, depth: int) -> list[str | None]:
        form, *rest = self.args(call)
        template = self.constant(form, depth + 1)
        if template is None:
            return [None]
        found: list[str | None] = []
        position = 0
        given = iter(rest)
        for verb in _VERB.finditer(template):
            found.append(template[position : verb.start()])
            value = next(given, None)
            found += self.parts(value, depth + 1) if value is not None and verb.group()[-1] in "sv" else [None]
            position = verb.end()
        found.append(template[position:])
        return found

    def constant(self, node: Node, depth: int = 0) -> str | None:
        """The value of a constant string expression, or None."""
        parts = self.parts(node, depth)
        return "".join(part for part in parts if part is not None) if None not in parts else None

    def message(self, node: Node) -> str:
        """A message with its variable pieces as ``{}``; empty when nothing of it is constant."""
        joined = "".join("{}" if part is None else placeholders(part) for part in self.parts(node))
        return " ".join(joined.split()) if joined.replace("{}", "").strip() else ""

    def literal(self, node: Node | None, depth: int = 0) -> str | None:
        """A value that is plain to see (numbers, strings, ``5*time.Second``, ``tls.VersionTLS12``, lists of those) as
        canonical text; None when it must be computed."""
        if node is None or depth > _MAX_DEPTH:
            return None
        kind = node.type
        if kind in STRINGS:
            return string_value(self.text(node))
        if kind in NUMBERS:
            return self.text(node).lower().replace("_", "") if kind != "rune_literal" else self.text(node)
        if kind in {"true", "false", "nil"}:
            return kind
        if kind in {"parenthesized_expression", "literal_element"} and node.named_child_count == 1:
            return self.literal(node.named_children[0], depth + 1)
        if kind == "unary_expression":
            inner = self.literal(node.child_by_field_name("operand"), depth + 1)
            operator = self.text(node.child_by_field_name("operator"))
            return f"{operator}{inner}" if inner is not None and operator == "-" else None
        if kind == "binary_expression":
            return self._literal_operation(node, depth)
        if kind == "selector_expression":
            return self._literal_selector(node)
        if kind == "identifier":
            return self._literal_name(node, depth)
        if kind == "call_expression":
            args = self.args(node)
            name = self.callee(node).rsplit(".", 1)[-1]
            return self.literal(args[0], depth + 1) if len(args) == 1 and _CONVERSION.match(name) else None
        if kind == "composite_literal":
            return self._literal_list(node, depth)
        return None

    def _literal_operation(self, node: Node, depth: int) -> str | None:
        operator = self.text(node.child_by_field_name("operator"))
        left = self.literal(node.child_by_field_name("left"), depth + 1)
        right = self.literal(node.child_by_field_name("right"), depth + 1)
        if left is None or right is None or operator not in {"*", "+", "-", "/", "<<", "|"}:
            return None
        is_text = any(part is not None for part in self.parts(node)) and None not in self.parts(node)
        if operator == "+" and is_text:
            return left + right
        if operator == "+" and any(part is not None for part in self.parts(node)):
            return None  # a string of which a part is not known here
        return f"{_bracketed(node.child_by_field_name('left'), left)}{operator}" + _bracketed(
            node.child_by_field_name("right"), right
        )

    def _literal_selector(self, node: Node) -> str | None:
        operand, name = node.child_by_field_name("operand"), self.text(node.child_by_field_name("field"))
        if operand is None or operand.type != "identifier" or self.is_local(operand) or not name[:1].isupper():
            return None
        return f"{self.text(operand)}.{name}"

    def _literal_name(self, node: Node, depth: int) -> str | None:
        name = self.text(node)
        found = self.constant_node(name, node)
        if found is not None and found.id != node.id:
            return self.literal(found, depth + 20)
        return None if self.is_local(node) else name

    def _literal_list(self, node: Node, depth: int) -> str | None:
        kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
        if kind is None or body is None or kind.type not in {"slice_type", "array_type", "implicit_length_array_type"}:
            return None
        items = [self.literal(item, depth + 1) for item in body.named_children if item.type != "comment"]
        return None if None in items or len(items) > 200 else "[" + ", ".join(i for i in items if i is not None) + "]"


def _bracketed(node: Node | None, text: str) -> str:
    """The text in the parentheses that the source has around a sum or a shift."""
    needed = node is not None and node.type == "parenthesized_expression" and re.search(r"[-+]|<<", text)
    return f"({text})" if needed else text


def placeholders(text: str) -> str:
    """``%v``-like verbs as ``{}``, ``%%`` as ``%``."""
    return "%".join(_VERB.sub("{}", piece) for piece in text.split("%%"))
