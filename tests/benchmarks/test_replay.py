"""A history checked commit by commit in one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.replay import consecutive, percentile, replay
from tests.repositories import TempRepo


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, list[str]]:
    repo = TempRepo(tmp_path / "source")
    runbook = "# Queue\n\n## Limits\n\n`QUEUE_TIMEOUT` is 30 seconds.\n"
    commits = [repo.commit({"queue.py": "QUEUE_TIMEOUT = 30\n", "docs/runbooks/queue.md": runbook})]
    commits.append(repo.commit({"queue.py": "QUEUE_TIMEOUT = 30  # seconds\n"}))
    commits.append(repo.commit({"queue.py": "QUEUE_TIMEOUT = 5  # seconds\n"}))
    return repo.root / ".git", commits


def test_commits_come_oldest_first_with_their_parents(history: tuple[Path, list[str]]) -> None:
    where, (root, second, third) = history
    assert consecutive(where, third, 10) == [(root, second), (second, third)]
    assert consecutive(where, third, 1) == [(second, third)]
    assert consecutive(where, root, 10) == []


def test_every_commit_is_checked_and_a_failure_does_not_stop_the_run(history: tuple[Path, list[str]]) -> None:
    where, (root, second, third) = history
    found = replay(where, [("0" * 40, root), (root, second), (second, third)])
    assert (found.commits, found.findings) == (3, 1)
    assert sum(found.errors.values()) == 1
    assert 0 < found.median <= found.p95 <= found.longest


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile([7], 0.95) == 7
    assert percentile([], 0.95) == 0
