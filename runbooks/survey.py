"""What one revision says of services and runbooks, without a diff: the ground of ``status``, for a terminal and for the
bot. Reads policy, catalogues and runbooks as a check does; everything it reads is hostile and is only parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analyzers.git import WORKTREE, Repository
from analyzers.model import DriftError, Skipped
from runbooks import config as configuration
from runbooks.config import Config
from runbooks.configreminders import period_days
from runbooks.discovery import discover
from runbooks.model import Owner, Runbook, Service
from runbooks.owners import OwnerContext, codeowners_text, owners_for
from runbooks.services import catalogue_problems, is_catalogue, service_of_runbook, services_from
from runbooks.shelf import Library

MAX_CATALOGUES = 500
"""Service descriptors read at most."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A runbook, whose it is, which service it belongs to (None: no known one), and every how many days it is to be
    reviewed: as it says itself, else as the configuration says of its service (None: never)."""

    runbook: Runbook
    owners: tuple[Owner, ...]
    service: Service | None
    review_every: int | None = None

    def due(self, as_of: date) -> date | None:
        """The day by which it is to be reviewed again; None where there is no interval. One that was never reviewed is
        due on the day it is asked for."""
        if self.review_every is None:
            return None
        last = self.runbook.last_reviewed
        return as_of if last is None else last + timedelta(days=self.review_every)


@dataclass(frozen=True, slots=True)
class Survey:
    """Services in order of precedence and runbooks in path order, as one revision has them."""

    revision: str
    configured: bool
    services: tuple[Service, ...]
    kept: tuple[Kept, ...]
    skipped: tuple[Skipped, ...]

    def of(self, service: Service) -> tuple[Kept, ...]:
        """The runbooks of one service."""
        return tuple(kept for kept in self.kept if kept.service is not None and kept.service.name == service.name)


def survey_of(directory: str, revision: str | None, *, trust_owner: bool = False) -> Survey:
    """The survey of a directory's repository: of a revision, or of the work tree. Raises ``DriftError``."""
    repository = Repository.open(directory, trust_owner=trust_owner)
    if revision is None and repository.bare:
        raise DriftError("this repository is bare: say --rev REV")
    return survey(repository, WORKTREE if revision is None else repository.resolve(revision))


def survey(repository: Repository, revision: str, library: Library | None = None) -> Survey:
    """The survey of a resolved revision (or ``worktree``). Raises ``ConfigError`` where its configuration is broken."""
    text = repository.read(revision, configuration.FILE)
    config = configuration.load(text.decode("utf-8", "replace"), configuration.FILE) if text is not None else Config()
    files = repository.files(revision)
    catalogue = {path: repository.read(revision, path) or b"" for path in _catalogues(list(files))}
    services = services_from(config, catalogue)
    context = OwnerContext(codeowners_text(lambda path: repository.read(revision, path)), services)
    library = library or Library()
    kept: list[Kept] = []
    skipped: list[Skipped] = list(catalogue_problems(catalogue))
    for path in discover(files, config):
        blob = files[path]
        runbook = library.read(path, blob, lambda path=path: repository.read(revision, path))  # type: ignore[misc]
        if runbook is None:
            skipped.append(Skipped(path, "the runbook's text is missing from this clone"))
            continue
        service = service_of_runbook(runbook, services)
        kept.append(Kept(runbook, owners_for(runbook, None, context), service, _every(runbook, service, config)))
        skipped += [Skipped(path, problem, partial=True) for problem in runbook.problems]
    return Survey(revision, text is not None, services, tuple(kept), tuple(skipped))


def _every(runbook: Runbook, service: Service | None, config: Config) -> int | None:
    own = next((entry.reminders for entry in config.services if service and entry.name == service.name), None)
    usual = (own or config.reminders).review_every
    return runbook.review_every or (period_days(usual) if usual else None)


def _catalogues(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if is_catalogue(path)][:MAX_CATALOGUES]
