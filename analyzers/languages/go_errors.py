"""What Go code does about errors: returns, logs, swallows, retries, panics, exits; and the messages it raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from analyzers.languages.go_names import Link
from analyzers.languages.go_nodes import FUNCTIONS, walk
from analyzers.languages.go_outcomes import outcome, statements_of
from analyzers.languages.go_source import GoSource
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node, touches

_ERROR_NAME = re.compile(r"^(?:e|\w*[eE]rr(?:or)?\d?)$")
_MAX_BACK = 12
"""Statements before an ``if`` in which the call that gave the error is looked for."""

_MAX_BRANCH_NODES = 200
"""Nodes of an ``if`` before, in whose branches the call that gave the error is looked for."""

_MAX_SIBLINGS = 300
"""``if`` statements of one function that are compared; a function with more is generated or an attack."""

_RAISERS = {
    "errors.New": 0, "fmt.Errorf": 0, "errors.Errorf": 0, "errors.Wrap": 1, "errors.Wrapf": 1, "errors.WithMessage": 1,
    "errors.WithMessagef": 1, "status.Error": 1, "status.Errorf": 1, "httpgrpc.Errorf": 1, "http.Error": 1,
    "httpgrpc.Error": 1, "xerrors.Errorf": 0, "xerrors.New": 0, "echo.NewHTTPError": 1, "fiber.NewError": 1,
    "panic": 0, "gtserror.New": 0, "gtserror.Newf": 0, "eris.New": 0, "eris.Wrap": 1,
}  # fmt: skip
"""Functions that make an error of a message, with the message's position (from the packages' documentation)."""


def messages(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """The message of an error that is made or wrapped, and ``os.Exit``'s code."""
    name = go.callee(call)
    if name == "os.Exit" and links[-1].args:
        code = go.literal(links[-1].args[0])
        if code is not None:
            symbol = go.source.symbol(call)
            yield go.source.fact(FactKind.EXIT_CODE, symbol.name if symbol else "<module>", Value(code), node=call)
        return
    position = _RAISERS.get(name)
    if position is None or position >= len(links[-1].args):
        return
    message = go.message(links[-1].args[position])
    if not message:
        return
    code_text = ""
    for arg in links[-1].args:
        text = go.text(arg)
        if re.fullmatch(r"(?:codes|http|fiber)\.\w+|[345]\d\d", text):
            code_text = text
    yield go.source.fact(FactKind.ERROR, message, Value("raised"), node=call, attributes={"error": code_text})


def handling(go: GoSource, node: Node) -> Iterator[Fact]:
    """How the ``if`` around an error treats it: the key names the condition and the call that gave the error."""
    read = _handled(go, node)
    if read is None:
        return
    key, callee, fact = read
    yield fact
    function = go.function_of(node)
    if function is None or (function.id, key) in go.told:
        return
    go.told.add((function.id, key))
    if callee and go.text(function).count(callee.rsplit(".", 1)[-1] + "(") < 2:
        return
    # The same call is treated in several places: all of them are told, so that each finds its like on the other side.
    others = [n for n in walk(function) if n.type == "if_statement" and n.id != node.id]
    for other in others[:_MAX_SIBLINGS]:
        found = _handled(go, other)
        if found is not None and found[0] == key:
            yield found[2]


def _handled(go: GoSource, node: Node) -> tuple[str, str, Fact] | None:
    """Key, called function and fact of an ``if`` that tests an error; None for another ``if``."""
    condition, body = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    name = error_tested(go, condition) if condition is not None and body is not None else ""
    if condition is None or body is None or not name:
        return None
    giver = origin(go, node, name)
    tested = condition_text(go, condition, name)
    callee = go.giver(giver) if giver is not None and giver.type == "call_expression" else ""
    callee = callee if callee.strip("_") else ""
    key = f"{tested} {callee}".strip()
    inside = statements_of(body)
    # The last statement shows what is done better than the condition, which is the same on both sides.
    place = inside[-1] if inside and touches(inside[-1], go.lines) else condition
    return key, callee, go.source.fact(FactKind.ERROR, key, Value(outcome(go, body, name)), node=node, anchor=place)


def error_tested(go: GoSource, condition: Node) -> str:
    """The variable of which a condition says that it holds an error, or an empty string."""
    if condition.type == "binary_expression":
        operator = go.text(condition.child_by_field_name("operator"))
        left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
        if left is None or right is None:
            return ""
        if operator == "&&":
            return error_tested(go, left) or error_tested(go, right)
        names = [go.text(n) for n in (left, right) if n.type == "identifier" and _ERROR_NAME.match(go.text(n))]
        if operator == "!=" and names and "nil" in {left.type, right.type}:
            return names[0]
        return names[0] if operator == "==" and len(names) == 1 and "nil" not in {left.type, right.type} else ""
    if condition.type == "call_expression" and go.args(condition):
        first = go.args(condition)[0]
        callee = go.callee(condition).rsplit(".", 1)[-1]
        if first.type == "identifier" and _ERROR_NAME.match(go.text(first)) and re.match(r"^(?:Is|As|Cause)", callee):
            return go.text(first)
    return ""


def condition_text(go: GoSource, condition: Node, name: str) -> str:
    """The condition, with the error's own name always ``err`` and other locals as ``_``."""
    text = go.text(condition)
    if text in {f"{name} != nil", f"nil != {name}"}:
        return "err != nil"
    return _render_error(go, condition, name)


def _render_error(go: GoSource, node: Node, name: str) -> str:
    if node.type == "identifier" and go.text(node) == name:
        return "err"
    if node.type == "binary_expression":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = go.text(node.child_by_field_name("operator"))
        if left is not None and right is not None and operator in {"&&", "||", "==", "!="}:
            return f"{_render_error(go, left, name)} {operator} {_render_error(go, right, name)}"
    if node.type == "call_expression":
        return f"{go.callee(node)}({', '.join(_render_error(go, arg, name) for arg in go.args(node))})"
    if node.type == "unary_expression":
        operand = node.child_by_field_name("operand")
        operator = go.text(node.child_by_field_name("operator"))
        return operator + (_render_error(go, operand, name) if operand is not None else "")
    return go.render(node)


def origin(go: GoSource, node: Node, name: str) -> Node | None:
    """The expression whose result the variable holds at an ``if``: in its initializer, or in a statement before."""
    initializer = node.child_by_field_name("initializer")
    if initializer is not None:
        found = _given_by(go, initializer, name)
        if found is not None:
            return found
    current: Node | None = node
    steps = 0
    while current is not None and current.type not in FUNCTIONS | {"func_literal"} and steps < _MAX_BACK:
        before = current.prev_named_sibling
        while before is not None and steps < _MAX_BACK:
            steps += 1
            found = _given_by(go, before, name)
            if found is not None:
                return found
            before = before.prev_named_sibling
        current = current.parent
        if current is not None and current.type == "if_statement":
            inside = current.child_by_field_name("initializer")
            found = _given_by(go, inside, name) if inside is not None else None
            if found is not None:
                return found
    return None


def _given_by(go: GoSource, statement: Node, name: str) -> Node | None:
    if statement.type == "if_statement":  # given in one of its branches; the first speaks for them
        inside = (n for n in islice(walk(statement), _MAX_BRANCH_NODES) if n.type == "assignment_statement")
        return next((found for n in inside if (found := _given_by(go, n, name)) is not None), None)
    if statement.type == "var_declaration" and statement.named_child_count:
        statement = statement.named_children[0]
    if statement.type not in {"short_var_declaration", "assignment_statement", "var_spec"}:
        return None
    left, right = statement.child_by_field_name("left"), statement.child_by_field_name("right")
    right = right or statement.child_by_field_name("value")
    targets = left.named_children if left is not None else statement.children_by_field_name("name")
    if right is None or name not in {go.text(target) for target in targets}:
        return None
    return right.named_children[-1] if right.named_child_count else right
