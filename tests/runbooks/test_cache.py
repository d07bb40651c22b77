"""The cache on disk: what it gives back is what was parsed, and nothing that happens to it changes an answer."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from runbooks import cache as caching
from runbooks import cli, stored
from runbooks.cache import SOURCES, Cache
from runbooks.index import section_terms
from runbooks.parse import skim
from runbooks.shelf import Library
from tests.repositories import TempRepo

ROOT = Path(__file__).parents[2]

TEXT = """---
title: Queue
owner: "@org/queue, jane@example.com"
review_every: 90d
last_reviewed: 2026-01-02
covers: [src/queue/**]
nonsense_key: 1
---
Before any heading, `QUEUE_LIMIT` is 30 s.

# Queue `max_lag` é 漢 {#lag}

| setting | default | unit |
| --- | --- | --- |
| `queue.max_lag` | 5m | |
| `retries` | 0.5 | |

```sh
kubectl -n queue rollout restart deploy/worker --timeout=60s
curl http://localhost:9090/metrics
```

<!-- drift: snooze until=2027-01-15 reason=moving -->
<!-- drift: ignore reason=history -->
The disk holds 10 GiB; see [values](../values.yaml).
"""
DATA = TEXT.encode()
PATH = "docs/runbooks/queue.md"


def parsed(data: bytes = DATA) -> stored.Parsed:
    runbook, named = skim(PATH, data, revision="head")
    return runbook, section_terms(runbook, named)


def entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


@pytest.mark.parametrize(
    "data", [DATA, b"", b"# A\n", b"---\nowner: [\n---\n# A\n", b"\xff\xfe# \x00A", b"# A\n`\xed\xa0\x80`"]
)
def test_what_is_read_back_is_what_was_parsed(tmp_path: Path, data: bytes) -> None:
    Cache(tmp_path).write(PATH, data, "head", parsed(data))
    assert Cache(tmp_path).read(PATH, data, "head") == parsed(data)


def test_counts_keep_their_order(tmp_path: Path) -> None:
    found = stored.loads(stored.dumps(parsed()), PATH, "head")
    assert [list(terms.words) for terms in found[1]] == [list(terms.words) for terms in parsed()[1]]


@pytest.mark.parametrize("other", [("docs/other.md", DATA, "head"), (PATH, DATA + b"x", "head"), (PATH, DATA, "base")])
def test_an_entry_answers_for_its_path_bytes_and_revision_only(tmp_path: Path, other: tuple[str, bytes, str]) -> None:
    Cache(tmp_path).write(PATH, DATA, "head", parsed())
    assert Cache(tmp_path).read(*other) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content.replace(b"Queue", b"Stack"),
        lambda content: b"\x00" * len(content),
        lambda content: caching._checksum(b"[]") + b"[]",
        lambda content: caching._checksum(b"[" * 100_000) + b"[" * 100_000,
        lambda content: caching._checksum(b"[1,2,3,4,5,6,7,8,9]") + b"[1,2,3,4,5,6,7,8,9]",
    ],
)
def test_a_broken_entry_is_as_good_as_absent(tmp_path: Path, damage: object) -> None:
    Cache(tmp_path).write(PATH, DATA, "head", parsed())
    (entry,) = entries(tmp_path)
    entry.write_bytes(damage(entry.read_bytes()))  # type: ignore[operator]
    assert Cache(tmp_path).read(PATH, DATA, "head") is None
    library = Library(cache=Cache(tmp_path))
    assert library.read(PATH, "1", lambda: DATA) == parsed()[0]
    assert Cache(tmp_path).read(PATH, DATA, "head") == parsed()


def test_a_directory_that_cannot_be_used_is_silent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for directory in (tmp_path / "file", tmp_path / "file" / "below", Path("/dev/null/x")):
        library = Library(cache=Cache(directory))
        assert library.read(PATH, "1", lambda: DATA) == parsed()[0]
        library.cache.tidy()


def test_an_entry_in_place_of_a_link_or_a_directory(tmp_path: Path) -> None:
    Cache(tmp_path).write(PATH, DATA, "head", parsed())
    (entry,) = entries(tmp_path)
    entry.unlink()
    entry.mkdir()
    library = Library(cache=Cache(tmp_path))
    assert library.read(PATH, "1", lambda: DATA) == parsed()[0]


def test_the_oldest_entries_go_first_and_other_files_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.json").write_text("mine" * 10_000)
    cache = Cache(tmp_path)
    for number in range(8):
        data = DATA + b"\n" * number
        cache.write(PATH, data, "head", parsed(data))
        newest = max(set(entries(tmp_path)) - {tmp_path / "notes.json"}, key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    size = newest.stat().st_size
    monkeypatch.setattr(caching, "MAX_TOTAL", 5 * size)
    cache.tidy()
    assert (tmp_path / "notes.json").exists()
    kept = [Cache(tmp_path).read(PATH, DATA + b"\n" * number, "head") is not None for number in range(8)]
    assert kept == [False] * (8 - sum(kept)) + [True] * sum(kept)
    assert 2 <= sum(kept) <= 4


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"RUNBOOK_DRIFT_CACHE": "off", "HOME": "/home/ann"}, None),
        ({"RUNBOOK_DRIFT_CACHE": "/var/cache/drift", "HOME": "/home/ann"}, "/var/cache/drift"),
        ({"XDG_CACHE_HOME": "/caches", "HOME": "/home/ann"}, "/caches/runbook-drift"),
        ({"HOME": "/home/ann"}, "/home/ann/.cache/runbook-drift"),
        ({}, None),
        ({"HOME": "."}, None),
    ],
)
def test_where_the_cache_lies(environment: dict[str, str], place: str | None) -> None:
    assert Cache.of_user(environment)._directory == (Path(place) if place else None)


def test_deleting_breaking_or_switching_off_the_cache_changes_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repo = TempRepo(tmp_path / "repo")
    repo.commit({PATH: TEXT, "worker.py": "QUEUE_LIMIT = 30\n"})
    repo.commit({"worker.py": "QUEUE_LIMIT = 60\n"})
    directory = tmp_path / "cache"

    def answer(where: str) -> str:
        monkeypatch.setenv("RUNBOOK_DRIFT_CACHE", where)
        arguments = ["check", "--repo", str(repo.root), "--base", "HEAD~1", "--head", "HEAD", "--as-of", "2026-11-01"]
        cli.main([*arguments, "--format", "json"])
        found = capfd.readouterr()
        assert not found.err
        return found.out

    off = answer("off")
    assert not directory.exists()
    assert answer(str(directory)) == off
    (entry,) = entries(directory)
    assert answer(str(directory)) == off
    entry.write_bytes(b"\x00")
    assert answer(str(directory)) == off
    entry.unlink()
    assert answer(str(directory)) == off
    assert entry.exists()


def test_the_key_covers_every_module_that_takes_part_in_parsing() -> None:
    def file_of(module: str) -> Path:
        return ROOT.joinpath(*module.split(".")).with_suffix(".py")

    found: set[str] = set()
    todo = ["runbooks.parse", "runbooks.index", "runbooks.stored"]
    while todo:
        module = todo.pop()
        if module in found or not file_of(module).exists():
            continue
        found.add(module)
        for node in ast.walk(ast.parse(file_of(module).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                todo += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    assert sorted(found) == sorted(SOURCES)
