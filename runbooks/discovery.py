"""Which files are runbooks: configuration says so, or the name does.

The conventions are words that people on call look for: in any tree the unmistakable ones (*runbook*, *on-call*), in a
documentation tree also the names of operational guides (*deployment*, *backup*, *alerts*). They were checked for
plausibility against the hand-made lists of the development corpus, over 40 public repositories.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from runbooks.config import Config
from runbooks.globs import compiled

_MARKDOWN = (".md", ".mdx", ".markdown")
_WORDS = re.compile(r"[a-z0-9]+")

# Never runbooks: other people's files, and kinds of pages that tell history or rules of the project.
_FOREIGN = frozenset(
    "vendor vendored node_modules third_party thirdparty third-party testdata fixtures .git site-packages "
    "bower_components archetypes .github .gitlab .changeset .agents .claude .cursor".split()
)
_NOT_OPERATIONAL = frozenset(
    "adr adrs decision decisions rfc rfcs proposal proposals design designs blog blogs changelog changelogs changes "
    "license licence contributing contribution contributors conduct authors maintainers governance roadmap release "
    "releases template templates i18n locales translations translation archive archived postmortem postmortems "
    "newsletter community codeowners notice credits history news development developer developers dev "
    "plan plans spec specs report reports research agents prompts tutorial tutorials".split()
)
# In any tree.
_UNMISTAKABLE = frozenset(
    "runbook runbooks playbook playbooks oncall operations troubleshoot troubleshooting sop sops".split()
)
_UNMISTAKABLE_PAIRS = frozenset(
    {
        ("on", "call"), ("run", "book"), ("run", "books"), ("ops", "docs"), ("disaster", "recovery"),
        ("incident", "response"), ("operator", "manual"), ("operators", "guide"), ("operator", "guide"),
        ("admin", "guide"), ("operating", "guide"),
    }
)  # fmt: skip
# In a documentation tree, as a directory or in a file's name, and for files at the top of the repository.
_GUIDES = frozenset(
    "operation operations operating operator ops oncall sre deploy deploys deploying deployment deployments "
    "configuration configure configuring config settings monitor monitoring observability alert alerts alerting "
    "metrics logging logs tracing backup backups restore restoring recovery recover failover upgrade upgrades "
    "upgrading maintenance maintain administration administering admin administrator troubleshoot troubleshooting "
    "incident incidents disaster hosting infrastructure environment environments secrets secret rotation "
    "scaling install installation installing production healthchecks storage retention database databases "
    "migration migrations workers setup infra networking certificates terraform kubernetes".split()
)
_TREES = frozenset("doc docs documentation handbook wiki guide guides manual manuals".split())
_DEEP = 40
"""Path components that are looked at."""


def is_runbook(path: str, config: Config) -> bool:
    """Whether a repository path (with ``/``) is a runbook.

    A configured service's ``runbooks`` and ``[runbooks] include`` decide first; ``include`` replaces the conventions;
    ``exclude`` wins over everything.
    """
    if not path.lower().endswith(_MARKDOWN):
        return False
    if config.runbooks.exclude and compiled(config.runbooks.exclude).match(path):
        return False
    if any(service.runbooks and compiled(service.runbooks).match(path) for service in config.services):
        return True
    if config.runbooks.include:
        return compiled(config.runbooks.include).match(path)
    return _by_convention(path)


def discover(paths: Iterable[str], config: Config) -> list[str]:
    """The runbooks among paths, sorted."""
    return sorted({path for path in paths if is_runbook(path, config)})


def _by_convention(path: str) -> bool:
    *directories, name = path.lower().split("/")[-_DEEP:]
    if not _FOREIGN.isdisjoint(directories):
        return False
    stem = _words(name.rsplit(".", 1)[0])
    parts = [_words(directory) for directory in directories]
    if any(not _NOT_OPERATIONAL.isdisjoint(words) for words in (*parts, stem)):
        # A page about releases inside the runbooks is a runbook all the same.
        return any(_is_unmistakable(words) for words in parts) and _NOT_OPERATIONAL.isdisjoint(stem)
    if any(_is_unmistakable(words) for words in (*parts, stem)):
        return True
    tree = next((i for i, words in enumerate(parts) if not _TREES.isdisjoint(words)), None)
    if tree is None:
        return not directories and len(stem) <= 2 and not _GUIDES.isdisjoint(stem)
    return any(not _GUIDES.isdisjoint(words) for words in (*parts[tree + 1 :], stem))


def _words(name: str) -> Sequence[str]:
    return _WORDS.findall(name)


def _is_unmistakable(words: Sequence[str]) -> bool:
    if not _UNMISTAKABLE.isdisjoint(words):
        return True
    return not _UNMISTAKABLE_PAIRS.isdisjoint(pairwise(words))
