"""Names of code and of prose meet in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.terms import joined, numbers, singular, terms


@pytest.mark.parametrize(
    "written",
    [
        "BlocklistPoll",
        "blocklist_poll",
        "blocklist-poll",
        "BLOCKLIST_POLL",
        "storage.trace.blocklist-poll",
        "blocklistPoll",
    ],
)
def test_spellings_of_one_name_meet(written: str) -> None:
    assert "blocklistpoll" in terms(f"set `{written}` to 5m")[0]


def test_words_are_singular_and_without_stop_words() -> None:
    names, words = terms("the Retries of all policies")
    assert not names
    assert set(words) == {"retry", "policy"}


def test_an_address_is_no_name() -> None:
    assert "httplocalhost" not in terms("http://localhost:3100/ready")[0]


@pytest.mark.parametrize(
    ("word", "one"), [("tokens", "token"), ("policies", "policy"), ("class", "class"), ("bus", "bus")]
)
def test_singular(word: str, one: str) -> None:
    assert singular(word) == one


def test_numbers_that_tell_something() -> None:
    assert set(numbers("port 3100, 15m, v1.2.3, 7 and 10")) == {"3100", "15m"}


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    names, words = terms(text)
    assert all(name == joined(name) for name in names)
    assert all(count > 0 for count in words.values())
