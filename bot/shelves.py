"""Where fetched repositories lie: one shelf per repository under a root, one user at a time, bounded in bytes.

A shelf is named by a hash, never by what somebody called a repository. Locks are the kernel's (``flock``), so a killed
process leaves none; what else it leaves (git's own lock files, a half-written pack, the fetch itself) is cleared away
by the next user.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import gitprocess
from bot.ports import Unavailable

GRACE = 900.0
"""Seconds after its last use in which a shelf is not thrown away: a review may still be reading it."""
MAX_PACKS = 200
"""Packs (each fetch leaves one) after which a store is begun anew: lookups slow down with their number."""
_CONFIG = """[core]
\trepositoryformatversion = 1
\tbare = true
[extensions]
\tpartialClone = origin
[remote "origin"]
\tpromisor = true
\tpartialclonefilter = blob:none
"""


class Shelf:
    """One repository's place: ``store`` is the git directory that is fetched into, ``views`` holds what reviews read.
    Used only by whoever holds its lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = root / "store"
        self.views = root / "views"
        self._pid = root / "fetching"
        self._searched = root / "too-large-to-search"

    def open(self, max_bytes: int) -> None:
        """Make it usable: clear away what a killed process left, begin anew what has grown too large."""
        if self._pid.exists():
            text = self._pid.read_text().strip()
            gitprocess.end_left_over(int(text) if text.isdecimal() else 0, self.store)
            self._pid.unlink(missing_ok=True)
        if self._packs() > MAX_PACKS or self.bytes_of_packs() > max_bytes:
            shutil.rmtree(self.root)
        if not (self.store / "HEAD").is_file():
            self._begin()
        for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/pack/.tmp*", "objects/**/tmp_obj_*"):
            for left in self.store.glob(pattern):
                left.unlink(missing_ok=True)
        self._forget_views()
        os.utime(self.root)

    def _begin(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        for folder in ("objects/info", "objects/pack", "refs"):
            (self.store / folder).mkdir(parents=True)
        self.views.mkdir()
        (self.store / "config").write_text(_CONFIG)
        (self.store / "HEAD").write_text("ref: refs/heads/none\n")

    def _forget_views(self) -> None:
        oldest = time.time() - GRACE
        for view in self.views.iterdir():
            if view.stat().st_mtime < oldest:
                shutil.rmtree(view, ignore_errors=True)

    def keeps(self, sha: str) -> bool:
        """Whether a commit was fetched with all its trees."""
        return (self.store / "refs" / "keep" / sha).is_file()

    def remember_fetch(self, pid: int) -> None:
        """Note the fetch that runs, so that it can be ended if we are killed."""
        self._pid.write_text(str(pid))

    def forget_fetch(self) -> None:
        """The fetch has ended."""
        self._pid.unlink(missing_ok=True)

    @property
    def too_large_to_search(self) -> bool:
        """Whether the whole head was found to be too large to fetch."""
        return self._searched.exists()

    def remember_too_large(self) -> None:
        """The whole head is too large to fetch; true until the shelf is thrown away."""
        self._searched.touch()

    def _packs(self) -> int:
        return sum(1 for _ in self.store.glob("objects/pack/*.pack"))

    def bytes_of_packs(self) -> int:
        """Bytes of the object database, half-written packs included."""
        total = 0
        for folder in (self.store / "objects" / "pack", self.store / "objects"):
            if folder.is_dir():
                for entry in os.scandir(folder):
                    try:
                        total += entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
        return total


class Shelves:
    """All shelves under ``root``, together at most ``max_bytes`` (those in use aside)."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes

    def _name(self, repo: str) -> str:
        return hashlib.sha256(repo.lower().encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @contextmanager
    def of(self, repo: str, *, seconds: float) -> Iterator[Shelf]:
        """The shelf of a repository, locked. Raises ``Unavailable`` when others hold it for ``seconds``."""
        with self._locked(self._name(repo), seconds):
            shelf = Shelf(self._root / "repositories" / self._name(repo))
            shelf.root.mkdir(parents=True, exist_ok=True)
            shelf.open(self._max_bytes)
            yield shelf

    def discard(self, repo: str) -> None:
        """Have the next user begin a repository's store anew."""
        (self._root / "repositories" / self._name(repo) / "store" / "HEAD").unlink(missing_ok=True)

    def trim(self, keep: str) -> None:
        """Throw away the longest unused shelves until the rest fits; not ``keep``, and none that may be in use."""
        shelves = [Shelf(path) for path in (self._root / "repositories").iterdir()]
        sizes = {shelf.root.name: shelf.bytes_of_packs() for shelf in shelves}
        total = sum(sizes.values())
        unused = time.time() - GRACE
        for used, name, shelf in sorted((s.root.stat().st_mtime, s.root.name, s) for s in shelves):
            if total <= self._max_bytes or used > unused:
                return
            if name == self._name(keep):
                continue
            try:
                with self._locked(name, 0):
                    shutil.rmtree(shelf.root, ignore_errors=True)
                    total -= sizes[name]
            except Unavailable:
                continue

    @contextmanager
    def _locked(self, name: str, seconds: float) -> Iterator[None]:
        """Hold a lock file of its own, which is never deleted: a lock on a deleted file would exclude nobody."""
        folder = self._root / "locks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + seconds
        with (folder / name).open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise Unavailable("another process fetches this repository", 5) from None
                    time.sleep(0.02)
            yield
