"""Go syntax nodes taken apart without knowing the file around them: literals, specs, pairs of names and values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.syntax import Node

STRINGS = frozenset({"interpreted_string_literal", "raw_string_literal"})
NUMBERS = frozenset({"int_literal", "float_literal", "imaginary_literal", "rune_literal"})
FUNCTIONS = frozenset({"function_declaration", "method_declaration"})

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_SIMPLE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def string_value(text: str) -> str:
    """A Go string literal's content, with the escapes of interpreted strings decoded."""
    content = text[1:-1] if len(text) >= 2 else text
    if not text.startswith('"') or "\\" not in content:
        return content
    return _ESCAPE.sub(_unescape, content)


def _unescape(match: re.Match[str]) -> str:
    body = match.group(1)
    if body[0] in "xuU" and len(body) > 1:
        code = int(body[1:], 16)
    elif len(body) == 3:
        code = int(body, 8)
    else:
        return _SIMPLE_ESCAPES.get(body, body)
    return chr(code) if code < 0x110000 else "\ufffd"


def specs(declaration: Node) -> Iterator[Node]:
    """The specs of ``const (…)``, ``var (…)`` or a single one."""
    for child in declaration.named_children:
        if child.type in {"const_spec", "var_spec"}:
            yield child
        elif child.type == "var_spec_list":
            yield from (c for c in child.named_children if c.type == "var_spec")


def pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    """Names with the values they are given, of a spec, a short declaration or an assignment; only where both sides
    have the same length (``a, b = f()`` gives a call's results and is none)."""
    if node.type in {"const_spec", "var_spec"}:
        names = [n for n in node.children_by_field_name("name") if n.is_named]
        right = node.child_by_field_name("value")
    else:
        left = node.child_by_field_name("left")
        names = left.named_children if left is not None else []
        right = node.child_by_field_name("right")
    values = [v for v in right.named_children if v.type != "comment"] if right is not None else []
    if len(names) == len(values):
        yield from zip(names, values, strict=True)


def type_name(text: str) -> str:
    """A type's name without pointer, package path and type arguments: ``*pkg.Config[T]`` → ``Config``."""
    return text.lstrip("*&[] ").split("[", 1)[0].rsplit(".", 1)[-1].strip()


def outermost(top: Node, kind: str) -> list[Node]:
    """The nodes of a type below ``top`` that are not inside another of that type."""
    found: list[Node] = []
    stack = [top]
    while stack:
        node = stack.pop()
        if node.type == kind:
            found.append(node)
        elif node.named_child_count:
            stack.extend(reversed(node.named_children))
    return found


def walk(top: Node) -> Iterator[Node]:
    """All named nodes below, parents first, in source order."""
    stack = [top]
    while stack:
        node = stack.pop()
        yield node
        if node.named_child_count:
            stack.extend(reversed(node.named_children))
