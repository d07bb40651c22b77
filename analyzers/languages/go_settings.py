"""Settings of Go programs: constants, variables, fields given in literals and assignments, limits given in calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers import values
from analyzers.languages.go_names import Link
from analyzers.languages.go_nodes import NUMBERS, pairs
from analyzers.languages.go_source import GoSource
from analyzers.languages.go_structs import CONFIGISH, config_path, field_aliases, setting
from analyzers.model import Fact, FactKind, Unit, Value
from analyzers.syntax import Node
from analyzers.vocabulary import leaf, setting_kind, words

_SETTER = re.compile(
    r"(?:default|registerflags|applyflags|addflags|bindflags|config|options|settings|setup|initflags)", re.IGNORECASE
)
"""Functions whose assignments to fields are defaults rather than state."""

_KNOWN_TYPES = frozenset(
    """http.Server http.Client http.Transport http.Cookie net.Dialer tls.Config sql.TxOptions wait.Backoff rest.Config
    websocket.Upgrader keepalive.ServerParameters keepalive.ClientParameters keepalive.EnforcementPolicy sarama.Config
    redis.Options pgxpool.Config sessions.Options cors.Options cors.Config jwt.RegisteredClaims""".split()
)
"""Types of well-known libraries whose fields an operator cares about, whatever their names."""

_TELLING = frozenset(
    {
        FactKind.LIMIT, FactKind.PORT, FactKind.CREDENTIAL_LIFETIME, FactKind.CRYPTO, FactKind.RETENTION,
        FactKind.SCHEDULE, FactKind.STORAGE_NAME, FactKind.BACKUP,
    }
)  # fmt: skip
"""Kinds that make a field or a call's argument worth a fact even where nothing else says configuration."""

_NOT_SETTINGS = re.compile(r"(?:Opts|Flag|Desc|Command|Fields|Labels|Event|Condition|Result|Response|Error|Status)$")

_ROUTE_NAME = frozenset({"path", "route", "endpoint", "prefix", "url", "uri", "api"})
_ROUTE_PATH = re.compile(r"^/(?!(?:etc|var|tmp|usr|proc|dev|home|root|opt|bin|run|sys|mnt|lib)(?:/|$))[\w{}:*/.\-]*$")
_NAMES = frozenset(
    {"label", "annotation", "key", "header", "field", "column", "tag", "parameter", "param", "finalizer"}
)
"""A string constant called so names a thing; whatever its name speaks of, it is a plain setting."""

_PROSE = frozenset({"example", "examples", "usage", "help", "description", "desc", "synopsis", "doc"})
_NOT_ROUTE = frozenset(
    {
        "volume",
        "secret",
        "cert",
        "data",
        "config",
        "file",
        "dir",
        "directory",
        "folder",
        "mount",
        "socket",
        "binary",
        "bin",
        "cmd",
        "executable",
    }
)

_DURATION = re.compile(r"\btime\.(?:Nanosecond|Microsecond|Millisecond|Second|Minute|Hour)\b")
_CLOCK = frozenset({"Add", "Sub", "Round", "Truncate", "Before", "After", "Since", "Until", "Sleep", "min", "max"})
"""Methods of times and durations: the function, not the method, says what the duration is for."""

_CRYPTO_CALLS = {
    "bcrypt.GenerateFromPassword": (1, "cost"),
    "pbkdf2.Key": (2, "iterations"),
    "scrypt.Key": (2, "N"),
    "rsa.GenerateKey": (1, "bits"),
    "jwt.NewWithClaims": (0, "method"),
    "jwt.New": (0, "method"),
}
"""Argument positions that decide strength (from the packages' documentation)."""


def constants(go: GoSource, spec: Node) -> Iterator[Fact]:
    """Package constants and variables, and constants of functions, with literal values. A constant that is a path to
    serve is a route. ``iota`` blocks number things and state nothing."""
    function = go.function_of(spec)
    if function is not None and spec.type == "var_spec":
        yield from local_limits(go, spec)
        return
    for name_node, value_node in pairs(spec):
        name = go.text(name_node)
        text = go.literal(value_node)
        if name == "_" or text is None or value_node.type in {"identifier", "nil"} or _is_alias(go, value_node):
            continue
        value = values.parse_value(text, name)
        parts = frozenset(words(name))
        if parts & _PROSE or len(text) > 500:
            continue
        if parts & _ROUTE_NAME and not parts & _NOT_ROUTE and _ROUTE_PATH.match(text) and len(text) > 1:
            yield go.source.fact(FactKind.ROUTE, f"ANY {text}", node=spec, scope="", aliases=[name, text])
            continue
        if name.endswith(("Flag", "FlagName")):
            continue  # names a flag, which is a fact of its own where it is declared
        if "env" in parts and "prefix" not in parts and re.fullmatch(r"[A-Z][A-Z0-9_]+", text):
            yield go.source.fact(FactKind.ENV_VAR, text, node=spec, scope="", aliases=[name])
            continue
        if value.number is None and _NAMES & set(words(name)[-2:]):
            yield go.source.fact(FactKind.SETTING, name, value, node=spec)
            continue
        yield setting(go, name, value, node=spec)


def _is_alias(go: GoSource, node: Node) -> bool:
    """``var x = pkg.Y`` gives a thing another name."""
    return node.type == "selector_expression" and not _DURATION.search(go.text(node))


def _name_of(function: Node | None) -> Node | None:
    return function.child_by_field_name("name") if function is not None else None


def local_limits(go: GoSource, node: Node) -> Iterator[Fact]:
    """A local that is given a duration, or a number under a name that says limit. The fact is keyed by the function,
    for a local's name is nobody's contract; the name is an alias."""
    symbol = go.source.symbol(node)
    if symbol is None:
        return
    for name_node, value_node in pairs(node):
        name = go.text(name_node)
        text = go.literal(value_node) if name_node.type == "identifier" else None
        if text is None or value_node.type in {"identifier", "call_expression", "selector_expression"}:
            continue
        value = values.parse_value(text, name)
        is_duration = bool(_DURATION.search(text))
        if is_duration or (setting_kind(name, value) is FactKind.LIMIT and _number(value_node) and value.number):
            key = f"{symbol.name} {'duration' if is_duration else 'limit'}"
            yield go.source.fact(FactKind.LIMIT, key, value, node=node, aliases=[name])


def _number(node: Node) -> bool:
    return node.type in NUMBERS or node.type == "binary_expression"


def assignments(go: GoSource, node: Node) -> Iterator[Fact]:
    """``cfg.X = literal`` where the path or the function says configuration."""
    function = go.function_of(node)
    in_setter = bool(_SETTER.search(go.text(_name_of(function))))
    for target, value_node in pairs(node):
        if target.type == "identifier":
            continue
        text = go.literal(value_node)
        if target.type != "selector_expression" or text is None or value_node.type == "nil":
            continue
        path = config_path(go, target)
        root = _root(go, target)
        holders = [*path.split(".")[:-1], root]
        if not (any(CONFIGISH.search(h) for h in holders if h) or (in_setter and "." in path)):
            continue
        yield setting(go, path, values.parse_value(text, leaf(path)), node=node, aliases=field_aliases(go, path))


def _root(go: GoSource, node: Node) -> str:
    current: Node | None = node
    while current is not None and current.type == "selector_expression":
        current = current.child_by_field_name("operand")
    return go.text(current) if current is not None and current.type == "identifier" else ""


def elements(go: GoSource, element: Node) -> Iterator[Fact]:
    """A field given a literal value in a struct literal: ``Config{Timeout: 5 * time.Second}``."""
    key_node, value_node = element.child_by_field_name("key"), element.child_by_field_name("value")
    literal = element.parent.parent if element.parent is not None else None
    if key_node is None or value_node is None or literal is None or literal.type != "composite_literal":
        return
    kind = literal.child_by_field_name("type")
    text = go.literal(value_node)
    if kind is None or text is None or text == "nil":
        return
    scope = _owner(go, literal)
    if kind.type == "map_type":
        yield from _map_entry(go, element, key_node, text, scope)
        return
    of, name = go.text(kind).split("[", 1)[0], go.text(key_node)
    if kind.type not in {"type_identifier", "qualified_type", "generic_type"} or not name.isidentifier():
        return
    value = values.parse_value(text, name)
    configish = bool(CONFIGISH.search(of)) or of in _KNOWN_TYPES
    if _NOT_SETTINGS.search(of) or not (
        configish or _telling(name, text, value, go.constant(value_node.named_children[0]) is not None)
    ):
        return
    if value_node.named_children[0].type == "identifier" and text == go.text(value_node) and not configish:
        return
    key = f"{of}.{name}"
    yield setting(go, key, value, node=element, scope=scope, aliases=field_aliases(go, key))


def _telling(name: str, text: str, value: Value, is_text: bool) -> bool:
    if _DURATION.search(text):
        return True
    kind = setting_kind(name, value)
    if kind is FactKind.CRYPTO:
        return value.number is not None or text in {"true", "false"}
    if kind is FactKind.STORAGE_NAME or kind is FactKind.SCHEDULE:
        return is_text and bool(re.fullmatch(r"[\w.\-/*, @]{2,80}", text))
    return kind in _TELLING and bool(value.number)


def _owner(go: GoSource, node: Node) -> str:
    """The function, or the package variable, that a literal belongs to."""
    symbol = go.source.symbol(node)
    if symbol is not None:
        return symbol.name
    current: Node | None = node
    while current is not None and current.type != "var_spec":
        current = current.parent
    return go.text(current.child_by_field_name("name")) if current is not None else ""


def _map_entry(go: GoSource, element: Node, key_node: Node, text: str, scope: str) -> Iterator[Fact]:
    """``var defaultLimits = map[string]int{"x": 3}``: a package variable whose name says configuration."""
    name = go.constant(key_node.named_children[0]) if key_node.named_child_count else None
    telling = re.search(
        r"default|config|limit|setting|option|feature|flag|quota|timeout|threshold", scope, re.IGNORECASE
    )
    if name and telling and go.function_of(element) is None:
        yield setting(go, f"{scope}.{name}", values.parse_value(text, name), node=element, scope=scope)


def call_limits(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """Durations, limits and strengths that a call is given as literals: ``context.WithTimeout(ctx, 30*time.Second)``,
    ``db.SetMaxOpenConns(25)``, ``http.ListenAndServe(":8080", nil)``."""
    link = links[-1]
    name = go.callee(call)
    if name in _CRYPTO_CALLS:
        position, what = _CRYPTO_CALLS[name]
        text = go.literal(link.args[position]) if position < len(link.args) else None
        if text is not None:
            yield go.source.fact(FactKind.CRYPTO, f"{name} {what}", values.parse_value(text, what), node=call)
        return
    if name.startswith("cobra."):
        return
    if link.name in {"ListenAndServe", "ListenAndServeTLS", "Listen"}:
        yield from _listen(go, call, name, link)
        return
    symbol = go.source.symbol(call)
    if link.name in _CLOCK and symbol is not None:
        name = f"{symbol.name} duration"
    if name in {"float64", "float32", "int", "int64", "int32", "uint64", "uint32", "uint", "time.Duration"}:
        return
    short = name if len(name) < 80 else link.name
    for arg in link.args:
        if arg.type in {"func_literal", "composite_literal", "identifier", "selector_expression"} and not (
            arg.type == "selector_expression" and _DURATION.fullmatch(go.text(arg))
        ):
            continue
        text = go.literal(arg)
        if text is None:
            continue
        if _DURATION.search(text):
            yield go.source.fact(FactKind.LIMIT, short, values.parse_value(text, link.name), node=call, anchor=arg)
        elif len(link.args) == 1 and arg.type in NUMBERS | {"binary_expression"}:
            value = values.parse_value(text, link.name)
            if (
                setting_kind(link.name, value) in _TELLING
                and value.unit is not Unit.PERCENT
                and link.name[:1].isupper()
            ):
                yield go.source.fact(FactKind.LIMIT, short, value, node=call, anchor=arg)


def _listen(go: GoSource, call: Node, name: str, link: Link) -> Iterator[Fact]:
    for arg in link.args[:2]:
        text = go.constant(arg)
        port = re.search(r":(\d{1,5})$", text or "")
        if port:
            yield go.source.fact(FactKind.PORT, name, values.parse_value(port.group(1), "port"), node=call, anchor=arg)
            return
