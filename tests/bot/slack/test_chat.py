"""The Slack client: each message once, every refusal in words, never a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import FakeClock

from bot.ports import Gone, Refused, Unavailable
from bot.slack.chat import SlackChat
from tests.bot.slack.slack_server import CHANNEL, SlackServer, running

TOKEN = "xoxb-CANARY-0123456789"
MESSAGE = {"text": "hello", "blocks": [{"type": "divider"}]}
KEY = "acme/shop#7"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with running() as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def chat(slack: SlackServer, clock: FakeClock) -> SlackChat:
    return SlackChat(TOKEN, clock, slack.url)


def test_a_message_carries_its_key_and_nothing_in_it_is_parsed(slack: SlackServer, chat: SlackChat) -> None:
    ts = chat.post(CHANNEL, MESSAGE, key=KEY)
    sent = slack.messages[0]
    assert sent["ts"] == ts
    assert sent["metadata"] == {"event_type": "runbook_drift", "event_payload": {"key": KEY}}
    assert (sent["parse"], sent["link_names"], sent["unfurl_links"]) == ("none", False, False)


def test_a_message_that_is_there_is_brought_up_to_date(slack: SlackServer, chat: SlackChat) -> None:
    """A process that died between the post and its record asks again, perhaps with newer content."""
    first = chat.post(CHANNEL, MESSAGE, key=KEY)
    for number in range(250):
        chat.post("C0OTHER", MESSAGE, key=f"acme/shop#{number + 100}") if number % 50 == 0 else slack.messages.append(
            {"ts": f"17.{number}", "text": "chatter"}
        )
    assert chat.post(CHANNEL, {**MESSAGE, "text": "newer"}, key=KEY) == first
    assert slack.messages[0]["text"] == "newer"
    assert sum(m.get("metadata", {}).get("event_payload", {}).get("key") == KEY for m in slack.messages) == 1


def test_threads_have_their_own_messages(slack: SlackServer, chat: SlackChat) -> None:
    parent = chat.post(CHANNEL, MESSAGE, key=KEY)
    reply = chat.post(CHANNEL, MESSAGE, key=f"{KEY}:x:0", thread=parent)
    assert slack.messages[1]["thread_ts"] == parent
    assert chat.post(CHANNEL, MESSAGE, key=f"{KEY}:x:0", thread=parent) == reply


def test_a_known_message_that_cannot_be_updated_is_posted_anew(slack: SlackServer, chat: SlackChat) -> None:
    first = chat.post(CHANNEL, MESSAGE, key=KEY)
    slack.refuse("chat.update", "cant_update_message")
    assert chat.post(CHANNEL, MESSAGE, key=KEY) != first


def test_channels_by_name_and_people_by_id(slack: SlackServer, chat: SlackChat) -> None:
    ts = chat.post("#alerts", MESSAGE, key=KEY)
    chat.update("alerts", ts, {**MESSAGE, "text": "newer"})
    assert slack.messages[0]["channel"] == CHANNEL
    assert slack.messages[0]["text"] == "newer"
    assert slack.count("conversations.list") == 1
    chat.post("U0OLGA", MESSAGE, key="digest")
    assert slack.messages[1]["channel"] == "D012ABCDE"
    with pytest.raises(Refused) as refused:
        chat.post("#nowhere", MESSAGE, key=KEY)
    assert refused.value.code == "channel_not_found"


def test_a_message_to_a_person_is_looked_up_where_it_was_posted(slack: SlackServer, chat: SlackChat) -> None:
    """A digest is posted once, whatever restarts: the conversation is opened first, since only channels can be read."""
    first = chat.post("U0OLGA", MESSAGE, key="digest:person:U0OLGA:2026-11-23")
    assert chat.post("U0OLGA", MESSAGE, key="digest:person:U0OLGA:2026-11-23") == first
    assert len(slack.messages) == 1
    methods = [name for name, _ in slack.calls]
    assert methods[:3] == ["conversations.open", "conversations.history", "chat.postMessage"]
    assert {given["channel"] for name, given in slack.calls if name == "conversations.history"} == {"D012ABCDE"}
    slack.refuse("conversations.open", "user_disabled")
    with pytest.raises(Refused, match="left the workspace"):
        chat.post("U0DAN", MESSAGE, key="digest:person:U0DAN:2026-11-23")
    assert len(slack.messages) == 1


@pytest.mark.parametrize(
    "word",
    ["channel_not_found", "not_in_channel", "is_archived", "invalid_blocks", "account_inactive", "token_revoked"],
)
@pytest.mark.parametrize("method", ["conversations.history", "chat.postMessage"])
def test_what_slack_refuses_for_good(slack: SlackServer, chat: SlackChat, method: str, word: str) -> None:
    slack.refuse(method, word)
    with pytest.raises(Refused) as refused:
        chat.post(CHANNEL, MESSAGE, key=KEY)
    assert refused.value.code == word
    assert not isinstance(refused.value, Gone)
    assert TOKEN not in str(refused.value)
    assert not slack.messages


def test_too_many_requests_say_when_to_come_back(slack: SlackServer, chat: SlackChat) -> None:
    slack.refuse("chat.postMessage", "ratelimited", 429, Retry_After="17")
    with pytest.raises(Unavailable) as later:
        chat.post(CHANNEL, MESSAGE, key=KEY)
    assert later.value.retry_after == 17
    assert slack.count("chat.postMessage") == 1, "the client does not repeat a post by itself"


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "oops"), (503, '{"ok":false,"error":"service_unavailable"}'), (200, "<html>proxy xoxb-CANARY</html>"),
     (200, '{"ok":false,"error":"internal_error"}'), (200, "[1]"), (502, "")],
)  # fmt: skip
def test_what_passes_by_itself(slack: SlackServer, chat: SlackChat, status: int, body: str) -> None:
    slack.faults["chat.postMessage"] = [(status, {}, body or " ")]
    with pytest.raises(Unavailable) as later:
        chat.post(CHANNEL, MESSAGE, key=KEY)
    assert "CANARY" not in str(later.value)


def test_nobody_listens(clock: FakeClock) -> None:
    with running() as gone:
        url = gone.url
    with pytest.raises(Unavailable) as later:
        SlackChat(TOKEN, clock, url).post(CHANNEL, MESSAGE, key=KEY)
    assert TOKEN not in str(later.value)
    assert later.value.__cause__ is None


def test_a_deleted_message_is_gone(chat: SlackChat) -> None:
    with pytest.raises(Gone):
        chat.update(CHANNEL, "1.1", MESSAGE)


def test_people_and_groups_are_asked_for_once_in_a_while(slack: SlackServer, chat: SlackChat, clock: FakeClock) -> None:
    assert chat.user_by_email("Olga@acme.example") == "U0OLGA"
    assert chat.user_by_email("olga@acme.example") == "U0OLGA"
    assert slack.count("users.lookupByEmail") == 1
    assert chat.group_named("@payments-oncall") == "S0PAY"
    assert chat.group_named("nobody") == ""
    assert slack.count("usergroups.list") == 1
    assert chat.group_members("S0PAY") == ("U0OLGA", "U0DAN")
    clock.forward(minutes=6)
    slack.refuse("users.lookupByEmail", "users_not_found")
    assert chat.user_by_email("olga@acme.example") == ""
    slack.refuse("usergroups.users.list", "no_such_subteam")
    assert chat.group_members("S0PAY") == ()


def test_views_and_whispers(slack: SlackServer, chat: SlackChat) -> None:
    view = {"type": "modal", "blocks": []}
    chat.open_view("trigger", view)
    chat.publish_home("U0OLGA", {"type": "home", "blocks": []})
    chat.whisper("#alerts", "U0OLGA", "no")
    assert dict(slack.calls)["views.open"] == {"trigger_id": "trigger", "view": view}
    assert dict(slack.calls)["chat.postEphemeral"]["channel"] == CHANNEL
    slack.refuse("views.open", "expired_trigger_id")
    with pytest.raises(Refused, match="press the button again"):
        chat.open_view("trigger", view)


def test_who_is_known_here(slack: SlackServer, chat: SlackChat) -> None:
    slack.users["U0GONE"] = {"id": "U0GONE", "deleted": True}
    assert [chat.knows(name) for name in ("U0OLGA", "U0GONE", "S0PAY", "S0NONE")] == [True, False, True, False]
    slack.refuse("users.info", "user_not_found")
    assert not chat.knows("U0NONE")
    assert chat.knows("U0OLGA"), "asked for once in a while"
    slack.refuse("users.info", "missing_scope")
    with pytest.raises(Refused):
        chat.knows("U0PAT")
