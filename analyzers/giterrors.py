"""What can be wrong with a repository, each as an error whose text says what to do."""

from __future__ import annotations

import re
from pathlib import Path

from analyzers.model import DriftError


class GitError(DriftError):
    """Git could not give what a check needs."""


class GitMissingError(GitError):
    """No git executable."""


class NotARepositoryError(GitError):
    """No repository at or above the path."""


class BareRepositoryError(GitError):
    """A bare repository has no work tree and no index to compare with."""


class UnknownRevisionError(GitError):
    """A revision that the repository does not have."""


class UnbornBranchError(UnknownRevisionError):
    """The branch that is checked out has no commit."""


class NoMergeBaseError(GitError):
    """Two revisions without a common ancestor, most often because the clone is shallow."""


class ForeignOwnerError(GitError):
    """The directory belongs to another user, and git refuses it."""


class MissingObjectError(GitError):
    """An object that a partial clone or a broken mirror lacks, and without which nothing can be compared."""


def translated(errors: str, root: Path) -> GitError:
    """Git's error text as one of ours, with what to do."""
    if "dubious ownership" in errors:
        return ForeignOwnerError(
            f"{root} belongs to another user, and git refuses it; if you trust it, say --trust-owner "
            f"(or: git config --global --add safe.directory {root})"
        )
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith("fatal:")), lines[0] if lines else "no message")[:300]
    if re.search(r"missing|unable to read|bad object|could not (?:fetch|read)|not a tree object|corrupt", errors):
        return MissingObjectError(f"git lacks objects of this clone ({first}): fetch them, or check a complete clone")
    return GitError(f"git failed: {first}")
