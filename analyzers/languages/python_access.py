"""Who may do what in a Python program: guards in every form, and routes with the guards of their handlers."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.languages.python_nodes import Call, Module, climb, qualified
from analyzers.languages.python_text import unwrapped
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node, touches
from analyzers.vocabulary import auth_weight, words

__all__ = [
    "SUBJECTS",
    "VIEW_FACETS",
    "calls",
    "class_policies",
    "decorators",
    "guard",
    "guard_names",
    "mixins",
    "requires_of",
]

SUBJECTS = frozenset(
    "login auth authn authz authenticated authenticate authentication authorize authorized authorization permission "
    "permissions perm perms role roles scope scopes jwt token admin administrator staff superuser csrf oauth mfa otp "
    "acl credentials user access owner identity reauth sudo requester signature".split()
)
_VERBS = frozenset(
    "required require requires has need needs check checks ensure only exempt protect protected allow allowed allows "
    "accepted passes verify verified validate must enforce restrict restricted by can assert deny denied".split()
)
_WHOLE = frozenset(
    "authenticated authenticate authorize authorized protected secured login authenticator has_perm has_role "
    "admin_only superuser_only jwt_protected".split()
)
VIEW_FACETS = frozenset(
    "permission permissions require_csrf require_auth auth roles scopes require_reauth permission_classes "
    "authentication_classes auth_required login_required effective_principals".split()
)
_POLICY_LISTS = frozenset({"permission_classes", "authentication_classes"})
_HOOKS = frozenset({"before_request", "before_app_request", "middleware"})
_WRAPPING = frozenset({"method_decorator", "decorator_from_middleware", "partial"})


def is_guard(name: str) -> bool:
    """Whether a decorator or dependency of that name guards: it names whom or what (role, login, token) and a demand
    (required, has, check), or is one of the few words that do so alone."""
    leaf = name.rpartition(".")[2]
    found = frozenset(words(leaf))
    return leaf.lower() in _WHOLE or bool(found & SUBJECTS and found & _VERBS)


def guard(
    module: Module,
    node: Node,
    key: str,
    written: str,
    name: str,
    form: str,
    requires: str = "",
    anchor: Node | None = None,
) -> Fact:
    """A guard on ``key`` (a symbol, a route's list): ``written`` as it stands, ``name`` of its callable, the contract's
    ``form``, and the literal arguments that it ``requires``."""
    facets = {"name": name, "form": form, "requires": requires}
    return module.source.fact(
        FactKind.GUARD, key, Value(written), node=node, scope="", attributes=facets, anchor=anchor
    )


def requires_of(module: Module, call: Call) -> str:
    """The literal arguments of a guard, as written."""
    given = [module.written(argument) for argument in call.positional if module.literal(argument)]
    given += [f"{key}={module.written(value)}" for key, value in sorted(call.keywords.items()) if module.literal(value)]
    return ", ".join(given)


# -- decorators ---------------------------------------------------------------------------------------------------


def decorators(module: Module, node: Node) -> Iterator[Fact]:
    """Guards given as decorators, policies given to view decorators, authenticating hooks."""
    definition = module.definition(node)
    expression = unwrapped(node.named_children[0]) if node.named_child_count else None
    symbol = module.source.symbol(definition) if definition is not None else None
    if definition is None or expression is None or symbol is None:
        return
    name, call = _decorator(module, expression)
    leaf = name.rpartition(".")[2]
    if is_guard(name):
        written = module.written(expression)
        requires = requires_of(module, call) if call is not None else ""
        yield guard(module, definition, symbol.name, written, leaf, "decorator", requires, node)
    elif leaf in _HOOKS and auth_weight(symbol.name):
        yield guard(module, definition, symbol.name, f"{leaf} {symbol.name}", symbol.name, "middleware", "", node)
    elif call is not None:
        for facet in sorted(VIEW_FACETS & frozenset(call.keywords)):
            value = call.keywords[facet]
            if touches(value, module.lines):
                text = f"{facet}={module.written(value)}"
                yield guard(module, definition, symbol.name, text, facet, "policy", module.written(value), value)


def _decorator(module: Module, expression: Node) -> tuple[str, Call | None]:
    """A decorator's name and call; ``method_decorator(login_required)`` is what it wraps."""
    if expression.type != "call":
        return module.dotted(expression), None
    call = module.call(expression)
    if call.leaf in _WRAPPING and call.positional:
        first = call.positional[0]
        return (module.call(first).name, module.call(first)) if first.type == "call" else (module.dotted(first), call)
    return call.name, call


def guard_names(module: Module, definition: Node) -> str:
    """The names of the guards on a handler, joined by ``,``: decorators, dependencies of parameters and of the route
    decorator."""
    names: set[str] = set()
    wrapper = definition.parent
    children = wrapper.named_children if wrapper is not None and wrapper.type == "decorated_definition" else []
    for child in children:
        if child.type != "decorator" or not child.named_child_count:
            continue
        name, call = _decorator(module, unwrapped(child.named_children[0]))
        if is_guard(name):
            names.add(name.rpartition(".")[2])
        for value in call.keywords.values() if call is not None else ():
            names.update(_dependencies(module, value))
        names.update(_router_guards(module, name.partition(".")[0]))
    parameters = definition.child_by_field_name("parameters")
    if parameters is not None:
        names.update(_dependencies(module, parameters))
    return ",".join(sorted(names))


def _router_guards(module: Module, router: str) -> Iterator[str]:
    """The dependencies of a router that is made in the same file: its routes share them."""
    made = module.constants.get(router)
    if made is not None and made.type == "call":
        shared = module.call(made).keywords.get("dependencies")
        if shared is not None:
            yield from _dependencies(module, shared)


def _dependencies(module: Module, node: Node) -> Iterator[str]:
    stack = [node]
    budget = 400
    while stack and budget:
        current = stack.pop()
        budget -= 1
        if current.type == "identifier":
            named = module.constants.get(module.text(current))
            if named is not None and named.type == "subscript" and module.text(named).startswith("Annotated"):
                stack.append(named)  # CurrentUser = Annotated[User, Depends(get_current_user)]
        elif current.type == "call":
            name = _dependency(module, module.call(current))
            if name:
                yield name
                continue
        stack.extend(current.named_children)


def _dependency(module: Module, call: Call) -> str:
    """The name of the guard in ``Depends(get_current_user)`` or ``Security(scheme, scopes=[...])``; empty when the
    dependency has nothing to do with access."""
    if call.leaf not in {"Depends", "Security"}:
        return ""
    first = call.argument(0, "dependency")
    if first is None:
        return ""
    name = module.call(first).name if first.type == "call" else module.dotted(first)
    leaf = name.rpartition(".")[2]
    told = frozenset(words(leaf)) & (SUBJECTS | {"security", "bearer", "key", "session", "principal"})
    return leaf if call.leaf == "Security" or told else ""


# -- calls --------------------------------------------------------------------------------------------------------


def calls(module: Module, node: Node) -> Iterator[Fact]:
    """Dependencies of FastAPI and middleware that is added."""
    call = module.call(node)
    if call.leaf in {"Depends", "Security"}:
        yield from _depends(module, node, call)
    elif call.leaf in {"add_middleware", "Middleware", "wrap_with"} and call.positional:
        name = module.dotted(call.positional[0])
        if _protects(name):
            leaf = name.rpartition(".")[2]
            holder = module.target(node) or "middleware"
            yield guard(module, node, holder, leaf, leaf, "middleware", requires_of(module, call))


def _depends(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    name = _dependency(module, call)
    if not name:
        return
    decorator = climb(node, frozenset({"decorator"}), frozenset({"block"}))
    holder = module.definition(decorator) if decorator is not None else module.function(node)
    symbol = module.source.symbol(holder) if holder is not None else None
    key = symbol.name if symbol else module.target(node) or "<module>"
    yield guard(module, holder or node, key, module.written(node), name, "policy", requires_of(module, call), node)


def _protects(name: str) -> bool:
    return bool(auth_weight(name) or frozenset(words(name)) & {"security", "throttle", "limiter", "trusted", "https"})


# -- policies of classes and lists --------------------------------------------------------------------------------


def class_policies(module: Module, node: Node) -> Iterator[Fact]:
    """``permission_classes = [...]`` of a view and the entries of ``MIDDLEWARE`` (also ``+=``)."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or left.type != "identifier":
        return
    name = module.text(left)
    if name in _POLICY_LISTS:
        key, form = module.class_name(node), "policy"
    elif name.startswith("MIDDLEWARE"):
        key, form = qualified(module.class_name(node), name), "middleware"
    else:
        return
    listed = unwrapped(right)
    items = listed.named_children if listed.type in {"list", "tuple", "expression_list"} else [listed]
    for item in items:
        if item.type == "comment" or not touches(item, module.lines):
            continue
        text = module.string(item) or module.written(item)
        if form == "policy" or _protects(text.rpartition(".")[2]):
            yield guard(module, node, key or name, text, text.partition("(")[0].rpartition(".")[2], form, "", item)


def mixins(module: Module, node: Node) -> Iterator[Fact]:
    """Mixins that guard a class-based view (``LoginRequiredMixin``)."""
    bases = node.child_by_field_name("superclasses")
    symbol = module.source.symbol(node)
    if bases is None or symbol is None or not touches(bases, module.lines):
        return
    for base in bases.named_children:
        name = module.dotted(base) if base.type in {"identifier", "attribute"} else ""
        if name.endswith("Mixin") and is_guard(name.removesuffix("Mixin")):
            yield guard(module, node, symbol.name, name, name.rpartition(".")[2], "policy", "", base)
