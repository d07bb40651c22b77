"""Settings that are passed: entries of dictionaries, keyword arguments, parameters' defaults, reads with a default."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_access import VIEW_FACETS
from analyzers.languages.python_nodes import Module, climb, qualified
from analyzers.languages.python_settings import EMPTY, FIELDS, NOISE, TELLING, configures, kind_of, setting
from analyzers.languages.python_text import unwrapped
from analyzers.model import NO_VALUE, Fact, FactKind
from analyzers.syntax import Node
from analyzers.vocabulary import leaf, words

__all__ = ["entries", "getters", "keywords", "parameters"]

_ELSEWHERE = re.compile(
    # Calls whose arguments are read as another kind of fact.
    r"^(?:add_argument|add_option|[Oo]ption|[Aa]rgument|Counter|Gauge|Histogram|Summary|Info|Enum|Column|mapped_column|"
    r"\w*Field|field|ForeignKey|relationship|Index|UniqueConstraint|crontab|timedelta|add_column|alter_column|"
    r"getenv|[Ss]tring|VARCHAR|print|sorted|get_logger|getLogger|path|re_path|namedtuple|TypeVar|strip|split|rsplit|"
    r"Depends|Security|replace|round|format|min|max|sum|open|Numeric|CheckConstraint)$"
)
_GETTER = re.compile(r"^_*(?:get|getint|getfloat|getboolean|get_(?:\w+_)?(?:config|setting|option)s?|pop|setdefault)$")

MAX_DEPTH = 20
"""Deepest nesting of dictionaries in which anybody keeps settings."""


def entries(module: Module, node: Node) -> Iterator[Fact]:
    """An entry of a dictionary, keyed by its way down from the name it is assigned to (``CACHES.default.TIMEOUT``).

    Dictionaries without such a name (arguments, returned values) speak only for entries with telling names.
    """
    value = node.child_by_field_name("value")
    if value is None or (value.type == "dictionary" and value.named_child_count) or not module.literal(value):
        return
    names: list[str] = []
    current: Node | None = node
    while current is not None and current.type == "pair":
        name = module.string(current.child_by_field_name("key"))
        if name is None or len(name) > 80 or len(names) > MAX_DEPTH:
            return
        names.append(name)
        dictionary = current.parent
        current = dictionary.parent if dictionary is not None else None
    target = module.target(node)
    key = ".".join(reversed(names))
    parsed = module.value(value, names[0])
    if target and current is not None and current.type == "assignment":
        if names[0] not in NOISE:
            yield setting(module, f"{target}.{key}", parsed, node, scope="", stated=value)
    elif _speaks(names[0], value, kind_of("", names[0], parsed)):
        yield setting(module, qualified(target, key), parsed, node, stated=value)


def _speaks(name: str, value: Node, kind: FactKind) -> bool:
    """Whether an argument is worth a statement by its name alone; ``age__gt`` asks a database."""
    if value.type == "none" or name in NOISE or "__" in name:
        return False
    return kind is not FactKind.SETTING or name in TELLING


def keywords(module: Module, node: Node) -> Iterator[Fact]:
    """``timeout=30`` in a call: keyed by what the call's result is assigned to at module or class level, by the
    decorated function, or by the called name (``create_engine.pool_size``)."""
    name_node, value_node = node.child_by_field_name("name"), node.child_by_field_name("value")
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    if name_node is None or value_node is None or call is None or call.type != "call":
        return
    if not module.literal(value_node):
        return
    name = module.text(name_node)
    value = module.value(value_node, name)
    called = module.call(call)
    around = module.source.symbol(node)
    kind = kind_of(f"{called.leaf}_{leaf(around.name) if around else ''}", name, value)
    if _ELSEWHERE.match(called.leaf) or not _speaks(name, value_node, kind):
        return
    decorator = climb(call, frozenset({"decorator"}), frozenset({"block", "lambda"}))
    decorated = module.definition(decorator) if decorator is not None else None
    if decorated is not None and name in VIEW_FACETS:
        return  # a guard
    if decorated is not None:
        symbol = module.source.symbol(decorated)
        key = qualified(symbol.name if symbol else "", name)
        yield setting(module, key, value, decorated, anchor=node, kind=kind, stated=value_node)
        return
    target = module.target(node)
    holder = target or ("" if called.leaf in {"__init__", "_", "update", "dict"} else called.leaf)
    yield setting(module, qualified(holder, name), value, node, kind=kind, stated=value_node)


def getters(module: Module, node: Node) -> Iterator[Fact]:
    """``config.get("session_ttl", 3600)``: the default of a setting where it is read."""
    call = module.call(node)
    if not _GETTER.match(call.leaf) or len(call.positional) < 1:
        return
    receiver = call.name.rpartition(".")[0].rpartition(".")[2]
    if call.leaf in {"get", "pop", "setdefault"} and not configures(receiver):
        return
    name = module.string(call.positional[0])
    default = call.argument(len(call.positional) - 1 if len(call.positional) > 1 else -1, "default", "fallback")
    if not name or not re.fullmatch(r"[\w.\-/]{2,80}", name):
        return
    if default is not None and module.literal(default) and default.type != "none":
        yield setting(module, name, module.value(default, name), node, stated=default)
    elif _reads_configuration(module, node):
        yield setting(module, name, NO_VALUE, node, stated=None)


def _reads_configuration(module: Module, node: Node) -> bool:
    """Whether the function around is the place where options become known, so that a read without a default counts:
    a method of a ``…Config`` class, ``read_config``, ``configure``."""
    symbol = module.source.symbol(node)
    found = frozenset(words(symbol.name)) if symbol else frozenset()
    return bool(found & {"config", "configure", "configuration", "settings"})


def parameters(module: Module, node: Node) -> Iterator[Fact]:
    """The default of a public function's parameter whose name tells a limit, lifetime, port or policy."""
    name_node, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    parent = node.parent
    function = parent.parent if parent is not None else None
    if name_node is None or value is None or function is None or function.type != "function_definition":
        return
    symbol = module.source.symbol(function)
    if symbol is None or module.function(function) is not None:
        return
    called = leaf(symbol.name)
    if called == "__init__":
        key_owner = symbol.name.rpartition(".")[0]
    elif called.startswith("_"):
        return
    else:
        key_owner = symbol.name
    name = module.text(name_node)
    default = unwrapped(value)
    if default.type == "call":
        call = module.call(default)
        inner = call.argument(0, "default") if call.leaf in FIELDS else None
        default = inner if inner is not None else default
    if not module.literal(default):
        return
    parsed = module.value(default, name)
    if _speaks(name, default, kind_of(leaf(key_owner), name, parsed)) and parsed.text not in EMPTY:
        yield setting(module, qualified(key_owner, name), parsed, node, stated=default)
