"""Services and where they are described: the configuration first, then catalogues (Backstage, Datadog, OpsLevel,
Cortex; ``catalogues.py``).

:data:`SOURCES` are asked in order and the first description of a name wins. A later source is one function and one
line in the tuple.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence

from analyzers.model import Skipped
from runbooks.catalogues import FORMATS, Problem, described
from runbooks.config import Config
from runbooks.globs import compiled
from runbooks.handles import as_owner
from runbooks.model import Runbook, Service

CONFIGURATION = "configuration"
_ENDS = tuple(FORMATS)

MAX_SERVICES = 2_000
"""Services that are kept; the rest of a catalogue is left out."""

Files = Mapping[str, bytes]
"""Catalogue files of the policy revision by path; see :func:`is_catalogue`."""


def is_catalogue(path: str) -> bool:
    """Whether a path is a file that a source of services reads."""
    # Asked of every file of a repository: the end first.
    return path.endswith(_ENDS) and posixpath.basename(path) in FORMATS


def services_from(config: Config, files: Files) -> tuple[Service, ...]:
    """All services in order of precedence, each name once. Files that cannot be read describe nothing."""
    found: dict[str, Service] = {}
    for source in SOURCES:
        for service in source(config, files):
            if len(found) < MAX_SERVICES:
                found.setdefault(service.name, service)
    return tuple(found.values())


def service_of(path: str, services: Sequence[Service]) -> Service | None:
    """The service whose ``paths`` claim a file most exactly: the longest matching pattern, else the first."""
    best: tuple[int, Service] | None = None
    for service in services:
        for pattern in service.paths:
            if (best is None or len(pattern) > best[0]) and compiled((pattern,)).match(path):
                best = (len(pattern), service)
    return best[1] if best else None


def service_of_runbook(runbook: Runbook, services: Sequence[Service]) -> Service | None:
    """The service a runbook belongs to: its front matter, else a service that lists it, else the one around its path.

    A name in the front matter that no source describes belongs to no known service: None.
    """
    if runbook.service:
        return next((s for s in services if s.name.lower() == runbook.service.lower()), None)
    for service in services:
        if service.runbooks and compiled(service.runbooks).match(runbook.path):
            return service
    return service_of(runbook.path, services)


def _configured(config: Config, _files: Files) -> Iterator[Service]:
    for entry in config.services:
        owners = tuple(as_owner(handle, CONFIGURATION) for handle in entry.owners)
        yield Service(entry.name, entry.paths, entry.runbooks, owners, entry.channel, CONFIGURATION)


def _catalogued(_config: Config, files: Files) -> Iterator[Service]:
    """The services of catalogue files, in the order of precedence of their formats."""
    for name in FORMATS:
        for path in sorted(path for path in files if posixpath.basename(path) == name):
            yield from (found for found in described(path, files[path]) if isinstance(found, Service))


def catalogue_problems(files: Files) -> tuple[Skipped, ...]:
    """What is wrong with catalogue files; what is right in them counts all the same."""
    found = (item for path in sorted(files) for item in described(path, files[path]))
    return tuple(Skipped(item.path, item.text, partial=True) for item in found if isinstance(item, Problem))


Source = Callable[[Config, Files], Iterator[Service]]

SOURCES: tuple[Source, ...] = (_configured, _catalogued)
"""The sources of services in order of precedence (design section 6)."""
