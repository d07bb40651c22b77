"""Settings that are assigned: constants, class attributes and fields, attributes, items; and what makes a setting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_nodes import Module, qualified
from analyzers.languages.python_text import unwrapped
from analyzers.model import NO_VALUE, Fact, FactKind, Unit, Value
from analyzers.syntax import Node
from analyzers.vocabulary import leaf, setting_kind, words

__all__ = ["EMPTY", "FIELDS", "NOISE", "TELLING", "assignments", "configures", "kind_of", "setting"]

NOISE = frozenset(
    # Names that people do not run a service by: revisions of migrations, texts for readers, packaging.
    "revision down_revision depends_on branch_labels dependencies operations replaces help_text verbose_name "
    "verbose_name_plural description help docstring ordering app_label abstract managed model fields label labels "
    "short_description title doc summary".split()
)
_CONFIGURATION = frozenset("config conf settings setting cfg configuration options opts defaults params".split())
FIELDS = frozenset("Field field ib attrib Query Header Cookie Body Form Path Option Argument".split())
TELLING = frozenset(
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
EMPTY = frozenset({"None", "", "[]", "{}", "()", "set()", "dict()", "list()", "False"})
_STATE = frozenset({"0", "1", "-1", "0.0", "1.0"})


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
    if kind is FactKind.RETENTION and value.number is None and value.text not in EMPTY:
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
    if kind is FactKind.SECRET and value.text not in EMPTY and stated is not None:
        stated = unwrapped(stated)
        text = module.written(stated)
        value = Value("literal" if '"' in text or stated.type in {"integer", "float"} else text)
    names = tuple(alias for alias in (*aliases, name) if alias and alias != key)
    facets = {"local": "yes"} if local else {}
    return module.source.fact(kind, key, value, node=node, aliases=names, scope=scope, attributes=facets, anchor=anchor)


def configures(name: str) -> bool:
    """Whether a name is about configuration (``AppConfig``, ``settings``)."""
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
    if value.text == "None" and not (settings or name.isupper() or configures(key.rpartition(".")[0])):
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
    if call.leaf not in FIELDS:
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
    configuring = configures(owner if own else receiver.rpartition(".")[2])
    state = value.text in EMPTY | _STATE and name not in TELLING and kind is not FactKind.CRYPTO
    if (kind is FactKind.SETTING and name not in TELLING and not configuring) or (state and not configuring):
        return
    if name.startswith("__") or name in NOISE:
        return
    yield setting(module, qualified(owner, name), value, node, stated=right)


def _item(module: Module, node: Node, left: Node, right: Node) -> Iterator[Fact]:
    receiver = left.child_by_field_name("value")
    name = module.string(left.child_by_field_name("subscript"))
    if receiver is None or not name or not module.literal(right):
        return
    if configures(module.dotted(receiver).rpartition(".")[2]):
        yield setting(module, name, module.value(right, name), node, stated=right)
