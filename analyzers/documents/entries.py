"""The neutral tree of an operational document: mappings, sequences and scalars with their lines.

A format subclasses :class:`Item` and says how an item expands and what its text is; readers of meaning know only what
is here. Everything is lazy: only items that touch changed lines are ever built, plus the first members of their
parents when a reader asks for one by name.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

from analyzers.model import NO_VALUE, Confidence, Fact, FactKind, Span, Symbol, Value
from analyzers.syntax import QUOTE_CHARS, Lines

HEAD = 120
"""Members of a mapping that are looked at for one by name: operational objects have fewer, data tables more."""

MAX_DEPTH = 120
"""Deepest nesting that is read; real documents stay under 30."""

LONG_TEXT = 400
"""Characters beyond which a value (a script) is cut and a digest tells two of them apart."""


class Kind(StrEnum):
    """What an item is: ``NULL`` is a key without a value, ``ALIAS`` is not expanded, ``CALL`` is a function call."""

    MAPPING = "mapping"
    SEQUENCE = "sequence"
    SCALAR = "scalar"
    NULL = "null"
    ALIAS = "alias"
    CALL = "call"


class Page:
    """The file (or part of one) that items stand in: its path, revision and text as a person sees it. ``offset`` lines
    of the file stand before that text; line numbers are always the file's."""

    def __init__(self, path: str, revision: str, shown: bytes, offset: int = 0) -> None:
        self.path = path
        self.revision = revision
        self.shown = shown
        self.offset = offset
        self._lines: list[bytes] | None = None

    def raw(self, number: int, limit: int | None = None) -> str:
        """The 1-based line without its ending, at most ``limit`` bytes of it; empty beyond the end."""
        if self._lines is None:
            self._lines = self.shown.split(b"\n")
        index = number - 1 - self.offset
        if not 0 <= index < len(self._lines):
            return ""
        return self._lines[index][:limit].decode("utf-8", "replace").rstrip("\r")

    def line(self, number: int) -> str:
        """The 1-based line, stripped and cut to the length of a quote."""
        return self.raw(number, 8 * QUOTE_CHARS).strip()[:QUOTE_CHARS]


_IDENTITY = (
    "name", "id", "pk", "alert", "record", "key", "job_name", "job", "sid", "Sid", "host", "hostname", "path",
)  # fmt: skip
"""Members that tell the items of a list apart, best first: Kubernetes' merge keys, Prometheus' and Ansible's names."""


class Item(ABC):
    """One value of the document with its place. ``key`` is its name in the parent mapping (empty in a sequence);
    ``first``/``last`` are its 1-based lines, the key's line included; ``tag`` is an explicit type tag (``!Ref``)."""

    __slots__ = ("_children", "_label", "_text", "depth", "first", "key", "kind", "last", "page", "parent", "tag")

    def __init__(
        self, page: Page, kind: Kind, place: tuple[int, int], key: str = "", parent: Item | None = None
    ) -> None:
        self.page = page
        self.kind = kind
        self.first, self.last = place
        self.key = key
        self.parent = parent
        self.tag = ""
        self.depth: int = parent.depth + 1 if parent is not None else 0
        self._children: tuple[Item, ...] | None = None
        self._text: str | None = None
        self._label: str | None = None

    @abstractmethod
    def _expand(self, lines: Lines | None, limit: int) -> Iterator[Item]:
        """The members or elements that touch the lines (all when None), at most ``limit`` when it is above 0."""

    @abstractmethod
    def _read(self) -> str:
        """The text of a scalar: content without quotes, layout folded where the format folds it."""

    def block_lines(self) -> tuple[int, int] | None:
        """First and last line of a literal text block's content, or None for anything else."""
        return None

    # -- moving about ---------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """A scalar's text (with its tag), else an empty string."""
        if self._text is None:
            text = self._read() if self.kind in {Kind.SCALAR, Kind.CALL} else ""
            self._text = f"{self.tag} {text}".strip() if self.tag else text
        return self._text

    def children(self) -> tuple[Item, ...]:
        """The first :data:`HEAD` members or elements."""
        if self._children is None:
            self._children = tuple(self._expand(None, HEAD)) if self.depth < MAX_DEPTH else ()
        return self._children

    def touching(self, lines: Lines) -> Iterator[Item]:
        """The members or elements that touch the lines; none below :data:`MAX_DEPTH`."""
        return self._expand(lines, 0) if self.depth < MAX_DEPTH else iter(())

    def get(self, *path: str) -> Item | None:
        """The member at that path of keys, or None."""
        current: Item | None = self
        for key in path:
            if current is None or current.kind is not Kind.MAPPING:
                return None
            current = next((child for child in current.children() if child.key == key), None)
        return current

    def scalar(self, *path: str) -> str:
        """The text of the scalar at that path, or an empty string."""
        item = self.get(*path)
        return item.text if item is not None else ""

    def on(self, lines: Lines) -> bool:
        """Whether the item touches the lines."""
        return any(self.first <= end and start <= self.last for start, end in lines)

    # -- names ----------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """The item's segment in a path: its key, or ``[name]`` for a list item with an identity, else ``[]``."""
        if self._label is None:
            self._label = self.key or (f"[{identity}]" if (identity := self.identity) else "[]")
        return self._label

    @property
    def identity(self) -> str:
        """What tells this list item from its siblings, or an empty string."""
        if self.kind is not Kind.MAPPING:
            return ""
        found = {child.key: child.text for child in self.children()[:24] if child.key in _IDENTITY}
        for name in _IDENTITY:
            text = found.get(name, "")
            if text and len(text) <= 80 and "\n" not in text:
                return text
        return ""

    def named(self) -> Item:
        """The item itself or its nearest ancestor with a key: the list that an element stands in."""
        current = self
        while not current.key and current.parent is not None:
            current = current.parent
        return current

    def path_from(self, base: Item | None) -> str:
        """The dotted path of labels below ``base`` (from the root when None); an element that is a scalar has
        its list's path."""
        labels: list[str] = []
        current: Item | None = self
        while current is not None and current is not base and current.parent is not None:
            labels.append(current.label)
            current = current.parent
        while labels and labels[0] == "[]":
            labels.pop(0)
        path = ""
        for label in reversed(labels):
            path += label if label.startswith("[") or not path else f".{label}"
        return path.replace("[]", "").lstrip(".")

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def span(self) -> Span:
        """The item's place."""
        return Span(self.page.revision, self.page.path, self.first, self.last)

    @property
    def quote(self) -> str:
        """The item's first line, or the next that is not blank."""
        lines = (self.page.line(number) for number in range(self.first, min(self.last, self.first + 5) + 1))
        return next((line for line in lines if line), "")

    def fact(
        self,
        kind: FactKind,
        key: str,
        value: Value = NO_VALUE,
        *,
        owner: Owner | None = None,
        scope: str | None = None,
        aliases: Sequence[str] = (),
        attributes: Mapping[str, str] | None = None,
        confidence: Confidence = Confidence.HIGH,
        quote: str | None = None,
    ) -> Fact:
        """A fact that stands at this item. ``owner`` is the object it belongs to; ``scope`` defaults to its name."""
        symbol = Symbol(owner.name, "object", owner.item.span) if owner else None
        if scope is None:
            scope = owner.name if owner else ""
        facets = tuple(sorted((name, text) for name, text in (attributes or {}).items() if text))
        names = tuple(dict.fromkeys(alias for alias in aliases if alias and alias != key))
        shown = self.quote if quote is None else quote
        return Fact(kind, key, value, self.span, shown, symbol, scope, names, facets, confidence)


@dataclass(frozen=True, slots=True)
class Owner:
    """A named object that facts belong to: ``Deployment/api``, ``Deployment/api/nginx``, ``service/redis``."""

    name: str
    item: Item


Handler: TypeAlias = "Callable[[Item, Context], Iterable[Fact] | None]"
"""Reads an item and everything below it, or returns None to leave it to others."""


MAX_ITEMS = 8_000
"""Items of one side of a file that are read; a change of more is a change of data."""


class Budget:
    """How many items may still be read; shared by all parts of one reading."""

    def __init__(self, left: int = MAX_ITEMS) -> None:
        self.left = left


@dataclass(frozen=True, slots=True)
class Context:
    """How a part of a document is read.

    ``lines`` are the changed lines; ``owner`` the object facts belong to; ``base`` the item that keys are relative to;
    ``prefix`` stands before keys (``tempo.yaml: ``); ``handlers`` get every item first, in order; ``leaf`` states the
    scalars that no handler took; ``budget`` bounds the work.
    """

    lines: Lines
    handlers: tuple[Handler, ...]
    leaf: Callable[[Item, Context], Iterable[Fact]]
    budget: Budget
    owner: Owner | None = None
    base: Item | None = None
    prefix: str = ""
    embedded: int = 0

    def within(self, owner: Owner | None, base: Item | None) -> Context:
        """The same reading for a part with its own owner and base."""
        return replace(self, owner=owner, base=base)

    def key(self, item: Item) -> str:
        """The item's key in facts."""
        return self.prefix + item.path_from(self.base)


def walk(item: Item, context: Context, *, skip_handlers: bool = False) -> Iterator[Fact]:
    """The facts of an item and of what stands below it on changed lines. ``skip_handlers``: it is its own handler's."""
    stack = [item]
    while stack and context.budget.left > 0:
        context.budget.left -= 1
        current = stack.pop()
        claimed: Iterable[Fact] | None = None
        if not (skip_handlers and current is item):
            for handler in context.handlers:
                claimed = handler(current, context)
                if claimed is not None:
                    break
        if claimed is not None:
            yield from claimed
        elif current.kind in {Kind.MAPPING, Kind.SEQUENCE}:
            stack.extend(reversed(tuple(islice(current.touching(context.lines), context.budget.left))))
        elif current.kind is not Kind.ALIAS:
            yield from context.leaf(current, context)
            if current.kind is Kind.CALL:
                stack.extend(reversed(tuple(islice(current.touching(context.lines), context.budget.left))))


def brief(text: str) -> str:
    """The text with blanks folded; a long one is cut and ends in a digest of the whole."""
    folded = re.sub(r"\s+", " ", text).strip()
    if len(folded) <= LONG_TEXT:
        return folded
    return f"{folded[:LONG_TEXT]}… #{hashlib.sha256(folded.encode()).hexdigest()[:8]}"
