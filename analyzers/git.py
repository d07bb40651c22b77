"""The only module of the analysis that talks to git: revisions, file lists, blobs and the changed files of two sides.

Git runs through GitPython, set up so that nothing of the repository can run: no hooks, filters, text conversions,
external diffs, file-system monitors, pagers or prompts, and no transport, so that a partial clone fetches nothing.
A comparison costs one ``git diff`` and two ``cat-file`` processes that stay open; these also resolve revisions.

Longer than other modules, so that one file is all there is to review: what never calls git is in ``git_directory``,
``patches`` and ``sides``.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # else the import itself fails where git is missing

import git
from git.exc import GitCommandNotFound

from analyzers import git_directory, patches
from analyzers.formatted import formatted
from analyzers.giterrors import (
    BareRepositoryError,
    GitMissingError,
    NoMergeBaseError,
    NotARepositoryError,
    UnbornBranchError,
    UnknownRevisionError,
    translated,
)
from analyzers.model import FileDiff, Hunk, Skipped
from analyzers.scope import set_aside
from analyzers.sides import MAX_TOTAL_BYTES, SideReader, untracked

_UNREADABLE = re.compile(r"error: '[^':]*:(.*)': unable to read [0-9a-f]{40,64}\Z")
WORKTREE = "worktree"
"""Pseudo-revision: the files on disk, untracked ones that are not ignored included."""

INDEX = "index"
"""Pseudo-revision: what a commit would contain."""

MAX_PATCH_BYTES = 64_000_000
"""Largest patch read from git; hunks past it are worked out from the two sides."""

MAX_NAMING_BYTES = 4_000_000
"""Output read of one search for lines that hold a name; a name on more lines than that is an ordinary word."""

_KNOWN_REVISIONS = 4
_SETTINGS = {
    "core.quotePath": "false", "core.fsmonitor": "false", "core.hooksPath": os.devnull, "core.pager": "cat",
    "core.attributesFile": os.devnull, "core.safecrlf": "false", "color.ui": "false", "diff.external": "",
    "diff.orderFile": os.devnull, "diff.autoRefreshIndex": "true", "diff.relative": "false",
    "diff.suppressBlankEmpty": "false", "submodule.recurse": "false", "protocol.allow": "never", "gc.auto": "0",
}  # fmt: skip
"""Configuration set from the environment, where it wins over the repository's; also makes output independent of it."""
_ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true",
    "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C",
}  # fmt: skip
# Dirty submodules are ignored because git would run `git status` in them, under their own configuration.
_DIFF = (
    "diff", "-z", "--raw", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty",
    "--submodule=short", "-l400",
)  # fmt: skip
_PATCH = (
    "-M", "--patch", "-U0", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic",
    "--irreversible-delete", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_UNSEARCHED = ("**/*.md", "**/*.mdx", "**/*.rst", "**/*changelog*")
_FOREIGN_TREES = ("vendor", "node_modules", "third_party", "site-packages")
_FILTERS = r"^filter\..*\.(clean|smudge|process|required)$"


class Repository:
    """A repository opened for reading, as it is at one moment: lists of files are remembered.

    ``root`` is the work tree, or the git directory of a bare one. Opening takes ``GIT_*`` variables out of this
    process's environment, because git would obey them.
    """

    def __init__(self, place: git_directory.Place, *, trust_owner: bool = False) -> None:
        self.root, self.git_dir, self.bare = place
        index = os.environ.get("GIT_INDEX_FILE", "")
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            del os.environ[name]
        self._settings = dict(_SETTINGS)
        self._environment = _ENVIRONMENT | {"GIT_DIR": str(self.git_dir)}
        if trust_owner:
            self._settings["safe.directory"] = "*"
        if self.bare:
            self._settings["core.bare"] = "true"
        else:
            self._environment["GIT_WORK_TREE"] = str(self.root)
            # `git commit -a` and `git commit FILE` show a pre-commit hook their content in an index of its own.
            if index and (self.root / index).resolve().parent == self.git_dir.resolve():
                self._environment["GIT_INDEX_FILE"] = str((self.root / index).resolve())
        self._git = git.Git(str(self.root))
        self._configure()
        self._objects = _Objects(self._git)
        self._files: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._filters_off = False

    def _configure(self) -> None:
        """Hand the settings to git; command-line scope, so they win over every file."""
        numbered = {"GIT_CONFIG_COUNT": str(len(self._settings))}
        for number, (key, value) in enumerate(self._settings.items()):
            numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        self._git.update_environment(**self._environment, **numbered)

    @classmethod
    def open(cls, path: str, trust_owner: bool = False) -> Repository:
        """The repository at ``path`` or above it.

        Raises NotARepositoryError, ForeignOwnerError or GitMissingError.
        """
        start = Path(path).absolute()
        if not start.exists():
            raise NotARepositoryError(f"{path} does not exist")
        place = git_directory.find(start if start.is_dir() else start.parent)
        if place is None:
            raise NotARepositoryError(f"{path} is not in a git repository: run inside one, or say --repo DIR")
        repository = cls(place, trust_owner=trust_owner)
        if not trust_owner:
            repository._refuse_foreign()
        return repository

    def _refuse_foreign(self) -> None:
        """Git skips its own check when it is told the directory, as here; so where the owner is another user, let git
        find the repository by itself and see whether it objects (``safe.directory`` may allow it)."""
        owners = {self.root.stat().st_uid, self.git_dir.stat().st_uid}
        if owners == {os.geteuid()}:
            return
        finder = git.Git(str(self.root))
        finder.update_environment(**_ENVIRONMENT)
        status, _, errors = _run(finder, "rev-parse", "--git-dir")
        if status:
            raise translated(errors, self.root)

    def _try(self, *arguments: str) -> tuple[int, bytes, str]:
        return _run(self._git, *arguments)

    def _output(self, *arguments: str) -> bytes:
        """Standard output of a git command. Raises GitError with git's own words."""
        status, output, errors = self._try(*arguments)
        if status:
            raise translated(errors, self.root)
        return output

    # -- revisions --------------------------------------------------------------------------------------------------

    def resolve(self, revision: str) -> str:
        """The full id of the commit that a revision names. Raises UnknownRevisionError."""
        if not revision or revision.startswith("-") or re.search(r"[\0\n\r]", revision):
            raise UnknownRevisionError(f"{revision!r} is not a revision")
        found = self._objects.header(f"{revision}^{{commit}}")
        if found is not None:
            return found[0]
        status, _, errors = self._try("rev-parse", "--is-inside-git-dir")
        if status:
            raise translated(errors, self.root)
        if revision in {"HEAD", "@"}:
            raise UnbornBranchError("the branch has no commit yet: commit something first, then check")
        named = re.fullmatch(r"[0-9a-f]{7,64}|.*/.*", revision)
        hint = "fetch it, or in CI set fetch-depth: 0" if named else "see git branch -a"
        raise UnknownRevisionError(f"unknown revision {revision!r}: {hint}")

    def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor of two commits. Raises NoMergeBaseError."""
        if base == head:
            return base
        status, output, errors = self._try("merge-base", "--end-of-options", base, head)
        if status > 1:
            raise translated(errors, self.root)
        if status == 1:
            shallow = self._output("rev-parse", "--is-shallow-repository").strip() == b"true"
            why = "the clone is shallow" if shallow else "their histories are unrelated"
            raise NoMergeBaseError(
                f"no merge base of {base[:12]} and {head[:12]}: {why}; "
                "fetch the history (git fetch --unshallow; in GitHub Actions: fetch-depth: 0)"
            )
        return output.decode("ascii").split("\n")[0]

    def default_branch(self) -> str | None:
        """The branch that work is merged into: the HEAD of the remote origin, then of upstream, then the usual names;
        None when there is none of these."""
        names = ("origin/main", "origin/master", "main", "master")
        full = {name: f"refs/{'remotes' if '/' in name else 'heads'}/{name}" for name in names}
        heads = [f"refs/remotes/{remote}/HEAD" for remote in ("origin", "upstream")]
        output = self._output("for-each-ref", "--format=%(refname) %(symref)", *heads, *full.values())
        refs = dict(line.split(" ", 1) for line in output.decode("utf-8", "surrogateescape").splitlines())
        for head in heads:
            if refs.get(head):
                return refs[head].removeprefix("refs/remotes/")
        return next((name for name, ref in full.items() if ref in refs), None)

    def require_lone_branch(self) -> None:
        """Raise NoMergeBaseError unless the branch that is checked out is the only one, in a clone with its history:
        only then is it clear without a default branch what work is to be compared with."""
        if self._output("rev-parse", "--is-shallow-repository").strip() == b"true":
            raise NoMergeBaseError(
                "no default branch to compare with: the clone is shallow; fetch the history and the target branch "
                "(in GitHub Actions: fetch-depth: 0), then say --base BRANCH"
            )
        refs = self._output("for-each-ref", "--format=%(refname:lstrip=-1)", "refs/heads", "refs/remotes").split()
        others = sorted({ref.decode("utf-8", "replace") for ref in refs} - {"HEAD"})
        if len(others) > 1:
            raise NoMergeBaseError(
                "no default branch to compare with (none of origin/HEAD, main, master): say --base BRANCH, "
                f"one of {', '.join(others[:5])}"
            )

    def commit_date(self, sha: str) -> datetime:
        """When a commit was made (its committer's date, in the committer's time zone). Raises UnknownRevisionError."""
        data = self._objects.content(self.resolve(sha)) or b""
        found = re.search(rb"^committer .*> (\d+) ([+-])(\d\d)(\d\d)$", data, re.MULTILINE)
        if not found:
            raise UnknownRevisionError(f"{sha!r} has no date")
        offset = timedelta(hours=int(found[3]), minutes=int(found[4])) * (-1 if found[2] == b"-" else 1)
        zone = timezone(offset) if abs(offset) < timedelta(days=1) else UTC
        return datetime.fromtimestamp(min(int(found[1]), 2**37), zone)

    # -- content ----------------------------------------------------------------------------------------------------

    def files(self, revision: str) -> dict[str, str]:
        """Path → blob id of the regular files of a revision. For ``worktree`` these are the files on disk, tracked or
        not ignored, and the ids are empty: read them by path. Raises MissingObjectError where trees are missing."""
        if revision not in self._files:
            self._files[revision] = self._list(revision)
            while len(self._files) > _KNOWN_REVISIONS:
                self._files.popitem(last=False)
        self._files.move_to_end(revision)
        return self._files[revision]

    def _list(self, revision: str) -> dict[str, str]:
        if revision in {WORKTREE, INDEX}:
            self._require_work_tree()
        if revision == WORKTREE:
            tagged = self._output("ls-files", "-z", "-t", "-s", "-o", "-d", "--exclude-standard").split(b"\0")
            gone = {entry.split(b"\t", 1)[1] for entry in tagged if entry.startswith(b"R ")}
            kept = [e.split(b"\t", 1)[1] for e in tagged if re.match(rb"[HSM] 100", e)]
            others = [entry[2:] for entry in tagged if entry.startswith(b"? ") and not entry.endswith(b"/")]
            return {patches.path_text(raw): "" for raw in sorted({*kept, *others} - gone)}
        if revision == INDEX:
            listed = [e.split(b"\t", 1) for e in self._output("ls-files", "-s", "-z").split(b"\0") if e]
            pairs = ((head.split(b" "), path) for head, path in listed)
            return {patches.path_text(p): h[1].decode() for h, p in pairs if h[0].startswith(b"100") and h[2] == b"0"}
        tree = self._output("ls-tree", "-r", "-z", "--full-tree", self.resolve(revision)).split(b"\0")
        entries = (entry.split(b"\t", 1) for entry in tree if entry.startswith(b"100"))
        return {patches.path_text(path): head.rsplit(b" ", 1)[1].decode() for head, path in entries}

    def read(self, revision: str, path: str) -> bytes | None:
        """A file's bytes at a revision, or None when it is not there, is no regular file, or is missing here."""
        if revision == WORKTREE:
            return self._on_disk(path)
        blob = self.files(revision).get(path)
        return self.read_blob(blob) if blob else None

    def read_blob(self, blob: str) -> bytes | None:
        """A blob's bytes by its id, or None when the object is not in this clone."""
        return self._objects.content(blob)

    def _on_disk(self, path: str, limit: int = MAX_TOTAL_BYTES) -> bytes | None:
        """A regular file of the work tree, ``limit`` + 1 bytes at most. Links are not followed, also not those among
        the parent directories; pipes and devices are not opened; the git directory is not a part of the work tree."""
        parts = path.split("/")
        if self.bare or {"", ".", ".."} & set(parts) or ".git" in (part.lower() for part in parts):
            return None
        place = os.path.join(os.path.realpath(self.root), *parts)
        try:
            if os.path.realpath(os.path.dirname(place)) != os.path.dirname(place):
                return None
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return None
        with open(handle, "rb") as file:
            try:
                return file.read(limit + 1)
            except OSError:
                return None

    def contains(self, revision: str, name: str) -> bool:
        """Whether any file of the revision, Markdown and change logs aside, holds ``name`` as a whole word, or a text
        that a program may format to it (:mod:`analyzers.formatted`). True when git cannot tell because objects are
        missing: what may still be there is not gone. Missing files that could not define anything (test data, vendored
        and generated files) do not count: every large mirror lacks some."""
        where = {WORKTREE: ["--untracked"], INDEX: ["--cached"]}.get(revision) or [self.resolve(revision)]
        left_out = [f":(exclude,icase){pattern}" for pattern in ("*.md", "*.mdx", "*.rst", "*changelog*")]
        made = formatted(name)
        for options in (("-F", "-w", "-e", name), *([("-I", "-E", "-e", made)] if made else [])):
            status, _, errors = self._try("grep", "-q", *options, *where, "--", ".", *left_out)
            if status != 1 or any(not _beside_the_point(line) for line in errors.splitlines() if line.strip()):
                return True
        return False

    def lines_naming(self, revision: str, names: Iterable[str]) -> list[tuple[str, int, str]]:
        """Path, line number (from 1) and text of the lines of a revision that hold one of ``names`` as a whole word,
        in git's order; in one search, which reads at most :data:`MAX_NAMING_BYTES` of git's answer. Names of other
        characters than letters, digits, ``_`` and ``-`` are not looked for. Left out are binary files, Markdown,
        change logs, vendored trees, and files whose content is missing from this clone."""
        plain = sorted({name for name in names if re.fullmatch(r"\w[\w-]*", name, re.ASCII)})
        if not plain:
            return []
        commit = "" if revision in {WORKTREE, INDEX} else self.resolve(revision)
        where = {WORKTREE: ["--untracked"], INDEX: ["--cached"]}.get(revision) or [commit]
        left_out = [*_UNSEARCHED, *(f"**/{pattern}/**" for pattern in _FOREIGN_TREES)]
        exclusions = [f":(exclude,icase,glob){pattern}" for pattern in left_out]
        # One alternation: git would try a list of names one after the other on each line.
        _, output, _, _ = self._bounded(
            "grep", "-n", "-z", "-I", "-w", "-E", "-e", f"({'|'.join(plain)})", *where, "--", ".", *exclusions,
            limit=MAX_NAMING_BYTES,
        )  # fmt: skip
        found: list[tuple[str, int, str]] = []
        for line in output.split(b"\n")[:-1]:  # what follows the last line feed was cut off
            fields = line.split(b"\0", 2)
            if len(fields) == 3 and fields[1].isdigit():
                path = fields[0][len(commit) + 1 :] if commit else fields[0]
                found.append((patches.path_text(path), int(fields[1]), fields[2].decode("utf-8", "replace")))
        return found

    # -- changes ----------------------------------------------------------------------------------------------------

    def changed(self, base: str, head: str, *, max_bytes: int = 2_000_000) -> tuple[list[FileDiff], list[Skipped]]:
        """The changed files from commit ``base`` to ``head`` (a commit, ``index`` or ``worktree``), in path order, with
        the bytes of both sides and git's hunks; and what was not read, with the reason. ``max_bytes`` is per side.

        Raises BareRepositoryError, UnknownRevisionError, and MissingObjectError where trees are missing.
        """
        sides = [self.resolve(base)]
        if head in {WORKTREE, INDEX}:
            self._require_work_tree()
            sides[:0] = ["--cached"] if head == INDEX else []
        else:
            sides.append(self.resolve(head))
        if head == WORKTREE:
            self._switch_filters_off()
        entries, hunks = self._diff(sides, max_bytes)
        if head == WORKTREE:
            entries = self._with_untracked(entries)
        reader = SideReader(self._objects, self._on_disk, max_bytes, from_disk=head == WORKTREE)
        diffs: list[FileDiff] = []
        skipped: list[Skipped] = []
        for entry in sorted(entries, key=lambda entry: entry.path):
            found = reader.read(entry, hunks)
            if isinstance(found, Skipped):
                skipped.append(found)
            elif found is not None:
                diffs.append(found)
        return diffs, skipped

    def _require_work_tree(self) -> None:
        if self.bare:
            raise BareRepositoryError("this repository is bare: say --base REV and --head REV")

    def _switch_filters_off(self) -> None:
        """Empty every clean and smudge filter that any configuration names: comparing with files on disk runs them."""
        if not self._filters_off:
            _, names, _ = self._try("config", "-z", "--name-only", "--get-regexp", _FILTERS)
            for name in filter(None, names.decode("utf-8", "surrogateescape").split("\0")):
                self._settings[name] = "false" if name.endswith(".required") else ""
            self._configure()
            self._filters_off = True

    def _diff(self, sides: list[str], max_bytes: int) -> tuple[list[patches.Entry], dict[str, tuple[Hunk, ...]]]:
        """The changed paths, and the hunks of those that git compared. Where objects are missing, git stops at the
        first of them: then without hunks, and with those renames that need no content."""
        # Files above the limit are skipped later, so git need not compare them either.
        limit = ("-c", f"core.bigFileThreshold={max_bytes}")
        status, output, _, complete = self._bounded(*limit, *_DIFF, *_PATCH, *sides, "--")
        if status == 0 or not complete:
            entries, patch = patches.split(output)
            return entries, patches.hunks_by_path(patch, complete=complete)
        return patches.split(self._output(*_DIFF, "-M100%", *sides, "--"))[0], {}

    def _bounded(self, *arguments: str, limit: int = MAX_PATCH_BYTES) -> tuple[int, bytes, str, bool]:
        """Exit status, at most ``limit`` bytes of output (and one), error text, and whether that was all of it."""
        process = _start(self._git, *arguments)
        errors: list[bytes] = []
        # A repository can make git warn without end (bad attributes): read along, or git would wait for us.
        drain = threading.Thread(
            target=lambda: errors.extend(iter(lambda: process.stderr.read(65536), b"")), daemon=True
        )
        drain.start()
        output: bytes = process.stdout.read(limit + 1)
        complete = len(output) <= limit
        child = process.proc
        assert child is not None
        if not complete:
            child.kill()
        process.stdout.close()
        drain.join()
        process.stderr.close()
        return child.wait(), output, b"".join(errors[:4]).decode("utf-8", "replace"), complete

    def _with_untracked(self, entries: list[patches.Entry]) -> list[patches.Entry]:
        """The records with those of untracked files; and with unmerged files told, which a comparison with the work
        tree takes for modified."""
        listed = self._output("ls-files", "-z", "-t", "--unmerged", "--others", "--exclude-standard").split(b"\0")
        # A name that ends with a slash is a repository of its own.
        names = [patches.path_text(e[2:]) for e in listed if e.startswith(b"? ") and not e.endswith(b"/")]
        unmerged = {patches.path_text(e.split(b"\t", 1)[1]) for e in listed if e.startswith(b"M ")}
        told = [entry._replace(letter="U") if entry.path in unmerged else entry for entry in entries]
        return told + untracked(names)


class _Objects:
    """The object database through two ``cat-file`` processes, started at first use: one that only names types and
    sizes, one that hands out content. GitPython's own reader is not used: it takes SHA-1 ids only, and refuses names
    that are not UTF-8."""

    def __init__(self, runner: git.Git) -> None:
        self._runner = runner
        self._processes: dict[str, git.Git.AutoInterrupt] = {}
        # The collector takes an abandoned ring apart in any order; the finalizer keeps the processes out of it.
        weakref.finalize(self, self._processes.clear)

    def header(self, name: str) -> tuple[str, str, int] | None:
        """Id, type and size in bytes of what ``name`` names, or None."""
        return self._ask("--batch-check", name)

    def content(self, name: str) -> bytes | None:
        """The bytes of an object, or None when it is missing, broken, or larger than all that is kept in memory."""
        found = self._ask("--batch", name)
        if found is None:
            return None
        process = self._processes["--batch"]
        if found[2] > MAX_TOTAL_BYTES:
            self._processes.clear()
            return None
        data: bytes = process.stdout.read(found[2] + 1)
        if len(data) <= found[2]:  # the process died of a broken object
            del self._processes["--batch"]
            return None
        return data[:-1]

    def _ask(self, mode: str, name: str) -> tuple[str, str, int] | None:
        if "\n" in name:  # would be a second question, and every later answer one too late
            return None
        if mode not in self._processes:
            self._processes[mode] = _start(self._runner, "cat-file", mode, interactive=True)
        process = self._processes[mode]
        try:
            process.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
            process.stdin.flush()
            answer: bytes = process.stdout.readline()
        except (BrokenPipeError, UnicodeEncodeError):
            answer = b""
        fields = answer.rsplit(b" ", 2)
        if len(fields) == 3 and fields[2].strip().isdigit() and re.fullmatch(rb"[0-9a-f]{40,64}", fields[0]):
            return fields[0].decode(), fields[1].decode(), int(fields[2])
        if not answer:  # a broken object, or one that only a fetch could bring, ends the process
            del self._processes[mode]
        return None


def _start(runner: git.Git, *arguments: str, interactive: bool = False) -> git.Git.AutoInterrupt:
    """A git process with open pipes. Raises GitMissingError."""
    istream = subprocess.PIPE if interactive else None
    try:
        process = runner.execute(["git", *arguments], istream=istream, as_process=True)
    except GitCommandNotFound as error:
        raise GitMissingError("git is not installed or not on PATH: install it, then check") from error
    assert isinstance(process, git.Git.AutoInterrupt)
    return process


def _run(runner: git.Git, *arguments: str) -> tuple[int, bytes, str]:
    """Exit status, standard output and standard error of a git command. Raises GitMissingError."""
    try:
        status, output, errors = runner.execute(
            ["git", *arguments],
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
    except GitCommandNotFound as error:
        raise GitMissingError("git is not installed or not on PATH: install it, then check") from error
    assert isinstance(output, bytes)
    return status, output, errors


def _beside_the_point(error: str) -> bool:
    """Whether git's complaint is about the missing blob of a file that cannot define a name."""
    found = _UNREADABLE.match(error)
    return found is not None and bool(set_aside(found[1]))
