"""Python's strings and expressions as text that layout, quotes and the way of formatting do not change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from analyzers.model import digest
from analyzers.syntax import Lines, Node, Source, string_content

__all__ = ["MAX_NODES", "VALUE_CHARS", "Texts", "literal_words", "placeholders", "unwrapped"]

VALUE_CHARS = 300
"""Longest value kept as text; the rest is told apart by a hash, since nobody reads a longer one in a message."""

MAX_NODES = 4000
"""Bound on the nodes that one walk over an expression visits: hostile or generated tables stop there."""

_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?:\d+|\*)?(?:\.\d+)?[a-zA-Z]")
_BRACES = re.compile(r"\{[^{}]*\}")
_GLUED_AFTER = frozenset("( [ { . @ ~".split())
_GLUED_BEFORE = frozenset(") ] } , . :".split())
_KEYWORD_PARENTS = frozenset("keyword_argument default_parameter typed_default_parameter".split())
_PREFIX_PARENTS = frozenset(
    "unary_operator list_splat dictionary_splat list_splat_pattern dictionary_splat_pattern".split()
)
_BRACKET_PARENTS = frozenset("argument_list subscript parameters type_parameter".split())


class Texts:
    """The source of one side, the changed lines, and the constants through which names become strings."""

    def __init__(self, source: Source, lines: Lines) -> None:
        self.source = source
        self.lines = lines

    @cached_property
    def constants(self) -> Mapping[str, Node]:
        """Names assigned at the top level of the file, each with its first value."""
        found: dict[str, Node] = {}
        for statement in self.source.root.named_children:
            if statement.type != "expression_statement" or not statement.named_child_count:
                continue
            assignment = statement.named_children[0]
            left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
            if assignment.type == "assignment" and left is not None and right is not None:
                found.setdefault(self.source.text(left), right)
        return found

    def text(self, node: Node) -> str:
        """The node's source text as it stands."""
        return self.source.text(node)

    def string(self, node: Node | None) -> str | None:
        """The text of a constant string, resolved through constants of the module; None for anything else."""
        if node is None:
            return None
        text = self.message(node)
        return None if text is None or "{}" in text else text

    def message(self, node: Node | None, depth: int = 0) -> str | None:
        """A string with what is filled in shown as ``{}``: f-strings, ``%``, ``.format`` and ``+`` alike. None when
        it holds no constant text at all."""
        if node is None or depth > 20:
            return None
        kind = node.type
        if kind == "string":
            return self._string(node, depth)
        if kind in {"concatenated_string", "parenthesized_expression"}:
            parts = [self.message(child, depth + 1) for child in node.named_children if child.type != "comment"]
            return None if any(part is None for part in parts) else "".join(part or "" for part in parts)
        if kind == "identifier":
            constant = self.constants.get(self.text(node))
            return self.message(constant, depth + 10) if constant is not None and constant != node else None
        if kind == "binary_operator":
            return self._joined(node, depth)
        if kind == "call":
            return self._formatted(node, depth)
        return None

    def _string(self, node: Node, depth: int) -> str:
        parts: list[str] = []
        for child in node.named_children:
            if child.type == "string_content":
                parts.append(self.text(child))
            elif child.type == "interpolation":
                inner = child.child_by_field_name("expression")
                resolved = self.message(inner, depth + 1) if inner is not None and inner.type == "identifier" else None
                parts.append("{}" if resolved is None else resolved)
        return "".join(parts).replace("\\'", "'").replace('\\"', '"')

    def _joined(self, node: Node, depth: int) -> str | None:
        operator = node.child_by_field_name("operator")
        left = self.message(node.child_by_field_name("left"), depth + 1)
        if operator is not None and operator.type == "%":
            return None if left is None else placeholders(left)
        if operator is None or operator.type != "+":
            return None
        right = self.message(node.child_by_field_name("right"), depth + 1)
        if left is None and right is None:
            return None
        return ("{}" if left is None else left) + ("{}" if right is None else right)

    def _formatted(self, node: Node, depth: int) -> str | None:
        function = node.child_by_field_name("function")
        if function is None or function.type != "attribute":
            # gettext and its like: _("text")
            arguments = node.child_by_field_name("arguments")
            if function is not None and self.text(function) in {"_", "gettext", "gettext_lazy"} and arguments:
                return self.message(arguments.named_children[0], depth + 1) if arguments.named_child_count else None
            return None
        name = function.child_by_field_name("attribute")
        if name is None or self.text(name) != "format":
            return None
        text = self.message(function.child_by_field_name("object"), depth + 1)
        return None if text is None else _BRACES.sub("{}", text)

    def written(self, node: Node) -> str:
        """The expression as a person would write it on one line: quotes ``"``, no comments, no trailing comma, no
        brackets around the whole; cut to ``VALUE_CHARS`` and a hash."""
        node = unwrapped(node)
        tokens = list(self._tokens(node))
        out = ""
        glued = True
        for index, (word, parent) in enumerate(tokens):
            following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
            if word == "," and following in {")", "]", "}"}:
                continue
            before = word in _GLUED_BEFORE or (word in {"(", "["} and parent in _BRACKET_PARENTS)
            equals = word == "=" and parent in _KEYWORD_PARENTS
            out += word if glued or before or equals or not out else " " + word
            glued = word in _GLUED_AFTER or equals or (word in {"-", "+", "*", "**"} and parent in _PREFIX_PARENTS)
        return out if len(out) <= VALUE_CHARS else f"{out[:VALUE_CHARS]}… ({digest(out)})"

    def _tokens(self, node: Node) -> Iterator[tuple[str, str]]:
        stack: list[tuple[Node, str]] = [(node, "")]
        budget = MAX_NODES
        while stack and budget:
            current, parent = stack.pop()
            budget -= 1
            if current.type in {"comment", "line_continuation"}:
                continue
            if current.type == "string":
                text = self.text(current)
                prefix = text[: len(text) - len(text.lstrip("rRbBuUfF"))].lower().replace("u", "")
                yield f'{prefix}"{string_content(text)}"', parent
            elif not current.child_count:
                yield " ".join(self.text(current).split()), parent
            else:
                stack.extend((child, current.type) for child in reversed(current.children))


def unwrapped(node: Node) -> Node:
    """The expression inside any number of redundant parentheses."""
    while node.type == "parenthesized_expression":
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        if inner is None:
            break
        node = inner
    return node


def placeholders(text: str) -> str:
    """A message with ``%``-style and brace placeholders shown as ``{}``."""
    return _BRACES.sub("{}", _PERCENT.sub("{}", text.replace("%%", "\0"))).replace("\0", "%")


def literal_words(text: str) -> bool:
    """Whether a message says anything besides its placeholders."""
    return any(character.isalpha() for character in text.replace("{}", ""))
