"""The two sides of a changed file read into memory, under limits; what cannot be read gets a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from analyzers import patches
from analyzers.model import FileDiff, FileStatus, Hunk, Skipped

MAX_TOTAL_BYTES = 256_000_000
"""Bytes of all changed files together that are kept in memory; past it files are skipped with the reason."""

MAX_UNTRACKED = 5_000
"""Untracked files that are read; more is a directory that somebody forgot to ignore."""

_MISSING = "its content is missing from this clone (partial clone or broken mirror)"
_OVERFLOW = "X"


class Objects(Protocol):
    """What is needed of an object database."""

    def header(self, name: str) -> tuple[str, str, int] | None:
        """Id, type and size in bytes of an object, or None."""

    def content(self, name: str) -> bytes | None:
        """The bytes of an object, or None."""


class SideReader:
    """Turns records into diffs with content. ``on_disk`` reads a path of the work tree up to a number of bytes;
    ``from_disk`` says that the after sides come from there. ``max_bytes`` is per side."""

    def __init__(
        self, objects: Objects, on_disk: Callable[[str, int], bytes | None], max_bytes: int, *, from_disk: bool
    ) -> None:
        self._objects = objects
        self._on_disk = on_disk
        self._max_bytes = max_bytes
        self._from_disk = from_disk
        self._left = MAX_TOTAL_BYTES

    def read(self, entry: patches.Entry, hunks: Mapping[str, tuple[Hunk, ...]]) -> FileDiff | Skipped | None:
        """The diff; why there is none; or None where no content changed (a mode, a touched file)."""
        if entry.obstacle:
            return Skipped(entry.path, entry.obstacle)
        if entry.letter == _OVERFLOW:
            return Skipped(entry.path, f"more than {MAX_UNTRACKED:,} untracked files: ignore what is not source")
        if entry.before_blob == entry.after_blob and entry.letter == "M" and set(entry.before_blob) != {"0"}:
            return None
        before = None if entry.status is FileStatus.ADDED else self._side(entry.before_blob, "")
        after = None if entry.status is FileStatus.DELETED else self._side(entry.after_blob, entry.path)
        if isinstance(before, str):
            return Skipped(entry.path, before)
        if isinstance(after, str):
            return Skipped(entry.path, after)
        if before is None or after is None:
            found = patches.whole(before or after or b"", added=before is None)
        else:
            if self._from_disk:
                after = patches.as_committed(after, before)
            if before == after and entry.letter == "M":
                return None
            found = () if before == after else hunks.get(entry.path) or patches.compared(before, after)
        return FileDiff(entry.status, entry.path, entry.old_path, before, after, found)

    def _side(self, blob: str, path: str) -> bytes | str:
        """The bytes of one side, or why there are none. A blob of zeros is the file on disk at ``path``."""
        if set(blob) == {"0"}:
            data = self._on_disk(path, self._max_bytes)
            if data is None:
                return "cannot be read: no regular file of this work tree, or no permission"
        else:
            header = self._objects.header(blob)
            if header is not None and header[2] > self._max_bytes:
                return f"larger than {self._max_bytes:,} bytes"
            data = self._objects.content(blob) if header is not None else None
            if data is None:
                return _MISSING
        if len(data) > self._max_bytes:
            return f"larger than {self._max_bytes:,} bytes"
        if len(data) > self._left:
            return f"the changed files together are larger than {MAX_TOTAL_BYTES:,} bytes"
        self._left -= len(data)
        return patches.obstacle(data) or patches.as_utf8(data)


def untracked(names: list[str]) -> list[patches.Entry]:
    """Records of untracked files, as if each were added; past :data:`MAX_UNTRACKED` they are only listed as skipped."""
    zeros = "0" * 40
    return [
        patches.Entry("000000", "100644", zeros, zeros, "A" if number < MAX_UNTRACKED else _OVERFLOW, name, name)
        for number, name in enumerate(sorted(names))
    ]
