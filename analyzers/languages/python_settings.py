"""Settings with their defaults: constants, class attributes, entries of dictionaries, parameters, keyword arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_nodes import Module, climb, qualified, unwrapped
from analyzers.model import NO_VALUE, Fact, FactKind, Unit, Value
from analyzers.syntax import Node
from analyzers.vocabulary import leaf, setting_kind, words

__all__ = ["NOISE", "assignments", "entries", "getters", "keywords", "parameters"]

NOISE = frozenset(
    # Names that people do not run a service by: revisions of migrations, texts for readers, packaging.
    "revision down_revision depends_on branch_labels dependencies operations replaces help_text verbose_name "
    "verbose_name_plural description help docstring ordering app_label abstract managed model fields label labels "
    "short_description title doc summary".split()
)
_CONFIGURATION = frozenset("config conf settings setting cfg configuration options opts defaults params".split())
_FIELDS = frozenset("Field field ib attrib Query Header Cookie Body Form Path Option Argument".split())
_ELSEWHERE = re.compile(
    # Calls whose arguments are read as another kind of fact.
    r"^(?:add_argument|add_option|[Oo]ption|[Aa]rgument|Counter|Gauge|Histogram|Summary|Info|Enum|Column|mapped_column|"
    r"\w*Field|field|ForeignKey|relationship|Index|UniqueConstraint|crontab|timedelta|add_column|alter_column|"
    r"getenv|[Ss]tring|VARCHAR|print|sorted|get_logger|getLogger|path|re_path|namedtuple|TypeVar|strip|split|rsplit|"
    r"Depends|Security|replace|round|format|min|max|sum|open|Numeric|CheckConstraint)$"
)
_TELLING = frozenset(
    "verify secure httponly samesite debug countdown expires_in expires max_age check_hostname verify_mode "
    "minimum_version autocommit acks_late dry_run allow_redirects use_ssl use_tls".split()
)
_QUANTITIES = frozenset({FactKind.LIMIT, FactKind.CREDENTIAL_LIFETIME, FactKind.RETENTION, FactKind.PORT})
_BOOLEANS = frozenset({"True", "False"})
_SWITCHABLE = frozenset({FactKind.CRYPTO, FactKind.ACCESS_POLICY, FactKind.FEATURE_FLAG, FactKind.BACKUP})
"""Kinds of settings that are also switched on and off; ``is_token=True`` is no secret."""
_VERIFYING = frozenset("verify check_hostname verify_mode minimum_version verify_signature use_ssl use_tls".split())
_LIFETIME = frozenset("ttl expires expire expiry expiration lifetime age validity".split())
_SECRET_NAME = re.compile(r"(?:secret|password|passwd|passphrase|token|key|credential|pwd)s?$", re.IGNORECASE)
_EMPTY = frozenset({"None", "", "[]", "{}", "()", "set()", "dict()", "list()", "False"})
MAX_DEPTH = 20
"""Deepest nesting of dictionaries in which anybody keeps settings."""
_STATE = frozenset({"0", "1", "-1", "0.0", "1.0"})
_GETTER = re.compile(r"^_*(?:get|getint|getfloat|getboolean|get_(?:\w+_)?(?:config|setting|option)s?|pop|setdefault)$")


def kind_of(container: str, name: str, value: Value) -> FactKind:
    """The kind by the setting's own name; a lifetime inside something about credentials (``Session.ttl``, or
    ``expires_in`` in ``create_token``) is a credential's; a name counts as a secret only by its last word
    (``TOKEN_URL`` is none)."""
    if name in _VERIFYING:
        return FactKind.CRYPTO
    if name == "secure":
        return FactKind.ACCESS_POLICY
    kind = setting_kind(name, value)
    if (value.text in _BOOLEANS and kind not in _SWITCHABLE) or value.text.startswith(("re.", "compile(")):
        return FactKind.SETTING
    if kind is FactKind.RETENTION and value.number is None and value.text not in _EMPTY:
        return FactKind.SETTING
    if kind in {FactKind.LIMIT, FactKind.SETTING} and value.number is not None and _LIFETIME & frozenset(words(name)):
        inside = setting_kind(f"{container}_{name}", value)
        return inside if inside is FactKind.CREDENTIAL_LIFETIME else FactKind.LIMIT
    if kind is FactKind.SECRET and not _SECRET_NAME.search(name):
        return FactKind.SETTING
    if kind is FactKind.SCHEDULE and not value.text:
        return FactKind.SETTING
    return kind


def setting(
    module: Module,
    key: str,
    value: Value,
    node: Node,
    *,
    aliases: tuple[str, ...] = (),
    scope: str | None = None,
    kind: FactKind | None = None,
    local: bool = False,
    anchor: Node | None = None,
    stated: Node | None,
) -> Fact:
    """A fact for a setting: its kind follows from the name, its leaf name is an alias.

    ``stated`` is the expression of the value; of a secret only the name it comes from is told, or that it is a
    literal. ``local`` marks names that only their function knows, whose renaming is no news.
    """
    name = leaf(key)
    container = leaf(key.rpartition(".")[0])
    kind = kind or kind_of(container, name, value)
    if kind is FactKind.SECRET and value.text not in _EMPTY and stated is not None:
        stated = unwrapped(stated)
        text = module.written(stated)
        value = Value("literal" if '"' in text or stated.type in {"integer", "float"} else text)
    names = tuple(alias for alias in (*aliases, name) if alias and alias != key)
    facets = {"local": "yes"} if local else {}
    return module.source.fact(kind, key, value, node=node, aliases=names, scope=scope, attributes=facets, anchor=anchor)


def _configures(name: str) -> bool:
    return bool(frozenset(words(name)) & _CONFIGURATION)


# -- assignments --------------------------------------------------------------------------------------------------


def assignments(module: Module, node: Node) -> Iterator[Fact]:
    """``NAME = literal`` at module or class level, ``self.name = literal`` and ``config["name"] = literal``."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None:
        return
    if left.type == "identifier":
        owner = module.owner(node)
        if owner is not None or module.function(node) is None:
            yield from _named(module, node, left, right, owner)
        elif right is not None:
            yield from _local(module, node, module.text(left), right)
    elif right is not None and left.type == "attribute":
        yield from _attribute(module, node, left, right)
    elif right is not None and left.type == "subscript":
        yield from _item(module, node, left, right)


def _named(module: Module, node: Node, left: Node, right: Node | None, owner: Node | None) -> Iterator[Fact]:
    name = module.text(left)
    if name.startswith("__") or name in NOISE:
        return
    key = qualified(module.class_name(node), name)
    if right is None:
        if owner is not None and "Settings" in _bases(module, owner):
            yield setting(module, key, NO_VALUE, node, aliases=_environment(module, owner, name), scope="", stated=None)
        return
    right = unwrapped(right)
    if right.type == "call" and owner is not None:
        yield from _field(module, node, key, right, owner)
        return
    if right.type == "dictionary" and right.named_child_count:
        return  # its entries speak
    if not module.literal(right) or right.type in {"identifier", "attribute"}:
        return
    settings = owner is not None and "Settings" in _bases(module, owner)
    value = module.value(right, name)
    if value.text == "None" and not (settings or name.isupper() or _configures(key.rpartition(".")[0])):
        return  # an optional field or a variable, not a setting
    if name.startswith("MIDDLEWARE") or name in {"permission_classes", "authentication_classes"}:
        return  # guards
    aliases = _environment(module, owner, name) if owner is not None and settings else ()
    yield setting(module, key, value, node, aliases=aliases, scope="", stated=right)


def _bases(module: Module, owner: Node) -> str:
    bases = owner.child_by_field_name("superclasses")
    return module.text(bases) if bases is not None else ""


def _environment(module: Module, owner: Node, name: str) -> tuple[str, ...]:
    """The environment variable that pydantic's ``BaseSettings`` reads for a field."""
    body = owner.child_by_field_name("body")
    text = module.text(body)[:20_000] if body is not None else ""
    found = re.search(r"env_prefix\s*=\s*[\"'](\w*)[\"']", text)
    return (((found.group(1) if found else "") + name).upper(),)


def _field(module: Module, node: Node, key: str, right: Node, owner: Node) -> Iterator[Fact]:
    """``ttl: int = Field(3600, env="SESSION_TTL")`` and its relatives of dataclasses and attrs."""
    call = module.call(right)
    if call.leaf not in _FIELDS:
        if module.literal(right):
            yield setting(module, key, module.value(right, leaf(key)), node, scope="", stated=right)
        return
    default = call.argument(0, "default")
    value = NO_VALUE
    if default is not None and default.type != "ellipsis" and module.literal(default):
        value = module.value(default, leaf(key))
    names = [module.string(call.keywords.get(name)) for name in ("env", "alias", "validation_alias")]
    aliases = tuple(name for name in names if name)
    if "Settings" in _bases(module, owner):
        aliases = aliases or _environment(module, owner, leaf(key))
    if default is not None or aliases:
        yield setting(module, key, value, node, aliases=aliases, scope="", stated=default)
    if names[0]:
        required = {} if value.text else {"required": "yes"}
        yield module.source.fact(
            FactKind.ENV_VAR, names[0], value, node=node, scope="", aliases=(key,), attributes=required
        )


def _local(module: Module, node: Node, name: str, right: Node) -> Iterator[Fact]:
    """A quantity with a telling name inside a function (``expires = timedelta(minutes=5)``)."""
    if not module.literal(right):
        return
    value = module.value(right, name)
    function = module.function(node)
    symbol = module.source.symbol(node)
    if value.number is None or value.text in _STATE or function is None or function.type == "lambda":
        return
    kind = kind_of(leaf(symbol.name) if symbol else "", name, value)
    if kind in _QUANTITIES and (len(words(name)) > 1 or value.unit is not Unit.NONE or kind is not FactKind.LIMIT):
        yield setting(module, name, value, node, kind=kind, local=True, stated=right)


def _attribute(module: Module, node: Node, left: Node, right: Node) -> Iterator[Fact]:
    if not module.literal(right):
        return
    receiver, _, name = module.dotted(left).rpartition(".")
    value = module.value(right, name)
    own = receiver in {"self", "cls"}
    owner = module.class_name(node) if own else ""
    kind = kind_of(owner, name, value)
    configures = _configures(owner) if own else _configures(receiver.rpartition(".")[2])
    state = value.text in _EMPTY | _STATE and name not in _TELLING and kind is not FactKind.CRYPTO
    if (kind is FactKind.SETTING and name not in _TELLING and not configures) or (state and not configures):
        return
    if name.startswith("__") or name in NOISE:
        return
    yield setting(module, qualified(owner, name), value, node, stated=right)


def _item(module: Module, node: Node, left: Node, right: Node) -> Iterator[Fact]:
    receiver = left.child_by_field_name("value")
    name = module.string(left.child_by_field_name("subscript"))
    if receiver is None or not name or not module.literal(right):
        return
    if _configures(module.dotted(receiver).rpartition(".")[2]):
        yield setting(module, name, module.value(right, name), node, stated=right)


# -- dictionaries, calls, parameters ------------------------------------------------------------------------------


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
    elif _speaks(names[0], parsed, kind_of("", names[0], parsed)):
        yield setting(module, qualified(target, key), parsed, node, stated=value)


def _speaks(name: str, value: Value, kind: FactKind) -> bool:
    """Whether an argument is worth a statement by its name alone; ``age__gt`` asks a database."""
    if value.text in {"None", ""} or name in NOISE or "__" in name:
        return False
    return kind is not FactKind.SETTING or name in _TELLING


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
    if _ELSEWHERE.match(called.leaf) or not _speaks(name, value, kind):
        return
    decorator = climb(call, frozenset({"decorator"}), frozenset({"block", "lambda"}))
    decorated = module.definition(decorator) if decorator is not None else None
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
    if call.leaf in {"get", "pop", "setdefault"} and not _configures(receiver):
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
        inner = call.argument(0, "default") if call.leaf in _FIELDS else None
        default = inner if inner is not None else default
    if not module.literal(default):
        return
    parsed = module.value(default, name)
    if _speaks(name, parsed, kind_of(leaf(key_owner), name, parsed)) and parsed.text not in _EMPTY:
        yield setting(module, qualified(key_owner, name), parsed, node, stated=default)
