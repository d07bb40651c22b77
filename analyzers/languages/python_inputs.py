"""What a Python program is told from outside: environment variables, command-line flags, feature flags, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from analyzers.languages.python_nodes import Call, Module, climb
from analyzers.languages.python_text import unwrapped
from analyzers.model import NO_VALUE, Confidence, Fact, FactKind, Value
from analyzers.syntax import Node
from analyzers.vocabulary import words

__all__ = ["commands", "environment", "feature_flags", "flags", "membership", "subscripts"]

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,80}$")
_UPPER = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$")
_STANDARD = re.compile(r"^(?:os\.)?(?:environ\.(?:get|setdefault|pop)|getenv)$")
_READER = re.compile(r"^(?:\w+\.)*_?env(?:\.\w+)?$")
_TYPED = re.compile(
    r"^_*(?:get|read|parse|load)_(?:bool|boolean|int|integer|float|str|string|list|path|json|dict|choice|opt\w*)s?$"
)
_ENV_WORDS = frozenset({"env", "environ", "environment", "getenv"})
_WRITERS = frozenset({"set", "write", "delete", "unset", "save", "monkeypatch", "setenv", "delenv"})


def _variable(
    module: Module,
    node: Node,
    name: str,
    default: Node | None,
    *,
    required: bool = False,
    confidence: Confidence = Confidence.HIGH,
    aliases: Sequence[str] = (),
) -> Fact:
    value = NO_VALUE
    if default is not None and default.type != "none":
        value = module.value(default, name)
    target = module.target(node)
    facets = {"required": "yes"} if required and default is None else {}
    names = tuple(alias for alias in (*aliases, target, target.rpartition(".")[2]) if alias and alias != name)
    return module.source.fact(
        FactKind.ENV_VAR, name, value, node=node, scope="", aliases=names, attributes=facets, confidence=confidence
    )


def environment(module: Module, node: Node) -> Iterator[Fact]:
    """Reads of environment variables: ``os.environ.get``, ``os.getenv``, python-decouple, environs and django-environ,
    and helpers named after what they do (``get_env_int("WORKERS", 4)``; believed less)."""
    call = module.call(node)
    if not call.positional:
        return
    name = None
    if _STANDARD.match(call.name):
        name = module.string(call.positional[0])
        if name and _NAME.match(name):
            default = call.argument(1, "default") or _fallback(node)
            yield _variable(module, node, name, default)
        return
    sure = call.name == "config" or bool(_READER.match(call.name)) or call.leaf == "env"
    helper = bool(frozenset(words(call.leaf)) & _ENV_WORDS) and not frozenset(words(call.leaf)) & _WRITERS
    typed = bool(_TYPED.match(call.leaf))
    if not (sure or helper or typed):
        yield from _bound(module, node, call)
        return
    name = module.string(call.positional[0])
    if not name or not _UPPER.match(name) or (typed and not helper and "_" not in name):
        return
    default = call.argument(-1, "default", "default_value", "fallback")
    if default is None and not sure and len(call.positional) > 1 and module.literal(call.positional[1]):
        default = call.positional[1]
    confidence = Confidence.HIGH if sure else Confidence.MEDIUM
    if default is None and sure and len(call.positional) > 1 and call.leaf != "config":
        default = call.positional[1]
    yield _variable(module, node, name, default, required=sure, confidence=confidence)


def _bound(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    """A setting bound to a variable by a helper: ``maybe_set(settings, "db.url", "DB_URL", default=...)``: one
    argument names the setting, the next one in capitals the variable."""
    texts = [module.string(argument) or "" for argument in call.positional[:4]]
    for name, variable in pairwise(texts):
        if "_" in variable and _UPPER.match(variable) and re.fullmatch(r"[a-z][a-z0-9_]*(?:[.\-][a-z0-9_]+)*", name):
            default = call.argument(-1, "default")
            yield _variable(module, node, variable, default, aliases=(name,), confidence=Confidence.MEDIUM)
            return


def _fallback(node: Node) -> Node | None:
    """The default in ``os.getenv("X") or "default"``."""
    parent = node.parent
    if parent is None or parent.type != "boolean_operator" or parent.child_by_field_name("left") != node:
        return None
    operator = parent.child_by_field_name("operator")
    return parent.child_by_field_name("right") if operator is not None and operator.type == "or" else None


def subscripts(module: Module, node: Node) -> Iterator[Fact]:
    """``os.environ["X"]``: without the variable the program fails here. Assignments to it are no reads."""
    receiver = node.child_by_field_name("value")
    if receiver is None or module.dotted(receiver) not in {"os.environ", "environ"}:
        return
    parent = node.parent
    if parent is not None:
        written = parent.type in {"assignment", "augmented_assignment"} and parent.child_by_field_name("left") == node
        if written or parent.type == "delete_statement":
            return
    name = module.string(node.child_by_field_name("subscript"))
    if name and _NAME.match(name):
        yield _variable(module, node, name, None, required=True)


def membership(module: Module, node: Node) -> Iterator[Fact]:
    """``"X" in os.environ``."""
    operands = node.named_children
    if len(operands) == 2 and module.dotted(operands[1]) in {"os.environ", "environ"}:
        name = module.string(operands[0])
        if name and _NAME.match(name):
            yield _variable(module, node, name, None)


# -- command line -------------------------------------------------------------------------------------------------


def flags(module: Module, node: Node) -> Iterator[Fact]:
    """Flags and arguments of argparse, optparse, click, typer and absl."""
    call = module.call(node)
    decorates = call.leaf in {"option", "argument"} and climb(node, frozenset({"decorator"}), frozenset({"block"}))
    if call.leaf in {"add_argument", "add_option"} or decorates:
        yield from _flag(module, node, call, [module.string(argument) for argument in call.positional])
    elif call.leaf in {"Option", "Argument"} and (call.name.startswith("typer") or _typer(module, node)):
        yield from _typer_flag(module, node, call)
    elif call.leaf.startswith("DEFINE_") and len(call.positional) > 1:
        yield from _flag(module, node, call, ["--" + (module.string(call.positional[0]) or "")], call.positional[1])


def _typer(module: Module, node: Node) -> bool:
    parameter = climb(node, frozenset({"typed_parameter", "typed_default_parameter"}), frozenset({"block"}))
    return parameter is not None


def _typer_flag(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    parameter = climb(
        node, frozenset({"typed_parameter", "typed_default_parameter", "default_parameter"}), frozenset({"block"})
    )
    if parameter is None:
        return
    name_node = parameter.child_by_field_name("name") or parameter.named_children[0]
    texts = [module.string(argument) for argument in call.positional]
    names: list[str | None] = [text for text in texts if text and text.startswith("-")]
    if not any(text and text.startswith("--") for text in names):
        dashes = "--" if call.leaf == "Option" else ""
        names.append(dashes + module.text(name_node).lstrip("_").replace("_", "-"))
    annotated = climb(node, frozenset({"type"}), frozenset({"block"})) is not None
    default = parameter.child_by_field_name("value") if annotated else call.argument(0, "default")
    if default is not None and (default.type == "ellipsis" or (module.string(default) or "").startswith("-")):
        default = None
    yield from _flag(module, node, call, names, default)


def _flag(
    module: Module, node: Node, call: Call, names: Sequence[str | None], default: Node | None = None
) -> Iterator[Fact]:
    given = [part for name in names if name for part in name.split("/")]
    if not given:
        return
    dashed = [name for name in given if name.startswith("-")] or given[:1]
    longest = max(dashed, key=lambda name: (name.startswith("--"), len(name)))
    first = next((name for name in dashed if name.startswith("--")), longest)
    key = first.lstrip("-")
    if not key or not re.fullmatch(r"[\w.\-]{1,80}", key):
        return
    default = default or call.argument(-1, "default")
    action = module.string(call.keywords.get("action"))
    value = Value("false") if action == "store_true" else Value("true") if action == "store_false" else NO_VALUE
    if default is not None and default.type not in {"none", "lambda"}:
        value = module.value(default, key)
    required = call.keywords.get("required")
    facets = {"required": "yes"} if required is not None and module.text(required) == "True" else {}
    aliases = tuple(name for name in given if name.startswith("-"))
    # Belongs to the decorated command, as it would to the function that builds the parser.
    yield module.source.fact(FactKind.CLI_FLAG, key, value, node=node, scope="", aliases=aliases, attributes=facets)
    variable = module.string(call.keywords.get("envvar"))
    if variable:
        yield module.source.fact(FactKind.ENV_VAR, variable, value, node=node, scope="", aliases=aliases)


def commands(module: Module, node: Node) -> Iterator[Fact]:
    """Sub-commands: ``subparsers.add_parser("resync")`` and decorators ``@cli.command("resync")``."""
    if node.type == "call":
        call = module.call(node)
        name = module.string(call.positional[0]) if call.leaf == "add_parser" and call.positional else None
        if name:
            yield module.source.fact(FactKind.TARGET, name, NO_VALUE, node=node, scope="")
        return
    definition = module.definition(node)
    inner = unwrapped(node.named_children[0]) if node.named_child_count else None
    if definition is None or inner is None or inner.type != "call":
        return
    call = module.call(inner)
    if call.leaf != "command" or "." not in call.name:
        return
    function = module.source.name_of(definition)
    name = module.string(call.argument(0, "name")) or function.replace("_", "-")
    yield module.source.fact(FactKind.TARGET, name, Value(function), node=definition, scope="", anchor=node)


# -- feature flags ------------------------------------------------------------------------------------------------

_FLAG_CALL = re.compile(
    r"^(?:\w*(?:flag|feature|switch|experiment)_?(?:is_)?(?:active|enabled|on)|is_(?:feature|flag|experiment)_?\w*|"
    r"(?:is|has|get|check)_(?:feature|flag)\w*|(?:bool|string|json|int|float)?_?variation(?:_detail)?|"
    r"get_(?:boolean|string|integer|float|object)_value|in_rollout\w*)$",
    re.IGNORECASE,
)


def feature_flags(module: Module, node: Node) -> Iterator[Fact]:
    """Questions put to a feature-flag service (waffle, LaunchDarkly, OpenFeature, own helpers), with the default."""
    call = module.call(node)
    if not _FLAG_CALL.match(call.leaf):
        return
    texts = [module.string(argument) for argument in call.positional[:2]]
    index = next((i for i, text in enumerate(texts) if text and re.fullmatch(r"[\w.:\-]{2,80}", text)), None)
    if index is None:
        return
    rest = call.positional[index + 1 :]
    default = call.argument(-1, "default") or next((a for a in reversed(rest) if module.literal(a)), None)
    value = module.value(default) if default is not None else NO_VALUE
    yield module.source.fact(FactKind.FEATURE_FLAG, texts[index] or "", value, node=node, scope="")
