"""When a change counts as reviewed before its release."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeChat, FakeForge, pull, world

from bot.context import Bot, Rules
from bot.model import Approvals, BotError, CommitAuthor, Pull
from bot.outcomes import reviewed_before_release
from bot.ports import Refused, Store, Unavailable

OLGA = "U0OLGA"
CHANGE = pull(authors=(CommitAuthor("dev-dan", "Dan", "dan@acme.example"), CommitAuthor("Eve", "Eve", "")))


@pytest.fixture
def bot(store: Store) -> Bot:
    return world(store, rules=Rules(people={"ops-olga": OLGA, "olga-dev": OLGA}))


def judged(bot: Bot, approvals: Approvals, change: Pull = CHANGE) -> tuple[str, str]:
    assert isinstance(bot.forge, FakeForge)
    bot.forge.approved = approvals
    outcome = reviewed_before_release(bot, change)
    return outcome.answer, outcome.detail


@pytest.mark.parametrize(("by", "checks", "reviews", "answer", "detail"), [
    (("ops-olga",), ("tests",), 1, "holds", "approved by ops-olga"),
    (("ops-olga",), ("tests",), None, "holds", "approved by ops-olga"),
    (("ops-olga",), ("tests",), 0, "holds", "approved by ops-olga"),
    (("ops-olga",), ("tests",), 2, "fails", "requires 2 approvals by others"),
    (("eve", "ops-olga"), ("tests",), 2, "fails", "approved by ops-olga; main requires 2"),
    (("ops-olga", "pete"), ("tests",), 2, "holds", "approved by ops-olga, pete"),
    ((), ("tests",), 0, "fails", "nobody with write access approved 1111111111 yet"),
    (("eve", "DEV-DAN"), ("tests",), 1, "fails", "only its authors did"),
    (("ops-olga",), None, 1, "could not tell", "required checks may not be read"),
    (("ops-olga",), (), 1, "fails", "requires no checks"),
])  # fmt: skip
def test_reviewed_before_release(
    bot: Bot, by: tuple[str, ...], checks: tuple[str, ...] | None, reviews: int | None, answer: str, detail: str
) -> None:
    found = judged(bot, Approvals(by, checks, reviews))
    assert found[0] == answer
    assert detail in found[1]


def test_nobody_approves_their_own_change_under_another_login(bot: Bot) -> None:
    change = replace(CHANGE, author="Olga-Dev", authors=())
    assert judged(bot, Approvals(("ops-olga",), ("tests",), 1), change)[0] == "fails"


def test_a_co_author_who_is_named_by_an_address_alone_is_one(bot: Bot) -> None:
    assert isinstance(bot.chat, FakeChat)
    bot.chat.emails["olga@acme.example"] = OLGA
    change = replace(CHANGE, authors=(CommitAuthor("", "Olga", "olga@acme.example"),))
    assert judged(bot, Approvals(("ops-olga",), ("tests",), 1), change)[0] == "fails"
    assert judged(bot, Approvals(("pete",), ("tests",), 1), change)[0] == "holds"


@dataclass
class Silent(FakeForge):
    """Does not say who approved."""

    problem: BotError = field(default_factory=lambda: Unavailable("away"))

    def approvals(self, pull: Pull) -> Approvals:
        raise self.problem


@pytest.mark.parametrize("problem", [Unavailable("away"), Refused("no", "permission")])
def test_what_github_does_not_say_could_not_be_told(bot: Bot, problem: BotError) -> None:
    found = reviewed_before_release(replace(bot, forge=Silent(problem=problem)), CHANGE)
    assert (found.answer, found.detail[:7]) == ("could not tell", "reviews")
