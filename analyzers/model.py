"""The nouns of the analysis: what the two sides of a diff state, how the statements differ, and what that means.

Data moves one way: ``FileDiff`` → ``Fact`` → ``Change`` → ``Finding``. Everything here is frozen, holds tuples
rather than lists, and knows nothing of git, tree-sitter, runbooks or rendering.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class DriftError(Exception):
    """Something the user has to mend before a check is possible; the text says what and how. The CLI exits with 2."""


class Area(StrEnum):
    """The three kinds of behaviour that this tool watches."""

    AUTH = "auth"
    DATA = "data"
    OPS = "ops"


class Severity(StrEnum):
    """How much a reader on call is hurt by not knowing; independent of how sure we are."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Confidence(StrEnum):
    """How sure the reading is. ``LOW`` is the ceiling for text read without a grammar: at most *suspect*."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class FileStatus(StrEnum):
    """What git says happened to a path."""

    ADDED = "added"
    DELETED = "deleted"
    MODIFIED = "modified"
    RENAMED = "renamed"


class FactKind(StrEnum):
    """The closed vocabulary of statements; design section 4. One page each in ``docs/facts.md``."""

    # auth
    GUARD = "guard"
    ROLE_GRANT = "role_grant"
    CREDENTIAL_LIFETIME = "credential_lifetime"
    CRYPTO = "crypto"
    ACCESS_POLICY = "access_policy"  # cookie, CORS and security-header settings
    SECRET = "secret"  # noqa: S105 - a kind of fact: a reference to a secret, never its content
    # data
    TABLE = "table"
    COLUMN = "column"
    INDEX = "index"
    CONSTRAINT = "constraint"
    DESTRUCTIVE = "destructive"
    RETENTION = "retention"
    STORAGE_NAME = "storage_name"  # bucket, topic, queue, database
    LOG_CALL = "log_call"
    BACKUP = "backup"
    # ops
    SETTING = "setting"
    ENV_VAR = "env_var"
    CLI_FLAG = "cli_flag"
    PORT = "port"
    ROUTE = "route"
    LIMIT = "limit"  # timeouts, retries, sizes, rates, concurrency
    SCHEDULE = "schedule"
    METRIC = "metric"
    ALERT = "alert"
    ERROR = "error"  # an error raised, returned or swallowed
    EXIT_CODE = "exit_code"
    FEATURE_FLAG = "feature_flag"
    IMAGE = "image"
    WORKLOAD = "workload"  # a field of a Kubernetes object or Compose service
    CI_JOB = "ci_job"
    TARGET = "target"  # a make target, a script command, a container entry point
    # any
    SYMBOL = "symbol"  # existence and signature of a named definition
    BEHAVIOUR = "behaviour"  # structure of a definition's body, blind to cosmetics
    TEXT = "text"  # a changed line of a file read as plain text


class ChangeKind(StrEnum):
    """How a fact differs between the two sides."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"
    MOVED = "moved"


class Unit(StrEnum):
    """What a normalised number counts. ``NONE`` means the source gave no unit and the name gave no hint."""

    SECONDS = "seconds"
    BYTES = "bytes"
    COUNT = "count"
    PERCENT = "percent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands. Lines are 1-based and inclusive; ``revision`` is ``before`` or ``after``'s name."""

    revision: str
    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """One changed region. Starts are 1-based line numbers, counts may be 0 (git's own convention:
    with a count of 0 the start is the line *before* the gap)."""

    before_start: int
    before_count: int
    after_start: int
    after_count: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One path on both sides. ``path`` is the after path (the before path when deleted); ``before``/``after`` are
    the bytes or None when that side does not exist. Paths are text in which undecodable bytes are surrogate-escaped."""

    status: FileStatus
    path: str
    old_path: str
    before: bytes | None
    after: bytes | None
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named definition: ``Session.expire``, kind ``function``, ``class``, ``method``, ``module``, ``object``."""

    name: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class Value:
    """A value as written and, where it is a quantity, normalised: ``Value("1h", 3600.0, Unit.SECONDS)``.

    ``text`` is canonical source text (quotes and layout removed); ``number`` is None for anything not a quantity.
    """

    text: str
    number: float | None = None
    unit: Unit = Unit.NONE


NO_VALUE = Value("")


@dataclass(frozen=True, slots=True)
class Fact:
    """A language-neutral statement that source makes.

    ``key`` is the canonical name (``Config.session_ttl``, ``tempo_ingester_failed_flushes_total``); ``aliases`` are
    other names under which people speak of the same thing (the flag, the YAML key, the environment variable).
    ``attributes`` are further facets that make a difference, sorted by name (an alert's ``for`` and ``severity``, a
    metric's ``labels``). ``quote`` is the source line that states it. ``scope`` separates equal keys in one file
    (the enclosing symbol's name, the YAML object) and takes part in pairing.
    """

    kind: FactKind
    key: str
    value: Value
    span: Span
    quote: str
    symbol: Symbol | None = None
    scope: str = ""
    aliases: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    confidence: Confidence = Confidence.HIGH

    def attribute(self, name: str) -> str:
        """The attribute's value, or an empty string."""
        return next((value for key, value in self.attributes if key == name), "")


@dataclass(frozen=True, slots=True)
class Change:
    """The same statement on two sides, of which at least one exists."""

    kind: ChangeKind
    before: Fact | None
    after: Fact | None

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError("a change needs at least one side")

    @property
    def fact(self) -> Fact:
        """The side that speaks for the change: after when it exists."""
        fact = self.after or self.before
        assert fact is not None
        return fact

    @property
    def path(self) -> str:
        """The path of the side that speaks for the change."""
        return self.fact.span.path


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quoted place. A claim without evidence cannot be built: an empty quote is refused."""

    span: Span
    quote: str

    def __post_init__(self) -> None:
        if not self.quote.strip():
            raise ValueError(f"evidence without a quote at {self.span.path}:{self.span.start_line}")


@dataclass(frozen=True, slots=True)
class Finding:
    """A change of behaviour that somebody on call may have to know, as one rule judged it.

    ``subject`` is the thing a runbook would name; ``message`` is one sentence without markup. ``evidence`` holds one
    or two places in code (before, after).
    """

    rule: str
    area: Area
    severity: Severity
    confidence: Confidence
    subject: str
    change: Change
    message: str
    evidence: tuple[Evidence, ...]

    @property
    def fingerprint(self) -> str:
        """12 hex digits over rule, path, symbol and subject; no line numbers, so moved lines keep it
        (the idea is oasdiff's)."""
        fact = self.change.fact
        parts = (self.rule, fact.span.path, fact.symbol.name if fact.symbol else "", self.subject)
        return digest(*parts)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not read (``partial`` False) or only in part (True), and why. Never silent."""

    path: str
    reason: str
    partial: bool = False


def digest(*parts: str) -> str:
    """12 hex digits of SHA-256 over the parts, separated so that no two lists of parts collide."""
    joined = "\x1f".join(part.replace("\x1f", " ") for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogateescape")).hexdigest()[:12]
