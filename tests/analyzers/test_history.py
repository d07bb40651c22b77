"""What changed together before a revision, and what commits say of themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analyzers.git import Repository
from analyzers.history import MAX_FILES, History, Past, parsed
from tests.repositories import TempRepo

BOOK = "docs/runbooks/queue.md"


@pytest.fixture
def repo(tmp_path: Path) -> TempRepo:
    """A repository whose second commit changed a runbook and two files, the third one file."""
    made = TempRepo(tmp_path / "repo")
    made.commit({BOOK: "# Queue\n", "a.py": "A = 1\n", "b.py": "B = 1\n"}, "start")
    made.commit({BOOK: "# Queue\n\nmore\n", "a.py": "A = 2\n", "b.py": "B = 2\n"}, "together")
    made.commit({"a.py": "A = 3\n"}, "alone")
    return made


def history(repo: TempRepo, base: str, documents: tuple[str, ...] = (BOOK,)) -> History:
    """The history of the documents up to ``base``."""
    return History(Repository.open(str(repo.root)), repo.git("rev-parse", base), documents)


def test_the_past_is_what_changed_with_a_document_up_to_the_revision(repo: TempRepo) -> None:
    repo.commit({BOOK: "# Queue\n\nlater\n", "c.py": "C = 1\n"}, "later")
    found = history(repo, "HEAD~1").past()
    assert [unit.paths for unit in found] == [("a.py", "b.py")]  # not the later commit, not the root, not "alone"
    ((path, before, after),) = found[0].documents
    opened = Repository.open(str(repo.root))
    assert (path, opened.read_blob(before), opened.read_blob(after)) == (BOOK, b"# Queue\n", b"# Queue\n\nmore\n")


def test_a_merged_branch_is_one_change(repo: TempRepo) -> None:
    repo.branch("topic")
    repo.commit({"x.py": "X = 1\n"}, "code")
    repo.commit({BOOK: "# Queue\n\nmerged\n"}, "its runbook")
    repo.switch("main")
    repo.git("merge", "--quiet", "--no-ff", "--message", "Merge branch topic", "topic")
    assert history(repo, "HEAD").past()[0].paths == ("x.py",)


def test_no_history_where_no_document_is_known(repo: TempRepo) -> None:
    assert history(repo, "HEAD", documents=()).past() == ()
    assert history(repo, "HEAD", documents=("docs/runbooks/*.md",)).past() == ()  # a name, not a pattern


def test_history_that_git_cannot_tell_is_none(repo: TempRepo) -> None:
    tree = repo.git("rev-parse", "HEAD~2^{tree}")
    (repo.root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    assert history(repo, "HEAD").past() == ()


def test_a_shallow_clone_has_the_history_that_it_holds(repo: TempRepo, tmp_path: Path) -> None:
    clone = TempRepo(tmp_path / "clone")
    clone.git("fetch", "--quiet", "--depth=1", repo.root.as_uri(), "main")
    assert history(clone, "FETCH_HEAD").past() == ()


def test_a_repository_cannot_make_the_log_run_a_program(repo: TempRepo, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {trace}\n")
    program.chmod(0o755)
    for key in ("gpg.program", "core.pager", "diff.external", "diff.evil.textconv"):
        repo.git("config", key, str(program))
    repo.git("config", "log.showSignature", "true")
    repo.commit({".gitattributes": "* diff=evil\n", BOOK: "# Queue\n\nagain\n"}, "again")
    body = repo.git("cat-file", "commit", "HEAD")
    head, _, rest = body.partition("\n\n")
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n{rest}\n"
    (tmp_path / "signed").write_text(signed)
    commit = repo.git("hash-object", "-t", "commit", "-w", str(tmp_path / "signed"))
    found = History(Repository.open(str(repo.root)), commit, (BOOK,))
    assert len(found.past()) == 2
    assert not trace.exists()


def test_a_change_of_too_many_files_ties_nothing_together() -> None:
    zero, blob = b"0" * 40, b"1" * 40

    def entry(path: bytes) -> bytes:
        return b":000000 100644 " + zero + b" " + blob + b" A\0" + path + b"\0"

    few = b"commit\0" + b"\n" + entry(b"book.md") + entry(b"commit") + entry(b"with space.py")
    many = b"commit\0" + b"\n" + entry(b"book.md") + b"".join(entry(b"%d.py" % n) for n in range(MAX_FILES))
    assert parsed(many + few, frozenset({"book.md"})) == (
        Past(("commit", "with space.py"), (("book.md", zero.decode(), blob.decode()),)),
    )
    assert parsed(b"", frozenset({"book.md"})) == ()


def test_without_git_there_is_no_history(repo: TempRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Repository.open(str(repo.root))
    head = repo.git("rev-parse", "HEAD")
    if shutil.which("git") is None:
        pytest.skip("git is what this test takes away")
    monkeypatch.setattr("analyzers.history._log_of", lambda *_: b"")
    assert History(opened, head, (BOOK,)).past() == ()
