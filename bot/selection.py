"""Which files of a revision a review reads, so that those and no others are fetched."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.scope import set_aside
from runbooks.config import Config
from runbooks.discovery import discover
from runbooks.owners import CODEOWNERS_PATHS
from runbooks.services import is_catalogue
from runbooks.survey import MAX_CATALOGUES

Files = dict[str, tuple[str, str]]
"""Path to mode and blob id of one revision."""


def read_by_review(base: Files, head: Files, policy: Files, config: Config) -> list[str]:
    """What a review reads whatever changed: runbooks of all sides, owners and service descriptions of the policy."""
    wanted = [files[path][1] for files in (base, head, policy) for path in discover(_regular(files), config)]
    described = [path for path in policy if is_catalogue(path)][:MAX_CATALOGUES]
    return wanted + [policy[path][1] for path in (*CODEOWNERS_PATHS, *described) if path in policy]


def searched_in(head: Files) -> list[str]:
    """What ``Repository.contains`` looks at: files that could define a name."""
    return [
        head[path][1]
        for path in _regular(head)
        if not (path.lower().endswith((".md", ".mdx", ".rst")) or "changelog" in path.lower() or set_aside(path))
    ]


def _regular(files: Files) -> Iterator[str]:
    return (path for path, (mode, _) in files.items() if mode.startswith("100"))
