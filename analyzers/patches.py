"""Git's own output read: the records of ``diff --raw -z``, the hunks of a patch, and blobs as text. Pure functions.

Hunks belong to a file by the ``+++`` line of its header, never by position: a change of file type has two headers, an
unmerged file none. File names may hold any byte; git quotes them in headers the way C does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from analyzers.model import FileStatus, Hunk

MAX_COMPARED_LINES = 2_000
"""Differing lines that Python compares where git will not; past it they count as one hunk. SequenceMatcher is
quadratic: 2,000 equal lines take it about a second."""

_BINARY_WINDOW = 8000
_LFS = b"version https://git-lfs.github.com/spec/"
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LINE = re.compile(
    rb"^(?:(?P<file>diff --git )|\+\+\+ (?P<name>[^\n]*)|@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@)", re.MULTILINE
)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_MODES = {"160000": "is a submodule", "120000": "is a symbolic link"}


class Entry(NamedTuple):
    """One record of ``git diff --raw``. A blob of only zeros means: look at the file on disk."""

    before_mode: str
    after_mode: str
    before_blob: str
    after_blob: str
    letter: str
    old_path: str
    path: str

    @property
    def status(self) -> FileStatus:
        """What happened to the path."""
        letters = {"A": FileStatus.ADDED, "D": FileStatus.DELETED, "R": FileStatus.RENAMED}
        return letters.get(self.letter, FileStatus.MODIFIED)

    @property
    def obstacle(self) -> str:
        """Why this is no change of a file's text, as words for people; empty when it is one."""
        if self.letter == "U":
            return "is an unmerged file: resolve the conflict first"
        return _MODES.get(self.before_mode) or _MODES.get(self.after_mode) or ""


def path_text(raw: bytes) -> str:
    """A path as text; bytes that are no UTF-8 are surrogate-escaped."""
    return raw.decode("utf-8", "surrogateescape")


def split(output: bytes) -> tuple[list[Entry], bytes]:
    """The records, sorted by path, and the patch of ``git diff -z --raw --patch``."""
    raw, _, patch = output.partition(b"\0\0")
    return sorted(_entries(raw + b"\0"), key=lambda entry: entry.path), patch


def _entries(raw: bytes) -> Iterator[Entry]:
    fields = iter(raw.split(b"\0"))
    for field in fields:
        if not field.startswith(b":"):
            return
        before_mode, after_mode, before, after, letter = field[1:].decode("ascii").split(" ")
        old_path = path = next(fields)
        if letter[0] in "RC":
            path = next(fields)
        yield Entry(before_mode, after_mode, before, after, letter[0], path_text(old_path), path_text(path))


def hunks_by_path(patch: bytes, *, complete: bool = True) -> dict[str, tuple[Hunk, ...]]:
    """The hunks of a patch made with ``-U0``, by after path. Files without an after side, pure renames and files that
    git takes for binary have none. Of a patch that was cut off, the last file is left out."""
    found: dict[str, list[Hunk]] = {}
    path: str | None = None
    awaited = False
    for match in _LINE.finditer(patch):
        # Lines of content carry a sign, so only a `+++` right after a file's header can be one.
        if match["file"]:
            path, awaited = None, True
        elif match["name"] is not None:
            if awaited:
                path, awaited = _after_path(match["name"]), False
        elif path is not None:
            a, b, c, d = match.group(3, 4, 5, 6)
            hunk = Hunk(int(a), int(b) if b is not None else 1, int(c), int(d) if d is not None else 1)
            found.setdefault(path, []).append(hunk)
    if not complete and path is not None:
        found.pop(path, None)
    return {path: tuple(hunks) for path, hunks in found.items()}


def _after_path(name: bytes) -> str | None:
    if name == b"/dev/null":
        return None
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescaped, name[1:].rsplit(b'"', 1)[0])
    elif name.endswith(b"\t"):  # git ends a name that holds a blank with a tab
        name = name[:-1]
    return path_text(name.removeprefix(b"b/"))


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 255]) if len(code) == 3 else _ESCAPES.get(code, code)


def compared(before: bytes, after: bytes) -> tuple[Hunk, ...]:
    """Hunks of two sides where git gave none: UTF-16, a ``-diff`` in ``.gitattributes`` (which hides nothing from us),
    or a patch that was cut off."""
    one, other = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    middle = one[start : len(one) - end], other[start : len(other) - end]
    if not any(middle):
        return ()
    if len(middle[0]) + len(middle[1]) > MAX_COMPARED_LINES:
        codes = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    else:
        codes = list(SequenceMatcher(None, *middle, autojunk=False).get_opcodes())
    return tuple(_hunk(start + a, b - a, start + c, d - c) for tag, a, b, c, d in codes if tag != "equal")


def _hunk(before: int, before_count: int, after: int, after_count: int) -> Hunk:
    """A hunk from 0-based starts; a side with no lines starts at the line before the gap, as git has it."""
    return Hunk(before + (before_count > 0), before_count, after + (after_count > 0), after_count)


def whole(data: bytes, *, added: bool) -> tuple[Hunk, ...]:
    """The one hunk of a file that appears or goes; none when it is empty."""
    count = data.count(b"\n") + (not data.endswith(b"\n")) if data else 0
    if not count:
        return ()
    return (Hunk(0, 0, 1, count) if added else Hunk(1, count, 0, 0),)


def obstacle(data: bytes) -> str:
    """Why bytes cannot be read as text, as words for people; empty when they can. A NUL in the first 8000 bytes makes
    a file binary, which is git's own rule."""
    if b"\0" in data[:_BINARY_WINDOW] and not data.startswith(_BYTE_ORDER_MARKS):
        return "binary"
    if data.startswith(_LFS) and len(data) < 1024:
        return "its content is in Git LFS"
    return ""


def as_utf8(data: bytes) -> bytes:
    """UTF-16 with a byte-order mark as UTF-8; everything else as it is."""
    if data.startswith(_BYTE_ORDER_MARKS):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data


def as_committed(data: bytes, before: bytes) -> bytes:
    """Bytes from disk the way git would commit them, as far as line endings go: where ``before`` has none of Windows
    and every line on disk has one, the work tree was checked out that way (``core.autocrlf``)."""
    if b"\r\n" not in before and data.count(b"\r\n") == data.count(b"\n") > 0:
        return data.replace(b"\r\n", b"\n")
    return data
