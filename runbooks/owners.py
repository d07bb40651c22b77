"""Who answers for a runbook, and which source says so.

:data:`SOURCES` are asked in order; the first that names somebody wins, and every :class:`Owner` carries that source's
name, so a report can say why this person was asked. A later source is one function and one line in the tuple.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from runbooks.handles import as_owner
from runbooks.model import Owner, Runbook, Section, Service
from runbooks.services import service_of_runbook

if TYPE_CHECKING:
    from codeowners import CodeOwners

FRONT_MATTER = "front matter"
CODEOWNERS = "CODEOWNERS"

CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in its order; the first file that exists is the only one that counts."""
MAX_CODEOWNERS = 3_000_000
"""Bytes; GitHub ignores larger files ("CODEOWNERS file size", GitHub documentation)."""
MAX_STARS = 5
"""Stars in one pattern; a regex of more could take exponential time on a hostile file."""


@dataclass(frozen=True)
class OwnerContext:
    """What the policy revision says about ownership. ``codeowners`` is the text of the file that counts, or empty."""

    codeowners: str = ""
    services: tuple[Service, ...] = ()


def codeowners_text(read: Callable[[str], bytes | None]) -> str:
    """The text of the CODEOWNERS file that counts. ``read`` gives a file of the policy revision or None."""
    for path in CODEOWNERS_PATHS:
        data = read(path)
        if data is not None:
            return "" if len(data) > MAX_CODEOWNERS else data.decode("utf-8-sig", "replace")
    return ""


def owners_for(runbook: Runbook, section: Section | None, context: OwnerContext) -> tuple[Owner, ...]:
    """The owners of a section (or of the whole runbook) by the first source that knows any; empty means unknown."""
    for source in SOURCES:
        owners = source(runbook, section, context)
        if owners:
            return owners
    return ()


def _front_matter(runbook: Runbook, _section: Section | None, _context: OwnerContext) -> tuple[Owner, ...]:
    return runbook.owners


def _codeowners(runbook: Runbook, _section: Section | None, context: OwnerContext) -> tuple[Owner, ...]:
    if not context.codeowners:
        return ()
    return tuple(as_owner(handle, CODEOWNERS) for _, handle in _parsed(context.codeowners).of(runbook.path))


def _service(runbook: Runbook, _section: Section | None, context: OwnerContext) -> tuple[Owner, ...]:
    service = service_of_runbook(runbook, context.services)
    return service.owners if service else ()


Source = Callable[[Runbook, Section | None, OwnerContext], tuple[Owner, ...]]

SOURCES: tuple[Source, ...] = (_front_matter, _codeowners, _service)
"""The sources in order of precedence (design section 6)."""


@lru_cache(maxsize=8)
def _parsed(text: str) -> CodeOwners:
    """CODEOWNERS by GitHub's rules: the last matching line wins, also when it names nobody; bad lines do not count."""
    from codeowners import CodeOwners  # only where a repository has the file

    parsed = CodeOwners("")
    paths = []
    for line in _lines(text):
        try:
            paths += CodeOwners(line).paths
        except (ValueError, re.error, IndexError, RecursionError):
            continue
    parsed.paths = list(reversed(paths))
    return parsed


def _lines(text: str) -> Iterable[str]:
    """The lines that GitHub reads: comments cut off, without negation and character ranges, which it
    does not support."""
    for line in text.splitlines():
        line = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        pattern = line.split(None, 1)[0] if line else ""
        if not pattern or pattern.startswith(("!", "[", "^[")) or "[" in pattern:
            continue
        if pattern.count("*") <= MAX_STARS and len(pattern) <= 500:
            yield line
