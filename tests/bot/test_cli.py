"""The commands that look at a store: what they say, how they end, and that they leave nothing behind."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import doctor
from bot.cli import main
from bot.settings import PREFIX, Settings, load
from bot.store import open_store

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", ["verify", "export"])
def test_evidence_is_not_looked_for_where_there_is_none(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", command]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: there is no database of the bot at {Path.cwd()}/state/bot.db: ")
    assert list(Path().iterdir()) == [], "nothing is made"


def test_evidence_is_verified_and_exported(capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(doctor.store_url(load()))
    store.append("review", "acme/shop", "acme/shop#7", {"head": "1" * 40}, AT)
    store.close()
    assert main(["evidence", "verify"]) == 0
    assert capsys.readouterr().out == "unbroken\n"
    assert main(["evidence", "export"]) == 0
    assert json.loads(capsys.readouterr().out)["subject"] == "acme/shop#7"
    assert main(["evidence", "export", "--format", "csv", "--since", "2026-11-24"]) == 0
    assert [row[0] for row in csv.reader(capsys.readouterr().out.splitlines())] == ["number"]


def test_what_serve_makes_is_for_its_user_alone(tmp_path: Path) -> None:
    program = (
        "import os, sys; from bot import app, cli\n"
        "class Stop:\n"
        "    def __init__(self, settings):\n"
        "        open('made', 'w').close(); sys.exit(0)\n"
        "app.Application = Stop; sys.exit(cli.main(['serve']))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=60)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
