"""Which reader a document gets, by its path and its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from analyzers.documents import alerts, compose, embedded, interfaces, kubernetes, packages, settings, workflows
from analyzers.documents.entries import MAX_ITEMS, Budget, Context, Handler, Item, Kind, walk
from analyzers.documents.silent import silent_shape
from analyzers.model import Fact
from analyzers.syntax import Lines

HANDLERS: tuple[Handler, ...] = (
    alerts.rules,
    kubernetes.objects,
    settings.prose,
    settings.environment,
    settings.arguments,
    settings.images,
    settings.statements,
    embedded.blocks,
)
"""What is understood anywhere in any document, in this order."""

_PLAYBOOK_PATH = re.compile(r"(?:^|/)(?:tasks|handlers|playbooks?|roles)/|playbook")
Reader = Callable[[Item, Context], Iterable[Fact]]


def context_for(lines: Lines, extra: tuple[Handler, ...] = ()) -> Context:
    """The reading of a whole document; ``extra`` handlers of a format come first."""
    return Context(lines, (*extra, *HANDLERS), settings.leaf, Budget())


def read(root: Item, context: Context) -> Iterator[Fact]:
    """The facts of one document that touch the changed lines."""
    if not root.on(context.lines) or silent_shape(root):
        return
    yield from _reader(root)(root, context)


def _reader(root: Item) -> Reader:
    path = root.page.path
    if root.kind is Kind.MAPPING:
        if compose.is_compose(root, path):
            return compose.read
        kind = workflows.reader(root, path)
        if kind:
            return lambda item, context: workflows.read(item, context, kind)
        if interfaces.is_interface(root):
            return interfaces.read
        special = packages.reader(root, path)
        if special is not None:
            return special
    if root.kind is Kind.SEQUENCE and (_PLAYBOOK_PATH.search(path) or packages.is_playbook(root)):
        return packages.playbook
    return walk


def exhausted(context: Context) -> str:
    """Why a reading stopped early, or an empty string."""
    return f"more than {MAX_ITEMS:,} changed values" if context.budget.left <= 0 else ""
