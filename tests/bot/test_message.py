"""The message on a pull request and its thread, when Slack refuses, people delete and processes die."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeForge, item, pull, review, world

from bot import service
from bot.context import Bot, Rules
from bot.model import PullState
from bot.ports import Message, Store, Unavailable

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40
MANY = [item(fingerprint=f"f{n}") for n in range(1, 6)]


@dataclass
class Chat(FakeChat):
    """Fails at the n-th post."""

    fails_at: int = 0

    def post(self, channel: str, message: Message, *, key: str, thread: str = "") -> str:
        self.fails_at -= 1
        if self.fails_at == 0:
            raise Unavailable("503")
        return super().post(channel, message, key=key, thread=thread)

    def replies(self) -> list[str]:
        """What the threads say."""
        return [str(message["text"]) for place, message in self.messages.items() if self.threads[place]]


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def bot(store: Store, chat: Chat) -> Bot:
    """Its first head has five open sections, the second four with another one among them, the third none."""
    fewer = [*MANY[:3], item(fingerprint="f6")]
    found = {ONE: review(*MANY), TWO: review(*fewer), THREE: review()}
    return world(store, chat=chat, analyst=FakeAnalyst(found))  # type: ignore[arg-type]


def looked(bot: Bot, head: str = ONE) -> str:
    """A review of a head, told."""
    assert isinstance(bot.forge, FakeForge)
    bot.forge.push(head)
    service.review(bot, REF)
    return service.announce(bot, REF)


@pytest.mark.parametrize("at", [2, 3])
def test_a_reply_that_failed_is_posted_by_the_next_try(bot: Bot, chat: Chat, at: int) -> None:
    chat.fails_at = at
    with pytest.raises(Unavailable):
        looked(bot)
    assert service.announce(bot, REF) == "updated"
    assert service.announce(bot, REF) == "same"
    assert chat.replies() == ["and f4", "and f5"]
    assert len(chat.top) == 1


def test_a_thread_follows_what_is_open(bot: Bot, chat: Chat) -> None:
    looked(bot)
    looked(bot, TWO)
    assert chat.replies() == ["and f6", "nothing more"]
    looked(bot)
    assert chat.replies() == ["and f4", "and f5"]
    looked(bot, THREE)
    assert chat.replies() == ["nothing more", "nothing more"]
    assert len(chat.top) == 1


def test_a_reply_that_a_person_deleted_is_posted_again_when_it_says_something_else(bot: Bot, chat: Chat) -> None:
    looked(bot)
    del chat.messages["C0SHOP", "1700000000.000001"]
    looked(bot, TWO)
    assert sorted(chat.replies()) == ["and f6", "nothing more"]


@pytest.mark.parametrize("word", ["is_archived", "channel_not_found", "not_in_channel"])
def test_where_a_channel_is_closed_later_the_default_one_hears_once(bot: Bot, chat: Chat, word: str) -> None:
    looked(bot)
    chat.refuse["C0SHOP"] = word
    assert looked(bot, TWO) == "updated"
    assert service.announce(bot, REF) == "same"
    assert [channel for (channel, ts) in chat.messages if not chat.threads[channel, ts]] == ["C0SHOP", "C0ALL"]
    looked(bot)
    assert len([place for place in chat.messages if place[0] == "C0ALL" and not chat.threads[place]]) == 1


def test_what_is_settled_in_a_closed_channel_is_settled(bot: Bot, chat: Chat) -> None:
    looked(bot)
    chat.refuse["C0SHOP"] = "is_archived"
    assert looked(bot, THREE) == "resolved"
    alert = bot.store.alert(REF)
    assert alert is not None
    assert alert.resolved


def test_a_repository_s_channel_is_found_however_its_name_is_written(bot: Bot, chat: Chat) -> None:
    assert isinstance(bot.analyst, FakeAnalyst)
    bot.analyst.found[ONE] = review(item(), services=())
    looked(replace(bot, rules=Rules(default_channel="C0ALL", channels={"Acme/Shop": "C0REPO"})))
    assert [channel for channel, _ in chat.messages] == ["C0REPO"]


@pytest.mark.parametrize("state", [PullState.OPEN, PullState.CLOSED, PullState.MERGED])
def test_a_thread_is_settled_whatever_became_of_the_pull_request_on_the_way(
    bot: Bot, chat: Chat, state: PullState
) -> None:
    looked(bot)
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[REF] = pull(draft=state is PullState.OPEN, state=state)
    looked(bot)
    still = ["and f4", "and f5"] if state is PullState.MERGED else ["nothing more", "nothing more"]
    assert chat.replies() == still, "what was merged is still wrong"
    found = bot.store.review(REF)
    assert found is not None
    bot.store.save_review(replace(found, items=()), bot.clock.now())
    service.announce(bot, REF)
    assert chat.replies() == ["nothing more", "nothing more"]
    assert service.announce(bot, REF) == "same"


def test_merged_drift_that_is_settled_in_part_leaves_the_rest_in_the_thread(bot: Bot, chat: Chat) -> None:
    looked(bot)
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[REF] = pull(state=PullState.MERGED)
    looked(bot)
    found = bot.store.review(REF)
    assert found is not None
    bot.store.save_review(replace(found, items=found.items[1:]), bot.clock.now())
    service.announce(bot, REF)
    assert chat.replies() == ["and f5", "nothing more"]
