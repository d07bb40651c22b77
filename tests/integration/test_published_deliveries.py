"""The example deliveries that GitHub publishes (npm's ``@octokit/webhooks-examples``), each signed: none is a 5xx."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.integration.conftest import World
from tests.integration.node import MODULES
from tests.integration.server import Server, github_headers

pytestmark = pytest.mark.integration

EXAMPLES = MODULES / "@octokit" / "webhooks-examples" / "api.github.com" / "index.json"


def _examples() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _told(server: Server, name: str, example: Any) -> tuple[int, str]:
    body = json.dumps(example).encode()
    status, said = server.ask("POST", "/github/webhook", body, github_headers(name, body))
    return status, str(json.loads(said).get("done", json.loads(said).get("error")))


def test_every_published_delivery_is_answered(world: World) -> None:
    server = world.server().start()
    words: Counter[str] = Counter()
    for event in _examples():
        for example in event["examples"]:
            status, word = _told(server, event["name"], example)
            assert status == 202, (event["name"], example.get("action"), status, word)
            words[word] += 1
    assert sum(words.values()) > 200
    assert words["review"] > 0, words
    assert words["act"] > 0, words
    assert words["refresh"] > 0, words
    world.quiet(server, 60)
    assert world.messages() == [], "none of those repositories can be read"
