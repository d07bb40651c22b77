"""Where the handles of owners lead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.context import Rules
from bot.model import Directory, Person, Proof, ServiceStatus
from bot.reminders.addresses import Book
from bot.reminders.nouns import Place, Recipient, unresolved

PAY = ServiceStatus("pay", "acme/pay", "configuration", (), "C0PAY", "", ())
PEOPLE = (Person("olga", "U0OLGA", Proof.CONFIGURED), Person("payments", "U0EVE", Proof.OAUTH))


def book() -> Book:
    found = {"sam@acme.example": "U0SAM"}
    return Book(Directory(PEOPLE), (PAY,), Rules(default_channel="C0ALL"), lambda email: found.get(email, ""))


@pytest.mark.parametrize(("handle", "place", "to"), [
    ("@Olga", Place.PERSON, "U0OLGA"), ("sam@acme.example", Place.PERSON, "U0SAM"),
    ("U024BE7LH", Place.PERSON, "U024BE7LH"), ("WQRSTUVXY", Place.PERSON, "WQRSTUVXY"),
    ("#payments", Place.CHANNEL, "#payments"), ("C012AB3CD", Place.CHANNEL, "C012AB3CD"),
    ("@acme/payments", Place.CHANNEL, "C0PAY"), ("S0123ABCD", Place.CHANNEL, "C0PAY"),
    ("payments", Place.CHANNEL, "C0PAY"),
    ("WORKERS", Place.CHANNEL, "C0PAY"), ("CHECKOUT", Place.CHANNEL, "C0PAY"), ("SEARCH", Place.CHANNEL, "C0PAY"),
])  # fmt: skip
def test_a_bare_name_is_a_team_and_never_a_login_or_an_id(handle: str, place: Place, to: str) -> None:
    assert book().of(handle, "pay", "acme/pay") == (Recipient(place, to),)


def test_who_is_not_known_is_nobody() -> None:
    for handle in ("@stranger", "x@acme.example", ""):
        assert book().of(handle, "pay", "acme/pay") == ()


def test_an_address_that_nobody_can_look_up_now_is_somebody_who_waits() -> None:
    away = Book(Directory(PEOPLE), (PAY,), Rules(), lambda _: None)
    (found,) = away.of("sam@acme.example", "pay", "acme/pay")
    assert unresolved(found)


def test_a_service_is_its_repositorys_own_before_one_of_the_same_name() -> None:
    """Another repository with the service names channel and contact where it names none."""
    billing = replace(PAY, repo="acme/billing", name="api", channel="C0BILLING", escalation="U0AMY")
    search = replace(PAY, repo="acme/search", name="api", channel="C0SEARCH", escalation="U0BEA")
    bare = replace(PAY, repo="acme/mail", name="api", channel="")
    both = Book(Directory(), (billing, search, bare), Rules(), lambda _: "")
    told = [(both.of("@acme/team", "api", repo), both.escalation("api", repo)) for repo in (search.repo, bare.repo)]
    assert told == [
        ((Recipient(Place.CHANNEL, "C0SEARCH"),), (Recipient(Place.PERSON, "U0BEA"),)),
        ((Recipient(Place.CHANNEL, "C0BILLING"),), (Recipient(Place.PERSON, "U0AMY"),)),
    ]


def test_a_team_reads_in_the_channel_of_its_repository_where_the_service_has_none() -> None:
    rules = Rules(default_channel="C0ALL", channels={"acme/pay": "C0REPO"})
    found = Book(Directory(), (replace(PAY, channel=""),), rules, lambda _: "")
    assert found.of("@acme/payments", "pay", "acme/pay") == (Recipient(Place.CHANNEL, "C0REPO"),)
