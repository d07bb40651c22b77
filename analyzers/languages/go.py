"""Go: one side of a ``.go`` file as facts. Patterns are in ``go.scm``; each kind of fact is read in its own module."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.languages import Reading, Side
from analyzers.languages.go_errors import handling, messages
from analyzers.languages.go_flags import environment, flag_literal, flags
from analyzers.languages.go_http import checks, denials, middleware, routes
from analyzers.languages.go_logs import log_calls
from analyzers.languages.go_metrics import metric_call, metric_options
from analyzers.languages.go_settings import assignments, call_limits, constants, elements, local_limits
from analyzers.languages.go_shape import definitions
from analyzers.languages.go_source import GoSource
from analyzers.languages.go_sql import sql
from analyzers.languages.go_structs import struct_field
from analyzers.model import Fact
from analyzers.syntax import Grammar, Node, Source

GRAMMAR = Grammar(
    name="go",
    wheel="tree_sitter_go",
    strings=frozenset({"interpreted_string_literal", "raw_string_literal"}),
    scopes={
        "function_declaration": "function",
        "method_declaration": "method",
        "type_spec": "class",
        "type_alias": "class",
    },
    transparent=frozenset({"parenthesized_expression"}),
    structured=frozenset({"binary_expression", "unary_expression"}),
)

_EXCLUSIVE = (log_calls, flags, metric_call, routes, middleware, environment, messages)
"""Readers of calls of which the first that finds something has the call for itself."""

_MAX_NESTING = 120
"""Deepest nesting of calls, literals and conditions that is read; people stay below 30."""

_NODE_READERS = {
    "spec": (constants,),
    "local": (local_limits,),
    "assign": (assignments, local_limits),
    "field": (struct_field,),
    "element": (elements,),
    "composite": (metric_options, flag_literal),
    "if": (handling, denials),
    "string": (sql,),
}


def read(side: Side) -> Reading:
    """The facts that the changed lines of a Go file state; ``partial`` names the first line that does not parse."""
    source = Source(GRAMMAR, side.path, side.revision, side.data)
    go = GoSource(source, side.lines)
    found: dict[tuple[object, ...], Fact] = {}
    partial = _broken(source.root) if source.partial else ""
    try:
        for fact in _facts(go):
            found.setdefault((fact.kind, fact.key, fact.scope, fact.value.text, fact.span, fact.attributes), fact)
    except RecursionError:
        partial = "nested too deeply to be read in full"
    return Reading(tuple(found.values()), partial)


def _facts(go: GoSource) -> Iterator[Fact]:
    yield from definitions(go)
    around: list[int] = []
    for capture in go.source.captures(go.lines):
        while around and around[-1] <= capture.node.start_byte:
            around.pop()
        around.append(capture.node.end_byte)
        if len(around) > _MAX_NESTING:
            raise RecursionError  # looking outward from each of thousands of nested calls takes minutes
        if capture.name == "call":
            yield from _call(go, capture.node)
        for reader in _NODE_READERS.get(capture.name, ()):
            yield from reader(go, capture.node)


def _call(go: GoSource, call: Node) -> Iterator[Fact]:
    """The facts of a call; of a chain ``a.B().C()`` only the outermost call speaks for the whole."""
    around = call.parent.parent if call.parent is not None and call.parent.type == "selector_expression" else None
    if around is not None and around.type == "call_expression":
        return
    links = go.chain(call)
    for reader in _EXCLUSIVE:
        facts = list(reader(go, call, links))
        if facts:
            yield from facts
            return
    yield from checks(go, call, links)
    yield from call_limits(go, call, links)


def _broken(root: Node) -> str:
    """Where the grammar first met text that it could not read."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type == "ERROR" or node.is_missing:
            return f"syntax errors near line {node.start_point[0] + 1}"
        stack.extend(reversed([child for child in node.children if child.has_error or child.is_missing]))
    return "syntax errors near line 1"
