"""A kill between a decision's record and the order to show it: the next start shows it, once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeClock, FakeForge, FakeJobs, item, review, world

from bot import service
from bot.context import Bot, Rules
from bot.decide import acknowledge, hand_over
from bot.following import catch_up
from bot.model import PullRef, Surface
from bot.ports import Store
from bot.rights import acting

OLGA = "U0OLGA"


class Killed(BaseException):
    """What no code catches."""


@dataclass
class Jobs(FakeJobs):
    """Places an order once, as the real ones do; ``kill`` dies instead."""

    kill: bool = False
    known: set[tuple[PullRef, str]] = field(default_factory=set)

    def announce(self, ref: PullRef, cause: str) -> None:
        if self.kill:
            raise Killed
        if (ref, cause) not in self.known:
            self.known.add((ref, cause))
            super().announce(ref, cause)


@pytest.fixture
def bot(store: Store) -> Bot:
    """A pull request with one open line, told in Slack."""
    rules = Rules(default_channel="C0ALL", people={"ops-olga": OLGA})
    made = world(store, analyst=FakeAnalyst({"1" * 40: review(item())}), jobs=Jobs(), rules=rules)
    service.review(made, REF)
    service.publish(made, REF)
    service.announce(made, REF)
    return made


def jobs(bot: Bot) -> Jobs:
    assert isinstance(bot.jobs, Jobs)
    return bot.jobs


def shown(bot: Bot) -> tuple[str, str]:
    """The check run's title and the message."""
    assert isinstance(bot.forge, FakeForge)
    assert isinstance(bot.chat, FakeChat)
    return bot.forge.published[-1][1].title, str(bot.chat.top[0]["text"])


def decide(bot: Bot) -> None:
    acknowledge(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "rounded on purpose")


def test_a_decision_whose_showing_was_lost_is_shown_at_the_next_start(bot: Bot) -> None:
    jobs(bot).kill = True
    with pytest.raises(Killed):
        decide(bot)
    jobs(bot).kill = False
    assert shown(bot) == ("1 open", "Shorter sessions: contradicted f1")

    assert catch_up(bot) == 1
    jobs(bot).run(bot)
    assert shown(bot) == ("0 open", "Shorter sessions: open")


def test_a_decision_that_was_not_yet_applied_is_applied(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("bot.following._settle", killed)
        with pytest.raises(Killed):
            decide(bot)
    assert bot.store.drift()

    catch_up(bot)
    jobs(bot).run(bot)
    assert bot.store.drift() == ()
    assert shown(bot) == ("0 open", "Shorter sessions: open")


def test_what_was_ordered_is_not_ordered_again(bot: Bot) -> None:
    decide(bot)
    assert len(jobs(bot).orders) == 1
    catch_up(bot)
    catch_up(bot)
    assert len(jobs(bot).orders) == 1


def test_a_hand_over_is_shown_too(bot: Bot) -> None:
    jobs(bot).kill = True
    with pytest.raises(Killed):
        hand_over(bot, acting(bot, slack=OLGA, surface=Surface.BUTTON), REF, ["f1"], "U0PETE")
    jobs(bot).kill = False
    catch_up(bot)
    assert [(kind, what) for kind, what, _ in jobs(bot).orders] == [("announce", REF)]


def test_decisions_of_long_ago_are_let_be(bot: Bot) -> None:
    decide(bot)
    jobs(bot).orders.clear()
    jobs(bot).known.clear()
    assert isinstance(bot.clock, FakeClock)
    bot.clock.forward(days=7)
    assert catch_up(bot) == 0
    assert jobs(bot).orders == []
