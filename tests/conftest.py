"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Machines are shared: how long one example takes says nothing. The same examples everywhere, so that a red run is red
# again.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the expectations of golden cases, snapshots and generated pages"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expectations are to be rewritten instead of checked."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(autouse=True)
def _no_cache_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the cache of whoever runs it."""
    monkeypatch.setenv("RUNBOOK_DRIFT_CACHE", "off")
