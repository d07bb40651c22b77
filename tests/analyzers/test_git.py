"""Reading repositories: what changed is read exactly, what cannot be read is said,
and nothing of a repository runs."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import git
import pytest

from analyzers import git as git_module
from analyzers import sides
from analyzers.git import INDEX, WORKTREE, Repository
from analyzers.model import DriftError, FileDiff, FileStatus, Hunk, Skipped
from tests.repositories import TempRepo

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repo(tmp_path: Path) -> TempRepo:
    """A repository with a commit of two files."""
    made = TempRepo(tmp_path / "repo")
    made.commit({"a.py": "A = 1\n", "lib/b.py": "".join(f"B{n} = {n}\n" for n in range(50))})
    return made


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads this machine's global configuration."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def opened(repo: TempRepo) -> Repository:
    return Repository.open(str(repo.root))


def changed(repo: TempRepo, base: str = "HEAD^", head: str = "HEAD") -> tuple[dict[str, FileDiff], dict[str, str]]:
    """Diffs and reasons for skipping, each by path."""
    diffs, skipped = opened(repo).changed(base, head)
    assert [d.path for d in diffs] == sorted(d.path for d in diffs)
    return {d.path: d for d in diffs}, {s.path: s.reason for s in skipped}


def lose(repo: TempRepo, name: str) -> None:
    """Delete a loose object, as in a partial clone or a broken mirror."""
    blob = repo.git("rev-parse", name)
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


# -- opening --------------------------------------------------------------------------------------------------------


def test_is_found_from_below(repo: TempRepo) -> None:
    found = Repository.open(str(repo.root / "lib"))
    assert (found.root, found.bare) == (repo.root, False)


@pytest.mark.parametrize("inside", [".git", ".git/objects", "lib/b.py"])
def test_is_found_from_unusual_places(repo: TempRepo, inside: str) -> None:
    found = Repository.open(str(repo.root / inside))
    assert (found.root, found.bare) == (repo.root, False)
    assert found.changed("HEAD", WORKTREE) == ([], [])


def test_linked_work_tree(repo: TempRepo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    (tmp_path / "linked" / "a.py").write_text("A = 2\n")
    found = Repository.open(str(tmp_path / "linked"))
    assert [d.path for d in found.changed("HEAD", WORKTREE)[0]] == ["a.py"]
    assert opened(repo).changed("HEAD", WORKTREE) == ([], [])


@pytest.mark.parametrize("config", [True, False], ids=["with config", "without config"])
def test_bare_directory(repo: TempRepo, tmp_path: Path, config: bool) -> None:
    repo.commit({"a.py": "A = 2\n"})
    repo.git("clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare"))
    if not config:
        (tmp_path / "bare" / "config").unlink()
    found = Repository.open(str(tmp_path / "bare"))
    assert found.bare
    assert [d.path for d in found.changed("main^", "main")[0]] == ["a.py"]
    assert found.read("main", "a.py") == b"A = 2\n"
    assert found.read(WORKTREE, "HEAD") is None
    for head in (WORKTREE, INDEX):
        with pytest.raises(DriftError, match="bare: say --base REV and --head REV"):
            found.changed("main", head)


def test_bare_directory_named_like_a_git_directory(repo: TempRepo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "project" / ".git"))
    assert Repository.open(str(tmp_path / "project")).bare


def test_variables_of_git_are_not_obeyed(repo: TempRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = TempRepo(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert opened(repo).resolve("HEAD") == repo.git("rev-parse", "HEAD")


def test_no_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(DriftError, match="not in a git repository: run inside one, or say --repo DIR"):
        Repository.open(str(tmp_path / "plain"))
    with pytest.raises(DriftError, match="does not exist"):
        Repository.open(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("content", ["", "gitdir: nowhere", "gitdir: /dev/null", "\0\xff"])
def test_a_broken_git_file_is_no_repository(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    with pytest.raises(DriftError, match="not in a git repository"):
        Repository.open(str(tmp_path))


def test_an_unknown_repository_format_is_told_in_git_s_words(repo: TempRepo) -> None:
    repo.git("config", "core.repositoryFormatVersion", "99")
    with pytest.raises(DriftError, match="repo version"):
        opened(repo).resolve("HEAD")


def test_git_missing(repo: TempRepo) -> None:
    code = f"""
from analyzers.git import Repository
from analyzers.model import DriftError
try:
    Repository.open({str(repo.root)!r}).resolve("HEAD")
except DriftError as error:
    print(error)
"""
    environment = {"PATH": str(repo.root), "PYTHONPATH": str(ROOT), "HOME": str(repo.root)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "git is not installed or not on PATH: install it, then check\n", done.stderr


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")


@pytest.fixture
def foreign(repo: TempRepo) -> TempRepo:
    """A repository that belongs to another user."""
    for path in (repo.root, repo.root / ".git"):
        os.chown(path, 12345, -1)
    return repo


@needs_root
def test_the_directory_of_another_user_is_refused(foreign: TempRepo) -> None:
    with pytest.raises(DriftError, match=r"another user.*--trust-owner.*safe\.directory"):
        opened(foreign)


@needs_root
def test_the_directory_of_another_user_can_be_trusted(foreign: TempRepo, tmp_path: Path) -> None:
    assert Repository.open(str(foreign.root), trust_owner=True).resolve("HEAD")
    (tmp_path / "home" / ".gitconfig").write_text(f"[safe]\n\tdirectory = {foreign.root}\n")
    assert opened(foreign).resolve("HEAD")


def test_an_abandoned_repository_leaves_no_process(repo: TempRepo) -> None:
    """A failed check leaves its repository in a ring of frames and errors, which only the collector takes apart, in
    any order: a ``Popen`` found before its owner would warn of a running process and of open pipes."""
    left = opened(repo)
    left.resolve("HEAD")
    child = left._objects._processes["--batch-check"].proc
    assert child is not None
    assert child.poll() is None
    ring: list[object] = [left, child]
    ring.append(ring)
    done = weakref.ref(child)
    del left, child, ring
    gc.collect()
    assert done() is None


# -- revisions ------------------------------------------------------------------------------------------------------


def test_revisions_resolve_to_commits(repo: TempRepo) -> None:
    sha = repo.git("rev-parse", "HEAD")
    repo.git("tag", "--annotate", "-m", "x", "v1")
    for name in ("HEAD", "main", "v1", sha, sha[:8], "HEAD@{0}", "main^{}"):
        assert opened(repo).resolve(name) == sha


@pytest.mark.parametrize(
    "name", ["", "-x", "--all", "a\nb", "a\0b", "nope", "HEAD:a.py", "HEAD^{tree}", "\udcff", "a b"]
)
def test_unknown_revisions(repo: TempRepo, name: str) -> None:
    found = opened(repo)
    with pytest.raises(DriftError, match="revision"):
        found.resolve(name)
    assert found.resolve("HEAD"), "the next question is not disturbed"


def test_an_unknown_remote_branch_or_commit_may_need_a_fetch(repo: TempRepo) -> None:
    for name in ("origin/main", "0123456789abcdef"):
        with pytest.raises(DriftError, match="fetch-depth: 0"):
            opened(repo).resolve(name)


def test_an_unborn_branch(tmp_path: Path) -> None:
    empty = TempRepo(tmp_path / "empty")
    with pytest.raises(DriftError, match="no commit yet: commit something first"):
        opened(empty).resolve("HEAD")
    assert opened(empty).default_branch() is None


def test_merge_base(repo: TempRepo) -> None:
    sha = repo.git("rev-parse", "HEAD")
    repo.branch("work")
    work = repo.commit({"a.py": "A = 2\n"})
    repo.switch("main")
    main = repo.commit({"c.py": "C = 1\n"})
    assert opened(repo).merge_base(main, work) == sha
    assert opened(repo).merge_base(work, work) == work


def test_no_merge_base(repo: TempRepo, tmp_path: Path) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "--quiet", "--orphan", "island")
    island = repo.commit({"a.py": "A = 2\n"})
    with pytest.raises(DriftError, match=r"histories are unrelated.*fetch-depth: 0"):
        opened(repo).merge_base(first, island)
    repo.switch("main")
    repo.commit({"a.py": "A = 3\n"})
    shallow = TempRepo(tmp_path / "shallow")
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{repo.root}", "main:main2", "island:island")
    with pytest.raises(DriftError, match=r"the clone is shallow.*--unshallow.*fetch-depth: 0"):
        opened(shallow).merge_base(shallow.git("rev-parse", "main2"), shallow.git("rev-parse", "island"))


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        ({}, "main"),
        ({"refs/heads/master": ""}, "main"),
        ({"refs/remotes/origin/main": ""}, "origin/main"),
        (
            {"refs/remotes/origin/main": "", "refs/remotes/origin/dev": "", "refs/remotes/origin/HEAD": "dev"},
            "origin/dev",
        ),
        ({"refs/remotes/origin/main": "", "refs/remotes/origin/HEAD": "gone"}, "origin/main"),
    ],
)
def test_default_branch(repo: TempRepo, refs: dict[str, str], expected: str) -> None:
    for name, target in refs.items():
        if target:
            repo.git("symbolic-ref", name, f"refs/remotes/origin/{target}")
        else:
            repo.git("update-ref", name, "HEAD")
    assert opened(repo).default_branch() == expected


def test_the_upstream_remote_counts_after_origin(repo: TempRepo) -> None:
    repo.git("update-ref", "refs/remotes/upstream/trunk", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/upstream/HEAD", "refs/remotes/upstream/trunk")
    assert opened(repo).default_branch() == "upstream/trunk"


def test_commit_date(repo: TempRepo) -> None:
    assert opened(repo).commit_date("HEAD").isoformat() == "2026-03-02T09:00:00+00:00"


# -- what changed ---------------------------------------------------------------------------------------------------


def test_modified_added_deleted(repo: TempRepo) -> None:
    repo.commit({"a.py": "A = 1\nB = 2\n", "new.py": "x\ny", "lib/b.py": None, "empty.py": ""})
    diffs, skipped = changed(repo)
    assert skipped == {}
    assert diffs["a.py"] == FileDiff(
        FileStatus.MODIFIED, "a.py", "a.py", b"A = 1\n", b"A = 1\nB = 2\n", (Hunk(1, 0, 2, 1),)
    )
    assert (diffs["new.py"].status, diffs["new.py"].before) == (FileStatus.ADDED, None)
    assert diffs["new.py"].hunks == (Hunk(0, 0, 1, 2),)
    assert (diffs["lib/b.py"].status, diffs["lib/b.py"].after) == (FileStatus.DELETED, None)
    assert diffs["lib/b.py"].hunks == (Hunk(1, 50, 0, 0),)
    assert diffs["empty.py"].hunks == ()


def test_hunks_are_git_s(repo: TempRepo) -> None:
    lines = [f"B{n} = {n}\n" for n in range(50)]
    lines[9] = "B9 = 'nine'\n"
    del lines[30:32]
    lines.insert(40, "++ b/a.py\n@@ -1 +1 @@\ndiff --git a/a.py b/a.py\n")
    repo.commit({"lib/b.py": "".join(lines)})
    assert changed(repo)[0]["lib/b.py"].hunks == (Hunk(10, 1, 10, 1), Hunk(31, 2, 30, 0), Hunk(42, 0, 41, 3))


def test_renames(repo: TempRepo) -> None:
    repo.git("mv", "lib/b.py", "lib/c d.py")
    repo.git("mv", "a.py", "z.py")
    repo.commit({"lib/c d.py": "".join(f"B{n} = {n}\n" for n in range(49)) + "B49 = 0\n"})
    diffs, _ = changed(repo)
    edited = diffs["lib/c d.py"]
    assert (edited.status, edited.old_path, edited.hunks) == (FileStatus.RENAMED, "lib/b.py", (Hunk(50, 1, 50, 1),))
    assert (diffs["z.py"].status, diffs["z.py"].old_path, diffs["z.py"].hunks) == (FileStatus.RENAMED, "a.py", ())


def test_work_tree_and_index(repo: TempRepo) -> None:
    repo.write({"a.py": "A = 2\n", ".gitignore": "*.log\n", "x.log": "x", "new.py": "N = 1\n"})
    repo.git("add", "a.py")
    repo.write({"a.py": "A = 3\n"})
    diffs, skipped = changed(repo, "HEAD", WORKTREE)
    assert skipped == {}
    assert {path: diff.after for path, diff in diffs.items()} == {
        ".gitignore": b"*.log\n", "a.py": b"A = 3\n", "new.py": b"N = 1\n"
    }  # fmt: skip
    assert diffs["a.py"].hunks == (Hunk(1, 1, 1, 1),)
    staged, _ = changed(repo, "HEAD", INDEX)
    assert {path: diff.after for path, diff in staged.items()} == {"a.py": b"A = 2\n"}


def test_a_file_deleted_from_disk(repo: TempRepo) -> None:
    (repo.root / "a.py").unlink()
    assert changed(repo, "HEAD", WORKTREE)[0]["a.py"].status is FileStatus.DELETED


def test_the_index_of_a_running_commit_counts(repo: TempRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write({"a.py": "A = 2\n"})
    shutil.copy(repo.root / ".git" / "index", repo.root / ".git" / "next")
    repo.git("add", "a.py")
    os.replace(repo.root / ".git" / "index", repo.root / ".git" / "full")
    os.replace(repo.root / ".git" / "next", repo.root / ".git" / "index")
    monkeypatch.setenv("GIT_INDEX_FILE", str(repo.root / ".git" / "full"))
    assert list(changed(repo, "HEAD", INDEX)[0]) == ["a.py"]
    assert list(changed(repo, "HEAD", INDEX)[0]) == [], "the variable was taken out when the repository was opened"


def test_mode_and_time_alone_are_no_change(repo: TempRepo) -> None:
    (repo.root / "a.py").chmod(0o755)
    os.utime(repo.root / "lib" / "b.py", (1, 1))
    assert changed(repo, "HEAD", WORKTREE) == ({}, {})
    repo.commit({})
    assert changed(repo) == ({}, {})


@pytest.mark.parametrize(
    "name",
    ["new\nline.py", 'quo"te.py', "täglich.py", " blank .py", "tab\t.py", "back\\slash.py", "-dash.py", ":x.py",
         "a\x01.py",
     os.fsdecode(b"caf\xe9.py"), "+++ b", "b/b"],
)  # fmt: skip
def test_names_of_any_bytes(repo: TempRepo, name: str) -> None:
    sha = repo.commit({name: "A = 1\nB = 1\n"})
    repo.commit({name: "A = 1\nB = 2\n"})
    expected = (Hunk(2, 1, 2, 1),)
    assert changed(repo)[0][name].hunks == expected
    assert opened(repo).read(sha, name) == b"A = 1\nB = 1\n"
    repo.write({name: "A = 1\nB = 3\n"})
    diff = changed(repo, "HEAD", WORKTREE)[0][name]
    assert (diff.hunks, diff.after) == (expected, b"A = 1\nB = 3\n")
    assert name in opened(repo).files(WORKTREE)
    assert name in opened(repo).files("HEAD")


def test_utf_16_is_read_and_binary_is_skipped(repo: TempRepo) -> None:
    repo.commit({"u.py": "A = 1\nB = 1\n".encode("utf-16"), "x.bin": b"\0\1\2"})
    repo.commit({"u.py": "A = 1\nB = 2\n".encode("utf-16"), "x.bin": b"\0\1\3"})
    diffs, skipped = changed(repo)
    assert (diffs["u.py"].after, diffs["u.py"].hunks) == (b"A = 1\nB = 2\n", (Hunk(2, 1, 2, 1),))
    assert skipped == {"x.bin": "binary"}


def test_large_files_are_not_read(repo: TempRepo) -> None:
    repo.commit({"big.json": "[1]\n" * 1000, "a.py": "A = 2\n"})
    diffs, skipped = opened(repo).changed("HEAD^", "HEAD", max_bytes=3999)
    assert [d.path for d in diffs] == ["a.py"]
    assert skipped == [Skipped("big.json", "larger than 3,999 bytes")]
    repo.write({"big.json": "[2]\n" * 1000, "more.json": "[2]\n" * 1000})
    assert {s.path for s in opened(repo).changed("HEAD", WORKTREE, max_bytes=3999)[1]} == {"big.json", "more.json"}


def test_all_files_together_have_a_limit(repo: TempRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "MAX_TOTAL_BYTES", 1500)
    repo.commit({f"{n}.txt": "x" * 1000 for n in range(3)})
    diffs, skipped = changed(repo)
    assert list(diffs) == ["0.txt"]
    assert set(skipped) == {"1.txt", "2.txt"}
    assert "together" in skipped["1.txt"]


def test_untracked_files_have_a_limit(repo: TempRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "MAX_UNTRACKED", 2)
    repo.write({f"{n}.txt": "x" for n in range(3)})
    diffs, skipped = changed(repo, "HEAD", WORKTREE)
    assert list(diffs) == ["0.txt", "1.txt"]
    assert "untracked" in skipped["2.txt"]


def test_a_patch_that_is_cut_off_leaves_no_file_without_hunks(repo: TempRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({f"{n}.txt": "a\nb\nc\n" for n in range(40)})
    repo.commit({f"{n}.txt": "a\nB\nc\n" for n in range(40)})
    monkeypatch.setattr(git_module, "MAX_PATCH_BYTES", 8000)
    diffs, skipped = changed(repo)
    assert (len(diffs), skipped) == (40, {})
    assert {diff.hunks for diff in diffs.values()} == {(Hunk(2, 1, 2, 1),)}


def test_line_endings_of_windows_on_disk_are_those_of_the_check_out(repo: TempRepo) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.write({"a.py": "A = 1\r\n", "lib/b.py": "".join(f"B{n} = {n}\r\n" for n in range(49)) + "B49 = 0\r\n"})
    diffs, _ = changed(repo, "HEAD", WORKTREE)
    assert list(diffs) == ["lib/b.py"]
    assert diffs["lib/b.py"].hunks == (Hunk(50, 1, 50, 1),)


def test_links_submodules_and_lfs_pointers_are_listed(repo: TempRepo, tmp_path: Path) -> None:
    other = TempRepo(tmp_path / "other")
    other.commit({"x.py": "x = 1\n"})
    (repo.root / "link.py").symlink_to("a.py")
    (repo.root / "lib" / "b.py").unlink()
    (repo.root / "lib" / "b.py").symlink_to("../a.py")
    repo.git("submodule", "--quiet", "add", str(other.root), "vendored")
    sha = repo.commit({
        "a.py": "A = 2\n",
        "model.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    })  # fmt: skip
    diffs, skipped = changed(repo)
    assert set(diffs) == {"a.py", ".gitmodules"}
    assert diffs["a.py"].hunks == (Hunk(1, 1, 1, 1),)
    assert skipped == {
        "lib/b.py": "is a symbolic link", "link.py": "is a symbolic link", "vendored": "is a submodule",
        "model.bin": "its content is in Git LFS",
    }  # fmt: skip
    found = opened(repo)
    assert found.read(sha, "link.py") is None
    assert "link.py" not in found.files(sha)
    assert "link.py" not in found.files(WORKTREE)


def test_an_unmerged_file_is_listed(repo: TempRepo) -> None:
    repo.branch("other")
    repo.commit({"a.py": "A = 2\n"})
    repo.switch("main")
    repo.commit({"a.py": "A = 3\n", "c.py": "C = 1\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "other")
    repo.write({"c.py": "C = 2\n"})
    diffs, skipped = changed(repo, "HEAD", WORKTREE)
    assert skipped == {"a.py": "is an unmerged file: resolve the conflict first"}
    assert diffs["c.py"].hunks == (Hunk(1, 1, 1, 1),)


# -- clones that lack objects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["HEAD:c.py", "HEAD^:c.py"])
def test_missing_blobs_are_listed_and_the_rest_is_read(repo: TempRepo, side: str) -> None:
    repo.commit({"c.py": "C = 1\n"})
    repo.commit({"c.py": "C = 2\n", "a.py": "A = 2\n"})
    lose(repo, side)
    diffs, skipped = changed(repo)
    assert list(skipped) == ["c.py"]
    assert "missing from this clone" in skipped["c.py"]
    assert diffs["a.py"].hunks == (Hunk(1, 1, 1, 1),)


def test_broken_objects_are_listed_and_the_rest_is_read(repo: TempRepo) -> None:
    repo.commit({"0.py": "C = 2\n", "a.py": "A = 2\n", "z.py": "Z = 1\n"})
    blob = repo.git("rev-parse", "HEAD:0.py")
    broken = repo.root / ".git" / "objects" / blob[:2] / blob[2:]
    broken.chmod(0o644)
    broken.write_bytes(b"broken")
    diffs, skipped = changed(repo)
    assert (set(diffs), set(skipped)) == ({"a.py", "z.py"}, {"0.py"})


def test_missing_content_is_none_to_a_reader(repo: TempRepo) -> None:
    sha = repo.commit({"c.py": "NAME_OF_C = 1\n"})
    blob = repo.git("rev-parse", "HEAD:c.py")
    lose(repo, "HEAD:c.py")
    found = opened(repo)
    assert found.read(sha, "c.py") is None
    assert found.read_blob(blob) is None
    assert found.read(sha, "a.py") == b"A = 1\n"


def test_missing_trees_say_what_to_do(repo: TempRepo) -> None:
    repo.commit({"a.py": "A = 2\n"})
    lose(repo, "HEAD^{tree}")
    with pytest.raises(DriftError, match="lacks objects of this clone"):
        changed(repo)


def test_a_partial_clone_fetches_nothing(repo: TempRepo, tmp_path: Path) -> None:
    repo.commit({"c.py": "C = 1\n"})
    marker = tmp_path / "ran"
    serving = tmp_path / "serve.sh"
    serving.write_text(f"#!/bin/sh\ntouch '{marker}'\nexit 1\n")
    serving.chmod(0o755)
    for key, value in {
        "remote.origin.url": str(repo.root), "remote.origin.uploadpack": str(serving),
         "remote.origin.promisor": "true",
        "core.repositoryFormatVersion": "1", "extensions.partialClone": "origin", "protocol.file.allow": "always",
    }.items():  # fmt: skip
        repo.git("config", key, value)
    lose(repo, "HEAD:c.py")
    assert set(changed(repo)[1]) == {"c.py"}
    assert not marker.exists()


# -- nothing runs, nothing leaks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    ["diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge",
     "filter.evil.process", "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "alias.diff",
     "core.alternateRefsCommand"],
)  # fmt: skip
def test_nothing_that_the_repository_configures_runs(repo: TempRepo, tmp_path: Path, key: str) -> None:
    repo.commit({".gitattributes": "*.py diff=evil filter=evil\n"})
    marker = tmp_path / "ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    script.chmod(0o755)
    repo.git("config", key, str(script))
    repo.git("config", "filter.evil.required", "true")
    (repo.root / "a.py").write_text("A = 2\n")
    (repo.root / "n.py").write_text("N = 1\n")
    found = opened(repo)
    for head in ("HEAD", INDEX, WORKTREE):
        found.changed("HEAD^", head)
        found.files(head)
        found.contains(head, "A")
    assert [d.after for d in found.changed("HEAD", WORKTREE)[0]] == [b"A = 2\n", b"N = 1\n"]
    assert not marker.exists()


def test_no_hook_runs(repo: TempRepo, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        hook = repo.root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
        hook.chmod(0o755)
    os.utime(repo.root / "a.py", (1, 1))
    changed(repo, "HEAD", WORKTREE)
    assert not marker.exists()


def test_the_configuration_of_a_submodule_does_not_run(repo: TempRepo, tmp_path: Path) -> None:
    other = TempRepo(tmp_path / "other")
    other.commit({"x.py": "x = 1\n"})
    repo.git("submodule", "--quiet", "add", str(other.root), "vendored")
    repo.commit({})
    marker = tmp_path / "ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    script.chmod(0o755)
    repo.git("-C", str(repo.root / "vendored"), "config", "core.fsmonitor", str(script))
    (repo.root / "vendored" / "x.py").write_text("x = 2\n")
    assert changed(repo, "HEAD", WORKTREE) == ({}, {})
    assert not marker.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("diff.interHunkContext", "100"), ("diff.context", "9"), ("diff.noprefix", "true"),
         ("diff.mnemonicPrefix", "true"),
        ("diff.algorithm", "patience"), ("diff.renames", "false"), ("diff.relative", "true"), ("color.ui", "always"),
        ("diff.orderFile", "order"), ("core.quotePath", "true"), ("core.abbrev", "7"), ("diff.submodule", "log"),
        ("diff.wsErrorHighlight", "all"), ("diff.srcPrefix", "x/"),
    ],
)  # fmt: skip
def test_configuration_changes_no_result(repo: TempRepo, key: str, value: str) -> None:
    repo.write({"order": "z*\na*\n"})
    repo.git("mv", "lib/b.py", "lib/ü.py")
    lines = [f"B{n} = {n}\n" for n in range(50)]
    repo.commit({"lib/ü.py": "".join(["x\n", *lines[:20], *lines[21:], "y\n"]), "a.py": "A = 2\n"})
    plain = opened(repo).changed("HEAD^", "HEAD")
    repo.git("config", key, value)
    assert opened(repo).changed("HEAD^", "HEAD") == plain
    assert Repository.open(str(repo.root / "lib")).changed("HEAD^", "HEAD") == plain


@pytest.mark.parametrize("attributes", ["* -diff\n", "* binary\n", "*.py diff=x -text\n", "!bad! x\n" * 20_000])
def test_attributes_hide_nothing(repo: TempRepo, attributes: str) -> None:
    repo.commit({".gitattributes": attributes})
    repo.commit({"a.py": "A = 2\n"})
    assert changed(repo)[0]["a.py"].hunks == (Hunk(1, 1, 1, 1),)


def test_a_submodule_that_asks_to_be_ignored_is_listed(repo: TempRepo, tmp_path: Path) -> None:
    other = TempRepo(tmp_path / "other")
    other.commit({"x.py": "x = 1\n"})
    repo.git("submodule", "--quiet", "add", str(other.root), "vendored")
    repo.git("config", "--file", ".gitmodules", "submodule.vendored.ignore", "all")
    repo.commit({})
    assert changed(repo)[1] == {"vendored": "is a submodule"}


def test_files_on_disk_that_are_none_are_not_opened(repo: TempRepo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_text("SECRET = 1\n")
    (repo.root / "a.py").unlink()
    os.mkfifo(repo.root / "a.py")
    shutil.rmtree(repo.root / "lib")
    (repo.root / "lib").symlink_to(outside)
    repo.write({"c.py": "C = 1\n"})
    diffs, skipped = changed(repo, "HEAD", WORKTREE)
    assert {"a.py", "lib"} <= set(skipped)
    assert [diff.after for diff in diffs.values() if diff.after] == [b"C = 1\n"]


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/passwd",
        ".git/config",
        "lib/../.git/HEAD",
        ".GIT/HEAD",
        "",
        ".",
        "lib",
        "nope",
        "a\0b",
        "lib//b.py",
    ],
)
def test_paths_that_lead_elsewhere_are_not_read(repo: TempRepo, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("SECRET\n")
    found = opened(repo)
    for revision in ("HEAD", INDEX, WORKTREE):
        assert found.read(revision, path) is None
        assert found.read(revision, "a.py") == b"A = 1\n"


# -- lists and words ------------------------------------------------------------------------------------------------


def test_files_of_a_revision(repo: TempRepo) -> None:
    repo.write({"new.py": "N = 1\n"})
    (repo.root / "a.py").unlink()
    found = opened(repo)
    assert list(found.files("HEAD")) == ["a.py", "lib/b.py"]
    assert found.read_blob(found.files("HEAD")["a.py"]) == b"A = 1\n"
    assert list(found.files(INDEX)) == ["a.py", "lib/b.py"]
    assert list(found.files(WORKTREE)) == ["lib/b.py", "new.py"]
    assert found.read(INDEX, "a.py") == b"A = 1\n"
    assert found.read(WORKTREE, "new.py") == b"N = 1\n"


def test_a_repository_of_its_own_below_is_no_part(repo: TempRepo) -> None:
    TempRepo(repo.root / "nested").commit({"x.py": "x = 1\n"})
    assert changed(repo, "HEAD", WORKTREE) == ({}, {})


def test_contains(repo: TempRepo) -> None:
    repo.commit({"c.py": "SESSION_TTL = 1\n", "README.md": "OLD_NAME\n"})
    repo.write({"n.py": "NEW_NAME = 1\n"})
    found = opened(repo)
    assert found.contains("HEAD", "SESSION_TTL")
    assert not found.contains("HEAD", "SESSION")
    assert not found.contains("HEAD", "OLD_NAME")
    assert not found.contains("HEAD", "-e")
    assert not found.contains(INDEX, "NEW_NAME")
    assert found.contains(WORKTREE, "NEW_NAME")


@pytest.mark.parametrize(
    "line",
    [
        'name = fmt.Sprintf("objstore%s.config-file", suffix)',
        'name = f"objstore{suffix}.config-file"',
        "name = `${store}.config-file`",
        'name = prefix + ".config-file"',
        'name = f"{prefix}config-file"',
    ],
)
def test_what_is_formatted_to_a_name_holds_it(repo: TempRepo, line: str) -> None:
    repo.commit({"c.py": f"{line}\n"})
    assert opened(repo).contains("HEAD", "objstore.config-file")


@pytest.mark.parametrize(
    "line",
    [
        'name = "file"',
        'name = f"{prefix}-file"',
        'name = "other-config-file"',
        'name = f"{prefix}.config-files"',
        'name = "config-file"',
        'name = f"{prefix}config-file-path"',
    ],
)
def test_what_may_be_formatted_to_other_names_does_not(repo: TempRepo, line: str) -> None:
    repo.commit({"c.py": f"{line}\n"})
    assert not opened(repo).contains("HEAD", "objstore.config-file")


def test_what_cannot_be_searched_may_still_be_there(repo: TempRepo) -> None:
    repo.commit({"c.py": "SESSION_TTL = 1\n"})
    lose(repo, "HEAD:c.py")
    assert opened(repo).contains("HEAD", "SESSION_TTL")


def test_missing_test_data_does_not_hide_that_a_name_is_gone(repo: TempRepo) -> None:
    repo.commit({"testdata/big.json": "{}\n", "c.py": "x = 1\n"})
    lose(repo, "HEAD:testdata/big.json")
    assert not opened(repo).contains("HEAD", "SESSION_TTL")


def test_a_comparison_starts_three_processes(repo: TempRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({f"{n}.py": "x = 1\n" for n in range(20)})
    started: list[str] = []
    original = git.Git.execute

    def counting(self: object, command: list[str], **options: object) -> object:
        started.append(next(word for word in command[1:] if not word.startswith("-") and "=" not in word))
        return original(self, command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(git.Git, "execute", counting)
    opened(repo).changed("HEAD^", "HEAD")
    assert sorted(started) == ["cat-file", "cat-file", "diff"]


# -- lines that hold a name ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["HEAD", INDEX, WORKTREE])
def test_lines_that_hold_a_name(repo: TempRepo, revision: str) -> None:
    repo.commit({
        "x/a b.py": "# none\nSESSION_TTL = 1\nMY_SESSION_TTL = 2\n", "x/ä.go": "sessionTtl := 3\n",
        "README.md": "SESSION_TTL\n", "CHANGELOG": "SESSION_TTL\n", "web/vendor/a.py": "SESSION_TTL = 4\n",
        "bin": b"SESSION_TTL\0\n",
    })  # fmt: skip
    found = opened(repo).lines_naming(revision, ["SESSION_TTL", "sessionTtl", "a|b", "(", "-e"])
    assert found == [("x/a b.py", 2, "SESSION_TTL = 1"), ("x/ä.go", 1, "sessionTtl := 3")]


def test_no_lines_for_no_name_and_none_of_a_file_that_is_missing(repo: TempRepo) -> None:
    repo.commit({"lost.py": "SESSION_TTL = 1\n", "kept.py": "SESSION_TTL = 2\n"})
    lose(repo, "HEAD:lost.py")
    assert opened(repo).lines_naming("HEAD", ["SESSION_TTL"]) == [("kept.py", 1, "SESSION_TTL = 2")]
    assert opened(repo).lines_naming("HEAD", ["a b", ""]) == []
