"""Repositories as they should not be: analysed as far as it goes, what was not read is listed, nothing runs."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runbooks.cli import main
from tests.repositories import TempRepo

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "report-1.json").read_text())
SETTINGS = "SESSION_TTL_SECONDS = 3600\n"
SHORTER = "SESSION_TTL_SECONDS = 300\n"
RUNBOOK = "# Sessions\n\n## A stolen session\n\nIt lives on for `SESSION_TTL_SECONDS` (1 hour).\n"

Check = Callable[..., Any]


@pytest.fixture
def shop(tmp_path: Path) -> TempRepo:
    """A service with a runbook; ``main`` is checked out."""
    repo = TempRepo(tmp_path / "shop")
    repo.commit({"app/settings.py": SETTINGS, "docs/runbooks/sessions.md": RUNBOOK})
    return repo


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], shop: TempRepo) -> Check:
    """The JSON of a check, validated; the text output must be printable too."""

    def run(*options: str, repo: Path | None = None, code: int | None = None) -> Any:
        where = ["check", "--repo", str(repo or shop.root), *options]
        main(where)
        text = capsys.readouterr().out
        assert all(line.isprintable() for line in text.split("\n"))
        done = main([*where, "--format", "json"])
        captured = capsys.readouterr()
        assert captured.err == ""
        if code is not None:
            assert done == code
        data = json.loads(captured.out)
        jsonschema.Draft202012Validator(SCHEMA).validate(data)
        return data

    return run


def contradicted(data: Any) -> list[str]:
    return [v["runbook"]["path"] for v in data["verdicts"] if v["status"] == "contradicted"]


def skipped(data: Any) -> dict[str, str]:
    return {entry["path"]: entry["reason"] for entry in data["skipped"]}


SESSIONS = ["docs/runbooks/sessions.md"]


def test_a_detached_head(shop: TempRepo, check: Check) -> None:
    shop.branch("work")
    shop.commit({"app/settings.py": SHORTER})
    shop.git("checkout", "--quiet", "--detach")
    assert contradicted(check(code=1)) == SESSIONS


@pytest.mark.parametrize(
    "name",
    [
        "new\nline.py",
        'quo"te.py',
        "täglich 会.py",
        " blank .py",
        "tab\t.py",
        "back\\slash.py",
        "-dash.py",
        "*.py",
        ":x.py",
    ],
)
def test_unusual_file_names(shop: TempRepo, check: Check, name: str) -> None:
    shop.commit({f"app/{name}": SETTINGS, "app/settings.py": None})
    shop.branch("work")
    shop.commit({f"app/{name}": SHORTER})
    data = check(code=1)
    assert contradicted(data) == SESSIONS
    assert data["verdicts"][0]["code"]["after"]["path"] == f"app/{name}"


def test_file_names_that_are_not_utf_8(shop: TempRepo, check: Check) -> None:
    name = os.fsdecode(b"app/caf\xe9.py")
    try:
        shop.commit({name: SETTINGS, "app/settings.py": None})
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    shop.branch("work")
    shop.commit({name: SHORTER})
    data = check(code=1)
    assert data["verdicts"][0]["code"]["after"]["path"] == "app/caf\\xe9.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"NAME = '\xff\xfe\xe9'\n" + SETTINGS.encode(), b"NAME = '\xff\xfe\xe9'\n" + SHORTER.encode()),
        (SETTINGS.encode("utf-16"), SHORTER.encode("utf-16")),
        (b"\xef\xbb\xbf" + SETTINGS.encode(), b"\xef\xbb\xbf" + SHORTER.encode()),
        (b"X = 1\r\n" + SETTINGS.replace("\n", "\r\n").encode(), b"X = 1\r\n" + SHORTER.replace("\n", "\r\n").encode()),
        (SETTINGS.strip().encode(), SHORTER.strip().encode()),
    ],
    ids=["not UTF-8", "UTF-16", "byte order mark", "CRLF", "no newline at the end"],
)
def test_encodings_and_line_endings(shop: TempRepo, check: Check, before: bytes, after: bytes) -> None:
    shop.commit({"app/settings.py": before})
    shop.branch("work")
    shop.commit({"app/settings.py": after})
    data = check()
    assert contradicted(data) == SESSIONS or "app/settings.py" in skipped(data)


def test_another_line_ending_alone_says_nothing(shop: TempRepo, check: Check) -> None:
    shop.branch("work")
    shop.commit({"app/settings.py": SETTINGS.replace("\n", "\r\n")})
    assert check(code=0)["summary"]["changes"] == 0


@pytest.mark.parametrize(
    "after",
    [
        f"def broken(:\n    pass\n\n{SHORTER}",
        f"<<<<<<< HEAD\n{SETTINGS}=======\n{SHORTER}>>>>>>> work\n",
    ],
    ids=["syntax error", "merge conflict"],
)
def test_broken_source_is_read_in_part_and_said_so(shop: TempRepo, check: Check, after: str) -> None:
    shop.branch("work")
    shop.commit({"app/settings.py": after})
    data = check()
    assert data["complete"] is False
    assert [entry["path"] for entry in data["skipped"] if entry["partial"]] == ["app/settings.py"]


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("deploy/bomb.yaml", "replicas: 1\n", bomb() + "replicas: 2\n"),
        ("data/deep.json", "{}", "[" * 100_000 + "]" * 100_000),
        ("data/deep.yaml", "a: 1\n", "[" * 20_000 + "]" * 20_000),
        ("data/lines.json", "[\n0\n]\n", "[\n" + ",\n".join(str(n) for n in range(200_000)) + "\n]\n"),
        ("app/generated.py", "X = 0\n", "".join(f"X{n} = {n}\n" for n in range(300_000))),
        ("web/bundle.min.js", "x=1", "x=1;" * 500_000),
        ("app/nested.py", "x = 0\n", "x = " + "(" * 5_000 + "1" + ")" * 5_000 + "\n"),
        ("app/image.py", b"\x89PNG\x00", b"\x89PNG\x00\x01" * 1000),
    ],
    ids=["alias bomb", "deep JSON", "deep YAML", "200,000 lines", "5 MB", "minified", "nested code", "binary"],
)
def test_what_is_too_much_ends_in_time_and_hides_nothing_else(
    shop: TempRepo, check: Check, path: str, before: str | bytes, after: str | bytes
) -> None:
    shop.commit({path: before})
    shop.branch("work")
    shop.commit({path: after, "app/settings.py": SHORTER})
    started = time.monotonic()
    data = check(code=1)
    assert time.monotonic() - started < 20, "two runs, on a slow machine"
    assert contradicted(data) == SESSIONS


@pytest.mark.parametrize(
    "front",
    [
        "---\nowner: [unclosed\n---\n\n",
        "---\nowner: {a: {b: 1}}\nreview_every: soon\n---\n\n",
        "---\n" + bomb() + "---\n\n",
    ],
    ids=["not YAML", "wrong types", "alias bomb"],
)
def test_bad_front_matter_is_reported_and_the_runbook_still_counts(shop: TempRepo, check: Check, front: str) -> None:
    shop.commit({"docs/runbooks/sessions.md": front + RUNBOOK})
    shop.branch("work")
    shop.commit({"app/settings.py": SHORTER})
    data = check(code=1)
    assert contradicted(data) == SESSIONS
    assert "docs/runbooks/sessions.md" in skipped(data)


@pytest.mark.parametrize("pattern", ["!", "a*" * 40 + "b", "[", "x" * 10_000, "/", "***/**", "\\"])
def test_hostile_patterns_cover_nothing_and_take_no_time(shop: TempRepo, check: Check, pattern: str) -> None:
    front = f"---\ncovers: [{json.dumps(pattern)}]\n---\n\n"
    shop.commit({"docs/runbooks/sessions.md": front + RUNBOOK})
    shop.branch("work")
    shop.commit({"app/settings.py": SHORTER, f"app/{'a' * 200}.py": "X_TIMEOUT = 1\n"})
    started = time.monotonic()
    assert contradicted(check(code=1)) == SESSIONS
    assert time.monotonic() - started < 5


def test_symlinks_and_submodules_are_listed_not_followed(shop: TempRepo, check: Check, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("SECRET_OF_THE_HOST = 1\n")
    other = TempRepo(tmp_path / "other")
    other.commit({"x.py": "x = 1\n"})
    shop.branch("work")
    (shop.root / "app" / "link.py").symlink_to(secret)
    (shop.root / "docs" / "runbooks" / "link.md").symlink_to(secret)
    shop.git("submodule", "--quiet", "add", str(other.root), "vendored")
    shop.commit({"app/settings.py": SHORTER})
    data = check(code=1)
    assert contradicted(data) == SESSIONS
    assert {"app/link.py", "vendored"} <= set(skipped(data))
    assert "SECRET_OF_THE_HOST" not in json.dumps(data)


@pytest.mark.parametrize(
    "key",
    ["diff.evil.textconv", "diff.evil.command", "diff.external", "core.fsmonitor", "core.pager", "core.sshCommand"],
)
def test_nothing_of_the_repository_runs(shop: TempRepo, check: Check, tmp_path: Path, key: str) -> None:
    marker = tmp_path / "ran"
    script = shop.root / ".git" / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat \"$@\"\n")
    script.chmod(0o755)
    shop.commit({".gitattributes": "*.py diff=evil\n"})
    shop.git("config", key, str(script))
    shop.write({"app/settings.py": SHORTER})
    marker.unlink(missing_ok=True)
    check("--head", "HEAD")
    assert contradicted(check()) == SESSIONS
    assert not marker.exists()


@pytest.mark.parametrize(
    "attributes", ["*.py -diff\n", "*.py binary\n", "* linguist-generated\n", "*.py diff=x -text\n"]
)
def test_a_branch_cannot_hide_a_file_by_its_attributes(shop: TempRepo, check: Check, attributes: str) -> None:
    shop.branch("work")
    shop.commit(
        {"app/settings.py": SHORTER, ".gitattributes": attributes, "docs/runbooks/.gitattributes": "*.md -diff\n"}
    )
    assert contradicted(check(code=1)) == SESSIONS


def test_files_that_become_links_do_not_disturb_the_others(shop: TempRepo, check: Check) -> None:
    shop.commit({"app/a.py": "A = 1\n", "app/z.py": "Z = 1\n"})
    shop.branch("work")
    (shop.root / "app" / "a.py").unlink()
    (shop.root / "app" / "a.py").symlink_to("z.py")
    shop.commit({"app/settings.py": SHORTER})
    data = check(code=1)
    assert contradicted(data) == SESSIONS
    assert list(skipped(data)) == ["app/a.py"]


def test_an_unresolved_merge_is_listed(shop: TempRepo, check: Check) -> None:
    shop.commit({"app/a.py": "A = 1\n"})
    shop.branch("other")
    shop.commit({"app/a.py": "A = 2\n"})
    shop.switch("main")
    shop.commit({"app/a.py": "A = 3\n"})
    shop.branch("work")
    shop.commit({"app/settings.py": SHORTER})
    with pytest.raises(subprocess.CalledProcessError):
        shop.git("merge", "other")
    data = check(code=1)
    assert contradicted(data) == SESSIONS
    assert "app/a.py" in skipped(data)


def test_missing_blobs_of_a_partial_clone_are_listed(shop: TempRepo, check: Check, tmp_path: Path) -> None:
    shop.branch("work")
    shop.commit({"app/settings.py": SHORTER, "app/other.py": "OTHER_TIMEOUT = 1\n"})
    blob = shop.git("rev-parse", "work:app/other.py")
    (shop.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    data = check("--base", "main", "--head", "work", code=1)
    assert contradicted(data) == SESSIONS
    assert "app/other.py" in skipped(data)


def test_renamed_runbooks_keep_their_sections(shop: TempRepo, check: Check) -> None:
    shop.branch("work")
    shop.git("mv", "docs/runbooks/sessions.md", "docs/runbooks/login.md")
    shop.commit({"app/settings.py": SHORTER})
    assert contradicted(check(code=1)) == ["docs/runbooks/login.md"]


def test_a_repository_without_runbooks(shop: TempRepo, check: Check) -> None:
    shop.commit({"docs/runbooks/sessions.md": None})
    shop.branch("work")
    shop.commit({"app/settings.py": SHORTER})
    data = check(code=0)
    assert data["summary"]["runbooks"] == 0
    assert {verdict["status"] for verdict in data["verdicts"]} <= {"uncovered"}
