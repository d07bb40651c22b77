"""OpenAPI documents: which routes exist, who handles them, and what guards them. Schemas and texts say nothing."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.documents.entries import Context, Item, Kind
from analyzers.model import Fact, FactKind, Value

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def is_interface(root: Item) -> bool:
    """Whether a document describes an HTTP interface, or is a fragment of such a description (one path, one schema)."""
    if root.get("openapi") is not None or root.get("swagger") is not None or root.get("asyncapi") is not None:
        return True
    operations = [child for child in root.children()[:8] if child.key in METHODS]
    return bool(operations) and all(operation.get("responses") is not None for operation in operations)


def read(root: Item, context: Context) -> Iterator[Fact]:
    """One ``route`` per operation that touches the changed lines."""
    paths = root.get("paths")
    if paths is None:
        return
    for path in paths.touching(context.lines):
        for operation in path.touching(context.lines):
            if operation.key in METHODS and operation.kind is Kind.MAPPING:
                guards = operation.get("security") or root.get("security")
                names = sorted({child.key for one in guards.children() for child in one.children()}) if guards else []
                yield operation.fact(
                    FactKind.ROUTE,
                    f"{operation.key.upper()} {path.key}",
                    Value(operation.scalar("operationId")),
                    scope="",
                    attributes={"guards": ",".join(names)},
                )
