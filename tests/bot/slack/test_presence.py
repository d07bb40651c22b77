"""What Slack says of people's hours; the answers are those of docs.slack.dev/reference/methods/dnd.info."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fakes import FakeClock

from bot.ports import Refused, Unavailable
from bot.reminders.nouns import Availability
from bot.reminders.ports import Presence
from bot.slack.presence import SlackPresence, silence
from tests.bot.slack.slack_server import SlackServer, running

TOKEN = "xoxb-CANARY-0123456789"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with running() as server:
        yield server


@pytest.fixture
def presence(slack: SlackServer) -> Presence:
    return SlackPresence(TOKEN, FakeClock(), slack.url)


def seconds(hours: float) -> int:
    return int((NOW + timedelta(hours=hours)).timestamp())


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def test_a_time_zone_and_the_next_silence(slack: SlackServer, presence: Presence) -> None:
    slack.users["U0OLGA"] = {"id": "U0OLGA", "tz": "Asia/Kolkata", "deleted": False}
    slack.dnd = {"dnd_enabled": True, "next_dnd_start_ts": seconds(8), "next_dnd_end_ts": seconds(20)}
    assert presence.availability("U0OLGA") == Availability("Asia/Kolkata", dnd=(at(8), at(20)))
    assert [name for name, _ in slack.calls] == ["users.info", "dnd.info"]
    assert {given["user"] for _, given in slack.calls} == {"U0OLGA"}


def test_who_left_is_gone_and_nobody_asks_for_their_silence(slack: SlackServer, presence: Presence) -> None:
    slack.users["U0DAN"] = {"id": "U0DAN", "tz": "Europe/Berlin", "deleted": True}
    assert presence.availability("U0DAN") == Availability("Europe/Berlin", gone=True)
    assert slack.count("dnd.info") == 0


@pytest.mark.parametrize("word", ["user_not_found", "user_not_visible"])
def test_who_is_not_known_is_gone(slack: SlackServer, presence: Presence, word: str) -> None:
    slack.refuse("users.info", word)
    assert presence.availability("U0NOBODY").gone


def test_a_guest_has_no_silence_that_we_see(slack: SlackServer, presence: Presence) -> None:
    slack.refuse("dnd.info", "user_not_found")
    assert presence.availability("U0GUEST") == Availability("Etc/UTC")


@pytest.mark.parametrize("user", [{"id": "U0X"}, {"id": "U0X", "tz": None}, {"id": "U0X", "tz": 3}, [], "no"])
def test_without_a_time_zone_it_is_empty(slack: SlackServer, presence: Presence, user: object) -> None:
    slack.users["U0X"] = user  # type: ignore[assignment]
    assert presence.availability("U0X") == Availability("")


@pytest.mark.parametrize("method", ["users.info", "dnd.info", "conversations.open"])
def test_too_many_requests_say_when_to_come_back(slack: SlackServer, presence: Presence, method: str) -> None:
    slack.refuse(method, "ratelimited", 429, Retry_After="30")
    with pytest.raises(Unavailable) as later:
        presence.open_direct("U0OLGA") if method == "conversations.open" else presence.availability("U0OLGA")
    assert later.value.retry_after == 30
    assert TOKEN not in str(later.value)


def test_a_missing_permission_is_a_refusal_that_says_so(slack: SlackServer, presence: Presence) -> None:
    slack.refuse("users.info", "missing_scope")
    with pytest.raises(Refused, match="install it again with the manifest"):
        presence.availability("U0OLGA")


def test_a_direct_conversation(slack: SlackServer, presence: Presence) -> None:
    assert presence.open_direct("U0OLGA") == "D012ABCDE"
    slack.refuse("conversations.open", "user_disabled")
    with pytest.raises(Refused, match="left the workspace"):
        presence.open_direct("U0DAN")
    slack.faults["conversations.open"] = [(200, {}, '{"ok": true}')]
    with pytest.raises(Unavailable):
        presence.open_direct("U0DAN")


PLANNED = {"dnd_enabled": True, "next_dnd_start_ts": seconds(8), "next_dnd_end_ts": seconds(20)}


@pytest.mark.parametrize(("said", "span"), [
    (PLANNED, (at(8), at(20))),
    ({**PLANNED, "dnd_enabled": False}, None),
    ({"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}, None),
    ({"dnd_enabled": True, "next_dnd_start_ts": 0, "next_dnd_end_ts": 0}, None),
    ({**PLANNED, "snooze_enabled": True, "snooze_endtime": seconds(1)}, (at(0), at(1))),
    ({**PLANNED, "snooze_enabled": True, "snooze_endtime": seconds(9)}, (at(0), at(20))),
    ({**PLANNED, "snooze_enabled": True, "snooze_endtime": seconds(-1)}, (at(8), at(20))),
    ({**PLANNED, "snooze_enabled": False, "snooze_endtime": seconds(1)}, (at(8), at(20))),
    ({**PLANNED, "dnd_enabled": False, "snooze_enabled": True, "snooze_endtime": seconds(2)}, (at(0), at(2))),
    ({"dnd_enabled": True, "next_dnd_start_ts": seconds(8), "next_dnd_end_ts": seconds(7)}, None),
    ({"dnd_enabled": True, "next_dnd_start_ts": "8", "next_dnd_end_ts": True}, None),
    ({"dnd_enabled": True, "next_dnd_start_ts": 1e300, "next_dnd_end_ts": 1e301}, None),
    ({"dnd_enabled": "yes"}, None),
    ({}, None),
])  # fmt: skip
def test_silence(said: dict[str, object], span: object) -> None:
    assert silence(said, NOW) == span
