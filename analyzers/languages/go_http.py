"""HTTP routes of Go programs and the guards in front of them: the standard library, gorilla/mux, chi, gin, echo, fiber.

Sources: the routers' documentation. A guard is recognised by its name (it speaks of authentication or authorization) or
by what it does: answer 401, 403, ``PermissionDenied`` or ``Unauthenticated``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.languages.go_errors import condition_text, error_tested, origin
from analyzers.languages.go_names import Link
from analyzers.languages.go_outcomes import statements_of
from analyzers.languages.go_source import GoSource
from analyzers.model import Fact, FactKind, Value
from analyzers.patterns import regex
from analyzers.syntax import Node

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY", "ALL", "CONNECT", "TRACE"})
_REGISTER = regex(r"^(?:[Rr]egister|[Aa]dd)\w*(?:Route|Routes|Handler|Handle|HandlerFunc|Endpoint|Path|Prefix)\w*$")
_CLIENT = regex(r"(?:client|cli|http|req|api|c|cache|store|kv|session|resp)$", re.IGNORECASE)
_PATH = regex(r"^(?:[A-Z]+ )?[\w.\-]*/\S*$|^$")

GUARD_NAME = regex(
    r"(?:^|[._])(?:enforce(?:r|err|policy|auth\w*|rbac|access|permissions?|scopes?|roles?)?|authoriz\w+|authenticat\w+|require(?=_?[A-Z])\w*(?:auth|admin|role|permission|scope|login"
    r"|user|token|session|mfa|owner|group|access|tls|cert)\w*|(?:has|check|verify|validate|ensure|assert|with|is|must"
    r"|can)_?(?:\w*(?:permission|role|scope|access|auth|authn|authz|admin|token|session|jwt|signature|acl|rbac|csrf"
    r"|allowed|authorized|authenticated|owner)s?)\b|\w*auth(?:n|z|enticator|orizer|middleware|required|guard|check|wrap)?"
    r"|\w*(?:auth|authn|authz|rbac|acl|jwt)(?:middleware)?\.(?:wrap|protect|guard|only|ensure|basic|bearer|required?|with)\w*"
    r"|\w*(?:rbac|acl|jwt|csrf|permission|role)s?(?:check|guard|middleware)?|\w*auth\w*middleware\w*|tokenauth\w*)$",
    re.IGNORECASE,
)
_CHECK_CALL = regex(
    r"^(?:[eE]nforce(?:Err|Policy|Auth\w*|RBAC|Access|Permissions?|Scopes?|Roles?)?|[aA]uthorize(?![dr])\w*"
    r"|[aA]uthenticate(?!d)\w*|[rR]equire(?:Auth|Admin|Role|Permission|Scope|Login|User|Token"
    r"|Session|MFA|Owner|Group|Access)\w*|[hH]as(?:Permission|Role|Scope|Access|Privilege)\w*|[cC]heck(?:Permission|Role"
    r"|Scope|Access|Auth|Token|ACL|Signature|Privilege)\w*|[vV]erify(?:Token|Signature|Permission|Auth|JWT|Password"
    r"|Access|Webhook)\w*|[vV]alidate(?:Token|Session|JWT|Auth|Signature|Permission|Credentials)\w*"
    r"|[iI]s(?:Admin|Allowed|Authorized|Authenticated|Permitted|Owner)\w*|[cC]anAccess\w*|SubjectAccessReview)$"
)
"""Calls in a body that check who may do something."""

_DENIES = regex(
    r"\b(?:http\.Status(?:Unauthorized|Forbidden)|codes\.(?:PermissionDenied|Unauthenticated)|fiber\.Err(?:Unauthorized"
    r"|Forbidden)|fiber\.Status(?:Unauthorized|Forbidden)|echo\.Err(?:Unauthorized|Forbidden)|\w*[eE]rr(?:or)?\w*"
    r"(?:Unauthori[sz]ed|Forbidden|PermissionDenied|AccessDenied|Unauthenticated)|40[13])\b"
)


def routes(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """The route that a call (the outermost of its chain) registers, and the guards in front of it."""
    found = _route(go, links)
    if found is None:
        return
    methods, path, handlers = found
    names = [name for link in links for name in _with_guards(go, link)]
    guards, handler = _unwrap(go, handlers)
    guards = [*names, *guards]
    place = links[0].args[0] if len(links) == 1 and links[0].args else None
    for method in methods or ["ANY"]:
        key = f"{method} {_prefix(go, call, links)}{path}"
        yield go.source.fact(
            FactKind.ROUTE, key, Value(handler), node=call, scope="", aliases=[path] if len(path) > 1 else [],
            attributes={"guards": ",".join(guards)}, anchor=place,
        )  # fmt: skip
        for guard in guards:
            yield go.source.fact(
                FactKind.GUARD, key, Value(guard), node=call, attributes={"name": guard, "form": "middleware"}
            )


def _route(go: GoSource, links: Sequence[Link]) -> tuple[list[str], str, list[Node]] | None:
    """Methods, path and handler arguments of a registering chain, or None."""
    methods: list[str] = []
    path: str | None = None
    handlers: list[Node] = []
    for link in links:
        name, args = link.name, link.args
        first = go.constant(args[0]) if args else None
        is_path = first is not None and bool(_PATH.match(first))
        if name in {"Handle", "HandleFunc", "Handler", "HandlerFunc"} and args:
            if first is not None and is_path and len(args) >= 2:
                path, handlers = first, list(args[1:])
            elif name.startswith("Handler") and path is not None:
                handlers = list(args)
            elif _method(go, args[0]) and len(args) >= 3:  # gin, httprouter: Handle("GET", "/x", h)
                path, methods, handlers = go.constant(args[1]), [_method(go, args[0])], list(args[2:])
        elif len(args) >= 3 and _method(go, args[0]) and (go.constant(args[1]) or "").startswith("/"):
            path, methods, handlers = go.constant(args[1]), [_method(go, args[0])], list(args[2:])
        elif name in {"Path", "PathPrefix"} and is_path and len(args) == 1:
            path = (first or "") + ("*" if name == "PathPrefix" else "")
        elif name in {"Methods", "Method"} and path is not None:
            methods += [method for arg in args if (method := _method(go, arg))]
        elif name.upper() in _METHODS and is_path and first and len(args) >= 2 and not _is_client(name, link, args):
            path, handlers = first, list(args[1:])
            methods = [] if name.upper() in {"ANY", "ALL"} else [name.upper()]
        elif _REGISTER.match(name) and is_path and first and first.startswith("/") and len(args) >= 2:
            path, handlers = first, [arg for arg in args[1:] if arg.type not in {"true", "false"}][:1]
            methods += [text for arg in args[2:] if (text := go.constant(arg)) in _METHODS and text]
    if path is None or not handlers or (not links[-1].path and len(links) == 1 and not links[-1].name):
        return None
    pattern = re.match(r"^([A-Z]+) (.*)$", path)  # net/http's own patterns since Go 1.22
    if pattern and pattern.group(1) in _METHODS:
        methods, path = [pattern.group(1)], pattern.group(2)
    return sorted(set(methods)), path, handlers


def _method(go: GoSource, node: Node) -> str:
    """The method that ``"GET"`` or ``http.MethodGet`` names, or an empty string."""
    text = go.constant(node) if node.type != "selector_expression" else go.text(node).rpartition(".Method")[2]
    return text.upper() if text and text.upper() in _METHODS else ""


def _is_client(name: str, link: Link, args: Sequence[Node]) -> bool:
    """Whether ``x.Get("/…", …)`` asks a server or a store rather than registers a handler."""
    if name.isupper():
        return False
    last = args[-1]
    if last.type in {"interpreted_string_literal", "nil", "unary_expression", "int_literal", "composite_literal"}:
        return True
    return bool(_CLIENT.search(link.path.rsplit(".", 1)[-1]))


def _unwrap(go: GoSource, handlers: Sequence[Node]) -> tuple[list[str], str]:
    """The guards around and before a handler, and the handler's own name."""
    guards = [name for arg in handlers[:-1] for name in _guard_names(go, arg)]
    current = handlers[-1]
    for _ in range(10):
        local = go.locals_at(current).get(go.text(current)) if current.type == "identifier" else None
        if local is not None and local.value is not None:
            current = local.value
        if current.type != "call_expression" or not go.args(current):
            break
        name = go.callee(current)
        is_guard = bool(GUARD_NAME.search(name))
        guards += [name] if is_guard else []
        inner = [arg for arg in go.args(current) if arg.type in _HANDLERS]
        if not inner or (len(inner) > 1 and not is_guard):
            return guards, name  # makes a handler of several things: its own name says most
        current = inner[0]
    text = go.render(current).strip("_")
    return guards, text if len(text) < 120 else "func"


_HANDLERS = frozenset({"call_expression", "selector_expression", "identifier", "func_literal"})


def _guard_names(go: GoSource, arg: Node) -> list[str]:
    name = go.callee(arg) if arg.type == "call_expression" else go.render(arg)
    return [go.render(arg)] if arg.type in _HANDLERS and GUARD_NAME.search(name) else []


def _with_guards(go: GoSource, link: Link) -> list[str]:
    return [name for arg in link.args for name in _guard_names(go, arg)] if link.name == "With" else []


def _prefix(go: GoSource, call: Node, links: Sequence[Link]) -> str:
    """The path of the groups around a registration: ``v1 := r.Group("/v1")``, ``r.Route("/v1", func(r …) {…})``."""
    found = ""
    root = links[0].path.split(".", 1)[0]
    local = go.locals_at(call).get(root)
    if local is not None and local.value is not None and local.value.type == "call_expression":
        for link in go.chain(local.value):
            if link.name in {"Group", "PathPrefix", "Route"} and link.args:
                found += (go.constant(link.args[0]) or "").rstrip("/")
    current = call.parent
    while current is not None:
        arguments = current.parent
        if current.type == "func_literal" and arguments is not None and arguments.type == "argument_list":
            outer = arguments.parent
            last = go.chain(outer)[-1] if outer is not None and outer.type == "call_expression" else None
            if last is not None and last.name in {"Route", "Group"} and last.args:
                found = (go.constant(last.args[0]) or "").rstrip("/") + found
        current = current.parent
    return found


def middleware(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """``r.Use(RequireAdmin)``: every guard among the arguments guards the group, else the function that sets it up."""
    link = links[-1]
    if link.name not in {"Use", "UseFunc", "UseGlobal"} or not link.path:
        return
    symbol = go.source.symbol(call)
    for arg in link.args:
        for name in _guard_names(go, arg):
            key = _prefix(go, call, links) or (symbol.name if symbol else "<module>")
            attributes = {"name": name.split("(", 1)[0], "form": "middleware", "requires": _requires(go, arg)}
            yield go.source.fact(FactKind.GUARD, key, Value(name), node=call, attributes=attributes)


def checks(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """A call in a body that checks who may go on: ``enforcer.Enforce(…)``, ``RequireRole(ctx, "admin")``."""
    symbol = go.source.symbol(call)
    if symbol is None or not _CHECK_CALL.match(links[-1].name) or not links[-1].args or _is_argument(call):
        return
    yield go.source.fact(
        FactKind.GUARD, symbol.name, Value(go.render(call)), node=call,
        attributes={"name": go.callee(call), "form": "check", "requires": _requires(go, call)},
    )  # fmt: skip


def _is_argument(call: Node) -> bool:
    """Whether the call makes a value for another call or literal rather than deciding anything here."""
    current = call.parent
    while current is not None and current.type in {"unary_expression", "binary_expression", "parenthesized_expression"}:
        current = current.parent
    return current is not None and current.type in {"argument_list", "literal_element", "selector_expression"}


def denials(go: GoSource, node: Node) -> Iterator[Fact]:
    """An ``if`` whose body answers 401, 403, ``PermissionDenied`` or ``Unauthenticated``."""
    condition, body = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    symbol = go.source.symbol(node)
    if condition is None or body is None or symbol is None:
        return
    ends = [s for s in statements_of(body)[-4:] if s.type in {"return_statement", "expression_statement"}]
    if not ends or not any(_DENIES.search(go.text(s)[:1000]) for s in ends):
        return
    name = error_tested(go, condition) or _flag_tested(go, condition)
    giver = origin(go, node, name) if name else None
    if giver is not None and giver.type == "call_expression":
        text, callee, requires = go.render(giver), go.callee(giver), _requires(go, giver)
    elif giver is not None:
        text, callee, requires = go.render(giver), "", ""
    else:
        text = condition_text(go, condition, name) if error_tested(go, condition) else go.render(condition)
        # A bare flag has nothing to show but its name.
        text = text if text.strip("_!() ") else go.text(condition)
        callee, requires = _first_callee(go, condition), ""
    yield go.source.fact(
        FactKind.GUARD, symbol.name, Value(text[:300]), node=node,
        attributes={"name": callee, "form": "check", "requires": requires}, anchor=condition,
    )  # fmt: skip


def _flag_tested(go: GoSource, condition: Node) -> str:
    """``ok`` of ``!ok`` or ``ok``."""
    operand = condition.child_by_field_name("operand") if condition.type == "unary_expression" else condition
    return go.text(operand) if operand is not None and operand.type == "identifier" and go.is_local(operand) else ""


def _first_callee(go: GoSource, node: Node) -> str:
    stack = [node]
    while stack:
        current = stack.pop()
        if current.type == "call_expression":
            return go.callee(current)
        stack.extend(reversed(current.named_children))
    return ""


def _requires(go: GoSource, call: Node) -> str:
    """The constant arguments of a guard: the roles, scopes, resources that it asks for."""
    args = go.args(call) if call.type == "call_expression" else ()
    return ", ".join(text for arg in args if (text := go.literal(arg)) is not None and text != "nil")
