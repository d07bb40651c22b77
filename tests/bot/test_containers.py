"""What is shipped beside the code: the compose file, and what git has to keep its hands off."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text()


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def host_ports(service: dict[str, Any]) -> list[int]:
    """The ports of the machine that are published to 8080 of a container; a range is one per replica."""
    found = []
    for given in service.get("ports", []):
        match = re.fullmatch(r"127\.0\.0\.1:(\d+)(?:-(\d+))?:8080", given)
        assert match, f"{given} is open to other machines, or leads elsewhere"
        found += list(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def test_deliveries_reach_every_process_that_serves() -> None:
    for name in ("bot", "worker"):
        service = services()[name]
        assert len(host_ports(service)) >= service.get("deploy", {}).get("replicas", 1), name
    assert 8080 in host_ports(services()["bot"])
    assert 8080 in host_ports(services()["worker"]), "a proxy need not know which of the two runs"
    assert not services()["db"].get("ports")


def test_the_documents_that_the_compose_file_names_exist() -> None:
    named = re.findall(r"docs/[\w/.-]+\.md", COMPOSE)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name
        assert "docker compose" in (ROOT / name).read_text()


def ignored(path: str, repository: Path) -> bool:
    """Whether git leaves a path of ours out, asked in a repository of its own: there may be none around these files."""
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    (repository / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    return subprocess.run(["git", "check-ignore", "--quiet", path], cwd=repository, check=False).returncode == 0


@pytest.mark.parametrize("path", [".env", "state/bot.db", "state/bot.db-wal", "secrets/pgpass", "secrets/db_password"])
def test_no_secret_and_no_state_is_committed_by_accident(path: str, tmp_path: Path) -> None:
    assert ignored(path, tmp_path)


@pytest.mark.parametrize("path", [".env.example", "bot/store/opening.py", "docs/state/x.md"])
def test_what_belongs_to_the_project_is_kept(path: str, tmp_path: Path) -> None:
    assert not ignored(path, tmp_path)
