"""What the rules on data know of migrations: what only runs backwards, and what takes structure but no row."""

from __future__ import annotations

from analyzers.model import Fact
from analyzers.vocabulary import words

_BACKWARDS = frozenset({"downgrade", "down", "backwards", "backward", "reverse", "rollback", "revert", "undo"})

STRUCTURE_ONLY = frozenset(
    "drop_index drop_constraint drop_view drop_trigger drop_function drop_sequence drop_type drop_foreign_key".split()
)
"""Destructive operations that take away structure but no row; ``data/schema-changed`` reports them."""


def takes_back(fact: Fact) -> bool:
    """Whether the fact stands in the backward direction of a migration: a function named so, or a ``.down.`` file."""
    name = fact.symbol.name.rsplit(".", 1)[-1] if fact.symbol else fact.scope
    return bool(set(words(name)) & _BACKWARDS) or ".down." in fact.span.path.rsplit("/", 1)[-1]
