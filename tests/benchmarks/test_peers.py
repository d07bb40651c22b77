"""Comparable tools: installing, preparing and failing, with fakes in their place and no network."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from benchmarks import peers
from benchmarks.processes import Command, git
from tests.repositories import TempRepo

SUGGESTED = """\
pairs:
  - doc: docs/runbooks/queue.md
    code: ["queue.py"]   # 1 path + 0 ident anchor(s)
  - doc: docs/runbooks/mail.md
    code: ["mail.py"]   # 1 path + 0 ident anchor(s)
"""


class FakeCalls:
    """Answers for command lines by one of their words, and what was asked. An exception is raised instead."""

    def __init__(self, answers: Mapping[str, str | Exception]) -> None:
        self.answers = answers
        self.asked: list[list[str]] = []
        self.configurations: list[dict[str, object]] = []

    def __call__(
        self, argv: Sequence[str], folder: Path, variables: Mapping[str, str], limit: float
    ) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(argv))
        config = folder / ".staledocs.yaml"
        if config.exists():
            self.configurations.append(yaml.safe_load(config.read_text()))
        answer = next((text for word, text in self.answers.items() if word in argv), "")
        if isinstance(answer, Exception):
            raise answer
        return subprocess.CompletedProcess(list(argv), 0, answer, "")


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, str, str]:
    """A bare repository with runbooks, and its last two commits."""
    repo = TempRepo(tmp_path / "source")
    base = repo.commit(
        {
            "queue.py": "LIMIT = 5\n",
            "mail.py": "LIMIT = 7\n",
            "docs/runbooks/queue.md": "# Queue\n\n`LIMIT` in `queue.py` is 5.\n",
            "docs/runbooks/mail.md": "# Mail\n\n`LIMIT` in `mail.py` is 7.\n",
            "gone.bin": "a large file",
        }
    )
    head = repo.commit({"queue.py": "LIMIT = 6\n", "mail.py": None})
    repo.git("clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "bare"))
    return tmp_path / "bare", base, head


def staledocs(**answers: str | Exception) -> FakeCalls:
    pairs = [
        {"doc": "docs/runbooks/queue.md", "token": "t1", "claims": [{"token": "queue.py"}]},
        {"doc": "docs/runbooks/mail.md", "token": "t2", "claims": []},
    ]
    return FakeCalls({"--suggest": SUGGESTED, "explain": json.dumps({"pairs": pairs})} | answers)


def test_an_installed_peer_has_its_program_and_version(tmp_path: Path) -> None:
    call = FakeCalls({"--version": "staledocs, version 2.1.0\n"})
    peer = peers.install("staledocs", tmp_path, call)
    assert peer.title == "staledocs 2.1.0"
    assert peer.program == tmp_path / "staledocs" / "bin" / "staledocs"
    assert call.asked[1][1:] == ["install", "--quiet", "staledocs"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (subprocess.CalledProcessError(1, ["/env/bin/pip"], stderr="No route to index.example"), "pip ended with 1"),
        (subprocess.TimeoutExpired(["/env/bin/pip"], 600), "pip took longer than 600 s"),
        (FileNotFoundError("/env/bin/pip"), "FileNotFoundError"),
    ],
)
def test_one_that_cannot_be_installed_says_so_without_paths_or_hosts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    peer = peers.install("semgrep", tmp_path, FakeCalls({"install": error}))
    assert peer == peers.Peer("semgrep", problem=f"not installed: {said}")
    assert str(error) in capsys.readouterr().err


def test_a_commit_is_rebuilt_with_its_parent_and_a_clean_work_tree(
    tmp_path: Path, history: tuple[Path, str, str]
) -> None:
    mirror, base, head = history
    tree = tmp_path / "tree"

    def at_base(place: Path) -> None:
        (place / "kept.yaml").write_text("a: 1\n")

    first, last = peers.rebuild(mirror, base, head, tree, at_base)
    assert git(tree, "rev-parse", "HEAD") == last
    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "diff", "--name-status", first, last).split() == ["D", "mail.py", "M", "queue.py"]
    assert (tree / "queue.py").read_text() == "LIMIT = 6\n"
    assert (tree / "kept.yaml").exists()
    assert git(tree, "show", f"{first}:kept.yaml") == "a: 1"


def test_a_file_that_the_mirror_lacks_is_left_out_on_both_sides(tmp_path: Path, history: tuple[Path, str, str]) -> None:
    mirror, base, head = history
    blob = git(mirror, "rev-parse", f"{base}:gone.bin")
    (mirror / "objects" / blob[:2] / blob[2:]).unlink()
    tree = tmp_path / "tree"
    first, last = peers.rebuild(mirror, base, head, tree, lambda place: None)
    for revision in (first, last):
        assert "gone.bin" not in git(tree, "ls-tree", "--name-only", revision).split()
    assert git(tree, "status", "--porcelain") == ""


def test_each_peer_gets_its_command_in_the_work_tree(tmp_path: Path, history: tuple[Path, str, str]) -> None:
    mirror, base, head = history
    known = [peers.Peer(name, Path("/env/bin") / name, "1.0") for name in peers.PEERS]
    found = peers.commands(mirror, base, head, tmp_path / "work", known, staledocs())
    semgrep = found["semgrep 1.0"]
    assert isinstance(semgrep, Command)
    assert semgrep.folder == tmp_path / "work" / "tree"
    first = semgrep.argv[semgrep.argv.index("--baseline-commit") + 1]
    assert first == git(semgrep.folder, "rev-parse", "HEAD~1")
    assert {"--metrics=off", "--disable-version-check"} <= set(semgrep.argv)
    rules = yaml.safe_load(Path(semgrep.argv[semgrep.argv.index("--config") + 1]).read_text())["rules"]
    assert len(rules) == len({rule["id"] for rule in rules}) == 4
    assert isinstance(found["staledocs 1.0"], Command)
    assert found["staledocs 1.0"].argv[1:] == ["check", "--json"]


def test_every_suggested_pair_is_acknowledged_at_base(tmp_path: Path, history: tuple[Path, str, str]) -> None:
    mirror, base, head = history
    call = staledocs()
    peers.commands(mirror, base, head, tmp_path / "work", [peers.Peer("staledocs", Path("/env/staledocs"))], call)
    assert [argv[1:] for argv in call.asked[2:]] == [
        ["ack", "docs/runbooks/queue.md", "--confirm", "t1", "-m", "compared queue.py"],
        ["ack", "docs/runbooks/mail.md", "--confirm", "t2", "-m", "compared docs/runbooks/mail.md"],
    ]
    assert call.configurations[0]["docs"] == {"include": ["docs/runbooks/mail.md", "docs/runbooks/queue.md"]}
    source = call.configurations[0]["source"]
    assert isinstance(source, dict)
    assert ".staledocs.yaml" in source["exclude"]  # else its list of documents counts as code that names them
    config = yaml.safe_load((tmp_path / "work" / "tree" / ".staledocs.yaml").read_text())
    assert [pair["doc"] for pair in config["pairs"]] == ["docs/runbooks/queue.md", "docs/runbooks/mail.md"]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"--suggest": "# nothing\n"}, "not prepared: it suggests no pair of document and code"),
        ({"explain": "not JSON"}, "not prepared: JSONDecodeError"),
        (
            {"ack": subprocess.CalledProcessError(3, ["/env/staledocs"], stderr="refused")},
            "not prepared: staledocs ended with 3",
        ),
    ],
)
def test_one_that_cannot_be_prepared_says_so_and_the_other_is_measured(
    tmp_path: Path, history: tuple[Path, str, str], answers: dict[str, str | Exception], reason: str
) -> None:
    mirror, base, head = history
    known = [peers.Peer("semgrep", Path("/env/semgrep")), peers.Peer("staledocs", Path("/env/staledocs"))]
    found = peers.commands(mirror, base, head, tmp_path / "work", known, staledocs(**answers))
    assert found["staledocs"] == reason
    assert isinstance(found["semgrep"], Command)


def test_without_an_installed_peer_nothing_is_built(tmp_path: Path) -> None:
    found = peers.commands(tmp_path, "a", "b", tmp_path / "work", [peers.Peer("semgrep", problem="not installed: x")])
    assert found == {"semgrep": "not installed: x"}
    assert not (tmp_path / "work" / "tree").exists()


def test_a_commit_that_cannot_be_rebuilt_is_a_reason_too(tmp_path: Path, history: tuple[Path, str, str]) -> None:
    known = [peers.Peer("semgrep", Path("/env/semgrep"))]
    found = peers.commands(history[0], "0" * 40, history[2], tmp_path / "work", known, staledocs())
    assert found == {"semgrep": "no work tree: git ended with 128"}
