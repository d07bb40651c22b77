"""Where a repository is on disk, found by looking at files alone: nothing of it is configured or run yet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_BARE = re.compile(r"^\s*bare\s*(?:=\s*(?:true|yes|on|1)\s*)?(?:[#;].*)?$", re.MULTILINE | re.IGNORECASE)


class Place(NamedTuple):
    """A repository on disk. ``root`` is the top of the work tree, or the git directory of a bare repository."""

    root: Path
    git_dir: Path
    bare: bool


def find(start: Path) -> Place | None:
    """The repository at ``start`` or above it, like git's own search; a directory that may not be read is passed by.

    Linked work trees and submodules (``.git`` is a file), a start inside ``.git``, and bare directories with or without
    a ``config`` file all count.
    """
    for folder in (start, *start.parents):
        try:
            place = _at(folder)
        except OSError:
            continue
        if place is not None:
            return place
    return None


def _at(folder: Path) -> Place | None:
    dot = folder / ".git"
    if dot.is_file():
        text = dot.read_text(encoding="utf-8", errors="surrogateescape")[:4096].strip()
        if text.startswith("gitdir:") and "\0" not in text:
            target = (folder / text.removeprefix("gitdir:").strip()).resolve()
            if (target / "HEAD").is_file():
                return Place(folder, target, False)
    if _is_git_dir(dot):
        return Place(dot, dot, True) if _says_bare(dot) else Place(folder, dot, False)
    if _is_git_dir(folder):
        if folder.name == ".git" and not _says_bare(folder):
            return Place(folder.parent, folder, False)
        return Place(folder, folder, True)
    return None


def _is_git_dir(folder: Path) -> bool:
    """Git's own test, without ``refs/`` and ``objects/`` being looked into."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _says_bare(git_dir: Path) -> bool:
    config = git_dir / "config"
    return config.is_file() and bool(_BARE.search(config.read_text(encoding="utf-8", errors="replace")))
