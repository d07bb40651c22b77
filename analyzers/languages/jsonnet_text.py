"""Jsonnet expressions as text: literals by content, concatenation and formatting with what is known put in its place,
anything else as tokens without layout, comments and quote style."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from analyzers.documents.yaml_text import dedented
from analyzers.syntax import Grammar, Node, Source

COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
GRAMMAR = Grammar("jsonnet", "tree_sitter_jsonnet", comments=COMMENTS)

_ROUND = COMMENTS | {"(", ")"}
_BRACKETS = _ROUND | {"[", "]"}
LITERALS = frozenset({"string", "string_block", "number", "literal"})
MAX_NESTING = 40
"""Levels of nested expressions that are understood."""

MAX_TOKENS = 4000
"""Tokens of one expression that are written out."""

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>[^()\n]*)\))?[-+ #0]*(?:\d+|\*)?(?:\.\d+)?(?P<type>[diouxXeEfFgGcs%])")
_CONSTANT = re.compile(
    rb"\blocal[ \t]+(\w{1,80})[ \t]*=[ \t]*(?:'([^'\\\n]{0,200})'|\"([^\"\\\n]{0,200})\"|(-?[\d.]+))[ \t]*[;,\n]"
)


def content(source: Source, node: Node) -> str:
    """The content of a literal node."""
    text = source.text(node)
    if node.type == "string_block":
        return "\n".join(dedented(text.split("\n")[1:-1])).rstrip("\n")
    if node.type != "string":
        return text
    if text[:1] == "@":
        quote = text[1:2]
        return text[2:-1].replace(quote * 2, quote)
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found.group(1), 16)) if found.group(1) else _ESCAPES.get(found.group(2), found.group(2))


class Texts:
    """Texts of the expressions of one file; local constants are looked up when one is named."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @lru_cache(maxsize=1)  # noqa: B019 - lives for one comparison
    def _constants(self) -> dict[str, str]:
        """Locals bound to one literal. A name bound twice to different ones is nobody's constant."""
        found: dict[str, set[str]] = {}
        for name, single, double, number in _CONSTANT.findall(self.source.data):
            found.setdefault(name.decode(), set()).add((single or double or number).decode("utf-8", "replace"))
        return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}

    def of(self, group: Sequence[Node], depth: int = 0) -> str:
        """The text of a group of sibling nodes that form one expression; deep nesting is written out as tokens."""
        if len(group) == 1 and depth < MAX_NESTING:
            node = group[0]
            if node.type in LITERALS:
                return content(self.source, node)
            if node.type == "error_expr":
                return "error"  # a value that must be given; the message is for people
            if node.type == "ident_ref":
                name = self.source.text(node)
                return self._constants().get(name, name)
            if node.type == "parened":
                return self.of([one for one in node.children if one.type not in _ROUND], depth + 1)
            operator = node.child_by_field_name("op") if node.type == "binary_expr" else None
            if operator is not None and self.source.text(operator) == "+":
                return self._concatenated(node, depth + 1)
            if operator is not None and self.source.text(operator) == "%":
                return self._formatted(node, depth + 1)
        return self.tokens(group)

    def _concatenated(self, node: Node, depth: int) -> str:
        """``'-target=' + name`` as ``-target=${name}``; sums without a string stay sums."""
        operands = chain(node, self.source)
        if not any(len(one) == 1 and one[0].type in {"string", "string_block"} for one in operands):
            return self.tokens([node])
        parts: list[str] = []
        for one in operands:
            text = self.of(one, depth)
            literal = len(one) == 1 and (one[0].type in LITERALS or text != self.source.text(one[0]))
            parts.append(text if literal else f"${{{text}}}")
        return "".join(parts)

    def _formatted(self, node: Node, depth: int) -> str:
        """``'%s > %d' % [a, b]`` with the arguments in their places."""
        left = node.children_by_field_name("lhs")
        right = [child for child in node.children_by_field_name("rhs") if child.type not in COMMENTS]
        template = self.of([child for child in left if child.type not in COMMENTS], depth)
        holes = [hole for hole in _PLACEHOLDER.finditer(template) if hole.group("type") != "%"]
        if not right:
            return template
        if all(hole.group("name") is not None for hole in holes):
            if len(right) == 1 and right[0].type == "object":
                fields = self._fields(right[0], depth)
                return self._filled(template, lambda index, name: fields.get(name, f"%({name})s"))
            base = self.tokens(right)
            return self._filled(template, lambda index, name: f"{base}.{name}")
        arguments = groups(right[0]) if len(right) == 1 and right[0].type == "array" else [right]
        if len(arguments) != len(holes):
            return f"{template} % {self.tokens(right)}"
        texts = [self.of(one, depth) for one in arguments]
        return self._filled(template, lambda index, name: texts[index])

    def _fields(self, node: Node, depth: int) -> dict[str, str]:
        """The texts of an object's plain fields."""
        found: dict[str, str] = {}
        for member in node.named_children:
            field = member.named_children[0] if member.named_children else member
            if field.type == "field" and len(field.named_children) > 2:
                value = [one for one in field.children[2:] if one.type not in COMMENTS and one.type != "visibility"]
                found[self.source.text(field.named_children[0]).strip("'\"")] = self.of(value, depth)
        return found

    @staticmethod
    def _filled(template: str, fill: Callable[[int, str], str]) -> str:
        index = -1

        def replace(hole: re.Match[str]) -> str:
            nonlocal index
            if hole.group("type") == "%":
                return "%"
            index += 1
            return fill(index, hole.group("name") or "")

        return _PLACEHOLDER.sub(replace, template)

    def tokens(self, group: Iterable[Node]) -> str:
        """The expression's tokens without layout: ``$._config.port``, ``std.max(a, 3)``."""
        found: list[str] = []
        stack = list(reversed(list(group)))
        while stack and len(found) < MAX_TOKENS:
            node = stack.pop()
            if node.type in COMMENTS:
                continue
            if node.type in {"string", "string_block"}:
                found.append("'" + content(self.source, node) + "'")
            elif node.child_count:
                stack.extend(reversed(node.children))
            else:
                found.append(self.source.text(node))
        return _spaced([one for one in found if one.strip()])


def _spaced(tokens: Sequence[str]) -> str:
    text = ""
    previous = ""
    for index, word in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if word == "," and following in {")", "]", "}"}:
            continue
        tight = word in {".", ",", ")", "]", "}", ":", ";"} or previous in {"", ".", "(", "[", "{", "!"}
        tight = tight or (word in {"(", "["} and bool(re.match(r"[\w)\]]$", previous[-1:])))
        text += word if tight else f" {word}"
        previous = word
    return text


def chain(node: Node, source: Source) -> list[list[Node]]:
    """The operands of a chain of ``+``, left to right; each is a group of sibling nodes."""
    operands: list[list[Node]] = []
    current: list[Node] = [node]
    while len(current) == 1 and current[0].type == "binary_expr":
        operator = current[0].child_by_field_name("op")
        if operator is None or source.text(operator) != "+":
            break
        operands.append([child for child in current[0].children_by_field_name("rhs") if child.type not in COMMENTS])
        current = [child for child in current[0].children_by_field_name("lhs") if child.type not in COMMENTS]
    operands.append(current)
    operands.reverse()
    return operands


def groups(container: Node) -> list[list[Node]]:
    """The elements of an array (or the arguments of a call), each a group of sibling nodes; a comprehension's element
    stands for all of them."""
    found: list[list[Node]] = [[]]
    for child in container.children:
        if child.type in {"for_spec", "if_spec"}:
            break
        if child.type == ",":
            found.append([])
        elif child.type not in _BRACKETS:
            found[-1].append(child)
    return [group for group in found if group]
