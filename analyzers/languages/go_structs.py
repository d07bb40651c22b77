"""Go structs as configuration: their fields, their tags, and the path by which code speaks of a field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from analyzers import values
from analyzers.languages.go_nodes import type_name
from analyzers.languages.go_source import GoSource
from analyzers.model import NO_VALUE, Fact, FactKind, Value
from analyzers.syntax import Node
from analyzers.vocabulary import leaf, setting_kind, words

CONFIGISH = re.compile(
    r"(?:config|cfg|conf|options?|opts|settings?|spec|limits|params|parameters|defaults?|overrides|policy|backoff"
    r"|configuration)$",
    re.IGNORECASE,
)
"""Names of types and variables that hold what an operator may set."""

_TAG = re.compile(r'([A-Za-z_][\w.\-]*):"((?:[^"\\]|\\.)*)"')
_NAME_TAGS = ("yaml", "toml", "mapstructure", "koanf", "hcl", "ini", "json", "river", "alloy", "long", "name", "flag")
_CONFIG_TAGS = frozenset(
    {"yaml", "toml", "mapstructure", "koanf", "hcl", "ini", "river", "alloy", "env", "envconfig", "envDefault"}
)
_COLUMN_TAGS = ("bun", "gorm", "db", "xorm", "pg", "sql")


def setting(
    go: GoSource,
    key: str,
    value: Value,
    *,
    node: Node,
    scope: str | None = None,
    aliases: Sequence[str] = (),
    attributes: Mapping[str, str] | None = None,
) -> Fact:
    """A setting under the kind that its name and value tell; ``tls.Config``'s fields are always ``crypto``."""
    name = leaf(key)
    kinds = [setting_kind(called, value) for called in (name, *aliases) if called]
    kind = next((k for k in kinds if k not in {FactKind.SETTING, FactKind.LIMIT}), kinds[0])
    if kind is FactKind.SECRET and (value.number is not None or value.text in {"true", "false"}):
        kind = FactKind.SETTING  # a switch or a size that is about a secret
    if key.startswith("tls.Config.") and kind is not FactKind.CREDENTIAL_LIFETIME:
        kind = FactKind.CRYPTO
    others = [alias for alias in (name, *aliases) if alias and alias != key]
    return go.source.fact(kind, key, value, node=node, scope=scope, aliases=others, attributes=attributes)


def tags_of(go: GoSource, field: Node) -> dict[str, str]:
    """A field's struct tags: ``{"yaml": "max_size,omitempty"}``."""
    tag = field.child_by_field_name("tag")
    if tag is None:
        return {}
    return {name: text.replace('\\"', '"') for name, text in _TAG.findall(go.text(tag)[1:-1])}


def field_names(go: GoSource, field: Node) -> list[str]:
    """The names that a field declaration declares; an embedded type's name when it has none of its own."""
    names = [go.text(name) for name in field.children_by_field_name("name")]
    return names or [type_name(go.text(field.child_by_field_name("type")))]


def tag_name(tags: Mapping[str, str]) -> str:
    """What an operator calls the field: the first of its yaml, toml, … json names."""
    for tag in _NAME_TAGS:
        name = tags.get(tag, "").split(",", 1)[0].strip()
        if name and name != "-":
            return name
    return ""


def struct_field(go: GoSource, field: Node) -> Iterator[Fact]:
    """A tagged struct field: a setting (key ``Struct.Field``), the environment variable it is read from, or a column.

    ``json`` alone does not make a setting unless the struct's name says that it is configuration: most such structs
    are messages.
    """
    tags = tags_of(go, field)
    owner = _struct_name(go, field)
    if not tags or not owner:
        return
    names = field_names(go, field)
    column = next((tags[tag] for tag in _COLUMN_TAGS if tag in tags), None)
    if column is not None and len(names) == 1:
        yield from _column(go, field, owner, names[0], column)
    name = tag_name(tags)
    variable = (tags.get("env") or tags.get("envconfig") or "").split(",", 1)[0].strip()
    if not (tags.keys() & _CONFIG_TAGS or (name and CONFIGISH.search(owner))):
        return
    if any(tags.get(tag, "").strip() == "-" for tag in ("yaml", "mapstructure")) and not variable:
        return
    inline = any("inline" in text or "squash" in text for text in tags.values()) and not name
    if inline:
        return
    default = tags.get("envDefault") or tags.get("default") or ""
    for declared in names:
        key = f"{owner}.{declared}"
        value = values.parse_value(default, name or declared) if default else NO_VALUE
        yield setting(
            go, key, value, node=field, aliases=[name, variable], attributes={"tag": name if name != declared else ""}
        )
        if variable:
            required = "required" in tags.get("env", "") or tags.get("required") == "true"
            yield go.source.fact(
                FactKind.ENV_VAR, variable, value, node=field, scope="", aliases=[key],
                attributes={"required": "yes" if required else ""},
            )  # fmt: skip


def _column(go: GoSource, field: Node, owner: str, name: str, tag: str) -> Iterator[Fact]:
    """A column that an object-relational tag declares: ``users.email`` of ``User.Email``."""
    options = {
        key.strip().lower(): value.strip()
        for key, _, value in (part.partition(":") for part in re.split(r"[;,](?![^(]*\))", tag))
    }
    first = re.split(r"[;,]", tag, maxsplit=1)[0].strip()
    if first == "-" or "rel" in options or "many2many" in options or "m2m" in options or "table" in options:
        return
    table = "_".join(words(owner))
    column = options.get("column") or (first if re.fullmatch(r"[a-z_][a-z0-9_]*", first) and ":" not in first else "")
    if column in {"pk", "nullzero", "notnull", "unique", "default", "autoincrement", "primarykey", "index", "inline"}:
        column = ""
    of = options.get("type") or go.text(field.child_by_field_name("type"))
    required = "notnull" in options or "not null" in options
    key = f"{table}.{column or '_'.join(words(name))}"
    yield go.source.fact(
        FactKind.COLUMN, key, Value(of), node=field, scope="", aliases=[f"{owner}.{name}"],
        attributes={"nullable": "no" if required else ""},
    )  # fmt: skip


def _struct_name(go: GoSource, field: Node) -> str:
    """The name of the struct type around a field; nested anonymous structs give a dotted path."""
    names: list[str] = []
    current = field.parent
    while current is not None:
        if current.type == "field_declaration":
            names.append(field_names(go, current)[0])
        elif current.type == "type_spec":
            names.append(go.text(current.child_by_field_name("name")))
            return ".".join(reversed(names))
        elif current.type in {"function_declaration", "method_declaration"}:
            return ""
        current = current.parent
    return ""


def config_path(go: GoSource, selector: Node) -> str:
    """How code and people name a selected field: the local root gives way to its type (``cfg.TTL`` in a method of
    ``*Config`` → ``Config.TTL``), or is dropped when the type is unknown; a package stays."""
    names: list[str] = []
    current: Node | None = selector
    while current is not None and current.type == "selector_expression":
        names.append(go.text(current.child_by_field_name("field")))
        current = current.child_by_field_name("operand")
    if current is not None and current.type == "identifier":
        root = go.text(current)
        local = go.locals_at(current).get(root)
        owner = root if local is None else type_name(local.type)
        if owner and "{" not in owner and " " not in owner:
            names.append(owner)
    return ".".join(reversed(names))


def field_aliases(go: GoSource, path: str) -> list[str]:
    """The tag names of ``Struct.Field`` where that struct is declared in the same file."""
    owner, _, name = path.rpartition(".")
    spec = go.types().get(owner)
    if spec is None:
        return []
    struct = spec.child_by_field_name("type")
    body = struct.named_children[0] if struct is not None and struct.named_child_count else None
    for field in body.named_children if body is not None else ():
        if field.type == "field_declaration" and name in field_names(go, field):
            found = tag_name(tags_of(go, field))
            return [found] if found else []
    return []


def fields_of(go: GoSource, literal: Node) -> dict[str, Node]:
    """The fields a struct literal gives, by name, with the value's own node."""
    found: dict[str, Node] = {}
    body = literal.child_by_field_name("body")
    for element in body.named_children if body is not None else ():
        if element.type == "keyed_element":
            key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
            if key is not None and value is not None and value.named_child_count:
                found[go.text(key)] = value.named_children[0]
    return found
