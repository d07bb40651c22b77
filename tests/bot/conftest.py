"""Fixtures of the bot's tests: a store on SQLite in a directory of the test's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # fakes.py stands beside the tests; there are no packages here


@pytest.fixture
def store(tmp_path: Path) -> Iterator[object]:
    """A real store: what the use cases remember is worth testing with the real thing."""
    from bot.store import open_store

    opened = open_store(f"sqlite:///{tmp_path}/bot.db")
    yield opened
    opened.close()
