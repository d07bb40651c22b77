"""Parsed runbooks on disk, so that a check need not read the same Markdown again. Deleting it changes no answer.

An entry's name is a digest of everything its content depends on: the file's bytes and path, the source of every module
that takes part in parsing, the versions of Python and of the two parsers. The bytes, and not git's blob id: a
repository can claim any id for its objects, and one must not write what another reads. An entry holds JSON under a
checksum; one that is broken in any way is as good as absent, and a directory that cannot be used is no error.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import cached_property
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from runbooks import stored

VARIABLE = "RUNBOOK_DRIFT_CACHE"
"""Environment variable: ``off`` for no cache, else the directory to use."""

MAX_TOTAL = 50_000_000
"""Bytes of all entries; past that the oldest go until three quarters are left. A runbook takes about 30 kB."""

MAX_ENTRY = 4_000_000
"""Bytes of one entry; what is larger is parsed each time."""

SOURCES = (
    "analyzers.expressions", "analyzers.literals", "analyzers.model", "analyzers.patterns", "analyzers.stated",
    "analyzers.units", "analyzers.values", "analyzers.vocabulary", "runbooks.anchors", "runbooks.binding",
    "runbooks.boundedyaml", "runbooks.fences", "runbooks.frontmatter", "runbooks.handles", "runbooks.headings",
    "runbooks.index", "runbooks.inline", "runbooks.lexicon", "runbooks.mentions", "runbooks.model", "runbooks.named",
    "runbooks.parse", "runbooks.plainyaml", "runbooks.stored", "runbooks.terms",
)  # fmt: skip
"""The modules that decide what a parsed runbook holds; a test follows the imports and compares."""

_PARSERS = ("markdown_it", "yaml")
_CHECKSUM = 32
"""Hexadecimal digits before an entry's JSON."""
_OWN = re.compile(r"[0-9a-f]{40}\.(?:json|\d+\.part)")
"""Names of entries: whatever else lies in the directory is not ours to remove."""


class Cache:
    """A directory of parsed runbooks. ``directory`` None keeps nothing."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._wrote = False

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> Cache:
        """The cache where the user wants it: :data:`VARIABLE`, else below ``XDG_CACHE_HOME`` or ``~/.cache``."""
        wanted = environment.get(VARIABLE, "")
        if wanted.lower() in {"off", "0", "no", "false"}:
            return cls(None)
        if wanted:
            return cls(Path(wanted))
        home = environment.get("XDG_CACHE_HOME") or os.path.join(environment.get("HOME", ""), ".cache")
        # A relative path would put the cache into whatever repository is being checked.
        return cls(Path(home, "runbook-drift") if os.path.isabs(home) else None)

    @cached_property
    def _tool(self) -> bytes:
        """Digest of what turns bytes into a runbook; empty where it cannot be told, which switches the cache off."""
        digest = blake2b(sys.version.encode(), digest_size=16)
        root = Path(__file__).parent.parent
        try:
            for name in SOURCES:
                digest.update(root.joinpath(*name.split(".")).with_suffix(".py").read_bytes())
            for name in _PARSERS:
                found = find_spec(name)  # not imported: that is what the cache saves
                digest.update(Path(found.origin if found and found.origin else "").read_bytes())  # holds the version
        except (OSError, ValueError):
            return b""
        return digest.digest()

    def _place(self, path: str, data: bytes, revision: str) -> Path | None:
        if self._directory is None or not self._tool:
            return None
        digest = blake2b(self._tool, digest_size=20)
        for part in (path.encode("utf-8", "surrogateescape"), revision.encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update(data)
        return self._directory / f"{digest.hexdigest()}.json"

    def read(self, path: str, data: bytes, revision: str) -> stored.Parsed | None:
        """The parsed runbook with these bytes at this path, or None."""
        place = self._place(path, data, revision)
        if place is None:
            return None
        try:
            with place.open("rb") as file:
                content = file.read(MAX_ENTRY + 1)
            body = content[_CHECKSUM:]
            if _checksum(body) != content[:_CHECKSUM]:
                return None
            return stored.loads(body.decode("ascii"), path, revision)
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return None

    def write(self, path: str, data: bytes, revision: str, parsed: stored.Parsed) -> None:
        """Keep a parsed runbook. Other processes see all of the entry or nothing."""
        place = self._place(path, data, revision)
        if place is None:
            return
        try:
            body = stored.dumps(parsed).encode("ascii")
            if len(body) + _CHECKSUM > MAX_ENTRY:
                return
            part = place.with_suffix(f".{os.getpid()}.part")
            if not self._wrote:
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._wrote = True
            with part.open("wb") as file:
                file.write(_checksum(body) + body)
            part.replace(place)
        except (OSError, ValueError, RecursionError):
            self._directory = None  # full, read-only or no directory: do without

    def tidy(self) -> None:
        """Remove the oldest entries where there are too many. Does nothing unless this process added one."""
        if self._directory is None or not self._wrote:
            return
        try:
            with os.scandir(self._directory) as found:
                entries = [(s.st_mtime_ns, s.st_size, e.path) for e in found if _OWN.fullmatch(e.name)
                           for s in (e.stat(follow_symlinks=False),)]  # fmt: skip
            total = sum(size for _, size, _ in entries)
            if total <= MAX_TOTAL:
                return
            for _, size, path in sorted(entries):
                os.unlink(path)
                total -= size
                if total <= MAX_TOTAL * 3 // 4:
                    return
        except OSError:
            return


def _checksum(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECKSUM // 2).hexdigest().encode()
