"""What the history up to a revision says: which files changed together with documents.

One ``git log`` process, bounded by numbers of commits and never by time, so that equal commits get equal answers. It
runs in a thread while the caller parses; :meth:`History.past` waits for it. Where git cannot tell (a clone without
trees), there is no past, and that is not an error: history only orders what is said.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzers.giterrors import GitMissingError
from analyzers.patches import path_text

if TYPE_CHECKING:  # git is loaded by who opens a repository
    from analyzers.git import Repository

UNITS = 100
"""Newest changes of documents that are looked at; 200 and 300 ranked no better on the development corpus."""

REACH = 1000
"""First-parent commits gone back at most. It bounds the walk where documents hardly ever change."""

MAX_DOCUMENTS = 1000
"""Documents whose history is asked for; the names stand on git's command line."""

MAX_FILES = 150
"""Files of one change at most. What touched more (a reformatting, an import of everything) ties nothing together."""

# A repository's own configuration must not start its signature checker, and not shape the output.
_LOG = ("log", "--no-show-signature", "--no-notes", "--encoding=UTF-8", "--no-color")
_RAW = (
    "--first-parent", "-m", "--min-parents=1", f"--max-count={UNITS}", "--full-diff", "--no-renames", "--raw",
    "--no-abbrev", "-z", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--format=tformat:commit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier change of documents, newest first: a commit on the first-parent line, so a merged branch is one.

    ``paths`` are the other files that it touched; ``documents`` those documents that it changed, each with the blob
    ids of its two sides (all zeros where a side does not exist)."""

    paths: tuple[str, ...]
    documents: tuple[tuple[str, str, str], ...]


class History:
    """The past of documents up to ``revision``, read in the background."""

    def __init__(self, repository: Repository, revision: str, documents: Sequence[str]) -> None:
        self._documents = frozenset(documents[:MAX_DOCUMENTS])
        self._log: bytes = b""
        floor = f"{revision}~{REACH}"
        known = repository._objects.header(floor) is not None if documents else False
        span = (revision, f"^{floor}") if known else (revision,)

        def read() -> None:
            try:
                if documents:
                    self._log = _log_of(repository, *_RAW, *span, "--", *documents[:MAX_DOCUMENTS])
            except GitMissingError:  # told already by whatever comes first on the main thread
                pass

        # A daemon: a check that fails early must not wait for history that nobody asks for any more.
        self._thread = threading.Thread(target=read, name="history", daemon=True)
        self._thread.start()

    def past(self) -> tuple[Past, ...]:
        """The earlier changes of the documents, newest first; empty where git could not tell."""
        self._thread.join()
        return parsed(self._log, self._documents)


def _log_of(repository: Repository, *arguments: str) -> bytes:
    """Output of a ``git log`` as far as it is read, or nothing when it failed. Names of documents are taken literally,
    not as patterns."""
    status, output, _, complete = repository._bounded("--literal-pathspecs", *_LOG, *arguments)
    if complete:
        return b"" if status else output
    return output[: output.rfind(b"\0commit\0") + 1]  # the last change is cut off somewhere


def parsed(log: bytes, documents: frozenset[str]) -> tuple[Past, ...]:
    """The changes in git's raw, NUL-separated log; those of more than ``MAX_FILES`` files are left out."""
    found: list[Past] = []
    paths: list[str] = []
    changed: list[tuple[str, str, str]] = []

    def close() -> None:
        if changed and len(paths) + len(changed) <= MAX_FILES:
            found.append(Past(tuple(paths), tuple(changed)))

    tokens = iter(log.split(b"\0"))
    for token in tokens:
        fields = token.strip(b"\n").split(b" ")
        if len(fields) == 5 and fields[0].startswith(b":"):
            path = path_text(next(tokens, b""))
            if path in documents:
                changed.append((path, fields[2].decode("ascii", "replace"), fields[3].decode("ascii", "replace")))
            else:
                paths.append(path)
        elif token.strip(b"\n") == b"commit":
            close()
            paths, changed = [], []
    close()
    return tuple(found)
