"""Tables and columns of SQLAlchemy, Django and their migrations (Alembic, Django), and what destroys data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from analyzers.languages.python_nodes import Call, Module, climb
from analyzers.languages.python_text import unwrapped
from analyzers.model import NO_VALUE, Fact, FactKind, Value
from analyzers.syntax import Node, touches

__all__ = ["annotated", "columns", "migrations", "operations", "undoes"]

_SILENT = frozenset(
    # Arguments of a field that only people read, or that only Python reads.
    "help_text verbose_name label doc comment info related_name validators error_messages key back_populates "
    "upload_to choices".split()
)
_DJANGO_FIELD = re.compile(r"^(?:\w+Field|ForeignKey)$")
_REVERSE = frozenset({"downgrade", "reverse", "backwards", "rollback"})
"""Functions that undo a migration: nobody deploys by running them."""


def _fact(
    module: Module,
    kind: FactKind,
    key: str,
    value: Value,
    node: Node,
    facets: Mapping[str, str] | None = None,
    aliases: tuple[str, ...] = (),
) -> Fact:
    return module.source.fact(kind, key, value, node=node, scope="", attributes=facets, aliases=aliases)


def _table_of(module: Module, owner: Node) -> str:
    """``__tablename__``, Django's ``db_table``, else the class's name in lower case (Django's own habit)."""
    body = owner.child_by_field_name("body")
    text = module.text(body)[:40_000] if body is not None else ""
    found = re.search(r"(?:__tablename__|db_table)\s*(?::[^=\n]*)?=\s*[\"']([\w.]+)[\"']", text)
    return found.group(1) if found else module.source.name_of(owner).lower()


def _definition(module: Module, call: Call, start: int = 0) -> tuple[str, dict[str, str]]:
    """A column's type as written, without texts for people, and its ``nullable``."""
    kept = [
        module.written(argument)
        for argument in call.positional[start:]
        if module.message(argument) is None  # Django's verbose name
    ]
    named = [
        f"{key}={module.written(value)}"
        for key, value in sorted(call.keywords.items())
        if key not in _SILENT | {"nullable", "null"}
    ]
    nullable = call.keywords.get("nullable") or call.keywords.get("null")
    facets = {} if nullable is None else {"nullable": "yes" if module.text(nullable) == "True" else "no"}
    return ", ".join(kept + named), facets


# -- models -------------------------------------------------------------------------------------------------------


def columns(module: Module, node: Node) -> Iterator[Fact]:
    """Class attributes that are columns: ``email = Column(String)``, ``mapped_column``, ``models.EmailField()``; and
    the table's name."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    owner = module.owner(node)
    if left is None or owner is None or left.type != "identifier":
        return
    name = module.text(left)
    if name in {"__tablename__", "db_table"}:
        table = module.string(right)
        if table:
            yield _fact(module, FactKind.TABLE, table, NO_VALUE, node, aliases=(module.source.name_of(owner),))
        return
    if right is None:
        yield from annotated(module, node, left, owner)
        return
    right = unwrapped(right)
    if right.type != "call":
        return
    call = module.call(right)
    if call.leaf in {"Column", "mapped_column"}:
        given = module.string(call.positional[0]) if call.positional else None
        text, facets = _definition(module, call, 1 if given else 0)
        if all(a.type == "call" and module.call(a).leaf == "ForeignKey" for a in call.positional[1 if given else 0 :]):
            text = ", ".join(part for part in (_annotation(module, node), text) if part)
        yield _column(module, node, owner, given or name, Value(text), facets)
    elif _DJANGO_FIELD.match(call.leaf) and _django(module, call, owner):
        text, facets = _definition(module, call)
        yield _column(module, node, owner, name, Value(f"{call.leaf}({text})"), facets)


def _django(module: Module, call: Call, owner: Node) -> bool:
    bases = owner.child_by_field_name("superclasses")
    text = module.text(bases) if bases is not None else ""
    return call.name.startswith("models.") or "Model" in re.sub(r"\w*(?:Form|Serializer|Filter)\w*", "", text)


def _column(module: Module, node: Node, owner: Node, name: str, value: Value, facets: Mapping[str, str]) -> Fact:
    aliases = (f"{module.source.name_of(owner)}.{name}", name)
    return _fact(module, FactKind.COLUMN, f"{_table_of(module, owner)}.{name}", value, node, facets, aliases)


def _annotation(module: Module, node: Node) -> str:
    annotation = node.child_by_field_name("type")
    text = module.written(annotation) if annotation is not None else ""
    return re.sub(r"^(?:\w+\.)?Mapped\s*\[\s*(.*?)\s*\]$", r"\1", text)


def annotated(module: Module, node: Node, left: Node, owner: Node) -> Iterator[Fact]:
    """``email: Mapped[str]`` without a value is a column too."""
    annotation = node.child_by_field_name("type")
    if annotation is None or not re.match(r"^(?:\w+\.)?Mapped\s*\[", module.text(annotation)):
        return
    text = _annotation(module, node)
    nullable = {"nullable": "yes"} if "None" in text or "Optional" in text else {}
    yield _column(module, node, owner, module.text(left), Value(text), nullable)


# -- migrations ---------------------------------------------------------------------------------------------------

_OPS = frozenset({"op", "batch_op", "batch", "operations"})


def undoes(module: Module, node: Node) -> bool:
    """Whether the node stands in a function that undoes a migration."""
    function = module.function(node)
    return function is not None and module.source.name_of(function) in _REVERSE


def operations(module: Module, node: Node) -> Iterator[Fact]:
    """Alembic's operations (``op.add_column("users", sa.Column(...))``), tables of SQLAlchemy Core, and columns within
    them; what ``downgrade`` does is no news."""
    call = module.call(node)
    receiver, _, leaf = call.name.rpartition(".")
    if leaf == "Column" and not module.owner(node):
        yield from _core_column(module, node, call)
    elif leaf in {"Index", "UniqueConstraint", "CheckConstraint"} and "." not in receiver:
        yield from _constraint(module, node, call)
    elif leaf == "Table" and len(call.positional) > 1:
        name = module.string(call.positional[0])
        if name:
            yield _fact(module, FactKind.TABLE, name, NO_VALUE, node)
    if receiver.rpartition(".")[2] not in _OPS or undoes(module, node):
        return
    texts = [_named(module, argument) for argument in call.positional]
    table = _batch_table(module, node)
    if table:
        texts.insert(0 if leaf not in {"create_index", "drop_index", "drop_constraint"} else 1, table)
    yield from _alembic(module, node, call, leaf, texts)


def _named(module: Module, node: Node) -> str:
    """A name given as a string, also through Alembic's ``op.f("ix_users_email")``."""
    if node.type == "call" and module.call(node).leaf == "f" and module.call(node).positional:
        node = module.call(node).positional[0]
    return module.string(node) or ""


def _batch_table(module: Module, node: Node) -> str:
    """The table of the ``with op.batch_alter_table("users") as batch_op`` around a call on ``batch_op``."""
    if not module.call(node).name.startswith("batch"):
        return ""
    block = climb(node, frozenset({"with_statement"}), frozenset({"function_definition"}))
    found = re.search(r"batch_alter_table\(\s*[\"'](\w+)[\"']", module.text(block)[:400]) if block is not None else None
    return found.group(1) if found else ""


def _alembic(module: Module, node: Node, call: Call, leaf: str, texts: list[str]) -> Iterator[Fact]:
    first, second = (*texts, "", "")[:2]
    if leaf == "create_table" and first:
        yield _fact(module, FactKind.TABLE, first, NO_VALUE, node)
    elif leaf == "drop_table" and first:
        yield _fact(module, FactKind.DESTRUCTIVE, f"drop_table {first}", NO_VALUE, node)
    elif leaf == "drop_column" and second:
        yield _fact(module, FactKind.DESTRUCTIVE, f"drop_column {first}.{second}", NO_VALUE, node)
    elif leaf in {"drop_index", "drop_constraint"} and first:
        of = second or module.string(call.keywords.get("table_name")) or ""
        yield _fact(module, FactKind.DESTRUCTIVE, f"{leaf} {of}.{first}".replace(" .", " "), NO_VALUE, node)
    elif leaf == "rename_table" and second:
        yield _fact(module, FactKind.TABLE, second, Value(f"renamed from {first}"), node)
    elif leaf == "alter_column" and second:
        named = {k: v for k, v in call.keywords.items() if not k.startswith("existing_") and k != "nullable"}
        text = ", ".join(f"{key}={module.written(value)}" for key, value in sorted(named.items()))
        nullable = call.keywords.get("nullable")
        facets = {} if nullable is None else {"nullable": "yes" if module.text(nullable) == "True" else "no"}
        yield _fact(module, FactKind.COLUMN, f"{first}.{second}", Value(text), node, facets, (second,))
    elif leaf == "create_index" and second:
        listed = call.argument(2, "columns")
        unique = ", unique=True" if module.text(call.keywords.get("unique") or node) == "True" else ""
        over = module.written(listed) if listed is not None else ""
        yield _fact(module, FactKind.INDEX, first or second, Value(f"{second} {over}{unique}".strip()), node)
    elif leaf.startswith("create_") and leaf.endswith(("_constraint", "_key")) and second:
        rest = ", ".join(module.written(argument) for argument in call.positional[1:])
        yield _fact(module, FactKind.CONSTRAINT, first or f"{second} {leaf}", Value(rest), node)


def _core_column(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    """A ``Column("email", String)`` inside ``Table``, ``create_table`` or ``add_column``."""
    name = module.string(call.positional[0]) if call.positional else None
    outer = climb(node, frozenset({"call"}), frozenset({"block", "assignment"}))
    if not name or outer is None or not touches(node, module.lines) or undoes(module, node):
        return
    around = module.call(outer)
    table = _batch_table(module, outer) or (module.string(around.positional[0]) if around.positional else None)
    if around.leaf in {"Table", "create_table", "add_column"} and table:
        text, facets = _definition(module, call, 1)
        yield _fact(module, FactKind.COLUMN, f"{table}.{name}", Value(text), node, facets, (name,))


def _constraint(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    owner = climb(node, frozenset({"class_definition"}))
    if owner is not None and module.source.name_of(owner) == "Meta":
        owner = climb(owner, frozenset({"class_definition"}))
    named = module.string(call.keywords.get("name"))
    parts = [module.string(argument) or module.written(argument) for argument in call.positional]
    table = _table_of(module, owner) if owner is not None else ""
    kind = FactKind.INDEX if call.leaf == "Index" else FactKind.CONSTRAINT
    if kind is FactKind.INDEX and not named and len(parts) > 1:
        named, parts = parts[0], parts[1:]  # SQLAlchemy's first argument
    fields = call.keywords.get("fields") or call.keywords.get("check") or call.keywords.get("condition")
    text = ", ".join(parts) or (module.written(fields) if fields is not None else "")
    name = named or f"{table} {text}".strip()
    if name and not undoes(module, node):
        yield _fact(module, kind, name, Value(text), node)


def migrations(module: Module, node: Node) -> Iterator[Fact]:
    """Django's migration operations: ``migrations.AddField(model_name="user", name="email", field=...)``."""
    call = module.call(node)
    receiver, _, leaf = call.name.rpartition(".")
    if receiver != "migrations":
        return
    model = (module.string(call.argument(0, "model_name")) or "").lower()
    name = module.string(call.argument(1, "name")) or ""
    if leaf in {"AddField", "AlterField"} and model and name:
        field = call.argument(2, "field")
        text = ""
        facets: dict[str, str] = {}
        if field is not None and field.type == "call":
            inner = module.call(field)
            text, facets = _definition(module, inner)
            text = f"{inner.leaf}({text})"
        yield _fact(module, FactKind.COLUMN, f"{model}.{name}", Value(text), node, facets, (name,))
    elif leaf == "CreateModel":
        yield from _create_model(module, node, call)
    elif leaf == "DeleteModel":
        table = module.string(call.argument(0, "name")) or ""
        yield _fact(module, FactKind.DESTRUCTIVE, f"drop_table {table.lower()}", NO_VALUE, node, aliases=(table,))
    elif leaf == "RemoveField" and model and name:
        yield _fact(module, FactKind.DESTRUCTIVE, f"drop_column {model}.{name}", NO_VALUE, node, aliases=(name,))
    elif leaf == "RenameField" and model:
        was = module.string(call.argument(1, "old_name")) or ""
        now = module.string(call.argument(2, "new_name")) or ""
        yield _fact(module, FactKind.COLUMN, f"{model}.{now}", Value(f"renamed from {was}"), node, aliases=(was, now))


def _create_model(module: Module, node: Node, call: Call) -> Iterator[Fact]:
    table = (module.string(call.argument(0, "name")) or "").lower()
    if not table:
        return
    yield _fact(module, FactKind.TABLE, table, NO_VALUE, node)
    fields = call.argument(1, "fields")
    for item in fields.named_children if fields is not None else ():
        parts = [child for child in item.named_children if child.type != "comment"]
        name = module.string(parts[0]) if item.type == "tuple" and len(parts) == 2 else None
        if name and parts[1].type == "call" and touches(item, module.lines):
            inner = module.call(parts[1])
            text, facets = _definition(module, inner)
            key = f"{table}.{name}"
            yield _fact(module, FactKind.COLUMN, key, Value(f"{inner.leaf}({text})"), item, facets, (name,))
