"""The repository's configuration, ``.runbook-drift.toml``: every key, its default, and errors that say what to write.

The classes are plain dataclasses so that a repository without configuration never pays for importing pydantic
(100 ms); :func:`load` validates with it. ``docs/configuration.md`` describes each key; a test compares them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from analyzers.model import DriftError, Severity
from runbooks.configchecks import check_patterns, check_rules
from runbooks.configreminders import EVERYWHERE, Reminders
from runbooks.model import Decision, Status

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

_T = TypeVar("_T")

FILE = ".runbook-drift.toml"
"""Where the configuration stands in a repository."""
MAX_CHARACTERS = 1_000_000
"""Configuration text that is read; a thousand decisions take a third of it."""
_Forbid = dict[str, str]
_FORBID: _Forbid = {"extra": "forbid"}


class ConfigError(DriftError):
    """The configuration cannot be used; the text names file, key, what is wrong, and what is allowed."""


class FailOn(StrEnum):
    """The mildest verdict that fails a check."""

    CONTRADICTED = "contradicted"
    SUSPECT = "suspect"
    UNCOVERED = "uncovered"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Selection:
    """``[runbooks]``: gitignore-style patterns. ``include`` replaces the conventions, ``exclude`` holds for both."""

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_patterns("include", self.include)
        check_patterns("exclude", self.exclude)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """``[services.NAME]``: gitignore-style patterns, handles, and whom to ask when owners stay silent. ``reminders`` is
    ``[services.NAME.reminders]`` completed from ``[reminders]``, None without such a table."""

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    name: str
    paths: tuple[str, ...] = ()
    runbooks: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    channel: str = ""
    escalation: tuple[str, ...] = ()
    reminders: Reminders | None = None

    def __post_init__(self) -> None:
        check_patterns("paths", self.paths)
        check_patterns("runbooks", self.runbooks)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """``[acknowledge]``: who may say that a runbook still holds, beside its owners."""

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    separation_of_duties: bool = True
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """``[limits]``: what one check reads at most; what is left out is listed as skipped."""

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    max_file_bytes: int = 2_000_000
    max_file_seconds: float = 60.0
    max_changed_lines: int = 20_000
    max_files: int = 3_000
    max_runbooks: int = 2_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 < getattr(self, name) < 1e12:
                raise ValueError(f"`{name}` must be greater than 0")


@dataclass(frozen=True, slots=True)
class Rules:
    """``[rules]``: ids (``area/name``) of rules that are switched off."""

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    disable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.disable:
            check_rules("disable", self.disable)


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """``[[decisions]]``: a decision kept in the repository, as the text output of a check prints it."""

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    fingerprint: str
    values_hash: str
    section_hash: str
    kind: Literal["acknowledged", "snoozed"]
    by: str
    reason: str
    until: date | None = None

    def __post_init__(self) -> None:
        if self.kind == "snoozed" and self.until is None:
            raise ValueError("a snoozed decision needs `until`, for example `until = 2027-01-15`")
        for name in ("fingerprint", "by", "reason"):
            if not getattr(self, name).strip():
                raise ValueError(f"`{name}` must not be empty")


@dataclass(frozen=True, slots=True)
class Config:
    """All of ``.runbook-drift.toml``; ``Config()`` is what a repository without one gets.

    ``suspect_threshold`` None means the fitted one.
    """

    __pydantic_config__: ClassVar[_Forbid] = _FORBID

    fail_on: FailOn = FailOn.CONTRADICTED
    fail_on_skipped: bool = False
    suspect_threshold: float | None = None
    alert_from: Severity = Severity.LOW
    runbooks: Selection = Selection()
    services: tuple[ServiceSettings, ...] = ()
    acknowledge: Acknowledge = Acknowledge()
    reminders: Reminders = EVERYWHERE
    limits: Limits = Limits()
    rules: Rules = Rules()
    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        if self.suspect_threshold is not None and not 0 < self.suspect_threshold < 1:
            raise ValueError("`suspect_threshold` must be between 0 and 1")


TABLES: Mapping[str, type] = {
    "runbooks": Selection,
    "services": ServiceSettings,
    "acknowledge": Acknowledge,
    "reminders": Reminders,
    "limits": Limits,
    "rules": Rules,
    "decisions": DecisionEntry,
}
"""The class of each table, for messages and for the test of the documentation."""


def load(text: str, source: str = FILE) -> Config:
    """Read a configuration text. ``source`` names it in errors. Raises :class:`ConfigError`; empty text is defaults."""
    if not text.strip():
        return Config()
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{source}: longer than {MAX_CHARACTERS:,} characters")
    import tomllib  # 5 ms, for those who have a configuration

    try:
        raw = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{source}: nested too deeply") from None
    names = _flatten_services(raw, source)
    entries = raw.pop("decisions", [])
    own = [table.pop("reminders", None) for table in raw["services"]]
    config = _validated(Config, raw, source, names)
    services = _with_reminders(config.services, own, raw.get("reminders", {}), source)
    decisions = _validated(tuple[DecisionEntry, ...], entries, source, names, ("decisions",))
    return dataclasses.replace(
        config,
        services=services,
        decisions=tuple(
            Decision(d.fingerprint, d.values_hash, d.section_hash, Status(d.kind), d.by, d.reason, d.until)
            for d in decisions
        ),
    )


def _with_reminders(
    services: tuple[ServiceSettings, ...], own: Sequence[object], common: Mapping[str, object], source: str
) -> tuple[ServiceSettings, ...]:
    """Services with their tables of reminders, each completed from the common one, which is valid already."""
    found = []
    for service, table in zip(services, own, strict=True):
        if table is not None:
            merged = {**common, **table} if isinstance(table, dict) else table
            at = ("services", service.name, "reminders")
            service = dataclasses.replace(service, reminders=_validated(Reminders, merged, source, (), at))
        found.append(service)
    return tuple(found)


def _flatten_services(raw: dict[str, object], source: str) -> list[str]:
    """``[services.NAME]`` tables become a list whose entries carry their name; returns the names by index."""
    tables = raw.get("services", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{source}: `services` holds tables, one per service: write `[services.payments]`")
    for name, table in tables.items():
        if "name" in table:
            raise ConfigError(f"{source}: unknown key `services.{name}.name`; the name stands in the table's heading")
    raw["services"] = [{**table, "name": name} for name, table in tables.items()]
    return list(tables)


_adapters: dict[type, TypeAdapter[Any]] = {}
"""Made once: each takes ten milliseconds in which no other thread of a server runs."""


def _validated(kind: type[_T], raw: object, source: str, services: Sequence[str], at: tuple[str, ...] = ()) -> _T:
    from pydantic import TypeAdapter, ValidationError  # 100 ms that only a configured repository pays

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    try:
        valid: _T = _adapters[kind].validate_python(raw)
        return valid
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{source}: {_sentence(first, services, at)}") from None


def _sentence(error: ErrorDetails, services: Sequence[str], at: tuple[str, ...]) -> str:
    """One validation error as one sentence that names the key as it is written in the file."""
    where = [*at, *error["loc"]]
    if where[:1] == ["services"] and len(where) > 1 and isinstance(where[1], int):
        where[1] = services[where[1]]
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    if error["type"] == "unexpected_keyword_argument":
        return f"unknown key `{key}`; {_nearest(where)}"
    if error["type"] in ("missing", "missing_argument"):
        return f"key `{key}` is missing"
    context = error.get("ctx", {})
    if error["type"] in ("enum", "literal_error"):
        return f"key `{key}` is {error['input']!r}; allowed are {context.get('expected')}"
    if error["type"] == "value_error":
        return f"{f'in `{key}`: ' if key else ''}{context.get('error')}"
    allowed = _ALLOWED.get(error["type"], error["msg"])
    return f"key `{key}` is {str(error['input'])[:60]!r}; it must be {allowed}"


_ALLOWED = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "string_type": "a text",
    "tuple_type": "a list",
    "dataclass_type": "a table",
    "date_type": "a date such as 2027-01-15",
    "date_from_datetime_parsing": "a date such as 2027-01-15",
}


def _nearest(where: Sequence[str | int]) -> str:
    from rapidfuzz import process  # only on the way to an error

    table = TABLES.get(str(where[0]), Config) if len(where) > 1 else Config
    if where[0] == "services" and where[2:3] == ["reminders"] and len(where) > 3:
        table = Reminders
    known = [field.name for field in dataclasses.fields(table) if (table, field.name) != (ServiceSettings, "name")]
    found = process.extractOne(str(where[-1]), known, score_cutoff=60)
    if found:
        return f"did you mean `{found[0]}`?"
    return f"known here are {', '.join(f'`{name}`' for name in known)}"
