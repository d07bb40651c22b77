"""Command-line flags and environment variables of Go programs: the standard library's ``flag``, pflag and cobra,
kingpin, urfave/cli; ``os.Getenv`` and the helpers people write around it.

Sources: the packages' own documentation (pkg.go.dev/flag, spf13/pflag, alecthomas/kingpin, urfave/cli v1 to v3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzers import values
from analyzers.languages.go_names import Link
from analyzers.languages.go_nodes import STRINGS
from analyzers.languages.go_source import GoSource
from analyzers.languages.go_structs import config_path, field_aliases, fields_of, setting
from analyzers.model import NO_VALUE, Fact, FactKind, Value
from analyzers.patterns import regex
from analyzers.syntax import Node

_FLAG = regex(
    r"^(Bool|Duration|U?[Ii]nt(?:8|16|32|64)?|Float(?:32|64)?|String|Count|IP|IPMask|IPNet|Bytes(?:Hex|Base64)"
    r"|(?:String|Bool|Duration|U?[Ii]nt(?:32|64)?|Float(?:32|64)|IP)(?:Slice|Array)|StringTo(?:String|Int|Int64)"
    r"|Text|Func|BoolFunc)?(Var)?(P)?$"
)

_ENV_HELPER = regex(
    r"^\w+FromEnv(?:Var)?$|^(?:(?:must|require|get|lookup|read|load|fetch|parse|default|fallback|with|or)+_?)*env(?:iron(?:ment)?)?"
    r"(?:_?(?:var(?:iable)?|or|default|fallback|with|string|str|int(?:32|64)?|u?int|bool|duration|float(?:64)?|value|must"
    r"|required|list|slice|else|panic))*$",
    re.IGNORECASE,
)
"""``getEnv``, ``envOrDefault``, ``MustGetenv``, ``LookupEnvInt``, …"""

_ENV_NAME = regex(r"^[A-Za-z_][A-Za-z0-9_]{1,99}$")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a flag method keeps things: positions of the bound variable, the name and the default (-1: none), and the
    number of arguments; help is the last."""

    bound: int
    name: int
    default: int
    count: int


def flag_layout(method: str) -> Layout | None:
    """The layout of a method of ``flag.FlagSet`` or ``pflag.FlagSet``, or None for another name."""
    match = _FLAG.match(method)
    if match is None or not method:
        return None
    kind, var, short = match.groups()
    if kind is None and var is None:
        return None
    if kind in {"Func", "BoolFunc"}:
        return None if var else Layout(-1, 0, -1, 3 + bool(short))
    first = 1 if var else 0
    has_default = kind is not None and kind != "Count"
    after = first + 1 + bool(short)
    bound = 0 if var else -1
    return Layout(bound, first, after if has_default else -1, after + has_default + 1)


def is_text(node: Node) -> bool:
    """Whether an expression is text to read: a string, a concatenation of such, a call that formats one."""
    while node.type in {"binary_expression", "parenthesized_expression"} and node.named_child_count:
        node = node.named_children[0]
    return node.type in STRINGS or node.type == "call_expression"


def help_argument(go: GoSource, call: Node) -> int | None:
    """The position of the help text among a call's arguments, or None."""
    function = call.child_by_field_name("function")
    if function is None or function.type != "selector_expression":
        return None
    name = go.text(function.child_by_field_name("field"))
    layout = flag_layout(name)
    if layout is not None:
        args = go.args(call)
        if len(args) == layout.count and _is_help(go, args[-1]):
            return layout.count - (2 if name.startswith(("Func", "BoolFunc")) else 1)
    if name in {"Flag", "Arg", "Command"}:
        args = go.args(call)
        return 1 if len(args) == 2 and args[1].type in STRINGS else None
    return 1 if name == "NewDesc" and len(go.args(call)) >= 3 else None


def _is_help(go: GoSource, node: Node) -> bool:
    return (
        is_text(node)
        or node.type in {"identifier", "func_literal"}
        or (node.type == "selector_expression" and not go.is_local(node))
    )


def flags(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """The flag that a call (the outermost of its chain) declares."""
    for link in links:
        if link.name in {"Flag", "Arg"} and len(link.args) == 2 and len(links) > 1 and is_text(link.args[1]):
            yield from _kingpin(go, call, links, link)
            return
    link = links[-1]
    layout = flag_layout(link.name)
    if (
        layout is None
        or not (link.path or links[:-1])
        or len(link.args) != layout.count
        or not _is_help(go, link.args[-1])
    ):
        return
    name = flag_name(go, link.args[layout.name])
    if not name or any(char.isspace() for char in name):
        return
    bound = link.args[layout.bound] if layout.bound >= 0 else None
    if bound is not None and bound.type == "identifier" and not link.name.endswith(("Var", "VarP")):
        return
    given = link.args[layout.default] if layout.default >= 0 else None
    default = _default(go, given, name) if given is not None else NO_VALUE
    aliases = [*_aliases(go, name, bound), *_variables(go, given)]
    if go.parts(link.args[layout.name])[0] is None:
        aliases.append(f"*.{name}")  # only the end of the name is known
    yield go.source.fact(FactKind.CLI_FLAG, name, default, node=call, scope="", aliases=aliases, anchor=link.args[0])


def _variables(go: GoSource, default: Node | None) -> list[str]:
    """The environment variable that a default is read from: ``env.StringFromEnv("X", "10M")``."""
    if default is None or default.type != "call_expression":
        return []
    return [fact.key for fact in environment(go, default, go.chain(default))]


def _default(go: GoSource, node: Node, name: str) -> Value:
    text = go.literal(node)
    if node.type == "call_expression":
        for fact in environment(go, node, go.chain(node)):
            return fact.value
    return values.parse_value(text if text is not None else go.render(node), name)


def flag_name(go: GoSource, node: Node) -> str:
    """The constant parts of a flag's name; an unknown start (a prefix) is dropped, another unknown part is ``*``."""
    if node.type == "call_expression":
        args = go.args(node)
        callee = go.callee(node).lower()
        if len(args) >= 2 and ("prefix" in callee or callee.endswith("join")):
            pieces: list[str | None] = [p for arg in args for p in [*go.parts(arg), "."]][:-1]
            return _assemble(pieces)
    return _assemble(go.parts(node))


def _assemble(parts: list[str | None]) -> str:
    text = "".join("*" if part is None else part for part in parts)
    if not text.replace("*", "").strip(".-_/"):
        return ""
    while text.startswith(("*", ".")):
        text = text.lstrip("*").lstrip(".")
    return text.lstrip("-").replace("..", ".")


def _aliases(go: GoSource, name: str, bound: Node | None) -> list[str]:
    aliases = [f"--{name}", f"-{name}"]
    target = bound
    if target is not None and target.type == "unary_expression":
        target = target.child_by_field_name("operand")
    if target is not None and target.type == "call_expression" and len(go.args(target)) == 1:
        target = go.args(target)[0]  # a conversion: (*flagext.Secret)(&cfg.Password)
        target = target.child_by_field_name("operand") if target.type == "unary_expression" else target
    if target is not None and target.type == "selector_expression":
        path = config_path(go, target)
        aliases += [path, path.rsplit(".", 1)[-1], *field_aliases(go, path)]
    return aliases


def _kingpin(go: GoSource, call: Node, links: list[Link], flag: Link) -> Iterator[Fact]:
    name = flag_name(go, flag.args[0])
    if not name:
        return
    default, aliases = NO_VALUE, _aliases(go, name, None)
    required = False
    for link in links[links.index(flag) + 1 :]:
        if link.name == "Default" and link.args:
            texts = [go.literal(arg) for arg in link.args]
            text = ", ".join(t if t is not None else go.render(a) for t, a in zip(texts, link.args, strict=True))
            default = values.parse_value(text, name)
        elif link.name in {"Envar", "OverrideDefaultFromEnvar"} and link.args:
            variable = go.constant(link.args[0])
            if variable:
                aliases.append(variable)
                yield go.source.fact(FactKind.ENV_VAR, variable, NO_VALUE, node=call, scope="", anchor=link.args[0])
        elif link.name == "Required":
            required = True
        elif link.name.endswith("Var") and link.args:
            aliases += _aliases(go, name, link.args[0])[2:]
    yield go.source.fact(
        FactKind.CLI_FLAG, name, default, node=call, scope="", aliases=aliases, anchor=flag.args[0],
        attributes={"required": "yes" if required else ""},
    )  # fmt: skip


def flag_literal(go: GoSource, literal: Node) -> Iterator[Fact]:
    """The flag of urfave/cli's ``cli.StringFlag{Name: …, Value: …, EnvVars: …}``."""
    kind = go.text(literal.child_by_field_name("type"))
    if not re.fullmatch(r"(?:\w+\.)?\w*Flag(?:\[[\w.]+\])?", kind):
        return
    given = fields_of(go, literal)
    name = flag_name(go, given["Name"]) if "Name" in given else ""
    if not name:
        return
    name, *short = [part.strip() for part in name.split(",")]
    default = _default(go, given["Value"], name) if "Value" in given else NO_VALUE
    variables = [v for key in ("EnvVars", "EnvVar", "Sources") if key in given for v in _names_in(go, given[key])]
    required = go.literal(given["Required"]) == "true" if "Required" in given else False
    aliases = [*_aliases(go, name, given.get("Destination")), *short, *variables]
    place = given["Name"]
    yield go.source.fact(
        FactKind.CLI_FLAG, name, default, node=literal, scope="", aliases=aliases, anchor=place,
        attributes={"required": "yes" if required else ""},
    )  # fmt: skip
    for variable in variables:
        yield go.source.fact(FactKind.ENV_VAR, variable, default, node=literal, scope="", anchor=place)


def _names_in(go: GoSource, node: Node) -> list[str]:
    """The environment names in ``[]string{"A", "B"}``, ``"A,B"`` or ``cli.EnvVars("A")``."""
    body = node.child_by_field_name("body")
    if node.type == "call_expression":
        items = list(go.args(node))
    elif body is not None:
        items = [
            c.named_children[0] for c in body.named_children if c.type == "literal_element" and c.named_child_count
        ]
    else:
        items = [node]
    texts = [go.constant(item) or "" for item in items]
    return [name.strip() for text in texts for name in text.split(",") if _ENV_NAME.match(name.strip())]


def environment(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """The environment variable that a call reads, with its default where the call names one."""
    link = links[-1]
    name, args = link.name, link.args
    if link.path == "viper" or link.path.endswith(("viper", ".v")) or link.path == "v":
        yield from _viper(go, call, link)
        return
    is_os = name in {"Getenv", "LookupEnv"} and link.path in {"os", "syscall"}
    if not args or not (is_os or _ENV_HELPER.match(name)) or name.lower() in {"env", "withenv"}:
        return
    variable = go.constant(args[0])
    if not variable or not _ENV_NAME.match(variable) or (not is_os and not variable.isupper()):
        return
    default = NO_VALUE
    if not is_os and len(args) > 1:
        text = go.literal(args[1])
        default = values.parse_value(text, variable) if text is not None else NO_VALUE
    required = bool(re.search(r"must|require", name, re.IGNORECASE))
    attributes = {"required": "yes" if required else ""}
    yield go.source.fact(FactKind.ENV_VAR, variable, default, node=call, scope="", attributes=attributes)


def _viper(go: GoSource, call: Node, link: Link) -> Iterator[Fact]:
    if link.name == "BindEnv" and link.args:
        key, *names = [go.constant(arg) for arg in link.args]
        for variable in names or ([key.upper().replace(".", "_")] if key else []):
            if variable:
                yield go.source.fact(
                    FactKind.ENV_VAR, variable, NO_VALUE, node=call, scope="", aliases=[key] if key else []
                )
    elif link.name == "SetDefault" and len(link.args) == 2:
        key = go.constant(link.args[0])
        text = go.literal(link.args[1])
        if key and text is not None:
            yield setting(go, key, values.parse_value(text, key), node=call, scope="")
