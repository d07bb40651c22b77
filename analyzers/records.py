"""``dataclass`` of the standard library, made in a fifth of the time where a class is frozen and plain.

A check defines 70 such classes, and the standard library compiles six functions for each: 50 ms, a tenth of a check.
Here ``__init__`` is compiled for each class and the rest is shared. Type checkers see the original; at run time a class
behaves as the original's does, :func:`dataclasses.replace` and ``asdict`` included (a test compares them), and whatever
is out of the ordinary (an option, a field's option, a base class with fields) is left to the original.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError
from dataclasses import dataclass as _original
from inspect import get_annotations  # which dataclasses imports anyway
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, **options):
        """The decorator, with the standard library's options."""
        if cls is None:
            return lambda cls: dataclass(cls, **options)
        slots = options.pop("slots", False)
        if options != {"frozen": True} or not _plain(cls):
            return _original(**options, slots=slots)(cls)
        return _made(cls, slots)


def _plain(cls: type) -> bool:
    annotations = get_annotations(cls)
    if not annotations or cls.__bases__ != (object,) or "__slots__" in cls.__dict__:
        return False
    if not all(isinstance(kind, str) for kind in annotations.values()) or _SHARED.keys() & cls.__dict__.keys():
        return False
    if any(word in str(kind) for kind in annotations.values() for word in ("ClassVar", "InitVar", "KW_ONLY")):
        return False
    values = [cls.__dict__[name] for name in annotations if name in cls.__dict__]
    return all(_ordinary(value) if isinstance(value, Field) else value.__class__.__hash__ for value in values)


def _ordinary(value: Field[Any]) -> bool:
    return bool(value.init and value.repr and value.compare and value.hash is None and value.kw_only is MISSING
                and not value.metadata)  # fmt: skip


def _made(cls: type, slots: bool) -> type:
    names = tuple(cls.__annotations__)
    body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    declared = {name: body.pop(name) for name in names if name in body}
    fields = _Fields(dict(cls.__annotations__), declared)
    defaults = {name: value.default if isinstance(value, Field) else value for name, value in declared.items()}
    if slots:
        body["__slots__"] = names
    else:
        body |= {name: value for name, value in defaults.items() if value is not MISSING}
    body |= _SHARED
    body |= {
        "__dataclass_fields__": fields,
        "__init__": _init(cls, names, declared),
        "__match_args__": names,
        "__qualname__": cls.__qualname__,
        "_values": staticmethod(attrgetter(*names) if len(names) > 1 else _one(names[0])),
    }
    return type(cls)(cls.__name__, cls.__bases__, body)


def _one(name: str) -> Any:
    return lambda record: (getattr(record, name),)


def _init(cls: type, names: tuple[str, ...], declared: dict[str, Any]) -> Any:
    """``__init__(self, a, b=default)``, the one function that is worth its own code: it is called for each fact."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_absent": MISSING}
    parameters, lines = ["self"], []
    for name in names:
        value, given = declared.get(name, MISSING), name
        if isinstance(value, Field) and value.default_factory is not MISSING:
            scope[f"_make_{name}"] = value.default_factory
            parameters.append(f"{name}=_absent")
            given = f"_make_{name}() if {name} is _absent else {name}"
        elif value is MISSING or (isinstance(value, Field) and value.default is MISSING):
            parameters.append(name)
        else:
            scope[f"_default_{name}"] = value.default if isinstance(value, Field) else value
            parameters.append(f"{name}=_default_{name}")
        lines.append(f" _set(self, {name!r}, {given})")
    lines += [" self.__post_init__()"] if "__post_init__" in cls.__dict__ else []
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines), scope)  # noqa: S102 - field names of a class
    scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return scope["__init__"]


class _Fields:
    """``__dataclass_fields__``, for which only ``replace``, ``fields`` and ``asdict`` ask; the original makes them."""

    def __init__(self, annotations: dict[str, Any], declared: dict[str, Any]) -> None:
        self._source = (annotations, declared)
        self._made: dict[str, Field[Any]] | None = None

    def __get__(self, record: object, owner: type) -> dict[str, Field[Any]]:
        if self._made is None:
            annotations, declared = self._source
            copy: Any = _original(type(owner.__name__, (), {"__annotations__": annotations, **declared}))
            self._made = copy.__dataclass_fields__
        return self._made or {}


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__}({shown})"


def _eq(self: Any, other: Any) -> bool:
    same: bool = self._values(self) == self._values(other) if other.__class__ is self.__class__ else NotImplemented
    return same


def _hash(self: Any) -> int:
    return hash(self._values(self))


def _refuse(self: object, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"cannot assign to or delete field {name!r}")


def _getstate(self: Any) -> list[object]:
    return list(self._values(self))


def _setstate(self: Any, state: list[object]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)


_SHARED: dict[str, Any] = {
    "__repr__": _repr, "__eq__": _eq, "__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse,
    "__getstate__": _getstate, "__setstate__": _setstate,
}  # fmt: skip
