"""The only module of the analysis that talks to git: revisions, file lists, blobs and the changed files of two sides.

Git runs through GitPython, with an environment in which nothing of the repository can run: no hooks, filters, text
conversions, external diffs, pagers, prompts or lazy fetches. Blobs come from one ``cat-file --batch`` process.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import git
from git.exc import GitCommandError, GitCommandNotFound

from analyzers.model import DriftError, FileDiff, FileStatus, Hunk, Skipped

WORKTREE = "worktree"
"""Pseudo-revision: the files on disk, untracked ones that are not ignored included."""

INDEX = "index"
"""Pseudo-revision: what a commit would contain."""

MAX_PATCH_BYTES = 64_000_000
"""Largest patch text read for hunks; past it every remaining file is skipped with the reason."""

MAX_COMPARED_LINES = 20_000
"""Lines that Python may compare where git cannot; past it the whole file counts as changed."""

_SAFE = (
    "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "diff.external=", "-c", "core.attributesFile=/dev/null", "-c", "core.pager=cat", "-c", "color.ui=false",
    "-c", "diff.renames=true", "-c", "diff.renameLimit=400", "-c", "core.autocrlf=false", "-c", "diff.noprefix=false",
    "-c", "diff.mnemonicPrefix=false", "-c", "diff.suppressBlankEmpty=false", "-c", "submodule.recurse=false",
)  # fmt: skip
_DIFF = ("--no-ext-diff", "--no-textconv", "-M", "-l400", "--ignore-submodules=none", "--no-color", "--full-index")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_ZERO = re.compile(r"^0+$")


class GitError(DriftError):
    """Git could not give what a check needs."""


class NotARepositoryError(GitError):
    """No repository at or above the path."""


class UnknownRevisionError(GitError):
    """A revision that the repository does not have."""


class NoMergeBaseError(GitError):
    """Two revisions without a common ancestor, most often because the clone is shallow."""


class ForeignOwnerError(GitError):
    """The directory belongs to another user, and git refuses it."""


class MissingObjectError(GitError):
    """An object that a partial clone or a broken mirror lacks."""


class Repository:
    """A repository opened for reading. ``root`` is the work tree, or the git directory of a bare one."""

    def __init__(self, root: Path, git_dir: Path, *, bare: bool, trust_owner: bool) -> None:
        self.root = root
        self.git_dir = git_dir
        self.bare = bare
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {
            "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C", "GIT_ASKPASS": "true",
            "GIT_DIR": str(git_dir),
        }  # fmt: skip
        if not bare:
            environment["GIT_WORK_TREE"] = str(root)
        if trust_owner:
            environment |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            del os.environ[name]
        self._git = git.Git(str(root))
        self._git.update_environment(**environment)
        self._git.set_persistent_git_options(c=[])
        self._files: dict[str, dict[str, str]] = {}

    # -- opening ----------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, path: str, trust_owner: bool = False) -> Repository:
        """The repository at ``path`` or above it; a bare directory counts with or without a ``config`` file.

        Raises NotARepositoryError or ForeignOwnerError.
        """
        start = Path(path).absolute()
        if not start.exists():
            raise NotARepositoryError(f"{path} does not exist")
        for folder in (start, *start.parents):
            found = _git_dir(folder)
            if found is not None:
                git_dir, bare = found
                repository = cls(git_dir if bare else folder, git_dir, bare=bare, trust_owner=trust_owner)
                if not trust_owner:
                    _refuse_foreign(folder, git_dir)
                return repository
        raise NotARepositoryError(f"{path} is not in a git repository: run inside one, or say --repo DIR")

    def _run(self, *arguments: str, max_bytes: int | None = None) -> bytes:
        """Standard output of a git command. Raises GitError with git's own words."""
        try:
            output = self._git.execute(
                ["git", *_SAFE, *arguments], stdout_as_string=False, strip_newline_in_stdout=False
            )
        except GitCommandNotFound as error:
            raise GitError("git is not installed or not on PATH") from error
        except GitCommandError as error:
            raise _translated(str(error.stderr), str(self.root)) from error
        assert isinstance(output, bytes)
        return output

    # -- revisions --------------------------------------------------------------------------------------------------

    def resolve(self, revision: str) -> str:
        """The full commit id of a revision. Raises UnknownRevisionError."""
        if revision.startswith("-") or "\0" in revision or "\n" in revision or not revision:
            raise UnknownRevisionError(f"{revision!r} is not a revision")
        try:
            return (
                self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
                .decode()
                .strip()
            )
        except ForeignOwnerError:
            raise
        except GitError as error:
            if revision == "HEAD":
                raise UnknownRevisionError(
                    "the branch has no commit yet: commit something first, then check"
                ) from error
            hint = (
                "fetch it, or in CI set fetch-depth: 0"
                if re.fullmatch(r"[0-9a-f]{7,40}|.*/.*", revision)
                else "see git branch -a"
            )
            raise UnknownRevisionError(f"unknown revision {revision!r}: {hint}") from error

    def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor. Raises NoMergeBaseError."""
        if base == head:
            return base
        try:
            return self._run("merge-base", base, head).decode().strip().split("\n")[0]
        except GitError as error:
            shallow = (self.git_dir / "shallow").exists()
            why = "the clone is shallow" if shallow else "their histories are unrelated"
            raise NoMergeBaseError(
                f"no merge base of {base[:12]} and {head[:12]}: {why}; "
                "fetch the history (git fetch --unshallow; in GitHub Actions: fetch-depth: 0)"
            ) from error

    def default_branch(self) -> str | None:
        """The branch that work is merged into: origin's HEAD, else the usual names; None when there is none."""
        try:
            ref = self._run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD").decode().strip()
            if self._exists(ref):
                return ref.removeprefix("refs/remotes/")
        except GitError:
            pass
        for name in ("origin/main", "origin/master", "main", "master"):
            kind = "remotes" if name.startswith("origin/") else "heads"
            if self._exists(f"refs/{kind}/{name}"):
                return name
        return None

    def _exists(self, ref: str) -> bool:
        try:
            self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        except GitError:
            return False
        return True

    # -- content ----------------------------------------------------------------------------------------------------

    def files(self, revision: str) -> dict[str, str]:
        """Path → blob id of the regular files of a commit (the index for ``index`` and ``worktree``)."""
        known = self._files.get(revision)
        if known is not None:
            return known
        if revision in {WORKTREE, INDEX}:
            entries = self._run("ls-files", "-s", "-z").split(b"\0")
            parsed = [(e.split(b"\t", 1)[1], e.split(b" ")[1], e[:6]) for e in entries if e]
        else:
            entries = self._run("ls-tree", "-r", "-z", "--full-tree", revision).split(b"\0")
            parsed = [(e.split(b"\t", 1)[1], e.split(b"\t", 1)[0].split(b" ")[2], e[:6]) for e in entries if e]
        found = {_path(p): blob.decode() for p, blob, mode in parsed if mode.startswith(b"100")}
        self._files.clear()
        self._files[revision] = found
        return found

    def read(self, revision: str, path: str) -> bytes | None:
        """A file's bytes at a revision, or None when it is not there (or is no regular file)."""
        if revision == WORKTREE:
            return self._from_disk(path)
        spec = f":{path}" if revision == INDEX else f"{revision}:{path}"
        if "\n" in path:
            blob = self.files(revision).get(path)
            return self.read_blob(blob) if blob else None
        return self.read_blob(spec)

    def read_blob(self, blob: str) -> bytes | None:
        """A blob's bytes by id (or ``revision:path``), or None when the object is not in this clone."""
        try:
            _, kind, _, data = self._git.get_object_data(blob)
        except (ValueError, GitCommandError, OSError, BrokenPipeError):
            self._git.clear_cache()
            return None
        return data if kind in {"blob", b"blob"} else None

    def _from_disk(self, path: str) -> bytes | None:
        place = Path(os.fsencode(self.root / path).decode("utf-8", "surrogateescape"))
        try:
            if not stat.S_ISREG(place.lstat().st_mode) or not place.resolve().is_relative_to(self.root.resolve()):
                return None
            return place.read_bytes()
        except OSError:
            return None

    def contains(self, revision: str, name: str) -> bool:
        """Whether any file of the revision, Markdown and change logs aside, holds ``name`` as a whole word."""
        where = [] if revision == WORKTREE else ["--cached"] if revision == INDEX else [revision]
        excluded = [
            ":(exclude,icase)*.md",
            ":(exclude,icase)*.mdx",
            ":(exclude,icase)*.rst",
            ":(exclude,icase)*changelog*",
        ]
        try:
            self._run("grep", "-q", "-F", "-w", "-e", name, *where, "--", ".", *excluded)
        except GitError:
            return False
        return True

    # -- changes ----------------------------------------------------------------------------------------------------

    def changed(self, base: str, head: str, *, max_bytes: int = 2_000_000) -> tuple[list[FileDiff], list[Skipped]]:
        """The changed files from commit ``base`` to ``head`` (a commit, ``index`` or ``worktree``), in path order, with
        the bytes of both sides and hunks; and what could not be read, with the reason."""
        sides = [base] if head == WORKTREE else ["--cached", base] if head == INDEX else [base, head]
        raw = self._raw(sides)
        diffs: list[FileDiff] = []
        skipped: list[Skipped] = []
        entries = sorted(_entries(raw), key=lambda entry: entry[4])
        plain = [e for e in entries if not _special(e, skipped)]
        for entry in plain:
            diff = self._file_diff(entry, head, max_bytes, skipped)
            if diff is not None:
                diffs.append(diff)
        if head == WORKTREE:
            diffs += self._untracked(max_bytes, skipped)
        hunks = self._hunks(sides, [d for d in diffs if d.before is not None and d.after is not None], skipped)
        return [_with_hunks(diff, hunks) for diff in diffs], skipped

    def _raw(self, sides: Sequence[str]) -> bytes:
        """The list of changed files; without rename detection where that needs objects that this clone lacks."""
        try:
            return self._run("diff", "--raw", "-z", "--abbrev=40", *_DIFF, *sides)
        except MissingObjectError:
            return self._run("diff", "--raw", "-z", "--abbrev=40", *_DIFF, "--no-renames", *sides)

    def _file_diff(self, entry: _Entry, head: str, max_bytes: int, skipped: list[Skipped]) -> FileDiff | None:
        before_blob, after_blob, status, old_path, path = entry
        before = after = None
        if status != "A":
            before = self.read_blob(before_blob)
        if status != "D":
            on_disk = head == WORKTREE and _ZERO.match(after_blob) is not None
            after = self._from_disk(path) if on_disk else self.read_blob(after_blob)
        if (before is None and status != "A") or (after is None and status != "D"):
            skipped.append(Skipped(path, "its content is missing from this clone (partial clone or broken mirror)"))
            return None
        problem = next((p for p in (_problem(s, max_bytes) for s in (before, after)) if p), "")
        if problem:
            skipped.append(Skipped(path, problem))
            return None
        kind = {"A": FileStatus.ADDED, "D": FileStatus.DELETED, "R": FileStatus.RENAMED}.get(
            status, FileStatus.MODIFIED
        )
        return FileDiff(kind, path, old_path, _text(before), _text(after), ())

    def _untracked(self, max_bytes: int, skipped: list[Skipped]) -> Iterator[FileDiff]:
        for raw in self._run("ls-files", "--others", "--exclude-standard", "-z").split(b"\0"):
            if not raw or raw.endswith(b"/"):
                continue
            path = _path(raw)
            data = self._from_disk(path)
            problem = "not a regular file" if data is None else _problem(data, max_bytes)
            if problem:
                skipped.append(Skipped(path, problem))
                continue
            yield FileDiff(FileStatus.ADDED, path, path, None, _text(data), ())

    def _hunks(
        self, sides: Sequence[str], diffs: Sequence[FileDiff], skipped: list[Skipped]
    ) -> dict[str, tuple[Hunk, ...]]:
        """Hunks by after path. Files are asked for in one call; headers are matched by position, so names with any
        bytes work."""
        if not diffs:
            return {}
        wanted = {diff.path for diff in diffs}
        try:
            text = self._run("diff", "-U0", "-z", "--raw", "--patch", "--abbrev=40", *_DIFF, *sides)
        except MissingObjectError:
            # Git stops at the first object that this clone lacks; ours are all here, so compare them ourselves.
            return {diff.path: _compared(diff) for diff in diffs}
        if len(text) > MAX_PATCH_BYTES:
            skipped.append(Skipped("(diff)", f"the patch is larger than {MAX_PATCH_BYTES:,} bytes"))
            return {}
        head, _, patch = text.partition(b"\0\0")
        order = list(_in_patch(head + b"\0"))
        parts = re.split(rb"^diff --git ", patch, flags=re.MULTILINE)[1:]
        found: dict[str, tuple[Hunk, ...]] = {}
        for path, part in zip(order, parts, strict=False):
            if path in wanted:
                found[path] = tuple(_hunk(match) for match in _HUNK.finditer(part))
        return found


_Entry = tuple[str, str, str, str, str]
"""Before blob, after blob, status letter, before path, after path; modes are folded into the status (``T``)."""


def _entries(raw: bytes) -> Iterator[_Entry]:
    """The records of ``git diff --raw -z``."""
    fields = raw.split(b"\0")
    position = 0
    while position < len(fields) and fields[position].startswith(b":"):
        before_mode, after_mode, before, after, letter = fields[position][1:].split(b" ")
        old = fields[position + 1]
        position += 2
        path = old
        if letter[:1] in b"RC":
            path = fields[position]
            position += 1
        status = letter[:1].decode()
        for mode in (before_mode, after_mode):
            if mode == b"160000":
                status = "S"
            elif mode == b"120000":
                status = "L"
        yield before.decode(), after.decode(), status, _path(old), _path(path)


def _in_patch(raw: bytes) -> Iterator[str]:
    """The after path of each part of the patch: git splits a change of file type into two parts and gives none to an
    unmerged file."""
    letters = re.findall(rb"(?:^|\0):\d{6} \d{6} [0-9a-f]+ [0-9a-f]+ ([A-Z])", raw)
    for letter, entry in zip(letters, _entries(raw), strict=False):
        yield from [entry[4]] * {b"T": 2, b"U": 0}.get(letter, 1)


def _special(entry: _Entry, skipped: list[Skipped]) -> bool:
    before, after, status, _, path = entry
    reasons = {"S": "a submodule", "L": "a symbolic link", "U": "an unmerged file: resolve the conflict first"}
    if status in reasons:
        skipped.append(Skipped(path, f"is {reasons[status]}"))
        return True
    return before == after and status == "M"


def _compared(diff: FileDiff) -> tuple[Hunk, ...]:
    """Hunks of two sides by difflib; slow, for files that git itself cannot or will not compare."""
    before, after = (side.split(b"\n") if side is not None else [] for side in (diff.before, diff.after))
    if len(before) + len(after) > MAX_COMPARED_LINES:
        return (Hunk(1, len(before), 1, len(after)),)
    found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return tuple(Hunk(a + (b > a), b - a, c + (d > c), d - c) for tag, a, b, c, d in found if tag != "equal")


def _with_hunks(diff: FileDiff, hunks: dict[str, tuple[Hunk, ...]]) -> FileDiff:
    if diff.before is None and diff.after is not None:
        found: tuple[Hunk, ...] = (Hunk(0, 0, 1, _line_count(diff.after)),)
    elif diff.after is None and diff.before is not None:
        found = (Hunk(1, _line_count(diff.before), 0, 0),)
    else:
        found = hunks.get(diff.path, ())
        if not found and diff.before != diff.after:
            # Binary for git, not for us: UTF-16, or a `-diff` in the own .gitattributes of a branch: it hides nothing.
            found = _compared(diff)
    return FileDiff(diff.status, diff.path, diff.old_path, diff.before, diff.after, found)


def _line_count(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _hunk(match: re.Match[bytes]) -> Hunk:
    a, b, c, d = match.groups()
    return Hunk(int(a), int(b) if b is not None else 1, int(c), int(d) if d is not None else 1)


def _problem(data: bytes | None, max_bytes: int) -> str:
    if data is None:
        return ""
    if len(data) > max_bytes:
        return f"larger than {max_bytes:,} bytes"
    if b"\0" in data[:8000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary"
    return ""


def _text(data: bytes | None) -> bytes | None:
    """UTF-16 with a byte-order mark becomes UTF-8; everything else stays as it is."""
    if data is not None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data


def _path(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _git_dir(folder: Path) -> tuple[Path, bool] | None:
    """The git directory that ``folder`` has or is, and whether it is bare."""
    dot = folder / ".git"
    if dot.is_dir() and (dot / "HEAD").exists():
        return dot, False
    if dot.is_file():
        text = dot.read_text(encoding="utf-8", errors="replace").strip()
        if text.startswith("gitdir:"):
            target = (folder / text.removeprefix("gitdir:").strip()).resolve()
            if target.exists():
                return target, False
    if (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir():
        return folder, folder.name != ".git"
    return None


def _refuse_foreign(folder: Path, git_dir: Path) -> None:
    """Git's own rule, told before git does: the directory must belong to who runs the check."""
    owners = {folder.stat().st_uid, git_dir.stat().st_uid}
    mine = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        mine.add(int(os.environ["SUDO_UID"]))
    if not owners <= mine:
        raise ForeignOwnerError(
            f"{folder} belongs to another user, and git refuses it; if you trust it, say --trust-owner "
            f"(or: git config --global --add safe.directory {folder})"
        )


def _translated(stderr: str, root: str) -> GitError:
    if "dubious ownership" in stderr:
        return ForeignOwnerError(
            f"{root} belongs to another user, and git refuses it; if you trust it, say --trust-owner"
        )
    if "missing" in stderr or "unable to read" in stderr or "bad object" in stderr:
        return MissingObjectError(f"git lacks objects of this clone: {_first(stderr)}")
    return GitError(f"git failed: {_first(stderr)}")


def _first(text: str) -> str:
    lines = [line.strip() for line in text.replace("stderr:", "").strip().strip("'").splitlines() if line.strip()]
    return lines[0][:300] if lines else "no message"
