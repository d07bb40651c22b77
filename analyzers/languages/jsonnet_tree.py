"""Jsonnet as a neutral tree.

An expression is read for the data in it: objects joined by ``+`` (or by branches of a conditional) are one mapping,
function calls are items of their own, everything else is a scalar with the expression's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzers.documents.entries import Item, Kind, Page
from analyzers.documents.nodes import children_on, last_line
from analyzers.languages.jsonnet_text import COMMENTS, LITERALS, Texts, chain, content, groups
from analyzers.syntax import Lines, Node, Source

MAX_PARTS = 2000
"""Operands of one expression that are looked at."""


@dataclass(frozen=True, slots=True)
class Call:
    """One application in a chain: ``deployment.new(…).withReplicas(3)`` has two. ``name`` is what stands between this
    application and the one before."""

    name: str
    arguments: Node


class Parts:
    """What an expression is made of."""

    def __init__(self) -> None:
        self.objects: list[Node] = []
        self.arrays: list[Node] = []
        self.calls: list[Call] = []
        self.binds: list[Node] = []
        self.others: list[Sequence[Node]] = []


class JsonnetPage(Page):
    """A jsonnet file."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.path, source.revision, source.data)
        self.source = source
        self.texts = Texts(source)


class JsonnetItem(Item):
    """One value of a jsonnet file: a group of sibling nodes. ``bound`` marks a local; ``name`` is a call's callee."""

    __slots__ = ("bound", "call", "group", "jsonnet", "parts")

    def __init__(
        self,
        page: JsonnetPage,
        group: Sequence[Node],
        place: tuple[int, int],
        key: str = "",
        parent: Item | None = None,
        call: Call | None = None,
    ) -> None:
        self.jsonnet = page
        self.group = group
        self.call = call
        self.bound = False
        self.parts = Parts() if call else _parts(page.source, group)
        super().__init__(page, Kind.CALL if call else _kind(self.parts, group), place, key, parent)

    @property
    def literal(self) -> bool:
        """Whether the value is written out, not computed."""
        nodes = [node for node in self.group if node.is_named]
        return len(nodes) == 1 and nodes[0].type in LITERALS

    def arguments(self) -> list[tuple[str, list[Node]]]:
        """A call's arguments as (name or empty, group)."""
        found: list[tuple[str, list[Node]]] = []
        if self.call is None:
            return found
        for child in self.call.arguments.named_children:
            if child.type != "arg":
                continue
            nodes = [node for node in child.children if node.type not in COMMENTS]
            named = len(nodes) > 2 and nodes[0].type == "ident" and self.jsonnet.source.text(nodes[1]) == "="
            found.append((self.jsonnet.source.text(nodes[0]), nodes[2:]) if named else ("", nodes))
        return found

    def argument_items(self, key: str, lines: Lines | None = None) -> Iterator[JsonnetItem]:
        """A call's arguments as items under the given key."""
        for name, group in self.arguments():
            if group and (lines is None or _on(group, lines)):
                yield JsonnetItem(self.jsonnet, group, _place(group), name or key, self)

    def block_lines(self) -> tuple[int, int] | None:
        """First and last line of a text block's content, also of one that is formatted."""
        node = self.group[0] if len(self.group) == 1 else None
        if node is not None and node.type == "binary_expr":
            left = node.children_by_field_name("lhs")
            node = left[0] if len(left) == 1 else None
        if node is None or node.type != "string_block":
            return None
        return node.start_point[0] + 2, max(node.start_point[0] + 2, last_line(node) - 1)

    def _expand(self, lines: Lines | None, limit: int) -> Iterator[Item]:
        for bind in self.parts.binds:
            yield from self._bind(bind, lines)
        for node in self.parts.objects:
            for member in children_on(node, lines, limit * 2):
                if member.type in {"member", "field"}:
                    yield from self._member(member, lines)
        for node in self.parts.arrays:
            for group in groups(node):
                if lines is None or _on(group, lines):
                    yield JsonnetItem(self.jsonnet, group, _place(group), "", self)
        for call in self.parts.calls:
            if lines is None or _on([call.arguments], lines):
                yield JsonnetItem(self.jsonnet, [call.arguments], _place([call.arguments]), "", self, call)

    def _member(self, member: Node, lines: Lines | None) -> Iterator[JsonnetItem]:
        inner = member if member.type == "field" else next(iter(member.named_children), None)
        if inner is None:
            return
        if inner.type == "member_local":
            for bind in inner.named_children:
                yield from self._bind(bind, lines)
        elif inner.type == "field":
            name, group, seen = "", [], False
            for child in inner.children:
                if child.type == "field_name":
                    name = self._name(child)
                elif child.type == "visibility":
                    seen = True
                elif seen and child.type not in COMMENTS:
                    group.append(child)
            if name and group:
                yield JsonnetItem(self.jsonnet, group, (inner.start_point[0] + 1, last_line(inner)), name, self)

    def _bind(self, bind: Node, lines: Lines | None) -> Iterator[JsonnetItem]:
        if bind.type != "bind" or (lines is not None and not _on([bind], lines)):
            return
        children = [child for child in bind.children if child.type not in COMMENTS and child.type != "="]
        names = [child for child in children[:1] if child.type == "ident"]
        group = [child for child in children[1:] if child.type not in {"params", "(", ")"}]
        if names and group:
            place = (bind.start_point[0] + 1, last_line(bind))
            item = JsonnetItem(self.jsonnet, group, place, self.jsonnet.source.text(names[0]), self)
            item.bound = True
            yield item

    def _name(self, field_name: Node) -> str:
        inner = [child for child in field_name.children if child.type not in COMMENTS and child.type not in {"[", "]"}]
        if len(inner) == 1 and inner[0].type == "ident":
            return self.jsonnet.source.text(inner[0])
        if len(inner) == 1 and inner[0].type == "string":
            return content(self.jsonnet.source, inner[0])
        return f"[{self.jsonnet.texts.of(inner)}]"

    def _read(self) -> str:
        if self.call is not None:
            return f"{self.call.name}{self.jsonnet.texts.tokens([self.call.arguments])}"
        return self.jsonnet.texts.of(self.group)


def root_of(page: JsonnetPage) -> JsonnetItem | None:
    """The value of the file, or None when it is empty."""
    group = [child for child in page.source.root.children if child.type not in COMMENTS]
    return JsonnetItem(page, group, (1, last_line(page.source.root))) if group else None


def _on(group: Sequence[Node], lines: Lines) -> bool:
    first, last = _place(group)
    return any(first <= end and start <= last for start, end in lines)


def _place(group: Sequence[Node]) -> tuple[int, int]:
    return group[0].start_point[0] + 1, last_line(group[-1])


def _kind(parts: Parts, group: Sequence[Node]) -> Kind:
    written = any(len(one) == 1 and one[0].type in LITERALS for one in parts.others)
    if parts.objects:
        return Kind.MAPPING
    if parts.arrays:
        return Kind.SEQUENCE
    if parts.calls and not written:
        return Kind.MAPPING if len(parts.calls) > 1 or parts.others else Kind.CALL
    if len(group) == 1 and group[0].type == "literal" and group[0].text == b"null":
        return Kind.NULL
    return Kind.SCALAR


def _parts(source: Source, group: Sequence[Node]) -> Parts:
    """The objects, arrays, calls and other operands of an expression, without recursion."""
    parts = Parts()
    stack: list[Sequence[Node]] = [group]
    count = 0
    while stack and count < MAX_PARTS:
        count += 1
        one = [node for node in stack.pop() if node.type not in COMMENTS]
        if not one:
            continue
        head, tail = one[0], one[-1]
        if tail.type == "suffix_object_apply":
            parts.objects += [child for child in tail.named_children if child.type == "object"]
            if any(node.type == "suffix_apply" for node in one[:-1]):
                stack.append(one[:-1])
        elif tail.type == "suffix_apply":
            parts.calls += _calls(source, one)
        elif len(one) == 1:
            stack.extend(_opened(source, head, parts))
        else:
            parts.others.append(one)
    return parts


def _opened(source: Source, node: Node, parts: Parts) -> Iterator[Sequence[Node]]:
    """The groups inside one node that carry its data; a node that carries none goes to ``parts`` itself."""
    if node.type == "object":
        parts.objects.append(node)
    elif node.type == "array":
        parts.arrays.append(node)
    elif node.type == "parened":
        yield [child for child in node.children if child.type not in {"(", ")"}]
    elif node.type in {"local_expr", "function_expr", "ERROR"}:
        parts.binds += [child for child in node.named_children if child.type == "bind"]
        yield [child for child in node.named_children if child.type not in {"bind", "params"} | COMMENTS]
    elif node.type == "if_then_else":
        yield from reversed(_branches(node))
    elif node.type == "binary_expr":
        operands = chain(node, source)
        if len(operands) > 1:
            yield from reversed(operands)
        else:
            parts.others.append([node])
    else:
        parts.others.append([node])


def _branches(node: Node) -> list[list[Node]]:
    branches: list[list[Node]] = []
    for child in node.children:
        if child.type in {"then", "else"}:
            branches.append([])
        elif branches and child.type not in COMMENTS:
            branches[-1].append(child)
    return branches


def _calls(source: Source, group: Sequence[Node]) -> list[Call]:
    calls: list[Call] = []
    name = ""
    for node in group:
        if node.type == "suffix_apply":
            calls.append(Call(name.strip("."), node))
            name = ""
        else:
            plain = node.type in {"suffix_index", "ident_ref", "dollar", "literal"}
            name += source.text(node) if plain else "."
    return calls
