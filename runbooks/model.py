"""The nouns of the mapping: runbooks, the sections in them, who owns them, and the verdict on each.

Frozen, tuples not lists; knows the analysis' nouns and nothing of git, Markdown parsing, files or rendering.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from analyzers.model import Evidence, Finding, Skipped, Span, Value, digest


class AnchorKind(StrEnum):
    """What a section can mention. Code makes facts, runbooks make anchors, mapping joins them."""

    PATH = "path"
    NAME = "name"  # symbol, setting, environment variable, flag, metric, alert, table: told apart by what code says
    FLAG = "flag"
    ENV_VAR = "env_var"
    ROUTE = "route"
    COMMAND = "command"
    VALUE = "value"
    PORT = "port"


class Place(StrEnum):
    """Where in the Markdown an anchor stands; decides how much it weighs."""

    HEADING = "heading"
    SPAN = "span"  # a code span
    FENCE = "fence"
    TABLE = "table"
    PROSE = "prose"
    LINK = "link"


class OwnerKind(StrEnum):
    """Whom a handle means."""

    USER = "user"
    TEAM = "team"
    EMAIL = "email"


class DirectiveKind(StrEnum):
    """What an inline HTML comment asks for."""

    IGNORE = "ignore"
    SNOOZE = "snooze"


class Status(StrEnum):
    """The verdict on one section for one finding; design section 3."""

    CONTRADICTED = "contradicted"
    SUSPECT = "suspect"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One mention in a section: ``target`` is what is named, ``value`` a quantity stated beside it, or None.

    ``block`` numbers the paragraph, table row or fence within the section that holds it: *updated* is earned there.
    ``explicit`` marks links that a person made on purpose (front matter ``covers:``).
    """

    kind: AnchorKind
    target: str
    value: Value | None
    span: Span
    place: Place
    block: int = 0
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Directive:
    """``<!-- drift: snooze until=2027-01-15 reason=… -->``; ``until`` None means no end date (ignore only)."""

    kind: DirectiveKind
    reason: str
    until: date | None
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or fence of a section: the unit in which *updated* is earned.

    ``text`` is the source text of its lines, ``kind`` one of ``paragraph``, ``row``, ``fence``, ``heading``, ``html``.
    """

    kind: str
    start_line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it up to the next heading of any level.

    ``headings`` is the path of heading texts from the document's top to this one (empty for a preamble), ``written``
    the same as the source has them, with markup and ``{#id}``; ``slug`` is GitHub's anchor, made unique within the
    runbook.
    """

    path: str
    headings: tuple[str, ...]
    slug: str
    span: Span
    text: str
    blocks: tuple[Block, ...]
    anchors: tuple[Anchor, ...]
    directives: tuple[Directive, ...]
    written: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The innermost heading, or an empty string for a preamble."""
        return self.headings[-1] if self.headings else ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a runbook, and where that was said (``front matter``, ``CODEOWNERS``, ``configuration`` …)."""

    handle: str
    kind: OwnerKind
    source: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """One Markdown file. ``review_every`` is in days; ``covers`` are glob patterns a person wrote."""

    path: str
    title: str
    service: str
    owners: tuple[Owner, ...]
    review_every: int | None
    last_reviewed: date | None
    covers: tuple[str, ...]
    sections: tuple[Section, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A deployable thing with paths, runbooks and owners. ``paths`` and ``runbooks`` are glob patterns."""

    name: str
    paths: tuple[str, ...]
    runbooks: tuple[str, ...]
    owners: tuple[Owner, ...]
    channel: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One signal that links a change to a section: its name, its weight in the score, and a phrase for people."""

    signal: str
    weight: float
    phrase: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to write instead: the line as it stands and as it should stand, both without line ending."""

    path: str
    line: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of one section after one finding. ``evidence`` quotes the runbook line when there is one; ``until``
    is the last day of a snooze that stands in the runbook."""

    status: Status
    finding: Finding
    section: Section | None
    reason: str
    owners: tuple[Owner, ...]
    evidence: Evidence | None
    suggestion: Suggestion | None
    score: float
    reasons: tuple[Reason, ...] = ()
    until: date | None = None

    @property
    def fingerprint(self) -> str:
        """Identifies rule, subject, and the section by slug and the name of its runbook's file: survives moved lines
        and files moved between folders. Two runbooks that say the same in sections of one name stay apart."""
        section = self.section
        place = (section.slug, section.path.rpartition("/")[2]) if section else ("",)
        return digest(self.finding.rule, self.finding.subject, *place)

    @property
    def values_hash(self) -> str:
        """Over the before and after values: an acknowledgement of 60 → 30 never covers a later 60 → 5."""
        change = self.finding.change
        sides = (change.before, change.after)
        return digest(*(f"{f.value.text}|{f.attributes}" if f else "-" for f in sides))

    @property
    def section_hash(self) -> str:
        """Over the section's text with white space folded: a decision ends when the section is rewritten."""
        return digest(" ".join(self.section.text.split())) if self.section else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on a verdict. It applies only while both hashes agree and ``until`` has not passed."""

    fingerprint: str
    values_hash: str
    section_hash: str
    kind: Status
    by: str
    reason: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of the definition of done (design section 7) and its four-valued answer."""

    name: str
    answer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts a person reads last."""

    files: int
    changes: int
    findings: int
    counts: tuple[tuple[str, int], ...]
    runbooks: int
    sections: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that ``check`` has to say about two commits."""

    base: str
    head: str
    policy_revision: str
    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...]
    skipped: tuple[Skipped, ...]
    summary: Summary
    complete: bool = True
    notes: tuple[str, ...] = field(default=())
