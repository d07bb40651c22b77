"""The speed table: its rows, its ratios, and what stands where there is no figure."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import built, peers, report, speed
from benchmarks.processes import Measured, Run, git, run
from tests.repositories import TempRepo

FLOOR = Measured((Run(0.2, 0.1, 30, 0),))


def test_a_row_has_ratios_to_its_floor() -> None:
    row = speed.Row("small", "check", Measured((Run(0.5, 0.4, 41.6, 0),)), FLOOR, "a note")
    assert row.cells(1) == ["small", "check", "0.50", "2.50", "4.00", "42", "a note"]
    assert row.cells(3)[-1] == "a note; runs: 1"


def test_a_row_without_runs_says_why() -> None:
    row = speed.Row("small", "semgrep", Measured((), "not installed: pip ended with 1"), FLOOR)
    assert row.cells(5) == ["small", "semgrep", "–", "–", "–", "–", "not measured: not installed: pip ended with 1"]


def test_a_row_without_a_floor_has_no_ratio() -> None:
    for floor in (None, Measured((), "exit code 1")):
        assert speed.Row("x", "check", FLOOR, floor).cells(1)[2:6] == ["0.20", "–", "–", "30"]


def test_the_table_is_one_table_whatever_a_cell_holds() -> None:
    text = speed.table([speed.Row("a|b", "check", FLOOR)], 1)
    lines = text.splitlines()
    assert len(lines) == 3
    assert {line.count("|") for line in lines} == {len(speed.HEADER) + 1}


def test_the_pace_counts_commits_by_processor_time() -> None:
    figures = {"commits": 100, "median": 0.05, "p95": 0.2, "longest": 1.0, "errors": {}}
    took = Measured((Run(40, 10, 60, 0), Run(30, 20, 60, 0)))
    assert speed.pace(figures, took) == (
        "**10.0 commits per second and core**; a commit: median 0.05 s, p95 0.20 s, longest 1.00 s"
    )
    assert speed.pace(figures | {"errors": {"DriftError": 2}}, took).endswith("; failed: {'DriftError': 2}")
    assert speed.pace({}, Measured((), "exit code 2")) == ""


def test_floor_and_check_run_on_a_made_repository(tmp_path: Path) -> None:
    built.modules(tmp_path / "r", 12)
    assert git(tmp_path / "r", "diff", "--name-only", "HEAD~1", "HEAD") == "pkg7/module7.py"
    assert run(speed.floor(tmp_path / "r" / ".git", "HEAD~1", "HEAD")).code == 0
    assert run(speed.check(tmp_path / "r", "HEAD~1", "HEAD")).code in {0, 1}


def test_the_floor_reads_added_removed_renamed_and_odd_files(tmp_path: Path) -> None:
    repo = TempRepo(tmp_path / "r")
    repo.commit({"a.py": "x = 1\n" * 9, "b.yaml": "a: 1\n", "c.bin": b"\0\1", "vendor/v.go": "package v\n"})
    repo.commit({"a.py": None, "d e.py": "x = 1\n" * 9, "b.yaml": None, "f.go": "package f\n", "vendor/v.go": "broken"})
    done = run(speed.floor(repo.root / ".git", "HEAD~1", "HEAD"))
    assert (done.code, done.said) == (0, "")


def test_a_heavy_input_says_whether_it_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = TempRepo(tmp_path / "r")
    repo.commit({"a.yaml": "a: 1\n"})
    repo.commit({"a.yaml": "a: 2\n"})
    large = TempRepo(tmp_path / "large")
    large.commit({"a.yaml": "a: 1\n"})
    large.commit({"a.yaml": "a: 1 # " + "x" * 2_000_001})
    monkeypatch.setattr(built, "heavy", lambda: iter([("small", repo.root), ("large", large.root)]))
    notes = [row.note for row in speed.heavy(1)]
    assert notes[0] == "read"
    assert notes[1].startswith("left out: ")


def test_a_mirror_or_commit_that_is_absent_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def rows(where: Path) -> Iterator[speed.Row]:
        yield speed.Row("real", "floor", FLOOR)

    repo = TempRepo(tmp_path / "source")
    commit = repo.commit({"a": "1"})
    repo.git("clone", "--quiet", "--bare", str(repo.root), str(tmp_path / "mirrors" / "o+n"))
    mirrors = tmp_path / "mirrors"
    assert speed._among(mirrors, "o/n", commit, rows) == [speed.Row("real", "floor", FLOOR)]
    assert speed._among(mirrors, "o/absent", "abc", rows)[0].cells(1)[-1] == "not measured: no mirror"
    assert speed._among(mirrors, "o/n", "0" * 40, rows)[0].cells(1)[-1] == "not measured: git cat-file failed"
    capsys.readouterr()


def test_write_replaces_what_stands_between_the_markers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{speed.BEGIN}\nan older table\n{speed.END}\nafter\n")
    monkeypatch.setattr(report, "README", page)
    monkeypatch.setattr(speed, "measure", lambda arguments: [speed.Row("small", "check", FLOOR)])
    monkeypatch.setattr("sys.argv", ["speed", "--mirrors", str(tmp_path), "--runs", "1", "--write"])
    speed.main()
    text = page.read_text()
    assert text.startswith(f"before\n{speed.BEGIN}\n2")
    assert text.endswith(f"| small | check | 0.20 | – | – | 30 |  |\n{speed.END}\nafter\n")
    assert "an older table" not in text
    assert " cores " in text
    assert "medians of 1 runs:" in capsys.readouterr().out


def test_a_page_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="no <!-- begin: speed -->"):
        report.between("a page", speed.BEGIN, speed.END, "text")


def test_the_readme_has_the_markers() -> None:
    page = report.README.read_text(encoding="utf-8")
    assert page.count(speed.BEGIN) == page.count(speed.END) == 1


def test_all_cases_are_measured_without_peers_when_none_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "install", lambda *a: pytest.fail("nothing may be installed"))
    monkeypatch.setattr(speed, "growth", lambda runs: [])
    monkeypatch.setattr(speed, "heavy", lambda runs: [])
    rows = speed.measure(argparse.Namespace(mirrors=tmp_path, runs=1, commits=5, peers=False))
    assert [row.took.problem for row in rows] == ["no mirror"] * (len(speed.CASES) + len(speed.HISTORIES))
