"""What people do in Slack, as Slack sends it: signed requests through Bolt, against a world of fakes."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from fakes import REF, FakeAnalyst, FakeChat, FakeClock, FakeForge, FakeJobs, FakeReminding, item, pull, review, world
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk import WebClient

from bot import service
from bot.app import _bolt
from bot.context import Bot, Rules
from bot.identity import Identity
from bot.model import Actor, BotError, OwnerName, PullRef, PullState, Surface
from bot.ports import Refused, Store, Unavailable
from bot.reminders.nouns import ReviewDue
from bot.settings import load
from bot.slack.listeners import Listeners
from runbooks.model import Status
from tests.bot.slack.slack_server import SlackServer, running

SIGNING, TOKEN = "canary-signing-secret", "xoxb-canary-1234567890"
OLGA, DAN, SAM = "U0OLGA", "U0DAN", "U0SAM"
CHANNEL = "C0SHOP"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    """Bolt itself asks Slack who it is."""
    with running() as server:
        yield server


@pytest.fixture
def bot(store: Store) -> Bot:
    """A world in which PR 7 has been reviewed and has two contradicted sections, one of them a team's."""
    team = (OwnerName("@acme/payments", "team", "CODEOWNERS"),)
    found = review(item(), item(fingerprint="f2", line=20, title="Refunds", owners=team))
    rules = Rules("C0ALL", people={"ops-olga": OLGA, "dev-dan": DAN}, teams={"@acme/payments": "S0PAY"})
    made = world(store, analyst=FakeAnalyst({"1" * 40: found}), rules=rules)
    service.review(made, REF)
    service.announce(made, REF)
    return made


@pytest.fixture
def app(bot: Bot, slack: SlackServer) -> App:
    settings = load(
        slack_bot_token=TOKEN, slack_signing_secret=SIGNING, slack_api_url=slack.url,
        github_web_url="https://github.example", public_url="https://bot.example", github_oauth_client_id="Iv1.x",
        github_oauth_client_secret="canary-oauth-secret",
    )  # fmt: skip
    return _bolt(settings, bot, Identity(bot, settings))


def signed(body: str, kind: str = FORM, *, secret: str = SIGNING, age: float = 0) -> BoltRequest:
    """A request signed as Slack signs (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""
    at = str(int(time.time() - age))
    mark = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"content-type": kind, "x-slack-request-timestamp": at, "x-slack-signature": f"v0={mark}"}
    return BoltRequest(body=body, headers=headers)


def interaction(payload: Mapping[str, Any]) -> str:
    return urlencode({"payload": json.dumps({"team": {"id": "T0ACME"}, "trigger_id": "t1", **payload})})


def pressed(action: str, user: str = OLGA, value: str = REF.key) -> str:
    return interaction({
        "type": "block_actions", "user": {"id": user}, "channel": {"id": CHANNEL}, "container": {"type": "message"},
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "17.1"}],
    })  # fmt: skip


def press(app: App, action: str, user: str = OLGA, value: str = REF.key) -> BoltResponse:
    return app.dispatch(signed(pressed(action, user, value)))


def submit(app: App, view: Mapping[str, Any], by: str, chosen: tuple[str, ...], /, **fields: object) -> BoltResponse:
    """Submit an opened modal; ``fields`` are its other blocks by name, each the state of one element."""
    shown = {value.partition(":")[0]: value for value in re.findall(r'"value": "([^"]+)"', json.dumps(view))}
    options = [{"value": shown.get(fingerprint, fingerprint)} for fingerprint in chosen]
    values = {"sections": {"sections": {"selected_options": options}}}
    values |= {name: {name: state} for name, state in fields.items()}  # type: ignore[misc]
    filled = {**view, "id": "V1", "state": {"values": values}}
    return app.dispatch(signed(interaction({"type": "view_submission", "user": {"id": by}, "view": filled})))


def command(app: App, text: str, user: str = OLGA) -> dict[str, Any]:
    form = {"command": "/runbook", "text": text, "user_id": user, "channel_id": CHANNEL, "team_id": "T0ACME",
            "trigger_id": "t1"}  # fmt: skip
    said = app.dispatch(signed(urlencode(form)))
    assert said.status == 200
    answer: dict[str, Any] = json.loads(said.body) if said.body else {}
    return answer


def event(app: App, kind: str, id: str = "Ev1", **given: object) -> BoltResponse:
    body = {"type": "event_callback", "event_id": id, "team_id": "T0ACME", "event": {"type": kind, **given}}
    return app.dispatch(signed(json.dumps(body), "application/json"))


def chat(bot: Bot) -> FakeChat:
    assert isinstance(bot.chat, FakeChat)
    return bot.chat


def opened(bot: Bot) -> dict[str, Any]:
    return dict(chat(bot).views[-1])


def told(bot: Bot) -> str:
    """What the person heard last, alone."""
    return chat(bot).whispers[-1][2]


def decisions(bot: Bot) -> list[tuple[str, str, str]]:
    return [(d.fingerprint, d.kind.value, d.reason) for d in bot.store.decisions("acme/shop")]


# -- who is heard at all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [
    signed(pressed("recheck"), secret="another secret"),
    signed(pressed("recheck"), age=3600),
    signed(pressed("recheck"), age=-3600),
    BoltRequest(body=pressed("recheck"), headers={"content-type": FORM}),
    BoltRequest(body=pressed("snooze"), headers=signed(pressed("recheck")).headers),
], ids=["forged", "old", "from the future", "unsigned", "another body"])  # fmt: skip
def test_what_slack_did_not_sign_now_is_refused_and_leaves_nothing(app: App, bot: Bot, request_: BoltRequest) -> None:
    before = (list(bot.jobs.orders), list(chat(bot).views), list(bot.store.evidence()))  # type: ignore[attr-defined]
    assert app.dispatch(request_).status == 401
    after = (list(bot.jobs.orders), list(chat(bot).views), list(bot.store.evidence()))  # type: ignore[attr-defined]
    assert before == after


def test_a_forged_event_does_not_use_up_the_id_of_a_real_one(app: App, bot: Bot) -> None:
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}})
    assert app.dispatch(signed(body, "application/json", secret="wrong")).status == 401
    assert bot.store.accept("slack:Ev1", "slack", bot.clock.now())


def test_slack_may_ask_whether_the_address_is_ours(app: App) -> None:
    said = app.dispatch(signed(json.dumps({"type": "url_verification", "challenge": "c1"}), "application/json"))
    assert (said.status, json.loads(said.body)) == (200, {"challenge": "c1"})


# -- buttons ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "callback"), [
    ("still_accurate", "still_accurate_view"), ("snooze", "snooze_view"), ("hand_over", "hand_over_view"),
    ("show_edit", "suggested_edit_view"),
])  # fmt: skip
def test_a_button_opens_its_modal(app: App, bot: Bot, action: str, callback: str) -> None:
    assert press(app, action).status == 200
    assert opened(bot)["callback_id"] == callback
    assert "docs/runbooks/shop.md" in json.dumps(opened(bot))


@pytest.mark.parametrize("action", ["open_pull", "open_runbook"])
def test_a_link_is_only_acknowledged(app: App, bot: Bot, action: str) -> None:
    assert press(app, action).status == 200
    assert chat(bot).views == []


@pytest.mark.parametrize("value", ["acme/shop#8", "nonsense", "", "../..#1", "a/b#" + "9" * 30])
def test_a_button_without_anything_open_says_so(app: App, bot: Bot, value: str) -> None:
    assert press(app, "still_accurate", value=value).status == 200
    assert opened(bot)["callback_id"] == "notice_view"


def test_recheck_orders_a_review_and_says_so(app: App, bot: Bot) -> None:
    press(app, "recheck")
    assert bot.jobs.orders[-1] == ("review", REF, "recheck:17.1:U0OLGA")  # type: ignore[attr-defined]
    assert "acme/shop#7" in told(bot)


# -- decisions ----------------------------------------------------------------------------------------------------


def still_accurate(app: App, bot: Bot, user: str, *chosen: str, reason: str = "the proxy keeps them") -> None:
    press(app, "still_accurate", user)
    assert submit(app, opened(bot), user, chosen or ("f1",), reason={"value": reason}).status == 200


def test_an_owner_declares_a_section_still_accurate(app: App, bot: Bot) -> None:
    still_accurate(app, bot, OLGA)
    assert told(bot) == "✅ Recorded as still accurate: 1."
    assert decisions(bot) == [("f1", "acknowledged", "the proxy keeps them")]
    assert bot.jobs.orders[-1][:2] == ("announce", REF)  # type: ignore[attr-defined]
    record = list(bot.store.evidence())[-1]
    assert (record.kind, json.loads(record.body)["by"]) == ("decision", "@ops-olga")


@pytest.mark.parametrize(("user", "chosen", "why"), [
    (SAM, "f1", "not linked to a GitHub login"),
    (DAN, "f1", "whoever wrote a change does not decide"),
    (OLGA, "f2", "only @acme/payments may decide on “Refunds”"),
    (OLGA, "gone", "nothing open to decide on"),
])  # fmt: skip
def test_others_are_refused_with_a_reason(app: App, bot: Bot, user: str, chosen: str, why: str) -> None:
    still_accurate(app, bot, user, chosen)
    assert why in told(bot)
    assert chat(bot).whispers[-1][:2] == (CHANNEL, user)
    assert decisions(bot) == []


def test_a_member_of_the_user_group_decides_for_the_team(app: App, bot: Bot) -> None:
    chat(bot).groups["S0PAY"] = (OLGA,)
    still_accurate(app, bot, OLGA, "f2")
    assert [fingerprint for fingerprint, _, _ in decisions(bot)] == ["f2"]


def test_a_reason_of_blanks_is_none(app: App, bot: Bot) -> None:
    still_accurate(app, bot, OLGA, reason=" \n ")
    assert "say why" in told(bot)


def test_a_push_in_between_makes_people_look_again(app: App, bot: Bot) -> None:
    press(app, "still_accurate")
    pull = bot.store.pull(REF)
    assert pull is not None
    bot.store.save_pull(replace(pull, head_sha="2" * 40), bot.clock.now())
    submit(app, opened(bot), OLGA, ("f1",), reason={"value": "fine"})
    assert "a newer push is being reviewed" in told(bot)
    assert decisions(bot) == []


@pytest.mark.parametrize(("changed", "recorded"), [
    ({}, ["f1"]), ({"values_hash": "60 to 5"}, []), ({"section_hash": "rewritten"}, []),
])  # fmt: skip
def test_an_old_modal_counts_for_what_was_shown_in_it(
    app: App, bot: Bot, changed: dict[str, str], recorded: list[str]
) -> None:
    press(app, "still_accurate")
    pull = bot.store.pull(REF)
    assert pull is not None
    bot.store.save_pull(replace(pull, head_sha="2" * 40), bot.clock.now())
    bot.store.save_review(replace(review(item(**changed)), head="2" * 40), bot.clock.now())
    submit(app, opened(bot), OLGA, ("f1",), reason={"value": "fine"})
    assert [fingerprint for fingerprint, _, _ in decisions(bot)] == recorded
    assert ("is not what you saw any more" in told(bot)) == (not recorded)


def test_a_modal_in_which_nothing_is_chosen_decides_nothing(app: App, bot: Bot) -> None:
    press(app, "still_accurate")
    said = submit(app, opened(bot), OLGA, (), reason={"value": "fine"})
    assert json.loads(said.body)["response_action"] == "errors"
    assert decisions(bot) == []


def test_a_tampered_modal_gives_no_more_rights(app: App, bot: Bot) -> None:
    press(app, "still_accurate", SAM)
    other = {**opened(bot), "private_metadata": json.dumps({"key": "acme/other#1", "channel": CHANNEL})}
    submit(app, other, OLGA, ("f1",), reason={"value": "fine"})
    assert "has not been reviewed" in told(bot)


def test_a_snooze_has_an_end_within_ninety_days(app: App, bot: Bot) -> None:
    press(app, "snooze")
    reason = {"value": "waits for the dashboard"}
    submit(app, opened(bot), OLGA, ("f1",), reason=reason, until={"selected_date": "2027-11-30"})
    assert "between tomorrow and" in told(bot)
    said = submit(app, opened(bot), OLGA, ("f1",), reason=reason, until={"selected_date": None})
    assert json.loads(said.body)["response_action"] == "errors"
    submit(app, opened(bot), OLGA, ("f1",), reason=reason, until={"selected_date": "2026-11-30"})
    assert told(bot) == "💤 Snoozed until 2026-11-30: 1."
    assert decisions(bot) == [("f1", Status.SNOOZED.value, "waits for the dashboard")]


def test_handing_over_gives_the_new_one_the_right_to_decide(app: App, bot: Bot) -> None:
    press(app, "hand_over")
    assert json.loads(submit(app, opened(bot), OLGA, ("f1",)).body)["response_action"] == "errors"
    for name in ("@nobody", "UNIX-team", "Wizards"):  # no ids of people
        press(app, "hand_over")
        submit(app, opened(bot), OLGA, ("f1",), group={"value": name})
        assert f"no user group {name}" in told(bot)
    submit(app, opened(bot), OLGA, ("f1",), user={"selected_user": SAM})
    assert told(bot) == "✅ Handed over: 1."
    assert [drift.assignee for drift in bot.store.drift() if drift.item.fingerprint == "f1"] == [SAM]
    still_accurate(app, bot, SAM)
    assert "not linked" in told(bot), "a right that is handed over still wants a proven login"


def test_a_stranger_hands_nothing_over(app: App, bot: Bot) -> None:
    press(app, "hand_over", SAM)
    submit(app, opened(bot), SAM, ("f1",), user={"selected_user": SAM})
    assert "not linked" in told(bot)
    assert {drift.assignee for drift in bot.store.drift()} == {""}


def test_who_cannot_be_whispered_to_hears_it_directly(app: App, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Refused("not in the channel", "not_in_channel")

    monkeypatch.setattr(chat(bot), "whisper", refuse)
    still_accurate(app, bot, SAM)
    assert [place[0] for place in chat(bot).messages][-1] == SAM


# -- /runbook -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "shown"), [
    ("status shop", "docs/runbooks/shop.md:12"), ("status SHOP", "docs/runbooks/shop.md:12"), ("shop", "PR #7"),
    ("list", "shop"), ("owners", "shop"), ("owners shop", "shop"), ("mine", "PR #7"), ("help", "/runbook status"),
    ("", "/runbook status"), ("status", "/runbook status"), ("status shpo", "shop"),
    ("status " + "x" * 3000, "No service"), ("status <!channel> & *", "No service"),
])  # fmt: skip
def test_questions_are_answered_at_once_to_one_person(app: App, text: str, shown: str) -> None:
    answer = command(app, text)
    assert answer["response_type"] == "ephemeral"
    assert shown in json.dumps(answer, ensure_ascii=False)
    assert "<!channel>" not in json.dumps(answer)


def test_mine_is_what_waits_for_the_one_who_asks(app: App) -> None:
    assert "PR #7" not in json.dumps(command(app, "mine", SAM))


def test_ack_and_snooze_open_their_modals(app: App, bot: Bot) -> None:
    assert command(app, "ack acme/shop#7") == {}
    assert opened(bot)["callback_id"] == "still_accurate_view"
    command(app, "snooze acme/shop#7")
    assert opened(bot)["callback_id"] == "snooze_view"
    command(app, "ack acme/shop#8")
    assert opened(bot)["callback_id"] == "notice_view"


def test_link_gives_everybody_an_address_of_their_own(app: App) -> None:
    olga, sam = command(app, "link")["text"], command(app, "link", SAM)["text"]
    assert olga.startswith("<https://bot.example/link?state=")
    assert olga != sam
    assert "canary" not in olga


def test_without_oauth_link_says_what_to_do_instead(bot: Bot, slack: SlackServer) -> None:
    settings = load(slack_bot_token=TOKEN, slack_signing_secret=SIGNING, slack_api_url=slack.url)
    assert "PEOPLE" in command(_bolt(settings, bot, Identity(bot, settings)), "link")["text"]


# -- /runbook about reminders --


@pytest.fixture
def reminding() -> FakeReminding:
    return FakeReminding(reviews=(ReviewDue("acme/shop", "docs/runbooks/shop.md", "shop", date(2026, 11, 1), ()),))


@pytest.fixture
def reminded(bot: Bot, slack: SlackServer, reminding: FakeReminding) -> App:
    """The app of a bot that reminds."""
    client = WebClient(TOKEN, base_url=slack.url)
    made = App(
        client=client, signing_secret=SIGNING, token_verification_enabled=False, process_before_response=True,
        raise_error_for_unhandled_request=False,
    )  # fmt: skip
    Listeners(bot, "https://github.example", reminding=reminding).register(made)
    return made


def said(app: App, text: str, user: str = OLGA) -> str:
    answer = command(app, text, user)
    assert answer["response_type"] == "ephemeral"
    return str(answer["text"])


@pytest.mark.parametrize(("text", "call"), [
    ("digest now", ("digest_now", OLGA)), ("digest", ("digest_now", OLGA)),
    ("quiet 2 days", ("quiet", OLGA, timedelta(days=2))), ("quiet off", ("quiet", OLGA, None)),
    ("quiet until 2026-12-24", ("quiet", OLGA, date(2026, 12, 24))),
    ("quiet 3 hours", ("quiet", OLGA, timedelta(0, 10800))),
])  # fmt: skip
def test_what_people_ask_of_reminders(reminded: App, reminding: FakeReminding, text: str, call: object) -> None:
    assert said(reminded, text) == f"✅ Done: {call[0]}"  # type: ignore[index]
    assert reminding.calls == [call]


@pytest.mark.parametrize(("text", "answer"), [
    ("quiet", "say for how long: `2 days`, `1 week`, `3 hours`, `until 2026-11-30` or `off`"),
    ("quiet a bit", "“a bit” is not understood"), ("quiet until friday", "“friday” is no day"),
    ("quiet 91 days", "between 1 hour and 90 days"), ("digest yesterday", "`/runbook digest now`"),
    ("snooze", "name a pull request or a service"), ("ack", "`/runbook ack SERVICE`"), ("handover", "handover SERVICE"),
    ("snooze shop until friday waits", "“friday” is no day: write `until 2026-11-30`"),
    ("snooze shop until 2027-12-24 waits", "a day between 2026-11-24 and 2027-02-21"),
    ("snooze shpo until 2026-12-24 waits", "No service is called “shpo”"),
    ("handover shop @nobody", "there is no user group @nobody"), ("snooze <!channel> 2 days x", "No service is called"),
])  # fmt: skip
def test_what_is_not_understood_is_answered_with_help(
    reminded: App, bot: Bot, reminding: FakeReminding, text: str, answer: str
) -> None:
    assert answer in said(reminded, text)
    assert "<!channel>" not in said(reminded, text)
    assert reminding.calls == decisions(bot) == chat(bot).views == []


def test_a_refusal_of_reminders_is_told(reminded: App, reminding: FakeReminding) -> None:
    reminding.refuse = BotError("your time zone is not known")
    assert said(reminded, "quiet 2 days") == "🚫 Not done: your time zone is not known"


@pytest.mark.parametrize("text", ["quiet 2 days", "digest now"])
def test_without_reminders_it_says_so(app: App, text: str) -> None:
    assert said(app, text) == "🚫 Not done: reminders are not set up here"


def test_a_snooze_in_words(reminded: App, bot: Bot) -> None:
    assert "say why" in said(reminded, "snooze acme/shop#7 until 2026-12-24")
    chat(bot).groups["S0PAY"] = (OLGA,)
    assert said(reminded, "snooze acme/shop#7 until 2026-12-24 waits for R&amp;D") == "💤 Snoozed until 2026-12-24: 2."
    assert decisions(bot) == [("f1", "snoozed", "waits for R&D"), ("f2", "snoozed", "waits for R&D")]
    assert "2 sections are snoozed, the first until 2026-12-24" in said(reminded, "snooze acme/shop#7 2 weeks again")


def test_a_length_in_a_reason_is_no_length_of_a_snooze(reminded: App, bot: Bot) -> None:
    chat(bot).groups["S0PAY"] = (OLGA,)
    assert command(reminded, "snooze shop the vendor answers within 3 days") == {}
    assert "the vendor answers within 3 days" in json.dumps(opened(bot))
    answer = said(reminded, "snooze acme/shop#7 the vendor answers within 3 days until 2026-12-24")
    assert answer == "💤 Snoozed until 2026-12-24: 2."
    assert decisions(bot)[0] == ("f1", "snoozed", "the vendor answers within 3 days")


@pytest.mark.parametrize("what", ["acme/shop#7", "shop", "SHOP"])
@pytest.mark.parametrize("reason", ["it takes 2 days to warm up", "it holds until 5pm", "kept for 400 days"])
def test_a_reason_in_words_is_kept_as_it_is(reminded: App, bot: Bot, what: str, reason: str) -> None:
    assert command(reminded, f"ack {what} {reason}") == {}
    assert opened(bot)["callback_id"] == "still_accurate_view"
    assert reason in json.dumps(opened(bot))


def test_a_snooze_of_a_service_is_decided_pull_request_by_pull_request(reminded: App, bot: Bot) -> None:
    other = PullRef("acme/shop", 8)
    bot.store.save_pull(pull(ref=other, author="ops-olga"), bot.clock.now())
    found = replace(review(item(fingerprint="f8")), ref=other)
    bot.store.save_review(found, bot.clock.now())
    bot.store.open_drift(found, bot.clock.now())
    chat(bot).groups["S0PAY"] = (OLGA,)
    assert "open sections of 2 pull requests: `acme/shop#7`, `acme/shop#8`. Name one" in said(reminded, "ack shop")
    assert said(reminded, "snooze shop 2 weeks waits") == (
        "💤 Snoozed until 2026-12-07: 2.\n"
        "🚫 Not done: acme/shop#8: whoever wrote a change does not decide on it (separation_of_duties)"
    )


def test_rights_are_the_same_in_words(reminded: App, bot: Bot) -> None:
    assert "not linked" in said(reminded, "snooze shop until 2026-12-24 waits", SAM)
    assert "does not decide" in said(reminded, "handover acme/shop#7 <@U0SAM|sam>", DAN)
    assert decisions(bot) == []
    assert {drift.assignee for drift in bot.store.drift()} == {""}


def test_still_accurate_is_never_decided_in_words(reminded: App, bot: Bot) -> None:
    assert command(reminded, "ack acme/shop#7 the proxy keeps them") == {}
    shown = opened(bot)
    assert shown["callback_id"] == "still_accurate_view"
    assert "the proxy keeps them" in json.dumps(shown)
    assert decisions(bot) == []


@pytest.mark.parametrize(("text", "callback"), [
    ("snooze shop", "snooze_view"), ("ack shop", "still_accurate_view"), ("handover shop", "hand_over_view"),
    ("handover acme/shop#7", "hand_over_view"), ("handover acme/shop#9", "notice_view"),
])  # fmt: skip
def test_what_is_not_said_is_asked_in_the_modal(reminded: App, bot: Bot, text: str, callback: str) -> None:
    assert command(reminded, text) == {}
    assert opened(bot)["callback_id"] == callback


@pytest.mark.parametrize(("to", "assignee"), [
    ("<@U0SAM|sam>", SAM), ("to <@U0SAM>", SAM), ("<!subteam^S0OPS|@ops>", "S0OPS"), ("@ops", "S0OPS"),
])  # fmt: skip
def test_a_hand_over_in_words(reminded: App, bot: Bot, to: str, assignee: str) -> None:
    chat(bot).groups["S0PAY"] = (OLGA,)
    chat(bot).group_names["ops"] = "S0OPS"
    assert said(reminded, f"handover shop {to}") == "✅ Handed over: 2."
    assert {drift.assignee for drift in bot.store.drift()} == {assignee}


def test_debt_that_woke_up_is_decided_like_any_other(reminded: App, bot: Bot) -> None:
    """A merged pull request is not reviewed anew when a snooze ends; the digest's buttons work all the same."""
    assert isinstance(bot.forge, FakeForge)
    bot.forge.pulls[REF] = pull(state=PullState.MERGED)
    service.review(bot, REF)
    bot.store.close_drift("acme/shop", "f2", bot.clock.now(), "test")
    assert said(reminded, "snooze acme/shop#7 until 2026-11-25 waits") == "💤 Snoozed until 2026-11-25: 1."
    press(reminded, "still_accurate:0", value=f"{REF.key}|f1")
    assert "nothing is awake: the section is snoozed until 2026-11-25" in json.dumps(opened(bot)).lower()
    assert isinstance(bot.clock, FakeClock)
    bot.clock.forward(days=3)
    press(reminded, "still_accurate:0", value=f"{REF.key}|f1")
    assert opened(bot)["callback_id"] == "still_accurate_view", opened(bot)
    command(reminded, "ack acme/shop#7 measured it")
    assert opened(bot)["callback_id"] == "still_accurate_view"


def test_why_there_is_nothing_to_decide_is_said_as_it_is(reminded: App, bot: Bot) -> None:
    command(reminded, "ack acme/shop#77 fine")
    assert "acme/shop#77 has not been reviewed." in json.dumps(opened(bot))
    bot.store.save_pull(pull(head_sha="2" * 40), bot.clock.now())
    press(reminded, "still_accurate")
    assert "a newer push is being reviewed" in json.dumps(opened(bot))


def test_a_name_that_no_repository_has_is_no_pull_request(reminded: App) -> None:
    assert "No service is called “äcme/shop#7”" in said(reminded, "ack äcme/shop#7")


def test_a_pull_request_may_be_typed_in_any_case(reminded: App, bot: Bot) -> None:
    command(reminded, "ack Acme/SHOP#7 fine")
    assert opened(bot)["callback_id"] == "still_accurate_view"


def test_nothing_open_is_an_answer(reminded: App, bot: Bot) -> None:
    for fingerprint in ("f1", "f2"):
        bot.store.close_drift("acme/shop", fingerprint, bot.clock.now(), "test")
    assert said(reminded, "snooze shop 2 weeks x") == "✅ Nothing is open in shop."


def test_mine_and_app_home_say_what_is_due_for_review(reminded: App, bot: Bot) -> None:
    answer = json.dumps(command(reminded, "mine"), ensure_ascii=False)
    assert "1 section and 1 review wait for you" in answer
    assert "overdue by 22 days" in answer
    event(reminded, "app_home_opened", user=OLGA, tab="home")
    assert "Due for review" in json.dumps(chat(bot).homes[OLGA])


# -- buttons of a digest --


@pytest.mark.parametrize(("action", "callback"), [
    ("still_accurate:1", "still_accurate_view"), ("snooze:10", "snooze_view"), ("hand_over:2", "hand_over_view"),
    ("show_edit:3", "suggested_edit_view"),
])  # fmt: skip
def test_a_button_of_a_digest_is_about_one_section(app: App, bot: Bot, action: str, callback: str) -> None:
    press(app, action, value=f"{REF.key}|f2")
    shown = json.dumps(opened(bot))
    assert opened(bot)["callback_id"] == callback
    assert "shop.md:20" in shown
    assert "shop.md:12" not in shown


def test_a_section_that_was_settled_meanwhile(app: App, bot: Bot) -> None:
    press(app, "snooze:1", value=f"{REF.key}|gone")
    assert opened(bot)["callback_id"] == "notice_view"


def test_a_runbook_is_reviewed_by_who_pressed(reminded: App, bot: Bot, reminding: FakeReminding) -> None:
    assert press(reminded, "reviewed:4", value="acme/shop:docs/a:b.md").status == 200
    actor = Actor("ops-olga", OLGA, Surface.BUTTON)
    assert reminding.calls == [("reviewed", actor, "acme/shop", "docs/a:b.md")]
    assert told(bot) == "✅ Done: reviewed"
    reminding.refuse = BotError("only @acme/payments may say so")
    press(reminded, "reviewed:4", SAM, value="acme/shop:docs/a:b.md")
    assert told(bot) == "🚫 Not done: only @acme/payments may say so"
    assert press(reminded, "open_editor:4").status == 200


# -- mentions and App Home ----------------------------------------------------------------------------------------


def test_a_mention_is_answered_once_in_its_thread_although_it_comes_twice(app: App, bot: Bot) -> None:
    asked = {"user": SAM, "channel": "C0ALL", "ts": "18.1", "text": "<@U0BOT> status shop"}
    before = len(chat(bot).messages)
    assert event(app, "app_mention", "Ev7", **asked).status == 200
    assert event(app, "app_mention", "Ev7", **asked).status == 200
    assert len(chat(bot).messages) == before + 1
    place, answer = list(chat(bot).messages.items())[-1]
    assert (place[0], chat(bot).threads[place]) == ("C0ALL", "18.1")
    assert "docs/runbooks/shop.md" in json.dumps(answer)


def test_an_event_whose_handling_was_killed_is_handled_when_it_is_offered_again(app: App, bot: Bot) -> None:
    class Killed(BaseException):
        """As abrupt as a kill: no handler of ours sees it."""

    asked = {"user": SAM, "channel": "C0ALL", "ts": "18.1", "text": "<@U0BOT> status shop"}
    before = len(chat(bot).messages)
    post, chat(bot).post = chat(bot).post, killed_by(Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        event(app, "app_mention", "Ev7", **asked)
    chat(bot).post = post  # type: ignore[method-assign]
    assert event(app, "app_mention", "Ev7", **asked).status == 200
    assert len(chat(bot).messages) == before + 1


def killed_by(problem: type[BaseException]) -> Any:
    def call(*_: object, **__: object) -> str:
        raise problem

    return call


def test_app_home_shows_what_is_mine_and_my_teams(app: App, bot: Bot) -> None:
    chat(bot).groups["S0PAY"] = (OLGA,)
    event(app, "app_home_opened", user=OLGA, tab="home")
    shown = json.dumps(chat(bot).homes[OLGA])
    assert "shop.md:12" in shown
    assert "shop.md:20" in shown
    event(app, "app_home_opened", "Ev2", user=SAM, tab="messages")
    assert SAM not in chat(bot).homes


@pytest.mark.parametrize("kind", ["message", "reaction_added", "made_up"])
def test_events_that_nobody_reads_do_no_harm(app: App, kind: str) -> None:
    assert event(app, kind).status < 500


# -- when something breaks ----------------------------------------------------------------------------------------


def broken(*_: object) -> None:
    raise RuntimeError(f"cannot reach postgresql://bot:canary-password@db with {TOKEN}")


def test_a_failure_is_told_to_the_person_and_the_log_without_secrets(
    app: App, bot: Bot, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(bot.store, "review", broken)
    with caplog.at_level(logging.DEBUG):
        assert press(app, "still_accurate").status == 200
    assert "our fault" in told(bot)
    said = capsys.readouterr()
    everything = caplog.text + said.out + said.err + told(bot)
    assert "canary" not in everything
    assert "slack listener failed" in everything


def test_a_failure_in_a_modal_is_not_silent(app: App, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.store, "rule", broken)
    still_accurate(app, bot, OLGA)
    assert "our fault" in told(bot)
    assert chat(bot).whispers[-1][:2] == (OLGA, OLGA)


def test_a_failure_on_a_mention_is_told_where_it_was_asked(app: App, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.store, "services", broken)
    assert event(app, "app_mention", user=SAM, channel="C0ALL", ts="18.1", text="<@U0BOT> list").status == 200
    assert chat(bot).whispers[-1][:2] == ("C0ALL", SAM)


def test_slack_away_while_saying_sorry_ends_in_the_log(
    app: App, bot: Bot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("Slack cannot do chat.postEphemeral now: internal_error")

    monkeypatch.setattr(bot.store, "review", broken)
    monkeypatch.setattr(chat(bot), "whisper", away)
    assert press(app, "still_accurate").status == 200
    assert "could not say so" in capsys.readouterr().out


def test_github_away_while_somebody_decides_is_told(app: App, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bool:
        raise Unavailable("GitHub did not answer")

    assert isinstance(bot.forge, FakeForge)
    monkeypatch.setattr(bot.forge, "in_team", away)
    still_accurate(app, bot, OLGA, "f2")
    assert "GitHub did not answer" in told(bot)
    assert decisions(bot) == []


def test_orders_are_only_placed_never_done(app: App, bot: Bot) -> None:
    """Slack waits three seconds: no listener reviews by itself."""
    assert isinstance(bot.jobs, FakeJobs)
    assert isinstance(bot.analyst, FakeAnalyst)
    before = len(bot.analyst.orders)
    press(app, "recheck")
    assert len(bot.analyst.orders) == before
