"""Log calls of Go programs: go-kit, logrus, zap (plain and sugared), slog, klog, logr, zerolog, ``log``.

The key is the constant message; what is logged beside it is given by name, never by value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.languages.go_names import Link
from analyzers.languages.go_source import GoSource
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node
from analyzers.vocabulary import words

LOG_METHOD = re.compile(
    r"^(Trace|Debug|Verbose|Info|Notice|Print|Warn|Warning|Error|Fatal|Panic|DPanic|Critical|Exit)"
    r"(?:f|w|ln|S|Ctx|Context|fContext|Depth|fCtx)?$"
)
_LEVELS = {
    "trace": "debug", "debug": "debug", "verbose": "debug", "info": "info", "notice": "info", "print": "info",
    "warn": "warning", "warning": "warning", "error": "error", "fatal": "error", "panic": "error", "dpanic": "error",
    "critical": "error", "exit": "error",
}  # fmt: skip
_LOGGER = re.compile(
    r"(?:^|[._])(?:(?!\w*(?:cata|dia|b|change|back)log)\w*[lL]og(?:ger|ging|rus|Ctx|Entry|Context|r|g|s)?|zap|sugar(?:ed)?"
    r"|entry|lg|l|L|S)$"
)
_WITH = frozenset(
    {"With", "WithField", "WithFields", "WithError", "WithValues", "WithContext", "WithGroup", "Named", "V", "L", "S",
     "WithName", "Sugar", "FromContext", "Ctx", "WithTime", "WithOptions", "GetLogger", "Logger", "WithLabels"}
)  # fmt: skip
_ZEROLOG_END = frozenset({"Msg", "Msgf", "Send"})

_RAW_LAST = frozenset(
    "body payload password passwd passphrase secret token authorization headers cookie cookies credentials credential "
    "apikey jwt ssn email dump".split()
)
_RAW_WHOLE = frozenset({"req", "request", "header", "httprequest", "httpreq", "rawrequest", "form", "postform"})
_HARMLESS = re.compile(
    r"(?:len|redact\w*|mask\w*|hash\w*|size|count|sanitize\w*|scrub\w*|obfuscate\w*)$", re.IGNORECASE
)


def is_log_call(go: GoSource, links: Sequence[Link]) -> bool:
    """Whether a call chain ends in a logging method of something that looks like a logger."""
    last = links[-1]
    if last.name in _ZEROLOG_END:
        return len(links) > 1 and any(LOG_METHOD.match(link.name) for link in links[:-1])
    if last.name == "Log":
        return bool(last.args) and (
            len(links) == 1 or bool(LOG_METHOD.match(links[-2].name)) or links[-2].name in _WITH
        )
    if not (LOG_METHOD.match(last.name) or last.name == "LogAttrs") or last.path.startswith("fmt"):
        return False
    if len(links) == 1:
        return bool(_LOGGER.search(last.path))
    before = links[-2]
    return before.name in _WITH or bool(_LOGGER.search(before.name)) or bool(_LOGGER.search(last.path))


def log_calls(go: GoSource, call: Node, links: list[Link]) -> Iterator[Fact]:
    """The log call that a chain ends in. A call without a constant message is only told when it logs raw input."""
    if not is_log_call(go, links):
        return
    last = links[-1]
    level = _level(go, links)
    given: list[tuple[str, Node | None]] = []
    for link in links[:-1]:
        given += _named(go, link)
    if last.name == "Log":
        message, named = _go_kit(go, last.args)
        given += named
    else:
        message, named = _message_and_rest(go, last)
        given += named
    names = list(dict.fromkeys(name for name, _ in given if name))
    payload = list(dict.fromkeys(raw for name, node in given for raw in [_raw(go, name, node)] if raw))
    if not message and not payload:
        return
    yield go.source.fact(
        FactKind.LOG_CALL, message or "{}", Value(", ".join(names)), node=call,
        attributes={"level": level, "payload": ", ".join(payload)},
    )  # fmt: skip


def _level(go: GoSource, links: Sequence[Link]) -> str:
    for link in reversed(links):
        match = LOG_METHOD.match(link.name)
        if match:
            return _LEVELS[match.group(1).lower()]
    args = links[-1].args
    for key, value in zip(args[::2], args[1::2], strict=False):
        if go.constant(key) == "level":
            return (go.constant(value) or "").lower() or "info"
    return "info"


def _go_kit(go: GoSource, args: Sequence[Node]) -> tuple[str, list[tuple[str, Node | None]]]:
    message = ""
    named: list[tuple[str, Node | None]] = []
    for key, value in zip(args[::2], args[1::2], strict=False):
        name = go.constant(key) or ""
        if name in {"msg", "message", "event"} and not message:
            message = go.message(value)
            named += _format_args(go, value)
        elif name and name != "level":
            named.append((name, value))
    return message, named


def _format_args(go: GoSource, node: Node) -> list[tuple[str, Node | None]]:
    """What a formatted message carries: the arguments of a ``Sprintf``."""
    if node.type != "call_expression" or not go.callee(node).startswith("fmt.Sprint"):
        return []
    return [_positional(go, arg) for arg in go.args(node)[1:]]


def _message_and_rest(go: GoSource, link: Link) -> tuple[str, list[tuple[str, Node | None]]]:
    args = link.args
    message, position = "", len(args)
    for index, arg in enumerate(args[:4]):
        message = go.message(arg)
        if message:
            position = index
            break
    if not message:
        return "", [_positional(go, arg) for arg in args]
    rest = args[position + 1 :]
    named = _format_args(go, args[position])
    if link.name == "Println" or ("{}" in message and link.name.endswith(("f", "fContext", "fCtx", "ln", "Print"))):
        return message, named + [_positional(go, arg) for arg in rest]
    return message, named + _pairs(go, rest)


def _pairs(go: GoSource, args: Sequence[Node]) -> list[tuple[str, Node | None]]:
    """Structured context: ``"key", value`` pairs, or ``zap.String("key", value)`` fields, or a mix."""
    found: list[tuple[str, Node | None]] = []
    position = 0
    while position < len(args):
        arg = args[position]
        key = go.constant(arg) if arg.type != "call_expression" else None
        if key is not None:
            found.append((key, args[position + 1] if position + 1 < len(args) else None))
            position += 2
            continue
        if arg.type == "call_expression" and go.args(arg):
            inner = go.args(arg)
            name = go.constant(inner[0])
            leaf = go.callee(arg).rsplit(".", 1)[-1]
            if name is not None:
                found.append((name, inner[1] if len(inner) > 1 else None))
            elif leaf in {"Error", "Err"}:
                found.append(("error", None))
            else:
                found.append(_positional(go, arg))
        else:
            found.append(_positional(go, arg))
        position += 1
    return found


def _named(go: GoSource, link: Link) -> list[tuple[str, Node | None]]:
    """The context that a link of the chain adds: ``WithField("k", v)``, ``WithFields(…)``, ``Str("k", v)``."""
    if link.name in {"WithError", "Err"}:
        return [("error", None)]
    if link.args and link.args[0].type == "composite_literal":
        body = link.args[0].child_by_field_name("body")
        found: list[tuple[str, Node | None]] = []
        for element in body.named_children if body is not None else ():
            key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
            if key is not None and key.named_child_count and value is not None and value.named_child_count:
                found.append((go.constant(key.named_children[0]) or "", value.named_children[0]))
        return found
    if LOG_METHOD.match(link.name) or not link.args:
        return []
    return [pair for pair in _pairs(go, link.args) if pair[0] and pair[1] is not None]


def _positional(go: GoSource, node: Node) -> tuple[str, Node | None]:
    """A value logged without a name: what it selects speaks for it; a bare local does not, unless it is raw input."""
    if node.type == "identifier":
        name = go.text(node)
        return (name if _raw_name(name) else "", node)
    text = go.render(node)
    return (text if node.type == "selector_expression" and len(text) < 60 else "", node)


def _raw_name(name: str) -> bool:
    parts = words(name)
    return bool(parts) and (parts[-1] in _RAW_LAST or name.casefold() in _RAW_WHOLE)


def _raw(go: GoSource, name: str, node: Node | None) -> str:
    """The name under which raw input is logged, or an empty string."""
    if node is None:
        return ""
    inner = node
    while inner.type == "call_expression":
        leaf = go.callee(inner).rsplit(".", 1)[-1]
        args = go.args(inner)
        if _HARMLESS.search(leaf) or leaf not in {"string", "Sprint", "Sprintf", "Marshal", "String", "ReadAll"}:
            return ""
        if not args:
            break
        inner = args[-1]
    text = go.text(inner).rsplit(".", 1)[-1]
    if inner.type in {"identifier", "selector_expression"} and _raw_name(text):
        return name or text
    return name if name and _raw_name(name) and inner.type in {"identifier", "selector_expression"} else ""
