"""Scalars that no special reader takes: settings with a dotted path, and the handlers that work in any document
(environment variables, command lines, images, port mappings, IAM statements)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzers import values
from analyzers.documents.entries import Context, Item, Kind, brief, walk
from analyzers.model import NO_VALUE, Fact, FactKind, Unit, Value
from analyzers.patterns import regex
from analyzers.vocabulary import leaf as leaf_name
from analyzers.vocabulary import setting_kind

_PROSE = frozenset(
    "description descriptions summary title comment comments help example examples documentation docs doc $comment "
    "notes note displayName display_name label tooltip deprecationMessage externalDocs maintainers contributors "
    "keywords authors author license homepage $schema $id labels createdAt updatedAt created_at updated_at "
    "lastmodified".split()
)
"""Keys whose texts are for people: never facts (the contract in docs/facts.md)."""

_ENV_KEYS = regex(r"^(?:\w*[._-])?(?:env|envs|environment|environment_variables|env_vars?|envVars?)$", re.IGNORECASE)
_ENV_LIST_KEYS = regex(r"env(?:ironment)?(?:[_-]?vars?)?$", re.IGNORECASE)
_ENV_NAME = regex(r"^[A-Za-z_][A-Za-z0-9_]*$")
_ARGUMENT_KEYS = regex(r"^(?:args|command|cmd|entrypoint|\w*[Ee]xtraArgs|\w*_args|\w*Args|CMD|ENTRYPOINT)$")
_WORD = regex(r"(?:\{\{[^{}]{0,200}\}\}|\"[^\"]{0,400}\"|'[^']{0,400}'|[^\s\"'])+")
_CIPHERTEXT = regex(r"^(?:ENC\[|-----BEGIN |[A-Za-z0-9+/_-]{80,}={0,2}(?:…|$))")
"""Encrypted values (sops), keys and certificates: stated as secrets, without their content."""

_REFERENCE_NAME = regex(
    r"(?:[nN]ame|[rR]ef|[iI]d|ID|[pP]ath|[fF]ile|[aA]rn|ARN|[uU]rl|URL|existingSecret|from_secret)$"
)
_VARIABLE = regex(r"\$\{([A-Z][A-Z0-9_]{2,80})(?::?-?([^${}]{0,200}))?\}")
"""``${NAME}`` with its default after ``:-``, ``-`` or ``:``, as in shells, Compose and Spring."""

_BOOLEANS = frozenset("true false yes no on off".split())
_FLAG = regex(r"^--?([A-Za-z][\w.-]*)(?:=(.*))?$", re.DOTALL)
_IMAGE_KEY = regex(r"^image$|[a-z_-]Image$|_image$|^IMAGE$")
_IMAGE = regex(
    r"^(?P<repository>[a-z0-9][\w.-]*(?::\d+(?=/))?(?:/[\w.-]+)*)(?::(?P<tag>[\w][\w.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{8,64}))?$"
)


def quantity(text: str, key: str) -> Value:
    """The text as a value; long texts are cut, see :func:`~analyzers.documents.entries.brief`."""
    return values.parse_value(brief(text), key)


def leaf(item: Item, context: Context) -> Iterator[Fact]:
    """A scalar as a setting. The name of a list item states the item's existence: ``- name: a`` reads like ``- a``.
    A key without a value and one with an empty text are the same empty setting."""
    if item.key in _PROSE or (item.kind is Kind.NULL and not item.key):
        return
    parent = item.parent
    key = context.key(item)
    if parent is not None and parent.parent is not None and not parent.key and item.text == parent.identity != "":
        key = context.key(parent.parent)
    text = brief(item.text)
    if not key or (parent is not None and parent.parent is None and item.key in {"apiVersion", "kind"}):
        return
    kind = _kind(item, key, text)
    value = values.parse_value(text, key)
    name = leaf_name(key)
    hidden = kind is FactKind.SECRET and not is_reference(name, text) and value.number is None
    shown, quote = (NO_VALUE, f"{name} (value not shown)") if hidden else (value, item.quote)
    alias = (name,) if len(name) > 3 else ()
    yield item.fact(kind, key, shown, owner=context.owner, aliases=alias, quote=quote)
    for variable, default in _VARIABLE.findall(text):
        yield item.fact(FactKind.ENV_VAR, variable, quantity(default, variable), scope="", quote=quote)


def is_reference(name: str, text: str) -> bool:
    """Whether a setting that is called a secret only says where the secret is (``secretName: db``, ``${TOKEN}``)."""
    return bool(_REFERENCE_NAME.search(name) or re.search(r"\$[({A-Za-z]|\{\{", text))


def _kind(item: Item, key: str, text: str) -> FactKind:
    """The kind by the leaf's own words, else by those of its parent: ``cors.enabled``, ``tls.min``."""
    if _CIPHERTEXT.match(text):
        return FactKind.SECRET
    named = item.named()
    value = values.parse_value(text, named.key)
    kind = setting_kind(named.key, value)
    if kind is FactKind.PORT and value.number is None:
        return FactKind.SETTING
    if kind is FactKind.SECRET and text.lower() in _BOOLEANS:
        return FactKind.SETTING
    if kind is not FactKind.SETTING or named.parent is None or not named.parent.key:
        return kind
    wider = setting_kind(f"{named.parent.key}.{named.key}", value)
    return wider if wider in {FactKind.CREDENTIAL_LIFETIME, FactKind.RETENTION, FactKind.ACCESS_POLICY} else kind


# -- handlers -------------------------------------------------------------------------------------------------------


def prose(item: Item, context: Context) -> Iterable[Fact] | None:
    """Takes texts for people, and the bookkeeping of encrypted files, and says nothing about them."""
    if item.key == "sops" and item.parent is not None and item.parent.parent is None:
        return ()
    return () if item.key in _PROSE and item.key != "labels" else None


def environment(item: Item, context: Context) -> Iterable[Fact] | None:
    """Environment variables: mappings and ``NAME=value`` lists under an ``env`` key, Kubernetes' name/value items."""
    parent = item.parent
    if parent is None:
        return None
    if item.kind is Kind.MAPPING and parent.kind is Kind.SEQUENCE and _ENV_LIST_KEYS.search(parent.key):
        name = item.scalar("name") or item.scalar("Name")
        return _named_variable(item, name, context) if _ENV_NAME.match(name) else None
    if item.kind is Kind.SCALAR and parent.kind is Kind.SEQUENCE and _ENV_KEYS.match(parent.key):
        name, equals, text = item.text.partition("=")
        return (_variable(item, name, text if equals else ""),) if _ENV_NAME.match(name) else None
    if item.kind in {Kind.SCALAR, Kind.NULL} and parent.kind is Kind.MAPPING and _ENV_KEYS.match(parent.key):
        return (_variable(item, item.key, item.text),) if _ENV_NAME.match(item.key) else None
    return None


def _variable(item: Item, name: str, text: str) -> Fact:
    """A variable with its value; a secret written out is stated without its content."""
    value = quantity(text, name)
    secret = setting_kind(name, value) is FactKind.SECRET and text.lower() not in _BOOLEANS
    if (secret and "$" not in text and "{{" not in text and value.number is None) or _CIPHERTEXT.match(text):
        return item.fact(FactKind.ENV_VAR, name, scope="", quote=f"{name} (value not shown)")
    return item.fact(FactKind.ENV_VAR, name, value, scope="")


def _named_variable(item: Item, name: str, context: Context) -> Iterator[Fact]:
    plain = item.scalar("value") or item.scalar("Value")
    source = item.get("valueFrom") or item.get("ValueFrom")
    if source is None:
        yield _variable(item, name, plain)
        return
    reference = next(iter(source.children()), None) if source.kind is Kind.MAPPING else None
    where = f"{reference.scalar('name')}/{reference.scalar('key')}" if reference is not None else source.text
    if reference is not None and reference.key == "secretKeyRef":
        yield item.fact(FactKind.ENV_VAR, name, scope="")
        yield item.fact(FactKind.SECRET, where, Value(f"environment variable {name}"), owner=context.owner)
    else:
        path = reference.scalar("fieldPath") if reference is not None else ""
        yield item.fact(FactKind.ENV_VAR, name, Value(path or where.strip("/")), scope="")


def arguments(item: Item, context: Context) -> Iterable[Fact] | None:
    """Command lines: ``args``/``command`` lists and strings, and mappings of flags (``extraArgs``)."""
    if not _ARGUMENT_KEYS.match(item.key):
        return None
    if item.kind is Kind.SEQUENCE:
        return _argument_list(item, context)
    if item.kind is Kind.SCALAR and (" -" in item.text or item.text.startswith("-")) and len(item.text) < 4000:
        return _command_line(item, context)
    if item.kind is Kind.MAPPING and item.key.lower().endswith("args") and item.key != "args":
        return _flag_mapping(item, context)
    return None


def flag_fact(item: Item, name: str, text: str | None, context: Context) -> Fact:
    """A command-line flag as it is set here."""
    value = NO_VALUE if text is None else quantity(text, name)
    return item.fact(FactKind.CLI_FLAG, name, value, scope="", aliases=(f"--{name}", f"-{name}"))


def _argument_list(item: Item, context: Context) -> Iterator[Fact]:
    """Flags with their values (``--name=value`` or two elements); other elements are read as usual."""
    elements = item.children()
    index = 0
    while index < len(elements):
        element = elements[index]
        following = elements[index + 1] if index + 1 < len(elements) else None
        index += 1
        flag = _FLAG.match(element.text)
        if flag is None:
            if element.on(context.lines):
                yield from walk(element, context)
            continue
        text, touched = flag.group(2), element.on(context.lines)
        if text is None and following is not None and _is_flag_value(flag.group(1), following):
            text, touched = following.text, touched or following.on(context.lines)
            index += 1
        if touched:
            yield flag_fact(element, flag.group(1), text, context)


def _is_flag_value(flag: str, element: Item) -> bool:
    """Whether the element after a long flag is its value. One-letter flags (``sh -c``) keep to themselves."""
    plain = element.kind is Kind.SCALAR and not element.text.startswith("-") and "\n" not in element.text
    return plain and len(flag) > 1


def _command_line(item: Item, context: Context) -> Iterator[Fact]:
    """Flags of a command written as one text; the program and its plain words stay one ``command`` setting."""
    words = _WORD.findall(item.text)
    plain: list[str] = []
    index = 0
    while index < len(words):
        flag = _FLAG.match(words[index])
        if flag is None:
            plain.append(words[index])
        else:
            text = flag.group(2)
            if text is None and index + 1 < len(words) and not words[index + 1].startswith("-"):
                index += 1
                text = words[index]
            yield flag_fact(item, flag.group(1), text.strip("\"'") if text is not None else None, context)
        index += 1
    if plain:
        kind = FactKind.WORKLOAD if context.owner else FactKind.SETTING
        yield item.fact(kind, context.key(item), Value(brief(" ".join(plain))), owner=context.owner)


def _flag_mapping(item: Item, context: Context) -> Iterator[Fact]:
    for child in item.touching(context.lines):
        if child.kind in {Kind.SCALAR, Kind.NULL}:
            yield flag_fact(child, child.key.lstrip("-"), child.text, context)
        else:
            yield from walk(child, context)


def images(item: Item, context: Context) -> Iterable[Fact] | None:
    """Container images: ``image: repo:tag`` anywhere, mappings of ``repository`` and ``tag`` (Helm's convention)."""
    parent_key = item.parent.key if item.parent is not None else ""
    if item.kind is Kind.SCALAR and (_IMAGE_KEY.search(item.key) or parent_key in {"images", "_images"}):
        found = image_fact(item, item.text, context)
        return (found,) if found is not None else None
    if item.kind is not Kind.MAPPING or item.get("repository") is None:
        return None
    tag, digest = item.scalar("tag"), item.scalar("digest") or item.scalar("sha")
    if item.get("tag") is None and item.get("digest") is None:
        return None
    return _image_mapping(item, Value("@".join(part for part in (tag, digest) if part)), context)


def image_fact(item: Item, text: str, context: Context) -> Fact | None:
    """The image a reference names, or None when it is not one (a template, a path)."""
    found = _IMAGE.match(text)
    if found is None or text.isdigit() or text in {"true", "false", "null"}:
        return None
    version = "@".join(part for part in (found.group("tag"), found.group("digest")) if part)
    scope = context.owner.name if context.owner else context.key(item)
    return item.fact(FactKind.IMAGE, found.group("repository"), Value(version), owner=context.owner, scope=scope)


def _image_mapping(item: Item, version: Value, context: Context) -> Iterator[Fact]:
    parts = (item.scalar("registry"), item.scalar("repository"))
    named = "/".join(part for part in parts if part)
    stated = False
    for child in item.touching(context.lines):
        if child.key not in {"registry", "repository", "tag", "digest", "sha"}:
            yield from walk(child, context)
        elif not stated:
            stated = True
            anchor = item.get("tag") or child
            yield anchor.fact(FactKind.IMAGE, named, version, owner=context.owner, scope=context.key(item))


def statements(item: Item, context: Context) -> Iterable[Fact] | None:
    """IAM policy statements (AWS's JSON language, also inside YAML and jsonnet): who may do what."""
    if item.kind is not Kind.MAPPING or item.get("Effect") is None:
        return None
    actions = item.get("Action") or item.get("NotAction")
    if actions is None:
        return None
    resources = texts(item.get("Resource")) or texts(item.get("Principal"))
    subject = item.scalar("Sid") or ", ".join(resources) or "*"
    attributes = {"effect": item.scalar("Effect"), "resource": ", ".join(resources) if item.get("Sid") else ""}
    value = Value(", ".join(sorted(texts(actions))))
    return (item.fact(FactKind.ROLE_GRANT, f"statement {subject}", value, owner=context.owner, attributes=attributes),)


def texts(item: Item | None) -> list[str]:
    """The scalars of a scalar or of a list of scalars."""
    if item is None:
        return []
    if item.kind is Kind.SEQUENCE:
        return [child.text for child in item.children() if child.kind is Kind.SCALAR]
    return [item.text] if item.kind is Kind.SCALAR else []


def is_port(value: Value) -> bool:
    """Whether the value is a number that can be a port."""
    return value.number is not None and value.unit in {Unit.NONE, Unit.COUNT} and 0 < value.number < 65536
