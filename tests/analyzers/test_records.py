"""Records behave as the standard library's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, field
from functools import cached_property
from typing import Any, ClassVar

import pytest

from analyzers import records


@records.dataclass(frozen=True, slots=True)
class Span:
    """Where."""

    path: str
    line: int = 1

    def __post_init__(self) -> None:
        if self.line < 1:
            raise ValueError("lines count from 1")

    @property
    def shown(self) -> str:
        return f"{self.path}:{self.line}"


@records.dataclass(frozen=True)
class Bag:
    """What."""

    items: tuple[int, ...] = ()
    more: Mapping[str, int] = field(default_factory=dict)
    note: str = field(default="-")

    @cached_property
    def total(self) -> int:
        return sum(self.items)


@records.dataclass(frozen=True, slots=True)
class One:
    """A single field."""

    value: int


def twin(cls: type, slots: bool) -> Any:
    """The same class by the original decorator."""
    body = {name: getattr(cls, name) for name in ("__post_init__",) if hasattr(cls, name)}
    for name, found in dataclasses.fields(cls) and ((f.name, f) for f in dataclasses.fields(cls)):
        if found.default is not dataclasses.MISSING:
            body[name] = found.default
        if found.default_factory is not dataclasses.MISSING:
            body[name] = field(default_factory=found.default_factory)
    body |= {"__annotations__": cls.__annotations__, "__qualname__": cls.__qualname__}
    return dataclasses.dataclass(frozen=True, slots=slots)(type(cls.__name__, (), body))


CALLS: list[tuple[type, bool, Callable[[Any], Any]]] = [
    (Span, True, lambda cls: cls("a", 2)),
    (Span, True, lambda cls: cls(path="a")),
    (Span, True, lambda cls: cls()),
    (Span, True, lambda cls: cls("a", 0)),
    (Span, True, lambda cls: cls("a", 1, 2)),
    (Span, True, lambda cls: dataclasses.replace(cls("a", 2), line=3)),
    (Span, True, lambda cls: dataclasses.replace(cls("a", 2), line=0)),
    (Span, True, lambda cls: dataclasses.asdict(cls("a", 2))),
    (Span, True, lambda cls: dataclasses.astuple(cls("a", 2))),
    (Span, True, lambda cls: copy.deepcopy(cls("a", 2))),
    (Span, True, lambda cls: copy.copy(cls("a", 2)) == cls("a", 2)),
    (Span, True, lambda cls: (cls("a", 2) == cls("a", 2), cls("a", 2) == cls("a", 3), cls("a") == ("a", 1))),
    (Span, True, lambda cls: hash(cls("a", 2))),
    (Span, True, lambda cls: cls.__match_args__),
    (Span, True, lambda cls: sorted(cls.__slots__)),
    (Span, True, lambda cls: [f.name for f in dataclasses.fields(cls)]),
    (Span, True, lambda cls: (cls.__name__, cls.__qualname__, hasattr(cls("a"), "__dict__"))),
    (Bag, False, lambda cls: cls()),
    (Bag, False, lambda cls: cls((1,), {"a": 1}, "n")),
    (Bag, False, lambda cls: cls().more is cls().more),
    (Bag, False, lambda cls: hash(cls())),
    (Bag, False, lambda cls: (cls.note, cls.items, hasattr(cls, "more"))),
    (One, True, lambda cls: (cls(1), cls(1) == cls(1), hash(cls(1)))),
]


def outcome(call: Callable[[Any], Any], cls: Any) -> object:
    try:
        return repr(call(cls))
    except (TypeError, ValueError) as problem:
        return f"{type(problem).__name__}: {problem}"


@pytest.mark.parametrize(("cls", "slots", "call"), CALLS)
def test_records_do_what_dataclasses_do(cls: type, slots: bool, call: Callable[[Any], Any]) -> None:
    assert outcome(call, cls) == outcome(call, twin(cls, slots))


@pytest.mark.parametrize("record", [Span("a", 2), Bag((1, 2), {"a": 1}), One(3)])
def test_records_are_frozen_and_can_be_sent(record: Any) -> None:
    name = dataclasses.fields(record)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, 1)
    with pytest.raises(FrozenInstanceError):
        delattr(record, name)
    assert pickle.loads(pickle.dumps(record)) == record
    assert dataclasses.is_dataclass(record)


def test_properties_work() -> None:
    assert Span("a").shown == "a:1"
    bag = Bag((1, 2))
    assert bag.total == bag.total == 3


def test_what_is_out_of_the_ordinary_is_left_to_the_original() -> None:
    @records.dataclass
    class Plain:
        """Not frozen."""

        a: int = 1

    @records.dataclass(frozen=True, order=True)
    class Ordered:
        """Comparable."""

        a: int

    @records.dataclass(frozen=True)
    class Special:
        """With a class variable and a hidden field."""

        shared: ClassVar[int] = 1
        a: int = field(default=2, repr=False)

    with pytest.raises(ValueError, match="mutable default"):

        @records.dataclass(frozen=True)
        class Shared:
            """A list that all would share."""

            a: list[int] = []  # noqa: RUF012

    Plain().a = 2
    assert Ordered(1) < Ordered(2)
    assert repr(Special()).endswith("Special()")
