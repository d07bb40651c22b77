"""The fetcher: what a review reads, brought onto this disk, and little else.

Per repository one bare partial *store* collects objects: the three commits and their trees (``--depth=1``, without
blobs), then every needed blob in one batch. A review gets a *view*: a bare directory of a few small files that borrows
the store's objects and has no address to fetch from, so nothing that reads it can cause a transfer. In the view the
merge base is the parent of the head (a replacement, as ``git replace --graft`` makes it), because that is all that a
clone without history has to know to find it.

Measured against a full clone by the tests: same report, a fraction of the bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from analyzers.patches import path_text
from bot import gitprocess
from bot.gitprocess import Done, Remote, TooLarge, is_commit_id
from bot.model import Checkout, Pull
from bot.ports import Gone, Unavailable
from bot.selection import Files, read_by_review, searched_in
from bot.shelves import Shelf, Shelves
from runbooks import config as configuration
from runbooks.config import Config, ConfigError

SEARCHED_BYTES = 40_000_000
"""What a first fetch may transfer so that the names that a diff removed can be searched in the whole head; past it
only what the review reads itself is fetched, and nothing is said to be gone."""
SEARCHED_FILES = 20_000
NEEDED_BYTES = 200_000_000
"""What any other fetch may transfer: the limit of the analysis on changed files, compressed or not."""
DEPTHS = (1, 50, 1_000, 2_147_483_647)
"""Depths tried where a server gives out branches only; git takes the last for the whole history."""
MAX_FILES = 500_000
"""Files of one revision that are listed; a list of them takes some 150 MB here."""


class Checkouts:
    """The ``Fetcher`` port on git. ``clone`` gives address and token of a repository (``Forge.clone``); ``root`` is a
    directory of ours, kept under ``max_bytes``; ``loopback`` allows plain HTTP to this machine (stand-ins, tests);
    ``opted_in`` says which repositories are reviewed without a configuration file."""

    def __init__(
        self,
        root: Path,
        clone: Callable[[str], tuple[str, str]],
        *,
        max_bytes: int = 5_000_000_000,
        seconds: float = 120.0,
        loopback: bool = False,
        opted_in: Callable[[str], bool] = lambda repo: True,
        searched_bytes: int = SEARCHED_BYTES,
    ) -> None:
        self._shelves = Shelves(root, max_bytes)
        self._clone = clone
        self._seconds = seconds
        self._loopback = loopback
        self._opted_in = opted_in
        self._searched_bytes = searched_bytes

    def prepare(self, pull: Pull, merge_base: str, policy_revision: str, *, landed: bool = False) -> Checkout:
        """Merge base, head and policy revision in one bare directory; with ``landed`` the policy revision's side of
        what changed too.

        Raises ``Unavailable`` (try again), ``Gone`` (the head was replaced, the repository left) or ``Refused``.
        """
        wanted = (merge_base, policy_revision, pull.head_sha)
        if not all(map(is_commit_id, wanted)):
            raise Gone("not a full commit id", "no_commit")
        try:
            with self._shelves.of(pull.ref.repo, seconds=self._seconds) as shelf:
                fetch = _Fetch(shelf, pull, self._clone, self._seconds, loopback=self._loopback)
                fetch.commits(wanted)
                view = _view(shelf, merge_base, pull.head_sha, policy_revision)
                self._blobs(fetch, view, wanted, landed)
        except _BrokenStore:
            self._shelves.discard(pull.ref.repo)
            raise
        except OSError as problem:
            raise Unavailable(f"the state directory cannot be used: {problem.strerror}", 60) from None
        self._shelves.trim(pull.ref.repo)
        return Checkout(str(view), merge_base, pull.head_sha, policy_revision)

    def _blobs(self, fetch: _Fetch, view: Path, wanted: tuple[str, str, str], landed: bool) -> None:
        files = {sha: _files(view, sha) for sha in dict.fromkeys(wanted)}
        base, policy, head = (files[sha] for sha in wanted)
        _, config_blob = policy.get(configuration.FILE, ("", ""))
        if not config_blob and not self._opted_in(fetch.repo):
            return
        config = _config(view, config_blob, fetch) if config_blob else Config()
        first = read_by_review(base, head, policy, config)
        sides = ((base, head), (head, base))
        differing = [path for side, other in sides for path, entry in side.items() if entry != other.get(path)]
        shown = (base, head, policy) if landed else (base, head)
        changed = [side[path][1] for side in shown for path in differing if path in side]
        wide = [] if fetch.shelf.too_large_to_search else searched_in(head)
        missing = _missing(view, [*first, *changed, *wide])
        sides_of = set(first).union(changed), set(wide)
        needed, searched = ([blob for blob in missing if blob in of] for of in sides_of)
        if 0 < len(searched) <= SEARCHED_FILES:
            try:
                fetch.blobs(missing, self._searched_bytes)
                return
            except TooLarge:
                fetch.shelf.remember_too_large()
            except Gone:
                pass  # a server that lacks some of its own files
        try:
            fetch.blobs(needed, NEEDED_BYTES)
        except (TooLarge, Gone):  # what cannot be read is told as skipped
            with suppress(Gone):
                fetch.blobs(_missing(view, first), NEEDED_BYTES)


class _BrokenStore(Unavailable):
    """Git cannot read what was fetched (after a power cut, say): it is fetched anew."""


class _Fetch:
    """Fetches of one pull request's repository into its store."""

    def __init__(
        self, shelf: Shelf, pull: Pull, clone: Callable[[str], tuple[str, str]], seconds: float, *, loopback: bool
    ) -> None:
        self.shelf = shelf
        self.repo = pull.ref.repo
        self._pull = pull
        self._clone = clone
        self._deadline = time.monotonic() + seconds
        self._loopback = loopback
        self._variables: Mapping[str, str] | None = None

    def commits(self, wanted: Sequence[str]) -> None:
        """The commits and all their trees. Raises ``Gone`` where one is not to be had."""
        missing = [sha for sha in dict.fromkeys(wanted) if not self.shelf.keeps(sha)]  # the head last: it may be gone
        if not missing:
            return
        done = self._git(*_FETCH, _BARE, "--depth=1", "origin", *(f"+{sha}:refs/keep/{sha}" for sha in missing))
        if done.status:
            problem = gitprocess.failure(done.errors, self.repo)
            if not (isinstance(problem, Gone) and problem.code in {"no_commit", "names_only"}):
                raise problem
            self._by_name(missing, deeper=problem.code == "names_only")

    def _by_name(self, missing: Sequence[str], *, deeper: bool) -> None:
        """Fetch the branch and the pull request's ref. ``deeper`` is for servers that give out only what they
        advertise: with blobs, because they cannot be asked for one by one, and further back until all is there. For
        others one of the commits is gone, and the rest is asked for one by one."""
        for sha in () if deeper else missing:
            self._git(*_FETCH, _BARE, "--depth=1", "origin", f"+{sha}:refs/keep/{sha}")
        names = [f"refs/heads/{self._pull.base_ref}", f"refs/pull/{self._pull.ref.number}/head"]
        content = _WHOLE if deeper else _BARE
        left = list(missing)
        for depth in DEPTHS if deeper else DEPTHS[:1]:
            for name in filter(_plain_name, names):
                kept = f"refs/named/{hashlib.sha256(name.encode()).hexdigest()[:16]}"
                done = self._git(*_FETCH, content, f"--depth={depth}", "origin", f"+{name}:{kept}")
                problem = gitprocess.failure(done.errors, self.repo) if done.status else None
                if isinstance(problem, Unavailable):
                    raise problem
            left = self._kept_of(missing)
            if not left:
                return
        raise Gone(f"commit {left[-1][:12]} of {self.repo} is not there any more", "no_commit")

    def _kept_of(self, missing: Sequence[str]) -> list[str]:
        """Those that the store still lacks; refs are made for the others."""
        reading = gitprocess.environment(self.shelf.store)
        left = []
        for sha in missing:
            done = gitprocess.run(
                self.shelf.store, "update-ref", f"refs/keep/{sha}", sha, variables=reading, seconds=30
            )
            if done.status:
                left.append(sha)
        return left

    def blobs(self, blobs: Sequence[str], limit: int) -> None:
        """Blobs by id in one batch. Raises ``TooLarge`` when they are more than ``limit`` bytes on the wire."""
        if not blobs:
            return
        # As git itself fetches what a partial clone lacks (promisor-remote.c).
        done = self._git(
            "-c", "fetch.negotiationAlgorithm=noop", *_FETCH, _BARE, "--stdin", "origin",
            stdin="".join(f"{blob}\n" for blob in blobs).encode(), limit=limit,
        )  # fmt: skip
        if done.status:
            raise gitprocess.failure(done.errors, self.repo)

    def _git(self, *arguments: str, stdin: bytes = b"", limit: int = NEEDED_BYTES) -> Done:
        if self._variables is None:
            self._variables = gitprocess.environment(
                self.shelf.store, Remote(*self._clone(self.repo)), loopback=self._loopback
            )
        before = self.shelf.bytes_of_packs()
        try:
            return gitprocess.run(
                self.shelf.store, *arguments, variables=self._variables, stdin=stdin,
                seconds=max(0.1, self._deadline - time.monotonic()), started=self.shelf.remember_fetch,
                watch=lambda: self.shelf.bytes_of_packs() - before <= limit,
            )  # fmt: skip
        finally:
            self.shelf.forget_fetch()


_FETCH = (
    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance",
)  # fmt: skip

_BARE, _WHOLE = "--filter=blob:none", "--filter=blob:limit=1g"


def _plain_name(name: str) -> bool:
    """Whether a ref's name can stand in a refspec as itself."""
    return not any(c in name for c in ":*?[\\^~ ") and ".." not in name and name.isprintable()


def _reading(view: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """The output of a git command on a view. Raises ``Unavailable`` or ``TooLarge``."""
    done = gitprocess.run(view, *arguments, variables=gitprocess.environment(view), seconds=60, stdin=stdin)
    if done.status:
        raise _BrokenStore(f"git {arguments[0]} failed on a fetched repository; it is fetched anew", 1)
    return done.output


def _files(view: Path, sha: str) -> Files:
    """The files of a commit, links included, submodules not."""
    found: Files = {}
    listed = _reading(view, "ls-tree", "-r", "-z", "--full-tree", sha)
    if listed.count(b"\0") > MAX_FILES:
        raise TooLarge(f"a revision holds more than {MAX_FILES:,} files", "too_large")
    for entry in listed.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        mode, _, rest = head.decode("ascii", "replace").partition(" ")
        if mode.startswith(("100", "120")):
            found[path_text(path)] = (sys.intern(mode), rest.rsplit(" ", 1)[-1])
    return found


def _missing(view: Path, blobs: Sequence[str]) -> list[str]:
    """Those that the store lacks, each once."""
    asked = "".join(f"{blob}\n" for blob in dict.fromkeys(blobs)).encode()
    answers = _reading(view, "cat-file", "--batch-check", stdin=asked).splitlines() if asked else []
    return [answer.split(b" ")[0].decode() for answer in answers if answer.endswith(b" missing")]


def _config(view: Path, blob: str, fetch: _Fetch) -> Config:
    """The policy's configuration; a broken one is reported by the review, and until then counts as none."""
    ask = partial(_reading, view, "cat-file", "--batch", stdin=f"{blob}\n".encode())
    answer = ask()
    if answer == f"{blob} missing\n".encode():
        fetch.blobs([blob], NEEDED_BYTES)
        answer = ask()
    text = answer.partition(b"\n")[2].removesuffix(b"\n")  # after "<id> blob <bytes>"
    try:
        return configuration.load(text.decode("utf-8", "replace"))
    except ConfigError:
        return Config()


def _view(shelf: Shelf, base: str, head: str, policy: str) -> Path:
    """The directory that a review reads; see the module's first words. Made once per three commits."""
    name = hashlib.sha256(f"{base} {head} {policy}".encode()).hexdigest()[:24]
    view, making = shelf.views / name, shelf.views / f".{name}"
    if view.is_dir():
        os.utime(view)
        return view
    shutil.rmtree(making, ignore_errors=True)
    for folder in ("objects/info", "objects/pack", "refs"):
        (making / folder).mkdir(parents=True)
    (making / "HEAD").write_text("ref: refs/heads/none\n")
    (making / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    (making / "objects/info/alternates").write_text(f"{(shelf.store / 'objects').resolve()}\n")
    ends = {base, policy} if base == head else {base, policy} - {head}
    (making / "shallow").write_text("".join(f"{sha}\n" for sha in sorted(ends)))
    header = _reading(making, "cat-file", "commit", head).partition(b"\n\n")[0]
    parents = [line.removeprefix(b"parent ") for line in header.splitlines() if line.startswith(b"parent ")]
    if base != head and parents != [base.encode()]:
        _reading(making, "replace", "--graft", head, base)
    with suppress(FileExistsError):
        making.rename(view)
    return view
