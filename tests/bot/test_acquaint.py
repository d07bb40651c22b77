"""Links by e-mail: who is asked about, how often, and what they are good for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeChat, FakeClock, pull, world

from bot.acquaint import MOST_ASKED, acquaint
from bot.context import Bot, Rules
from bot.model import BotError, CommitAuthor, Person, Proof, Pull
from bot.ports import Refused, Store, Unavailable

OLGA = CommitAuthor("ops-olga", "Olga", "olga@acme.example")


@dataclass
class Asked(FakeChat):
    """Remembers the questions; ``problem`` is what it answers with instead."""

    questions: list[str] = field(default_factory=list)
    problem: BotError | None = None

    def user_by_email(self, email: str) -> str:
        self.questions.append(email)
        if self.problem:
            raise self.problem
        return super().user_by_email(email)


@pytest.fixture
def chat() -> Asked:
    return Asked(emails={"olga@acme.example": "U0OLGA"})


@pytest.fixture
def bot(store: Store, chat: Asked) -> Bot:
    return world(store, chat=chat)


def by(*authors: CommitAuthor) -> Pull:
    return pull(authors=authors)


def test_an_author_is_known_by_the_address_of_the_commit_for_mentions_only(bot: Bot) -> None:
    assert acquaint(bot, by(OLGA)) == 1
    assert bot.store.people() == (Person("ops-olga", "U0OLGA", Proof.EMAIL),)
    known = bot.directory().slack_of("ops-olga")
    assert known is not None
    assert known.slack == "U0OLGA"
    assert not known.carries_rights
    assert bot.directory().login_of("U0OLGA") is None


def test_an_address_is_asked_about_once_a_day(bot: Bot, chat: Asked, store: Store) -> None:
    nobody = CommitAuthor("dev-dan", "Dan", "dan@elsewhere.example")
    for _ in range(3):
        acquaint(bot, by(OLGA, nobody, replace(nobody, login="dan2", email=" DAN@elsewhere.example ")))
    acquaint(world(store, chat=chat), by(OLGA, nobody))  # after a restart, or another replica
    assert chat.questions == ["olga@acme.example", "dan@elsewhere.example"]
    assert isinstance(bot.clock, FakeClock)
    bot.clock.forward(days=1)
    chat.emails["dan@elsewhere.example"] = "U0DAN"
    assert acquaint(bot, by(OLGA, nobody)) == 2


@pytest.mark.parametrize(("login", "email"), [
    ("ops-olga", "12345+ops-olga@users.noreply.github.com"), ("ops-olga", "ops-olga@users.noreply.github.acme.example"),
    ("web-flow", "noreply@github.com"), ("x", "no-reply@acme.example"), ("x", "x@no-reply.acme.example"),
    ("", "olga@acme.example"), ("dependabot[bot]", "support@github.com"), ("x", ""), ("x", "not an address"),
    ("x", "a@b@c"), ("x", "@acme.example"), ("x", "a b@acme.example"), ("x", "olga@acme.example\nx"),
    ("x", "é" * 70 + "@acme.example"),
])  # fmt: skip
def test_who_is_not_asked_about(bot: Bot, chat: Asked, login: str, email: str) -> None:
    assert acquaint(bot, by(CommitAuthor(login, "Somebody", email))) == 0
    assert chat.questions == []


def test_who_is_linked_better_is_not_asked_about(bot: Bot, chat: Asked) -> None:
    bot.store.link(Person("ops-olga", "U0PROVEN", Proof.OAUTH), bot.clock.now())
    assert acquaint(bot, by(OLGA)) == 0
    assert acquaint(replace(bot, rules=Rules(people={"Ops-Olga": "U0SET"})), by(OLGA)) == 0
    assert chat.questions == []
    assert bot.store.people() == (Person("ops-olga", "U0PROVEN", Proof.OAUTH),)


@pytest.mark.parametrize("problem", [Refused("no", "missing_scope"), Unavailable("away")])
def test_a_slack_that_does_not_say_does_no_harm(bot: Bot, chat: Asked, problem: BotError) -> None:
    chat.problem = problem
    assert acquaint(bot, by(OLGA, CommitAuthor("dev-dan", "Dan", "dan@acme.example"))) == 0
    assert bot.store.people() == ()
    assert len(chat.questions) == 1, "it is not asked again at once"


def test_a_store_that_is_away_does_no_harm(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bool:
        raise Unavailable("locked")

    monkeypatch.setattr(bot.store, "accept", away)
    assert acquaint(bot, by(OLGA)) == 0


def test_a_pull_request_of_many_asks_about_some_each_time(bot: Bot, chat: Asked) -> None:
    crowd = by(*(CommitAuthor(f"dev-{n}", "Dev", f"dev-{n}@acme.example") for n in range(MOST_ASKED + 3)))
    acquaint(bot, crowd)
    assert len(chat.questions) == MOST_ASKED
    acquaint(bot, crowd)
    assert len(chat.questions) == len(set(chat.questions)) == MOST_ASKED + 3


def test_no_address_is_kept(bot: Bot, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr(store, "accept", lambda delivery, event, at: kept.append(f"{delivery} {event}") or True)
    acquaint(bot, by(OLGA))
    assert kept
    assert "olga" not in kept[0]
