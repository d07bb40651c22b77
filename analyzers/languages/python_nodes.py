"""Reading Python's tree: calls, dotted names, places, values and literals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzers.languages.python_text import MAX_NODES, VALUE_CHARS, Texts, unwrapped
from analyzers.model import Unit, Value, digest
from analyzers.syntax import Lines, Node, Source
from analyzers.values import parse_value

__all__ = ["Call", "Module", "climb", "qualified"]

_VALUE_CALLS = frozenset(
    "timedelta crontab Decimal Path PurePath datetime relativedelta Duration Interval schedule CronSchedule "
    "compile".split()
)
_CONVERSIONS = frozenset("frozenset set tuple list dict float int str bool bytes".split())
"""Built-ins, which count only under their own name: ``env.bool("DEBUG")`` states no value."""
_LITERALS = frozenset("integer float true false none string concatenated_string".split())
_COMPOSITES = frozenset(
    "list tuple set dictionary pair unary_operator binary_operator parenthesized_expression expression_list "
    "argument_list keyword_argument".split()
)
_CONSTANT = re.compile(r"^_*[A-Z][A-Z0-9_]*$")
_RATIO = re.compile(r"(?:_|\b)(?:IN|PER)_", re.IGNORECASE)
"""``SECONDS_IN_HOUR`` is not in hours."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call taken apart: dotted ``name`` (``os.environ.get``), its last part ``leaf``, and the arguments."""

    node: Node
    name: str
    leaf: str
    positional: tuple[Node, ...]
    keywords: Mapping[str, Node]

    def argument(self, index: int, *names: str) -> Node | None:
        """The argument given by any of the keywords, else by position (none when ``index`` is negative)."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.positional[index] if 0 <= index < len(self.positional) else None


class Module(Texts):
    """One side of a Python file while it is read: its names, places and values, and calls taken apart at most once."""

    def __init__(self, source: Source, lines: Lines) -> None:
        super().__init__(source, lines)
        self._calls: dict[int, Call] = {}

    # -- names ------------------------------------------------------------------------------------------------

    def dotted(self, node: Node) -> str:
        """``a.b.c`` for names and attributes; a call within keeps ``()`` (``log.bind().info``), anything else is
        ``_``."""
        parts: list[str] = []
        current: Node | None = node
        suffix = ""
        while current is not None:
            if current.type == "attribute":
                name = current.child_by_field_name("attribute")
                parts.append((self.text(name) if name is not None else "") + suffix)
                current, suffix = current.child_by_field_name("object"), ""
            elif current.type == "call":
                current, suffix = current.child_by_field_name("function"), "()"
            elif current.type == "await":
                current = current.named_children[0] if current.named_child_count else None
            else:
                parts.append((self.text(current) if current.type == "identifier" else "_") + suffix)
                break
        return ".".join(reversed(parts))

    def call(self, node: Node) -> Call:
        """A ``call`` node taken apart, once per node; a lone generator argument counts as positional."""
        known = self._calls.get(node.id)
        if known is None:
            known = self._calls[node.id] = self._take_apart(node)
        return known

    def _take_apart(self, node: Node) -> Call:
        function = node.child_by_field_name("function")
        name = self.dotted(function) if function is not None else ""
        arguments = node.child_by_field_name("arguments")
        positional: list[Node] = []
        keywords: dict[str, Node] = {}
        children = arguments.named_children if arguments is not None and arguments.type == "argument_list" else []
        for child in children:
            if child.type == "keyword_argument":
                key, value = child.child_by_field_name("name"), child.child_by_field_name("value")
                if key is not None and value is not None:
                    keywords.setdefault(self.text(key), value)
            elif child.type not in {"comment", "list_splat", "dictionary_splat"}:
                positional.append(child)
        return Call(node, name, name.rpartition(".")[2], tuple(positional), keywords)

    def definition(self, node: Node) -> Node | None:
        """The definition that a decorator decorates."""
        parent = node.parent
        return parent.child_by_field_name("definition") if parent is not None else None

    def function(self, node: Node) -> Node | None:
        """The innermost function around the node (not the node itself)."""
        return climb(node, frozenset({"function_definition", "lambda"}), frozenset({"class_definition"}))

    def owner(self, node: Node) -> Node | None:
        """The class whose body holds the node directly, not within a method."""
        return climb(node, frozenset({"class_definition"}), frozenset({"function_definition", "lambda"}))

    def class_name(self, node: Node) -> str:
        """Qualified name of the innermost class around the node, or an empty string."""
        found = climb(node, frozenset({"class_definition"}))
        symbol = self.source.symbol(found) if found is not None else None
        return symbol.name if symbol else ""

    def target(self, node: Node) -> str:
        """The name to which the expression around the node is assigned at module or class level (``Config.ttl``),
        else an empty string."""
        stop = frozenset({"function_definition", "lambda", "block", "module"})
        assignment = climb(node, frozenset({"assignment"}), stop)
        if assignment is None or self.function(assignment) is not None:
            return ""
        left = assignment.child_by_field_name("left")
        if left is None or left.type != "identifier":
            return ""
        return qualified(self.class_name(assignment), self.text(left))

    def value(self, node: Node, key: str = "") -> Value:
        """The node as a value: quantities normalised with the help of the name, strings without quotes, constants of
        the module resolved."""
        node = unwrapped(node)
        key = "" if _RATIO.search(key) else key
        if node.type == "identifier":
            name = self.text(node)
            constant = unwrapped(self.constants.get(name, node))
            if constant.type != "identifier" and self.literal(constant):
                found = self.value(constant, key)
                # Without a unit in the setting's name the constant's may tell (``interval=INTERVAL_MS``).
                return self.value(constant, name) if found.unit is Unit.NONE else found
        if node.type == "expression_list":
            return Value(f"({self.written(node)})")
        if node.type in {"string", "concatenated_string"}:
            text = self.string(node)
            if text is not None:
                return parse_value(text, key) if len(text) <= VALUE_CHARS else Value(text[:VALUE_CHARS] + digest(text))
        return parse_value(self.written(node), key)

    def literal(self, node: Node) -> bool:
        """Whether the expression states a value by itself: literals, containers and arithmetic of them, durations,
        constants in capitals (``logging.INFO``, ``DEFAULT_PORT``)."""
        stack = [node]
        budget = MAX_NODES
        while stack and budget:
            current = stack.pop()
            budget -= 1
            kind = current.type
            if kind in _LITERALS:
                if kind in {"string", "concatenated_string"} and self.string(current) is None:
                    return False
            elif kind in _COMPOSITES:
                # The name of a keyword or of a dictionary's entry is no value.
                named = current.child_by_field_name("name") if kind == "keyword_argument" else None
                stack.extend(child for child in current.named_children if child != named)
            elif kind == "call":
                function, arguments = current.child_by_field_name("function"), current.child_by_field_name("arguments")
                if function is None or arguments is None:
                    return False
                name = self.dotted(function)
                if name not in _CONVERSIONS and name.rpartition(".")[2] not in _VALUE_CALLS:
                    return False
                stack.append(arguments)
            elif kind == "identifier" or kind == "attribute":
                if not _CONSTANT.match(self.dotted(current).rpartition(".")[2]):
                    return False
            elif kind != "comment":
                return False
        return True


def climb(node: Node, wanted: frozenset[str], stop: frozenset[str] = frozenset()) -> Node | None:
    """The nearest proper ancestor of a wanted type, or None when one of ``stop`` comes first."""
    current = node.parent
    while current is not None and current.type not in wanted:
        if current.type in stop:
            return None
        current = current.parent
    return current


def qualified(owner: str, name: str) -> str:
    """``owner.name``, or the name alone."""
    return f"{owner}.{name}" if owner else name
