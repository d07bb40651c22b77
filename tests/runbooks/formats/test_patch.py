"""The patch: what ``git apply`` takes, whatever the line endings, names and number of suggestions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runbooks.formats import Presentation
from runbooks.formats.patch import render
from runbooks.model import Status, Verdict
from tests.runbooks import reports


def applied(root: Path, files: dict[str, bytes], *verdicts: Verdict) -> dict[str, bytes]:
    """Write the files, apply the patch of a report with these verdicts, and give what stands there then."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    patch = render(reports.report(*verdicts), Presentation(head_text=files.get))
    for arguments in (["--check"], []):
        subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", *arguments, "-"],
            input=patch.encode("utf-8", "surrogateescape"), cwd=root, check=True, env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    return {name: (root / name).read_bytes() for name in files}


def says(line: int, before: str, after: str, path: str = "runbook.md") -> Verdict:
    return reports.contradicted(None, reports.section(path=path), line=line, says=before, instead=after)


PAGE = b"".join(b"line %d\n" % n for n in range(1, 31))


def test_one_line(tmp_path: Path) -> None:
    files = applied(tmp_path, {"runbook.md": PAGE}, says(9, "line 9", "line nine"))
    assert files["runbook.md"] == PAGE.replace(b"line 9\n", b"line nine\n")


@pytest.mark.parametrize("lines", [(1,), (30,), (1, 2, 3), (4, 11), (4, 12), (5, 7, 6, 30), range(1, 31)])
def test_many_lines_near_and_far(tmp_path: Path, lines: tuple[int, ...]) -> None:
    files = applied(tmp_path, {"runbook.md": PAGE}, *(says(n, f"line {n}", f"LINE {n}") for n in lines))
    wanted = PAGE
    for number in lines:
        wanted = wanted.replace(b"line %d\n" % number, b"LINE %d\n" % number)
    assert files["runbook.md"] == wanted


def test_several_files_in_one_patch(tmp_path: Path) -> None:
    files = applied(
        tmp_path, {"docs/b.md": PAGE, "a.md": PAGE}, says(2, "line 2", "B", "docs/b.md"), says(2, "line 2", "A", "a.md")
    )
    assert files["a.md"].split(b"\n")[1] == b"A"
    assert files["docs/b.md"].split(b"\n")[1] == b"B"


@pytest.mark.parametrize(
    "data",
    [
        b"one\r\nTTL is 60 s\r\nthree\r\n",
        b"one\nTTL is 60 s\r\nthree\n",
        b"one\nTTL is 60 s",
        b"one\r\nTTL is 60 s\r\nthree",
        b"\xff\xfe not UTF-8\nTTL is 60 s\nthree\n",
        b"\xef\xbb\xbfone\nTTL is 60 s\n",
    ],
    ids=["crlf", "mixed", "no newline at the end", "crlf and no newline at the end", "not UTF-8", "byte order mark"],
)
def test_everything_but_the_value_stays_as_it_is(tmp_path: Path, data: bytes) -> None:
    files = applied(tmp_path, {"runbook.md": data}, says(2, "TTL is 60 s", "TTL is 5 s"))
    assert files["runbook.md"] == data.replace(b"60 s", b"5 s")


@pytest.mark.parametrize(
    "name", ["with blank.md", 'quo"te.md', "täglich.md", "tab\t.md", "back\\slash.md", " lead.md", "new\nline.md"]
)
def test_unusual_names(tmp_path: Path, name: str) -> None:
    files = applied(tmp_path, {name: PAGE}, says(3, "line 3", "changed", name))
    assert files[name].split(b"\n")[2] == b"changed"


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    patch = render(
        reports.report(says(3, "line 3", "x", "caf\udce9.md")), Presentation(head_text={"caf\udce9.md": PAGE}.get)
    )
    assert '--- "a/caf\\351.md"\n' in patch


def test_suggestions_on_one_line_are_merged(tmp_path: Path) -> None:
    line = "Retries 3 times within 60 s, then waits 60 s."
    files = applied(
        tmp_path,
        {"runbook.md": f"{line}\n".encode()},
        says(1, line, "Retries 5 times within 60 s, then waits 60 s."),
        says(1, line, "Retries 3 times within 30 s, then waits 60 s."),
        says(1, line, "Retries 3 times within 60 s, then waits 90 s."),
    )
    assert files["runbook.md"] == b"Retries 5 times within 30 s, then waits 90 s.\n"


def test_of_two_that_disagree_the_first_counts(tmp_path: Path) -> None:
    files = applied(
        tmp_path,
        {"runbook.md": b"waits 60 s\n"},
        says(1, "waits 60 s", "waits 30 s"),
        says(1, "waits 60 s", "waits 5 s"),
    )
    assert files["runbook.md"] == b"waits 30 s\n"


@pytest.mark.parametrize(
    "verdict",
    [
        says(1, "another line", "x"),
        says(99, "line 99", "x"),
        says(1, "line 1", "line 1"),
        says(1, "line 1", "line\n1"),
        says(1, "line 1", "x", path="gone.md"),
        reports.contradicted(instead=None),
        reports.passed(Status.SNOOZED),
    ],
    ids=["other text", "no such line", "no change", "two lines", "no such file", "no suggestion", "snoozed"],
)
def test_what_would_not_apply_is_left_out(verdict: Verdict) -> None:
    assert render(reports.report(verdict), Presentation(head_text={"runbook.md": PAGE}.get)) == ""
