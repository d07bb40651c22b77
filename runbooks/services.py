"""Services and where they are described: the configuration first, then Backstage's ``catalog-info.yaml``.

:data:`SOURCES` are asked in order and the first description of a name wins. A later source (Datadog, OpsLevel, Cortex)
is one function and one line in the tuple.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

from runbooks.config import Config
from runbooks.handles import as_owner
from runbooks.model import Owner, Runbook, Service

CONFIGURATION = "configuration"
BACKSTAGE = "Backstage"

BACKSTAGE_NAMES = ("catalog-info.yaml", "catalog-info.yml")
MAX_CATALOGUE = 256_000
"""Characters of one catalogue file that are read."""
MAX_SERVICES = 2_000
"""Services that are kept; the rest of a catalogue is left out."""

Files = Mapping[str, bytes]
"""Catalogue files of the policy revision by path; see :func:`is_catalogue`."""


def is_catalogue(path: str) -> bool:
    """Whether a path is a file that a source of services reads."""
    # Asked of every file of a repository: the end first.
    return path.endswith(BACKSTAGE_NAMES) and posixpath.basename(path) in BACKSTAGE_NAMES


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
            if (best is None or len(pattern) > best[0]) and _spec((pattern,)).match_file(path):
                best = (len(pattern), service)
    return best[1] if best else None


def service_of_runbook(runbook: Runbook, services: Sequence[Service]) -> Service | None:
    """The service a runbook belongs to: its front matter, else a service that lists it, else the one around its path.

    A name in the front matter that no source describes belongs to no known service: None.
    """
    if runbook.service:
        return next((s for s in services if s.name.lower() == runbook.service.lower()), None)
    for service in services:
        if service.runbooks and _spec(service.runbooks).match_file(runbook.path):
            return service
    return service_of(runbook.path, services)


def _configured(config: Config, _files: Files) -> Iterator[Service]:
    for entry in config.services:
        owners = tuple(as_owner(handle, CONFIGURATION) for handle in entry.owners)
        yield Service(entry.name, entry.paths, entry.runbooks, owners, entry.channel, CONFIGURATION)


def _backstage(_config: Config, files: Files) -> Iterator[Service]:
    """Components of ``catalog-info.yaml`` (Backstage, "Descriptor Format of Catalog Entities"): a component owns the
    directory its file stands in; ``spec.owner`` is its owner."""
    for path in sorted(files):
        if posixpath.basename(path) not in BACKSTAGE_NAMES:
            continue
        from runbooks.boundedyaml import load_all  # PyYAML costs 15 ms: only where a catalogue is kept

        text = files[path][:MAX_CATALOGUE].decode("utf-8-sig", "replace")
        try:
            documents = load_all(text)
        except ValueError:
            continue
        # A file that describes several components says of none which directory is its own.
        alone = sum(isinstance(d, dict) and d.get("kind") == "Component" for d in documents) == 1
        for document in documents:
            service = _component(document, posixpath.dirname(path) if alone else None)
            if service:
                yield service


def _component(document: object, directory: str | None) -> Service | None:
    if not isinstance(document, dict) or document.get("kind") != "Component":
        return None
    metadata, spec = document.get("metadata"), document.get("spec")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        return None
    owner = spec.get("owner") if isinstance(spec, dict) else None
    owners: tuple[Owner, ...] = (as_owner(owner, BACKSTAGE),) if isinstance(owner, str) and owner else ()
    # The descriptor at the top claims whatever no more exact pattern claims.
    paths = () if directory is None else (f"/{_escaped(directory)}/",) if directory else ("/*",)
    return Service(name, paths, (), owners, "", BACKSTAGE)


def _escaped(path: str) -> str:
    return "".join(f"\\{c}" if c in "*?[]!#\\ " else c for c in path)


Source = Callable[[Config, Files], Iterator[Service]]

SOURCES: tuple[Source, ...] = (_configured, _backstage)
"""The sources of services in order of precedence (design section 6)."""


@lru_cache(maxsize=4_096)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # only where patterns are configured

    return GitIgnoreSpec.from_lines(patterns)
