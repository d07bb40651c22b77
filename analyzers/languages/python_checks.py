"""Checks of access in the bodies of Python functions: conditions that refuse, and calls that check on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_access import SUBJECTS, guard, requires_of
from analyzers.languages.python_nodes import Call, Module
from analyzers.languages.python_text import unwrapped
from analyzers.model import Fact
from analyzers.syntax import Node
from analyzers.vocabulary import words

__all__ = ["calls", "checks", "denied"]

_CHECK_VERBS = frozenset(
    "assert check ensure require requires verify validate enforce authorize authenticate must deny restrict".split()
)
_AUTH_RECEIVERS = frozenset("auth authz authorizer authenticator acl permissions".split())
_AUTH_METHOD = re.compile(r"^_?(?:check|require|verify|validate|authenticate|authorize|assert|enforce|get_user)(?:_|$)")
_DENIAL = re.compile(
    r"\b40[13]\b|forbidden|unauthori[sz]ed|permission_?denied|access_?denied|not_?authenticated|"
    r"authentication_?(?:failed|required)|unauthenticated|PermissionError|AuthError",
    re.IGNORECASE,
)


def calls(module: Module, node: Node) -> Iterator[Fact]:
    """Calls that check on their own: ``assert_requester_is_admin(...)``, ``self.auth.get_user_by_req(request)``."""
    call = module.call(node)
    symbol = module.source.symbol(node)
    if symbol is None or not _checks_access(call) or not _stands_alone(node) or module.function(node) is None:
        return
    requires = requires_of(module, call)
    receiver = call.name.rpartition(".")[0].rpartition(".")[2].lstrip("_")
    name = f"{receiver}.{call.leaf}" if receiver in _AUTH_RECEIVERS else call.leaf
    yield guard(module, node, symbol.name, f"{name}({requires})", call.leaf, "check", requires)


def _checks_access(call: Call) -> bool:
    parts = words(call.leaf)
    if not parts:
        return False
    receiver = call.name.rpartition(".")[0].rpartition(".")[2].lstrip("_")
    if receiver in _AUTH_RECEIVERS and _AUTH_METHOD.match(call.leaf):
        return True
    if parts[0] in {"assert", "require", "ensure", "enforce"}:
        return bool(frozenset(parts) & SUBJECTS)
    # ``check_user`` or ``validate_owner`` may check anything about them.
    return parts[0] in _CHECK_VERBS and bool(frozenset(parts) & (SUBJECTS - {"user", "owner", "access"}))


def _stands_alone(node: Node) -> bool:
    """Whether the call is a statement (also awaited or assigned): inside a condition the condition speaks."""
    parent = node.parent
    while parent is not None and parent.type in {"await", "parenthesized_expression"}:
        parent = parent.parent
    return parent is not None and parent.type in {"expression_statement", "assignment", "return_statement"}


def checks(module: Module, node: Node) -> Iterator[Fact]:
    """``if not user.is_admin: raise PermissionDenied`` (also ``abort(403)``, ``return 403``): the condition is the
    guard; a denial under ``else`` is guarded by the same condition."""
    condition = node.child_by_field_name("condition")
    symbol = module.source.symbol(node)
    if condition is None or symbol is None:
        return
    bodies = [node.child_by_field_name("consequence")]
    for alternative in node.children_by_field_name("alternative"):
        if alternative.type == "else_clause":
            bodies.append(alternative.child_by_field_name("body"))
    for body in bodies:
        for statement in body.named_children if body is not None else ():
            name = denied(module, statement)
            if name:
                status = re.search(r"\b40[13]\b", module.text(statement)[:400])
                yield guard(
                    module, node, symbol.name, module.written(condition), name, "check",
                    status.group() if status else "", condition,
                )  # fmt: skip
                return


def denied(module: Module, statement: Node) -> str:
    """The callable by which a statement refuses access (``abort``, ``PermissionDenied``), else an empty string."""
    if statement.type not in {"raise_statement", "return_statement", "expression_statement"}:
        return ""
    if not statement.named_child_count or not _DENIAL.search(module.text(statement)[:400]):
        return ""
    expression = unwrapped(statement.named_children[0])
    if expression.type == "call":
        name = module.call(expression).leaf
        if statement.type == "expression_statement" and not re.search(r"abort|deny|forbid|unauthor", name.lower()):
            return ""
        return name
    if statement.type == "expression_statement":
        return ""
    return module.dotted(expression).rpartition(".")[2] if statement.type == "raise_statement" else "return"
