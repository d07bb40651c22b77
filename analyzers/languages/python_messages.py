"""What a Python program says and how it fails: log calls with what they log, errors raised, caught and swallowed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.languages.python_nodes import Call, Module
from analyzers.languages.python_text import literal_words, placeholders, unwrapped
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Node
from analyzers.vocabulary import words

__all__ = ["aborts", "caught", "logs", "raised"]

_LEVELS = {
    "debug": "debug", "info": "info", "warning": "warning", "warn": "warning", "error": "error",
    "exception": "error", "critical": "error", "fatal": "error", "adebug": "debug", "ainfo": "info",
    "awarning": "warning", "aerror": "error", "aexception": "error",
}  # fmt: skip
_LOGGERS = frozenset("log logger logging logs structlog".split())
_QUIET_KEYWORDS = frozenset("exc_info stack_info stacklevel extra".split())
_RAW = frozenset(
    "body headers header cookies cookie password passwd passphrase secret secrets token tokens credential credentials "
    "payload payloads data json form row rows record records params authorization apikey environ environment pwd "
    "jwt ssn".split()
)
_HARMLESS = re.compile(
    r"^(?:len|type|id|bool|hash|sum|max|min|count|redact\w*|mask\w*|sanitize\w*|scrub\w*|filter\w*|obfuscate\w*|"
    r"truncate\w*|anonymi[sz]e\w*|hexdigest|keys|__name__)$"
)
_RAW_PHRASES = frozenset({"api_key", "access_key", "private_key", "secret_key"})


def is_raw(name: str) -> bool:
    """Whether a name, by its last word, is raw input or a secret: ``request.body``, ``password``, ``user_data`` —
    but not ``data_dir`` or ``token_type``."""
    last = name.rpartition(".")[2].removesuffix("()")
    if last.lower() in _RAW_PHRASES:
        return True
    found = words(last)
    return bool(found) and found[-1] in _RAW


# -- log calls ----------------------------------------------------------------------------------------------------


def logs(module: Module, node: Node) -> Iterator[Fact]:
    """Calls on a logger: the message with ``{}`` for what is filled in, the names of what is logged, the level, and
    those names that are raw input or secrets."""
    call = module.call(node)
    level = _level(module, call)
    if not level:
        return
    index = 1 if call.leaf == "log" else 0
    message_node = call.argument(index, "msg", "event", "message")
    if message_node is None:
        return
    message = module.message(message_node)
    key = re.sub(r"\s+", " ", placeholders(message)).strip()[:200] if message is not None else "{}"
    logged = list(_logged(module, call, message_node, index))
    names = [name for name, _ in logged]
    payload = sorted({name for name, raw in logged if raw})
    if not literal_words(key) and not payload:
        return
    yield module.source.fact(
        FactKind.LOG_CALL, key, Value(", ".join(names)[:300]), node=node,
        attributes={"level": level, "payload": ",".join(payload)},
    )  # fmt: skip


def _level(module: Module, call: Call) -> str:
    receiver = call.name.rpartition(".")[0]
    parts = frozenset(words(receiver.removesuffix("()").rpartition(".")[2])) | frozenset(words(receiver[:40]))
    if not parts & _LOGGERS:
        return ""
    if call.leaf == "log" and call.positional:
        return _LEVELS.get(module.dotted(call.positional[0]).rpartition(".")[2].lower(), "info")
    return _LEVELS.get(call.leaf, "")


def _logged(module: Module, call: Call, message: Node, index: int) -> Iterator[tuple[str, bool]]:
    """Names of what the call logs, with whether they are raw."""
    stack = [message]
    while stack:
        node = stack.pop()
        if node.type == "interpolation":
            inner = node.child_by_field_name("expression")
            if inner is not None:
                yield from _name(module, inner)
        elif node.type in {"string", "concatenated_string", "parenthesized_expression"}:
            stack.extend(reversed(node.named_children))
        elif node.type == "binary_operator":
            operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
            if operator is not None and right is not None:
                values = right.named_children if right.type in {"tuple", "dictionary"} else [right]
                for value in values:
                    yield from _name(module, value.child_by_field_name("value") or value)
            left = node.child_by_field_name("left")
            if left is not None:
                stack.append(left)
        elif node.type == "call":
            inner_call = module.call(node)
            if inner_call.leaf == "format":
                for argument in (*inner_call.positional, *inner_call.keywords.values()):
                    yield from _name(module, argument)
            elif node is message:
                yield from _name(module, node)
        elif node.type in {"identifier", "attribute", "subscript"} and module.message(node) is None:
            yield from _name(module, node)
    for argument in call.positional[index + 1 :]:
        yield from _name(module, argument)
    for key, value in call.keywords.items():
        if key in _QUIET_KEYWORDS or value == message:
            continue
        for name, raw in _name(module, value):
            yield (name if name == key else f"{key}={name}"), raw or (is_raw(key) and _open(module, value))


def _open(module: Module, node: Node) -> bool:
    """Whether an argument under a raw name may hold raw content: not a literal, not wrapped in a harmless call."""
    if node.type == "call":
        return not _HARMLESS.match(module.call(node).leaf)
    return not module.literal(node)


def _name(module: Module, node: Node) -> Iterator[tuple[str, bool]]:
    node = unwrapped(node)
    if node.type == "string" or module.literal(node):
        return
    if node.type == "call":
        call = module.call(node)
        raw = not _HARMLESS.match(call.leaf) and (
            is_raw(call.leaf.removeprefix("get_")) or any(is_raw(module.dotted(a)) for a in call.positional)
        )
        yield module.written(node)[:60], raw
    elif node.type == "subscript":
        key = module.string(node.child_by_field_name("subscript"))
        name = module.dotted(node.child_by_field_name("value") or node)
        yield (f"{name}.{key}", is_raw(key)) if key else (f"{name}[]", False)
    elif node.type in {"identifier", "attribute"}:
        name = module.dotted(node)
        yield name, is_raw(name)
    else:
        yield module.written(node)[:60], False


# -- errors -------------------------------------------------------------------------------------------------------

_ORDER = ("exits", "retried", "raised", "logged", "returned", "handled", "swallowed")


def caught(module: Module, node: Node) -> Iterator[Fact]:
    """An ``except`` clause and what it does: the most telling of exits, retried, raised, logged, returned, handled
    (anything else that acts) and swallowed (nothing at all)."""
    value = node.child_by_field_name("value")
    names: list[str] = []
    if value is not None:
        value = value.named_children[0] if value.type == "as_pattern" else value
        value = unwrapped(value)
        items = value.named_children if value.type in {"tuple", "expression_list"} else [value]
        names = sorted(module.dotted(item) for item in items if item.type != "comment")
    body = next((child for child in reversed(node.named_children) if child.type == "block"), None)
    done, error = _done(module, body)
    key = " ".join(["except", ", ".join(names)]).strip()
    yield module.source.fact(FactKind.ERROR, key, Value(done), node=node, attributes={"error": error})


def _done(module: Module, body: Node | None) -> tuple[str, str]:
    found: set[str] = set()
    error = ""
    stack = list(body.named_children) if body is not None else []
    budget = 3000
    while stack and budget:
        node = stack.pop()
        budget -= 1
        if node.type in {"function_definition", "class_definition", "lambda"}:
            continue
        if node.type == "raise_statement":
            found.add("raised")
            error = error or (_raised(module, node)[0] if node.named_child_count else "")
        elif node.type == "return_statement":
            found.add("returned")
        elif node.type == "call":
            found.add(_act(module, module.call(node)))
        elif node.type in {"assignment", "augmented_assignment", "delete_statement", "yield"}:
            found.add("handled")
        stack.extend(node.named_children)
    done = next((act for act in _ORDER if act in found), "swallowed")
    return done, error if done == "raised" else ""


def _act(module: Module, call: Call) -> str:
    if call.name in {"sys.exit", "os._exit", "exit"}:
        return "exits"
    if call.leaf in {"retry", "autoretry"}:
        return "retried"
    if call.leaf == "abort":
        return "raised"
    return "logged" if _level(module, call) else "handled"


def raised(module: Module, node: Node) -> Iterator[Fact]:
    """``raise SomeError("message")``: the class is the key, the constant message its ``error``."""
    if not node.named_child_count:
        return
    name, message = _raised(module, node)
    if name and name not in {"SystemExit", "Exit"} and name[:1].isupper():
        yield module.source.fact(
            FactKind.ERROR, f"raise {name}", Value("raised"), node=node, attributes={"error": message or name}
        )


def _raised(module: Module, node: Node) -> tuple[str, str]:
    """The class (with an HTTP status, if any) and the constant message of a ``raise``."""
    expression = unwrapped(node.named_children[0])
    if expression.type != "call":
        name = module.dotted(expression).rpartition(".")[2]
        return (name if name[:1].isupper() else ""), ""  # ``raise e`` says no more than ``raise``
    call = module.call(expression)
    status = ""
    for argument in (*call.positional[:2], *(call.keywords.get(k) for k in ("status_code", "status", "code"))):
        found = re.search(r"\b[1-5]\d\d\b|(?<=HTTP_)[1-5]\d\d", module.text(argument)) if argument is not None else None
        if found and argument is not None and argument.type in {"integer", "attribute", "identifier"}:
            status = f" {found.group()}"
            break
    candidates = (*call.positional[:3], *(call.keywords.get(k) for k in ("detail", "message", "msg", "description")))
    message = next((text for argument in candidates if (text := module.message(argument))), "")
    return call.leaf + status, re.sub(r"\s+", " ", placeholders(message)).strip()[:200]


def aborts(module: Module, node: Node) -> Iterator[Fact]:
    """``abort(404)``: an error that the framework raises."""
    call = module.call(node)
    if call.leaf == "abort" and call.positional and module.literal(call.positional[0]):
        code = module.written(call.positional[0])
        yield module.source.fact(
            FactKind.ERROR, f"abort {code}", Value("raised"), node=node, attributes={"error": code}
        )
