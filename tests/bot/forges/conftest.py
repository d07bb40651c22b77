"""A GitHub of the test's own, held to GitHub's published description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.forges.api import Answer, Api
from tests.bot.forges.github_server import Hub, running


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Fails the test at its end when anything was asked, answered or read that the description does not have."""
    call = Api.call

    def watched(api: Api, verb: str, path: str, *credential: Any, **options: Any) -> Answer:
        return github.heard(verb, path, call(api, verb, path, *credential, **options))

    with running() as github:
        monkeypatch.setattr(Api, "call", watched)
        yield github
    assert github.complaints() == []
