"""Where the handles of owners lead."""

from __future__ import annotations

import pytest

from bot.context import Rules
from bot.model import Directory, Person, Proof, ServiceStatus
from bot.reminders.addresses import Book
from bot.reminders.nouns import Place, Recipient

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
    assert book().of(handle, "pay") == (Recipient(place, to),)


def test_who_is_not_known_is_nobody() -> None:
    assert book().of("@stranger", "pay") == book().of("x@acme.example", "pay") == book().of("", "pay") == ()
