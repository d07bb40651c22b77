"""Routes of Flask, FastAPI, Starlette, Django, Django REST framework, aiohttp, Falcon and Pyramid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.languages.python_access import guard_names
from analyzers.languages.python_nodes import Call, Module, climb
from analyzers.languages.python_text import unwrapped
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node

__all__ = ["decorated", "listed", "patterns"]

_METHODS = frozenset("get post put patch delete head options".split())
_GENERIC = frozenset({"route", "api_route", "websocket", "websocket_route"})
_ROUTERS = re.compile(
    r"(?:^|_)(?:app|api|router|routes?|bp|blueprint|blue|web|server|application|urls?)\d*$|_bp$|Router"
)
_CONVERTED = re.compile(r"<(?:[^<>:]*:)?([^<>:]+)>|\{([^{}:]+):[^{}]*\}")
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


def route_path(text: str, *, pattern: bool = False) -> str:
    """A path in one spelling: ``/users/<int:id>``, ``/users/{id:int}`` and ``^users/(?P<id>\\d+)$`` are all
    ``/users/{id}``."""
    path = text
    if pattern:
        path = _NAMED_GROUP.sub(r"{\1}", path.removeprefix("^").removesuffix("$"))
        path = re.sub(r"\\+([./\-])", r"\1", path)
    path = _CONVERTED.sub(lambda found: "{" + (found.group(1) or found.group(2)).strip() + "}", path)
    return path if path.startswith("/") else "/" + path


def _route(
    module: Module, node: Node, methods: Sequence[str], path: str, handler: str, guards: str = "",
    anchor: Node | None = None,
) -> Iterator[Fact]:  # fmt: skip
    for method in sorted({method.upper() for method in methods}) or ["ANY"]:
        yield module.source.fact(
            FactKind.ROUTE, f"{method} {path}", Value(handler), node=node, scope="",
            attributes={"guards": guards}, aliases=(path,), anchor=anchor,
        )  # fmt: skip


def _methods(module: Module, call: Call) -> list[str]:
    listed = call.keywords.get("methods")
    if listed is None:
        return []
    found = (module.string(child) for child in listed.named_children)
    return [method for method in found if method]


def _prefix(module: Module, receiver: str) -> str:
    """The prefix of a router or blueprint that is made in the same file."""
    made = module.constants.get(receiver)
    if made is None or made.type != "call":
        return ""
    return (module.string(module.call(made).argument(-1, "prefix", "url_prefix")) or "").rstrip("/")


def decorated(module: Module, node: Node) -> Iterator[Fact]:
    """Handlers declared by a decorator: ``@app.get("/users")``, ``@bp.route("/users", methods=["POST"])``."""
    definition = module.definition(node)
    expression = unwrapped(node.named_children[0]) if node.named_child_count else None
    if definition is None or expression is None or expression.type != "call":
        return
    call = module.call(expression)
    receiver = call.name.rpartition(".")[0]
    if not receiver or call.leaf not in _METHODS | _GENERIC:
        return
    path = module.string(call.argument(0, "path", "rule"))
    if path is None or not (path.startswith("/") or path == "" or _ROUTERS.search(receiver)):
        return
    methods = [call.leaf] if call.leaf in _METHODS else _methods(module, call)
    if call.leaf == "route" and "methods" not in call.keywords:
        methods = ["GET"] if module.source.name_of(definition) and definition.type == "function_definition" else []
    full = route_path(_prefix(module, receiver) + path)
    handler = module.source.name_of(definition)
    yield from _route(module, definition, methods, full, handler, guard_names(module, definition), node)


def listed(module: Module, node: Node) -> Iterator[Fact]:
    """Routes given as calls: Django's ``path``/``re_path``/``url``, ``router.register``, Starlette's ``Route``,
    aiohttp's ``web.get`` and ``add_get``, ``add_url_rule``, ``add_route``."""
    call = module.call(node)
    leaf, first = call.leaf, call.argument(0, "path", "route", "rule", "prefix")
    if call.name in {"path", "re_path", "url", "urls.path"} and len(call.positional) > 1:
        text = module.string(first)
        if text is not None:
            path = route_path(_included(module, node) + text.removeprefix("^"), pattern=call.name != "path")
            yield from _route(module, node, (), path, _handler(module, call.argument(1, "view")))
    elif leaf == "register" and len(call.positional) > 1 and "router" in call.name:
        text = module.string(first)
        if text is not None:
            yield from _route(module, node, (), route_path(text), _handler(module, call.positional[1]))
    elif leaf in {"Route", "WebSocketRoute", "APIRoute", "Mount"} or leaf in {"add_url_rule", "add_api_route"}:
        text = module.string(first)
        if text is not None and (text.startswith("/") or not text):
            handler = call.argument(2 if leaf == "add_url_rule" else 1, "endpoint", "view_func", "app")
            yield from _route(module, node, _methods(module, call), route_path(text), _handler(module, handler))
    elif leaf in {"APIRouter", "Blueprint"}:
        text = module.string(call.argument(-1, "prefix", "url_prefix"))
        if text:
            yield from _route(module, node, (), route_path(text), module.target(node))
    else:
        yield from _aiohttp(module, node, call)


def _included(module: Module, node: Node) -> str:
    """The paths of the routes around one that stands within ``include([...])``."""
    prefix = ""
    outer = climb(node, frozenset({"call"}), frozenset({"block", "assignment"}))
    for _ in range(40):
        if outer is None:
            break
        call = module.call(outer)
        if call.name in {"path", "re_path", "url"} and call.positional:
            prefix = (module.string(call.positional[0]) or "").removeprefix("^") + prefix
        outer = climb(outer, frozenset({"call"}), frozenset({"block", "assignment"}))
    return prefix


def _aiohttp(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    leaf = call.leaf
    texts = [module.string(argument) for argument in call.positional[:2]]
    if leaf == "add_route" and len(texts) == 2:
        first, second = texts
        if first and second and first.upper() == first and second.startswith("/"):
            yield from _route(module, node, [first], route_path(second), _handler(module, call.argument(2, "handler")))
        elif second and second.startswith("/"):  # Pyramid: add_route(name, pattern)
            yield from _route(module, node, (), route_path(second), first or "")
        elif first and first.startswith("/"):  # Falcon: add_route(path, resource)
            yield from _route(module, node, (), route_path(first), _handler(module, call.positional[1]))
        return
    method = leaf.removeprefix("add_")
    declared = call.name.startswith("web.") or (leaf.startswith("add_") and "router" in call.name)
    if declared and method in _METHODS and len(texts) == 2 and texts[0] and texts[0].startswith("/"):
        yield from _route(module, node, [method], route_path(texts[0]), _handler(module, call.positional[1]))


def _handler(module: Module, node: Node | None) -> str:
    """``views.users`` for a view, also behind ``.as_view()``; ``include("x.urls")`` as written."""
    if node is None:
        return ""
    if node.type == "call":
        call = module.call(node)
        if call.leaf == "include" and module.string(call.argument(0, "arg")) is None:
            return "include"  # the routes within speak for themselves
        return call.name.removesuffix(".as_view") if call.leaf == "as_view" else module.written(node)
    return module.dotted(node)


def patterns(module: Module, node: Node) -> Iterator[Fact]:
    """Class attributes ``PATTERNS``/``PATH`` of servlet-style handlers, as regular expressions or strings."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or module.text(left) not in {"PATTERNS", "PATH", "PATH_PREFIX"}:
        return
    owner = module.class_name(node)
    if not owner:
        return
    stack = [right]
    budget = 60
    while stack and budget:
        current = stack.pop(0)
        budget -= 1
        if current.type in {"string", "concatenated_string"}:
            text = module.string(current)
            if text is not None and "/" in text:
                yield from _route(module, node, (), route_path(text, pattern=True), owner, anchor=current)
        elif current.type != "keyword_argument":
            stack.extend(current.named_children)
