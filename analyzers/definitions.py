"""Facts that every grammar yields the same way: which definitions exist, with what signature, and how they behave."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.model import Fact, FactKind, Value, digest
from analyzers.syntax import Lines, Node, Source, touches

_PARAMETER_FIELDS = ("parameters", "result", "type_parameters", "superclasses", "type")


def definitions(source: Source, lines: Lines) -> Iterator[Fact]:
    """``symbol`` facts (key: qualified name, value: signature) and ``behaviour`` facts
    (key: qualified name, value: body hash) of the definitions that touch the lines.

    A class has no behaviour of its own: its members speak for it.
    """
    scopes = source.grammar.scopes
    for node in source.touching(lines):
        symbol = source.symbol(node)
        if symbol is None:
            continue
        shape = _shape(source, node)
        yield source.fact(
            FactKind.SYMBOL,
            symbol.name,
            Value(_signature(source, node)),
            node=node,
            scope="",
            attributes={"kind": scopes[node.type]},
        )
        if scopes[node.type] in {"function", "method"}:
            yield source.fact(FactKind.BEHAVIOUR, symbol.name, Value(shape), node=node, scope="")


def statements(source: Source, lines: Lines, kinds: frozenset[str]) -> Iterator[Fact]:
    """``behaviour`` facts with key ``<module>`` for top-level statements of the given node types that touch the lines:
    code that runs at import or as a script."""
    for node in source.root.named_children:
        if node.type in kinds and touches(node, lines):
            yield source.fact(FactKind.BEHAVIOUR, "<module>", Value(source.shape(node)), node=node, scope="")


def _shape(source: Source, node: Node) -> str:
    """The hash of a definition's body, with its decorators when it has some."""
    shape = source.shape(node.child_by_field_name("body") or node)
    wrapper = node.parent
    if wrapper is None or wrapper.type not in source.grammar.wrappers:
        return shape
    decorators = [source.canonical(child) for child in wrapper.named_children if child.type == "decorator"]
    return digest(shape, *decorators) if decorators else shape


def _signature(source: Source, node: Node) -> str:
    parts = (node.child_by_field_name(name) for name in _PARAMETER_FIELDS)
    texts = [source.canonical(part) for part in parts if part is not None and part.type != "struct_type"]
    # ``class A():`` says the same as ``class A:``.
    return " ".join(text for text in texts if text != "( )" or node.child_by_field_name("superclasses") is None)
