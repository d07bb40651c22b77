"""Symbols and behaviour of Go definitions: signatures without parameter names, bodies blind to cosmetics.

Unlike the generic reading in ``analyzers.definitions`` this one knows that Go's parameters are bound outside the body,
that a struct literal's keys and a selector's fields are no locals, and which string arguments are help texts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from analyzers.languages.go_flags import help_argument, is_text
from analyzers.languages.go_names import bindings
from analyzers.languages.go_nodes import FUNCTIONS, NUMBERS, STRINGS, string_value
from analyzers.languages.go_source import GoSource
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node

_HELP_KEYS = frozenset({"Help", "Short", "Long", "Example", "Usage", "UsageText", "Description", "ArgsUsage"})
"""Fields of metric options and commands (cobra, urfave/cli) that hold prose for people."""

_BRACKETED = frozenset({"binary_expression", "unary_expression", "parenthesized_type"})
"""Compared by structure, so that redundant parentheses are silent and needed ones are not."""


def definitions(go: GoSource) -> Iterator[Fact]:
    """``symbol`` facts of every definition that touches the lines, ``behaviour`` facts of functions and methods."""
    source = go.source
    for node in source.touching(go.lines):
        symbol = source.symbol(node)
        if symbol is None:
            continue
        kind = source.grammar.scopes[node.type]
        yield source.fact(
            FactKind.SYMBOL, symbol.name, Value(signature(go, node)), node=node, scope="", attributes={"kind": kind}
        )
        if node.type in FUNCTIONS:
            yield source.fact(FactKind.BEHAVIOUR, symbol.name, Value(shape(go, node)), node=node, scope="")


def signature(go: GoSource, node: Node) -> str:
    """A function's parameter and result types (names and grouping do not count), an interface's methods, an alias's
    or a named type's base; nothing for a struct, whose fields are facts of their own."""
    if node.type in FUNCTIONS:
        return _plain(go, node.child_by_field_name("type_parameters")) + _function(go, node)
    base = node.child_by_field_name("type")
    if base is None or base.type == "struct_type":
        return ""
    if base.type == "function_type":
        return "func" + _function(go, base)
    if base.type != "interface_type":
        return _plain(go, base)
    methods = []
    for member in base.named_children:
        name = member.child_by_field_name("name")
        if name is None:
            methods += [_plain(go, member)] if member.type != "comment" else []
            continue
        methods.append(go.text(name) + _function(go, member))
    return "interface{" + "; ".join(sorted(methods)) + "}"


def _function(go: GoSource, node: Node) -> str:
    """``(string, int) error`` of anything with parameters and a result."""
    result = node.child_by_field_name("result")
    results = _types(go, result) if result is not None and result.type == "parameter_list" else _plain(go, result)
    return f"({_types(go, node.child_by_field_name('parameters'))}) {results}".strip()


def _types(go: GoSource, parameters: Node | None) -> str:
    found: list[str] = []
    for child in parameters.named_children if parameters is not None else ():
        if child.type in {"parameter_declaration", "variadic_parameter_declaration"}:
            dots = "..." if child.type.startswith("variadic") else ""
            text = dots + _plain(go, child.child_by_field_name("type"))
            found += [text] * max(1, len(child.children_by_field_name("name")))
    return ", ".join(found)


def _plain(go: GoSource, node: Node | None) -> str:
    """A type's text without layout and comments; ``interface{}`` and ``any`` are one type."""
    if node is None:
        return ""
    text = " ".join(token.lstrip("\x00") for token in tokens(go, node)[0]).replace("interface { }", "any")
    return re.sub(r" ([.\]\[(){},]) ?|(?<=[*\[(]) ", lambda m: m.group(1) or "", text).replace(",", ", ")


def shape(go: GoSource, function: Node) -> str:
    """12 hex digits over the function's parameters and body: equal when only names of locals, comments, layout,
    redundant parentheses or help texts differ."""
    names: dict[str, str] = {}
    parts: list[str] = []
    for field in ("receiver", "parameters", "result", "body"):
        part = function.child_by_field_name(field)
        if part is None:
            continue
        found, bound = tokens(go, part)
        for name in bound:
            names.setdefault(name, f"${len(names)}")
        parts += found if field == "body" else []
    names = {**go.imported(), **names}
    text = " ".join(names.get(token[1:], token[1:]) if token.startswith("\x00") else token for token in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def tokens(go: GoSource, top: Node) -> tuple[list[str], list[str]]:
    """The canonical tokens below a node, and the names bound there in order. A token that may be a local's name
    starts with NUL until the caller knows; text of comments, help and layout is left out."""
    found: list[str] = []
    bound: list[str] = []
    stack: list[Node | str] = [top]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            found.append(node)
            continue
        kind = node.type
        if kind == "comment" or (kind in {";", "\n"}):
            continue
        bound += [name for name, _ in bindings(go, node) if name != "_"]
        if kind in STRINGS:
            found.append('"' + string_value(go.text(node)) + '"')
        elif kind == "identifier":
            found.append("\x00" + go.text(node))
        elif kind == "package_identifier":
            found.append(go.imported().get(go.text(node), go.text(node)))
        elif not node.child_count:
            text = go.text(node)
            found.append(text.lower() if kind in NUMBERS and kind != "rune_literal" else text)
        elif kind == "keyed_element":
            stack.extend(reversed(_keyed(go, node)))
        elif kind == "call_expression":
            stack.extend(reversed(_without_help(go, node)))
        elif kind == "parenthesized_expression":
            stack.extend(reversed(node.named_children))
        elif kind in _BRACKETED:
            stack.append("⟩")
            stack.extend(reversed(node.children))
            stack.append("⟨")
        else:
            stack.extend(reversed(node.children))
    kept = [t for i, t in enumerate(found) if not (t == "," and found[i + 1 : i + 2] in ([")"], ["]"], ["}"], []))]
    return kept, bound


def _keyed(go: GoSource, element: Node) -> list[Node | str]:
    """A struct literal's ``Key: value`` with the key as plain text (it is a field, not a local); help values empty."""
    key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
    if key is None or value is None:
        return list(element.children)
    name = key.named_children[0] if key.named_child_count == 1 else key
    literal = element.parent.parent if element.parent is not None else None
    of = literal.child_by_field_name("type") if literal is not None else None
    if name.type != "identifier" or (of is not None and of.type == "map_type"):
        return list(element.children)
    text = go.text(name)
    is_help = text in _HELP_KEYS and value.named_child_count == 1 and is_text(value.named_children[0])
    return [text, ":"] if is_help else [text, ":", value]


def _without_help(go: GoSource, call: Node) -> Sequence[Node | str]:
    """A call's children; of a call that declares a flag or a metric the help argument is left out."""
    help_at = help_argument(go, call)
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if help_at is None or function is None or arguments is None:
        return call.children
    kept: list[Node | str] = [function, "("]
    for index, arg in enumerate(go.args(call)):
        kept += ["⟨help⟩" if index == help_at else arg, ","]
    return [*kept, ")"]
