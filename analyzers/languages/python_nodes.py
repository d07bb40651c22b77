"""Reading Python's tree: calls, dotted names, literals, messages, and source text that layout does not change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from analyzers.model import Unit, Value, digest
from analyzers.syntax import Lines, Node, Source, string_content
from analyzers.values import parse_value

__all__ = ["Call", "Module", "literal_words"]

VALUE_CHARS = 300
"""Longest value kept as text; the rest is told apart by a hash, since nobody reads a longer one in a message."""

MAX_NODES = 4000
"""Bound on the nodes that one walk over an expression visits: hostile or generated tables stop there."""

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
_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?:\d+|\*)?(?:\.\d+)?[a-zA-Z]")
_BRACES = re.compile(r"\{[^{}]*\}")
_GLUED_AFTER = frozenset("( [ { . @ ~".split())
_GLUED_BEFORE = frozenset(") ] } , . :".split())
_KEYWORD_PARENTS = frozenset("keyword_argument default_parameter typed_default_parameter".split())
_PREFIX_PARENTS = frozenset(
    "unary_operator list_splat dictionary_splat list_splat_pattern dictionary_splat_pattern".split()
)
_BRACKET_PARENTS = frozenset("argument_list subscript parameters type_parameter".split())


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


class Module:
    """One side of a Python file while it is read: the source, the changed lines, and look-ups made at most once."""

    def __init__(self, source: Source, lines: Lines) -> None:
        self.source = source
        self.lines = lines
        self._calls: dict[int, Call] = {}

    @cached_property
    def constants(self) -> Mapping[str, Node]:
        """Names assigned at the top level of the file, each with its first value."""
        found: dict[str, Node] = {}
        for statement in self.source.root.named_children:
            if statement.type != "expression_statement" or not statement.named_child_count:
                continue
            assignment = statement.named_children[0]
            left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
            if assignment.type == "assignment" and left is not None and right is not None:
                found.setdefault(self.source.text(left), right)
        return found

    def text(self, node: Node) -> str:
        """The node's source text as it stands."""
        return self.source.text(node)

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

    # -- texts ------------------------------------------------------------------------------------------------

    def string(self, node: Node | None) -> str | None:
        """The text of a constant string, resolved through constants of the module; None for anything else."""
        if node is None:
            return None
        text = self.message(node)
        return None if text is None or "{}" in text else text

    def message(self, node: Node | None, depth: int = 0) -> str | None:
        """A string with what is filled in shown as ``{}``: f-strings, ``%``, ``.format`` and ``+`` alike. None when
        it holds no constant text at all."""
        if node is None or depth > 20:
            return None
        kind = node.type
        if kind == "string":
            return self._string(node, depth)
        if kind in {"concatenated_string", "parenthesized_expression"}:
            parts = [self.message(child, depth + 1) for child in node.named_children if child.type != "comment"]
            return None if any(part is None for part in parts) else "".join(part or "" for part in parts)
        if kind == "identifier":
            constant = self.constants.get(self.text(node))
            return self.message(constant, depth + 10) if constant is not None and constant != node else None
        if kind == "binary_operator":
            return self._joined(node, depth)
        if kind == "call":
            return self._formatted(node, depth)
        return None

    def _string(self, node: Node, depth: int) -> str:
        parts: list[str] = []
        for child in node.named_children:
            if child.type == "string_content":
                parts.append(self.text(child))
            elif child.type == "interpolation":
                inner = child.child_by_field_name("expression")
                resolved = self.message(inner, depth + 1) if inner is not None and inner.type == "identifier" else None
                parts.append("{}" if resolved is None else resolved)
        return "".join(parts).replace("\\'", "'").replace('\\"', '"')

    def _joined(self, node: Node, depth: int) -> str | None:
        operator = node.child_by_field_name("operator")
        left = self.message(node.child_by_field_name("left"), depth + 1)
        if operator is not None and operator.type == "%":
            return None if left is None else placeholders(left)
        if operator is None or operator.type != "+":
            return None
        right = self.message(node.child_by_field_name("right"), depth + 1)
        if left is None and right is None:
            return None
        return ("{}" if left is None else left) + ("{}" if right is None else right)

    def _formatted(self, node: Node, depth: int) -> str | None:
        function = node.child_by_field_name("function")
        if function is None or function.type != "attribute":
            # gettext and its like: _("text")
            arguments = node.child_by_field_name("arguments")
            if function is not None and self.text(function) in {"_", "gettext", "gettext_lazy"} and arguments:
                return self.message(arguments.named_children[0], depth + 1) if arguments.named_child_count else None
            return None
        name = function.child_by_field_name("attribute")
        if name is None or self.text(name) != "format":
            return None
        text = self.message(function.child_by_field_name("object"), depth + 1)
        return None if text is None else _BRACES.sub("{}", text)

    def written(self, node: Node) -> str:
        """The expression as a person would write it on one line: quotes ``"``, no comments, no trailing comma, no
        brackets around the whole; cut to ``VALUE_CHARS`` and a hash."""
        node = unwrapped(node)
        tokens = list(self._tokens(node))
        out = ""
        glued = True
        for index, (word, parent) in enumerate(tokens):
            following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
            if word == "," and following in {")", "]", "}"}:
                continue
            before = word in _GLUED_BEFORE or (word in {"(", "["} and parent in _BRACKET_PARENTS)
            equals = word == "=" and parent in _KEYWORD_PARENTS
            out += word if glued or before or equals or not out else " " + word
            glued = word in _GLUED_AFTER or equals or (word in {"-", "+", "*", "**"} and parent in _PREFIX_PARENTS)
        return out if len(out) <= VALUE_CHARS else f"{out[:VALUE_CHARS]}… ({digest(out)})"

    def _tokens(self, node: Node) -> Iterator[tuple[str, str]]:
        stack: list[tuple[Node, str]] = [(node, "")]
        budget = MAX_NODES
        while stack and budget:
            current, parent = stack.pop()
            budget -= 1
            if current.type in {"comment", "line_continuation"}:
                continue
            if current.type == "string":
                text = self.text(current)
                prefix = text[: len(text) - len(text.lstrip("rRbBuUfF"))].lower().replace("u", "")
                yield f'{prefix}"{string_content(text)}"', parent
            elif not current.child_count:
                yield " ".join(self.text(current).split()), parent
            else:
                stack.extend((child, current.type) for child in reversed(current.children))

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


def unwrapped(node: Node) -> Node:
    """The expression inside any number of redundant parentheses."""
    while node.type == "parenthesized_expression":
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        if inner is None:
            break
        node = inner
    return node


def qualified(owner: str, name: str) -> str:
    """``owner.name``, or the name alone."""
    return f"{owner}.{name}" if owner else name


def placeholders(text: str) -> str:
    """A message with ``%``-style and brace placeholders shown as ``{}``."""
    return _BRACES.sub("{}", _PERCENT.sub("{}", text.replace("%%", "\0"))).replace("\0", "%")


def literal_words(text: str) -> bool:
    """Whether a message says anything besides its placeholders."""
    return any(character.isalpha() for character in text.replace("{}", ""))
