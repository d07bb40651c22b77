"""Comments and the buttons of a check run, from GitHub's payload to what they do."""

from __future__ import annotations

import pytest
from fakes import REF, FakeAnalyst, FakeForge, FakeJobs, item, review, world

from bot import service
from bot.commands import act
from bot.context import Bot
from bot.forges import webhooks
from bot.model import Incoming
from bot.ports import Store
from runbooks.model import Status


@pytest.fixture
def bot(store: Store) -> Bot:
    """Whose pull request has one open section, owned by ``ops-olga``."""
    made = world(store, analyst=FakeAnalyst({"1" * 40: review(item())}))
    service.review(made, REF)
    return made


def pressed(identifier: str, sender: str) -> Incoming:
    """GitHub's delivery of a pressed button, as it is read."""
    payload = {
        "action": "requested_action", "requested_action": {"identifier": identifier}, "sender": {"login": sender},
        "repository": {"full_name": REF.repo}, "installation": {"id": 9},
        "check_run": {"head_sha": "1" * 40, "name": "runbook-drift", "external_id": REF.key, "app": {"id": 4}},
    }  # fmt: skip
    read = webhooks.parse("check_run", payload, delivery="d1")
    assert read is not None
    return read


def test_the_button_acknowledge_acknowledges(bot: Bot) -> None:
    assert act(bot, pressed("acknowledge", "ops-olga")) == "decided"
    found = bot.store.review(REF)
    assert found is not None
    assert [one.status for one in found.items] == [Status.ACKNOWLEDGED]


def test_the_button_re_check_reviews_again_and_decides_nothing(bot: Bot) -> None:
    assert act(bot, pressed("recheck", "ops-olga")) == "recheck"
    assert isinstance(bot.jobs, FakeJobs)
    assert bot.jobs.orders == [("review", REF, "d1")]
    assert bot.store.decisions(REF.repo) == ()


def test_a_button_that_is_none_of_ours_does_nothing(bot: Bot) -> None:
    assert act(bot, pressed("launch", "ops-olga")) == "no command"
    assert bot.store.decisions(REF.repo) == ()
    assert isinstance(bot.forge, FakeForge)
    assert bot.forge.comments == []
