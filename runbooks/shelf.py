"""Parsed runbooks that a process, or with a cache on disk several, read once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from runbooks.cache import Cache
from runbooks.index import SectionTerms, section_terms
from runbooks.model import Runbook

REVISION = "head"
"""What the spans of parsed runbooks call the side that they were read from."""


@dataclass
class Library:
    """Parsed runbooks by path and blob, so that a process which checks many commits reads each text once. Bounded.

    ``cache`` keeps them also on disk, for the next process; by default nothing is.
    """

    limit: int = 4000
    cache: Cache = field(default_factory=lambda: Cache(None))
    _parsed: OrderedDict[tuple[str, str], tuple[Runbook, tuple[SectionTerms, ...]]] = field(default_factory=OrderedDict)
    _terms_by_id: dict[int, tuple[SectionTerms, ...]] = field(default_factory=dict)

    def read(self, path: str, blob: str, data: Callable[[], bytes | None]) -> Runbook | None:
        """The runbook at that path with that content, parsed at most once."""
        key = (path, blob)
        known = self._parsed.get(key)
        if known is None:
            content = data()
            if content is None:
                return None
            known = self._parsed[key] = self._parse(path, content)
            if len(self._parsed) > self.limit:
                _, (oldest, _) = self._parsed.popitem(last=False)
                del self._terms_by_id[id(oldest)]  # the next object may get the same id
            self._terms_by_id[id(known[0])] = known[1]
        self._parsed.move_to_end(key)
        return known[0]

    def _parse(self, path: str, content: bytes) -> tuple[Runbook, tuple[SectionTerms, ...]]:
        known = self.cache.read(path, content, REVISION)
        if known is None:
            from runbooks.parse import skim  # 40 ms with markdown-it, which a full cache saves

            runbook, named = skim(path, content, revision=REVISION)
            known = (runbook, section_terms(runbook, named))
            self.cache.write(path, content, REVISION, known)
        return known

    def terms(self, runbook: Runbook) -> tuple[SectionTerms, ...]:
        """The counted terms of a runbook that this library read."""
        known = self._terms_by_id.get(id(runbook))
        return known if known is not None else section_terms(runbook)
