"""Python: the statements that the changed lines of a module make.

The patterns of ``python.scm`` are generic (a call, an assignment, a decorator); each node goes to the extractors
listed here for its pattern, which look at names. The extractors live in ``python_<part>.py`` by subject.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from analyzers.definitions import definitions
from analyzers.languages import Reading, Side
from analyzers.languages import python_access as access
from analyzers.languages import python_arguments as arguments
from analyzers.languages import python_checks as checks
from analyzers.languages import python_data as data
from analyzers.languages import python_inputs as inputs
from analyzers.languages import python_messages as messages
from analyzers.languages import python_ops as ops
from analyzers.languages import python_routes as routes
from analyzers.languages import python_settings as settings
from analyzers.languages import python_sql as sql
from analyzers.languages.python_nodes import Module
from analyzers.languages.python_text import unwrapped
from analyzers.model import Fact, FactKind, Value
from analyzers.syntax import Grammar, Node, Source, touches

__all__ = ["GRAMMAR", "read"]

_TUPLES = frozenset({"tuple", "expression_list", "pattern_list", "tuple_pattern"})

GRAMMAR = Grammar(
    name="python",
    wheel="tree_sitter_python",
    # ``pass`` says nothing; a backslash joins lines.
    comments=frozenset({"comment", "line_continuation", "pass_statement"}),
    strings=frozenset({"string"}),
    joined=frozenset({"concatenated_string"}),
    scopes={"function_definition": "function", "class_definition": "class"},
    transparent=frozenset({"parenthesized_expression", "with_clause", "block", "decorated_definition"}) | _TUPLES,
    structured=frozenset(
        "binary_operator boolean_operator comparison_operator not_operator unary_operator lambda "
        "conditional_expression named_expression await block".split()
    )
    | _TUPLES,
    binders={
        "assignment": "left",
        "for_statement": "left",
        "for_in_clause": "left",
        "named_expression": "name",
        "as_pattern": "alias",
        "lambda": "parameters",
    },
    members={"attribute": "attribute", "keyword_argument": "name"},
    prose={
        "keyword_argument": frozenset(
            "help description epilog help_text verbose_name verbose_name_plural documentation short_help "
            "summary".split()
        )
    },
    globals=frozenset({"global_statement", "nonlocal_statement"}),
    numbers=frozenset({"integer", "float"}),
    wrappers=frozenset({"decorated_definition"}),
    ignored=frozenset({"type"}),
    docstring=True,
)

Extractor = Callable[[Module, Node], Iterator[Fact]]

EXTRACTORS: Mapping[str, tuple[Extractor, ...]] = {
    "assignment": (settings.assignments, data.columns, access.class_policies, routes.patterns),
    "augmented": (access.class_policies,),
    "call": (
        inputs.environment, inputs.flags, inputs.commands, inputs.feature_flags, arguments.getters, access.calls,
        checks.calls,
        routes.listed, ops.metrics, ops.schedules, ops.crypto, ops.storage, ops.exits, messages.logs, messages.aborts,
        data.operations, data.migrations,
    ),
    "keyword": (arguments.keywords,),
    "pair": (arguments.entries,),
    "parameter": (arguments.parameters,),
    "decorator": (access.decorators, routes.decorated, ops.scheduled, inputs.commands),
    "raise": (messages.raised,),
    "except": (messages.caught,),
    "condition": (checks.checks,),
    "class": (access.mixins,),
    "subscript": (inputs.subscripts,),
    "comparison": (inputs.membership,),
    "string": (sql.raw_sql,),
    "reference": (ops.references,),
}  # fmt: skip
"""Which extractors see which pattern of ``python.scm``."""

_RUNS_AT_IMPORT = frozenset(
    "expression_statement if_statement for_statement while_statement with_statement try_statement assert_statement "
    "delete_statement match_statement print_statement exec_statement raise_statement".split()
)
_SILENT_CALLS = frozenset("getLogger get_logger TypeVar ParamSpec NewType Field".split())
_SILENT_NAMES = frozenset(
    "__all__ __version__ __author__ __copyright__ __license__ __slots__ "
    "permission_classes authentication_classes urlpatterns PATTERNS".split()
)
"""Names whose assignment is packaging, or a list of which each entry is a fact."""


def read(side: Side) -> Reading:
    """The facts that the changed lines of one side of a Python file state. Unreadable syntax makes the reading
    partial; the rest of the file is still read."""
    source = Source(GRAMMAR, side.path, side.revision, side.data)
    module = Module(source, side.lines)
    facts: list[Fact] = []
    spoken: set[int] = set()
    for capture in source.captures(side.lines):
        found = [fact for extract in EXTRACTORS[capture.name] for fact in extract(module, capture.node)]
        facts += found
        if found and (capture.name == "assignment" or any(fact.kind in _WHOLE for fact in found)):
            spoken.add(capture.node.id)
    facts.extend(_readable(fact) for fact in definitions(source, side.lines) if _public(fact))
    facts.extend(_statements(module, spoken))
    partial = f"syntax errors near line {_first_error(source.root)}" if source.partial else ""
    return Reading(tuple(facts), partial)


def _public(fact: Fact) -> bool:
    """Symbols are part of the interface only without a leading underscore in any part of the name (``__init__`` is the
    signature of its class); behaviour counts wherever it is."""
    if fact.kind is not FactKind.SYMBOL:
        return True
    parts = fact.key.split(".")
    return all(not part.startswith("_") or (part.startswith("__") and part.endswith("__")) for part in parts)


def _readable(fact: Fact) -> Fact:
    """A signature as people write it: ``(self, ttl=30, *, force=False)``."""
    if fact.kind is not FactKind.SYMBOL:
        return fact
    text = (
        re.sub(r"(?<=[(\[]) | (?=[,)\]])|(?<=\*) (?=\w)", "", fact.value.text).replace(" = ", "=").replace(" . ", ".")
    )
    return replace(fact, value=Value(text))


_WHOLE = frozenset(
    {FactKind.COLUMN, FactKind.TABLE, FactKind.INDEX, FactKind.CONSTRAINT, FactKind.ENV_VAR, FactKind.METRIC,
     FactKind.ROUTE, FactKind.GUARD, FactKind.DESTRUCTIVE, FactKind.FEATURE_FLAG, FactKind.CLI_FLAG}
)  # fmt: skip
"""Kinds of which one fact says all that the call or assignment does from which it was read."""


def _statements(module: Module, spoken: set[int]) -> Iterator[Fact]:
    """``behaviour`` of what runs at import (key ``<module>``) and of class bodies (key: the class), statement by
    statement. ``spoken`` holds the ids of nodes that other facts state; imports, docstrings and packaging are silent.
    """
    stack: list[tuple[Node, str]] = [(module.source.root, "<module>")]
    while stack:
        block, key = stack.pop()
        for statement in block.named_children:
            if not touches(statement, module.lines):
                continue
            inner = statement
            if statement.type == "decorated_definition":
                inner = statement.child_by_field_name("definition") or statement
            if inner.type == "class_definition":
                body, symbol = inner.child_by_field_name("body"), module.source.symbol(inner)
                if body is not None and symbol is not None:
                    stack.append((body, symbol.name))
            elif statement.type in _RUNS_AT_IMPORT and not _spoken_for(module, statement, spoken):
                value = Value(module.source.shape(statement))
                yield module.source.fact(FactKind.BEHAVIOUR, key, value, node=statement, scope="")


def _spoken_for(module: Module, statement: Node, spoken: set[int]) -> bool:
    """Whether a statement is no behaviour beyond the facts read from it. Decided by its structure and never by the
    lines it stands on, or a change of layout would be one of behaviour."""
    if statement.type == "if_statement":
        condition = statement.child_by_field_name("condition")
        return condition is not None and module.dotted(condition).endswith("TYPE_CHECKING")
    if statement.type != "expression_statement" or not statement.named_child_count:
        return False
    expression = statement.named_children[0]
    if expression.type in {"string", "concatenated_string", "ellipsis"} or expression.id in spoken:
        return True
    if expression.type not in {"assignment", "augmented_assignment"}:
        return False
    left, right = expression.child_by_field_name("left"), expression.child_by_field_name("right")
    name = module.text(left) if left is not None else ""
    if right is None or name in _SILENT_NAMES or name.startswith("MIDDLEWARE"):
        return True
    right = _core(module, right)
    if right.id in spoken:
        return True
    if right.type == "dictionary" or name in settings.NOISE:
        return module.literal(right)  # a dictionary's entries speak
    return right.type == "call" and module.call(right).leaf in _SILENT_CALLS


def _core(module: Module, node: Node) -> Node:
    """What is assigned, without the conversion around it: ``int(os.environ["X"])``."""
    for _ in range(4):
        node = unwrapped(node)
        if node.type != "call":
            break
        call = module.call(node)
        if call.name not in {"int", "bool", "float", "str", "Path"} or len(call.positional) != 1:
            break
        node = call.positional[0]
    return node


def _first_error(root: Node) -> int:
    """The 1-based line of the first place that the grammar could not read."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return node.start_point[0] + 1
        stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return root.start_point[0] + 1
