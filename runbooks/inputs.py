"""What a check depends on, and what its first half hands to the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from analyzers.model import FileDiff, Skipped
from analyzers.pipeline import Analysis, Limits
from runbooks.config import Config
from runbooks.contradiction import StillDefined
from runbooks.edited import SectionKey
from runbooks.history import Together
from runbooks.index import Index, SectionTerms, section_terms
from runbooks.kept import Naming
from runbooks.mapping import Ranked
from runbooks.model import Owner, Runbook, Section
from runbooks.query import Query
from runbooks.verdict import Directed


@dataclass(frozen=True)
class Inputs:
    """All that a check depends on. ``before``/``after`` are the runbooks of base and head (the same tuple when the diff
    changed none, or with ``--without-doc-changes``); ``directives`` come from the policy revision, by section.
    ``naming`` finds the lines at head that hold one of several names; ``claims`` tells whether a section's runbook or
    service claims a path; ``past`` gives the earlier changes that share files with the given paths."""

    base: str
    head: str
    policy_revision: str
    diffs: tuple[FileDiff, ...]
    before: tuple[Runbook, ...]
    after: tuple[Runbook, ...]
    as_of: date
    skipped: tuple[Skipped, ...] = ()
    limits: Limits = field(default_factory=Limits)
    disabled: frozenset[str] = frozenset()
    suspect_threshold: float | None = None
    moved: Mapping[str, str] = field(default_factory=dict)
    directives: Mapping[SectionKey, Directed] = field(default_factory=dict)
    owners: Callable[[Section], tuple[Owner, ...]] = lambda section: ()
    covers: Callable[[Runbook, Sequence[str]], str] = lambda runbook, paths: ""
    still_defined: StillDefined = lambda name: True
    naming: Naming = lambda names: ()
    claims: Callable[[Section, str], bool] = lambda section, path: False
    terms: Callable[[Runbook], tuple[SectionTerms, ...]] = section_terms
    head_text: Callable[[str], bytes | None] = lambda path: None
    past: Callable[[Sequence[str]], Sequence[Together]] = lambda paths: ()
    notes: tuple[str, ...] = ()
    config: Config = field(default_factory=Config)

    @property
    def documents_changed(self) -> bool:
        """Whether the diff changed any runbook."""
        return self.before is not self.after


@dataclass(frozen=True)
class Mapped:
    """The analysis joined with the runbooks, before any verdict: what the benchmark scores."""

    analysis: Analysis
    query: Query
    index: Index
    ranked: tuple[Ranked, ...]
    past: tuple[Together, ...] = ()
