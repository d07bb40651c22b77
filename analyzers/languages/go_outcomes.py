"""What a block of Go does with an error: hands it on, logs it, swallows it, retries, panics, exits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from analyzers.languages.go_logs import is_log_call
from analyzers.languages.go_nodes import FUNCTIONS, walk
from analyzers.languages.go_source import GoSource
from analyzers.syntax import Node

_RETRY = re.compile(r"(?:retry|retries|backoff|attempt|Wait|Sleep|\bAfter\b)", re.IGNORECASE)
_ANSWERS = re.compile(
    r"(?i)(?:(?:render|write|send|respond|reply|return|handle|abort|http|json|server)[_.]?\w*err\w*|abort\w*)$"
)
_FAILED = re.compile(
    r"\bhttp\.Status(?:Bad|Unauth|Forbid|NotF|Method|Conf|Gone|Too|Req|Int|NotI|Serv|Gate|Unproc|Prec)\w+"
)
"""Calls that give a client the failure: ``renderError(w, …)``, ``w.WriteHeader(http.StatusInternalServerError)``."""

_MAX_NODES = 800
"""Nodes of a block that are searched for what it does with an error."""


def statements_of(block: Node) -> list[Node]:
    """The statements of a block, without comments."""
    inner = [child for child in block.named_children if child.type != "comment"]
    if len(inner) == 1 and inner[0].type == "statement_list":
        inner = [child for child in inner[0].named_children if child.type != "comment"]
    return inner


def outcome(go: GoSource, block: Node, name: str) -> str:
    """What a block does with the error ``name``: ``returned`` (to the caller, a client, a collector), ``raised``,
    ``exits``, ``retried``, ``logged`` or ``swallowed``. The last statement decides; what nothing takes on is logged or
    swallowed."""
    inside = statements_of(block)
    last = inside[-1] if inside else None
    ends = _ending(go, last, name, inside)
    if ends:
        return ends
    used, logged = _uses(go, inside, name)
    if used:
        return "returned"
    if last is not None and last.type == "continue_statement" and _RETRY.search(go.text(block)[:4000]):
        return "retried"
    return "logged" if logged else "swallowed"


def _ending(go: GoSource, last: Node | None, name: str, inside: Sequence[Node]) -> str:
    if last is None:
        return ""
    if last.type == "return_statement":
        given = last.named_children[0].named_children if last.named_child_count else []
        kept = [value for value in given if value.type != "comment"]
        if not kept:
            return "returned" if _named_result(go, last, name) else ""
        final = kept[-1]
        if final.type in {"nil", "true", "false"} or final.type in {"int_literal", "interpreted_string_literal"}:
            return "returned" if any(_mentions(go, value, name) for value in kept) else ""
        return "returned" if _mentions(go, last, name) or _is_error(go, final) else ""
    if last.type == "expression_statement" and last.named_child_count:
        call = last.named_children[0]
        if call.type == "call_expression":
            callee = go.callee(call)
            if callee == "panic":
                return "raised"
            links = go.chain(call)
            if callee == "os.Exit" or (links[-1].name.startswith(("Fatal", "Exit")) and is_log_call(go, links)):
                return "exits"
            if links[-1].name.startswith("Panic") and is_log_call(go, links):
                return "raised"
    return _branches(go, last, name) if last.type in _BRANCHING else ""


_BRANCHING = frozenset({"if_statement", "expression_switch_statement", "type_switch_statement"})


def _branches(go: GoSource, last: Node, name: str) -> str:
    """The ending that all branches of a last ``if``/``else`` or ``switch`` share; a ``switch`` without a default, or
    an ``if`` without ``else``, has a path that does nothing."""
    if last.type == "if_statement":
        body, other = last.child_by_field_name("consequence"), last.child_by_field_name("alternative")
        blocks = (
            [statements_of(body), statements_of(other) if other.type == "block" else [other]]
            if (body is not None and other is not None)
            else []
        )
    else:
        cases = [child for child in last.named_children if child.type.endswith("_case")]
        complete = any(child.type == "default_case" for child in cases)
        blocks = [_case_statements(case) for case in cases] if complete else []
    endings = {_ending(go, block[-1] if block else None, name, block) for block in blocks}
    return endings.pop() if len(endings) == 1 else ""


def _case_statements(case: Node) -> list[Node]:
    inner = [child for child in case.named_children if child.type == "statement_list"]
    return [child for child in inner[-1].named_children if child.type != "comment"] if inner else []


def _named_result(go: GoSource, node: Node, name: str) -> bool:
    """Whether the function around the node names its error result so, which a bare ``return`` returns."""
    current: Node | None = node
    while current is not None and current.type not in FUNCTIONS | {"func_literal"}:
        current = current.parent
    result = current.child_by_field_name("result") if current is not None else None
    declared = result.named_children if result is not None and result.type == "parameter_list" else []
    return any(go.text(n) == name for d in declared for n in d.children_by_field_name("name"))


def _is_error(go: GoSource, node: Node) -> bool:
    """Whether a returned expression looks like an error even without naming the one met."""
    text = go.text(node)
    return bool(re.search(r"(?:^|\.|\b)(?:[eE]rr\w*|\w+Error\w*|New\w*Err\w*)\b", text[:300]))


def _mentions(go: GoSource, node: Node, name: str) -> bool:
    return any(n.type == "identifier" and go.text(n) == name for n in islice(walk(node), _MAX_NODES))


def _uses(go: GoSource, inside: Sequence[Node], name: str) -> tuple[bool, bool]:
    """Whether the statements hand the error on (assign it, send it, pass it to something that does not log), and
    whether they log at all."""
    used = logged = False
    stack = list(inside)
    for _ in range(_MAX_NODES):
        if not stack:
            break
        node = stack.pop()
        if node.type in {"func_literal", "return_statement"}:
            continue  # a closure runs elsewhere; a nested return is another path than the block's own
        if node.type == "call_expression":
            links = go.chain(node)
            if is_log_call(go, links):
                logged = True
                continue
            callee = go.callee(node)
            used = used or bool(_ANSWERS.search(callee)) or bool(_FAILED.search(go.text(node)[:2000]))
            if not re.search(
                r"(?:^|\.)(?:Is|As|Cause|String|Error|SetStatus|RecordError|SetAttributes|Is\w+)$", callee
            ):
                used = used or any(_mentions(go, arg, name) for arg in links[-1].args)
        elif node.type in {"send_statement", "assignment_statement"}:
            right = node.child_by_field_name("right") or node.child_by_field_name("value")
            used = used or (right is not None and _mentions(go, right, name))
        stack.extend(node.named_children)
    return used, logged
