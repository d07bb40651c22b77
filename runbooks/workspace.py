"""Gathering the inputs of a check from a repository: revisions, diffs, runbooks of both sides, policy, owners.

The only module of the package that touches git and files. Everything it reads is hostile and is only parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial

from analyzers.git import INDEX, WORKTREE, Repository
from analyzers.history import History
from analyzers.model import DriftError, FileDiff, FileStatus, Skipped
from analyzers.pipeline import Limits
from runbooks import config as configuration
from runbooks.check import Inputs
from runbooks.config import Config
from runbooks.configchecks import check_patterns
from runbooks.discovery import discover
from runbooks.edited import SectionKey, key_of
from runbooks.globs import compiled
from runbooks.history import together
from runbooks.model import Owner, Runbook, Section
from runbooks.owners import OwnerContext, codeowners_text, owners_for
from runbooks.services import is_catalogue, service_of, service_of_runbook, services_from
from runbooks.shelf import REVISION, Library
from runbooks.verdict import Directed

CONFIG_PATH = ".runbook-drift.toml"

MAX_COVERS = 100
"""Patterns of one runbook's front matter that are read."""

MAX_CATALOGUES = 500
"""Service descriptors read at most."""

Find = Callable[[Iterable[str]], Sequence[str]]
"""Picks the runbooks among the paths of a revision, in order."""


@dataclass(frozen=True)
class Options:
    """What a user asked for; the command line's options by the same names. ``documents`` is for the bot: the revision
    whose runbooks count as head's, to see whether later commits mended what a merged change made untrue."""

    repo: str = "."
    base: str | None = None
    head: str | None = None
    staged: bool = False
    config_from: str | None = None
    trust_owner: bool = False
    without_doc_changes: bool = False
    documents: str | None = None
    as_of: date | None = None


def load_inputs(options: Options, library: Library | None = None) -> Inputs:
    """Everything ``check`` needs for the options. Raises ``DriftError`` where no check is possible."""
    repository = Repository.open(options.repo, trust_owner=options.trust_owner)
    base, head = _revisions(repository, options)
    policy, config, policy_note = _policy(repository, options, head)
    return gather(
        repository,
        base,
        head,
        config=config,
        policy_revision=policy,
        without_doc_changes=options.without_doc_changes,
        documents=repository.resolve(options.documents) if options.documents else "",
        as_of=options.as_of or date.today(),
        library=library or Library(),
        notes=(policy_note,) if policy_note else (),
    )


def gather(
    repository: Repository,
    base: str,
    head: str,
    *,
    config: Config,
    policy_revision: str,
    as_of: date,
    library: Library,
    without_doc_changes: bool = False,
    documents: str = "",
    notes: Sequence[str] = (),
    find: Find | None = None,
) -> Inputs:
    """Inputs for two resolved sides; ``head`` may be ``worktree`` or ``index``. ``find`` picks the runbooks among
    paths (default: as the configuration says); ``documents`` is a resolved revision whose runbooks are read in place of
    head's."""
    find = find or (lambda paths: discover(paths, config))
    bounds = config.limits
    limits = Limits(
        bounds.max_file_bytes, bounds.max_file_seconds, bounds.max_files, max_changed_lines=bounds.max_changed_lines
    )
    diffs, skipped = repository.changed(base, head, max_bytes=limits.max_file_bytes)
    files = repository.files(base)
    found = find(files)
    history = History(repository, base, found)
    before, left_out = _runbooks(repository, files, found, library)
    skipped = [*skipped, *left_out]
    after, moved = before, dict[str, str]()
    if documents:
        later = repository.files(documents)
        after, left_out = _runbooks(repository, later, find(later), library)
        skipped += left_out
    elif not without_doc_changes:
        after, moved = _after(before, diffs, find)
    changed_texts = {diff.path: diff.after for diff in diffs}

    def head_text(path: str) -> bytes | None:
        if not without_doc_changes and path in changed_texts:
            return changed_texts[path]
        return repository.read(base, path)

    by_path = {runbook.path: runbook for runbook in (*after, *before)}

    # Read on first use: a check without drift asks nobody.
    @lru_cache(maxsize=1)
    def context() -> OwnerContext:
        return _owner_context(repository, policy_revision, config)

    return Inputs(
        base=base,
        head=head,
        policy_revision=policy_revision,
        diffs=tuple(diffs),
        before=before,
        after=after,
        as_of=as_of,
        skipped=tuple(skipped),
        limits=limits,
        disabled=frozenset(config.rules.disable),
        suspect_threshold=config.suspect_threshold,
        moved=moved,
        directives=_directives(repository, policy_revision, base, before, find, library),
        owners=lambda section: _owners(section, by_path, context()),
        covers=covered,
        claims=lambda section, path: _claims(section, path, by_path, context()),
        still_defined=lambda name: repository.contains(head, name),
        naming=lambda names: repository.lines_naming(head, names),
        past=lambda paths: together(history.past(), paths, repository.read_blob),
        terms=library.terms,
        head_text=head_text,
        notes=tuple(notes),
        config=config,
    )


def _revisions(repository: Repository, options: Options) -> tuple[str, str]:
    if repository.bare and not (options.base and options.head):
        raise DriftError("this repository is bare: say --base REV and --head REV")
    if options.base == "" or options.head == "":
        raise DriftError("--base or --head is empty: is the variable set that should hold the revision?")
    if options.staged and options.head:
        raise DriftError("--staged checks what a commit would contain; it does not go with --head")
    head_commit = repository.resolve(options.head or "HEAD")
    head = head_commit if options.head else (INDEX if options.staged else WORKTREE)
    if options.base:
        base_commit = repository.resolve(options.base)
        return repository.merge_base(base_commit, head_commit), head
    default = repository.default_branch()
    if default is None:
        repository.require_lone_branch()
        return head_commit, head
    return repository.merge_base(repository.resolve(default), head_commit), head


def _policy(repository: Repository, options: Options, head: str) -> tuple[str, Config, str]:
    """Policy revision, configuration, and a note when the work tree's own configuration had to count."""
    revision = options.config_from or options.base or repository.default_branch() or "HEAD"
    sha = repository.resolve(revision)
    text = repository.read(sha, CONFIG_PATH)
    if text is not None:
        return sha, configuration.load(text.decode("utf-8", "replace"), f"{CONFIG_PATH} at {revision}"), ""
    # A named head is somebody's branch: its own configuration must not decide whether it passes.
    trusted = not (repository.bare or options.config_from) and head in {WORKTREE, INDEX}
    own = repository.read(head, CONFIG_PATH) if trusted else None
    if own is not None:
        note = f"configuration from {head}: {revision} has no {CONFIG_PATH}"
        return sha, configuration.load(own.decode("utf-8", "replace"), CONFIG_PATH), note
    return sha, Config(), ""


def _runbooks(
    repository: Repository, files: Mapping[str, str], paths: Iterable[str], library: Library
) -> tuple[tuple[Runbook, ...], list[Skipped]]:
    """The runbooks at those paths of a revision, in that order."""
    found: list[Runbook] = []
    skipped: list[Skipped] = []
    for path in paths:
        blob = files[path]
        runbook = library.read(path, blob, lambda blob=blob: repository.read_blob(blob))  # type: ignore[misc]
        if runbook is None:
            skipped.append(Skipped(path, "the runbook's text is missing from this clone"))
        else:
            found.append(runbook)
            skipped += [Skipped(path, problem, partial=True) for problem in runbook.problems]
    return tuple(found), skipped


def _after(
    before: tuple[Runbook, ...], diffs: Iterable[FileDiff], find: Find
) -> tuple[tuple[Runbook, ...], dict[str, str]]:
    """The runbooks of head: those of base with the diff applied. The same tuple when the diff touched none."""
    known = {runbook.path: runbook for runbook in before}
    moved: dict[str, str] = {}
    touched = False
    for diff in diffs:
        is_runbook = bool(find([diff.path]))
        if not is_runbook and diff.old_path not in known and diff.path not in known:
            continue
        touched = True
        known.pop(diff.old_path, None)
        if diff.status is FileStatus.DELETED:
            known.pop(diff.path, None)
            continue
        if diff.old_path != diff.path:
            moved[diff.old_path] = diff.path
        if is_runbook and diff.after is not None:
            from runbooks.parse import parse

            known[diff.path] = parse(diff.path, diff.after, revision=REVISION)
    return (tuple(known[path] for path in sorted(known)) if touched else before), moved


def _directives(
    repository: Repository,
    policy_revision: str,
    base: str,
    before: tuple[Runbook, ...],
    find: Find,
    library: Library,
) -> dict[SectionKey, Directed]:
    """Directives as the policy revision has them, with the section that they were written for: a pull request cannot
    silence itself. One in a runbook's preamble speaks for the whole runbook."""
    runbooks = before
    if policy_revision != base:
        files = repository.files(policy_revision)
        runbooks, _ = _runbooks(repository, files, find(files), library)
    found: dict[SectionKey, Directed] = {}
    for runbook in runbooks:
        general = tuple(d for section in runbook.sections if not section.headings for d in section.directives)
        for section in runbook.sections:
            own = section.directives if section.headings else ()
            if general or own:
                found[key_of(section)] = Directed(section, general + own)
    return found


def _owner_context(repository: Repository, revision: str, config: Config) -> OwnerContext:
    """Owners and services as the policy revision has them."""
    read = partial(repository.read, revision)
    catalogue: dict[str, bytes] = {}
    for path in repository.files(revision):
        if is_catalogue(path) and len(catalogue) < MAX_CATALOGUES:
            catalogue[path] = read(path) or b""
    return OwnerContext(codeowners_text(read), services_from(config, catalogue))


def _owners(section: Section, by_path: Mapping[str, Runbook], context: OwnerContext) -> tuple[Owner, ...]:
    """Who answers for a section; a runbook's own front matter counts from its before text, and from the after text
    only when the runbook is new."""
    runbook = by_path.get(section.path)
    return owners_for(runbook, section, context) if runbook else ()


def _claims(section: Section, path: str, by_path: Mapping[str, Runbook], context: OwnerContext) -> bool:
    """Whether a section's runbook covers a path, or belongs to the service whose path it is."""
    runbook = by_path.get(section.path)
    if runbook is None:
        return False
    if covered(runbook, [path]):
        return True
    service = service_of_runbook(runbook, context.services)
    return service is not None and service_of(path, context.services) is service


def covered(runbook: Runbook, paths: Sequence[str]) -> str:
    """The first changed path that the runbook's front matter claims, or an empty string."""
    for pattern in runbook.covers[:MAX_COVERS]:
        try:
            check_patterns("covers", [pattern])
        except ValueError:  # broken or very long: it covers nothing
            continue
        claimed = next((path for path in paths if compiled((pattern,)).match(path)), "")
        if claimed:
            return claimed
    return ""
