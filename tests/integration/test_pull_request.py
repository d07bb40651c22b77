"""A pull request with drift, from its opening until the runbook is true again, on both databases."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tests.integration.conftest import World
from tests.integration.server import (
    API_TOKEN,
    SIGNING_SECRET,
    WEBHOOK_SECRET,
    github_headers,
    press,
    slack_headers,
    slash,
    submit,
    until,
)
from tests.integration.standins import APP, FULL, SLACK_TOKEN

pytestmark = pytest.mark.integration


def test_a_contradiction_is_told_and_mended(world: World, database: dict[str, str]) -> None:
    server = world.server(**database).start()
    pull = world.change("shorter", 300)

    assert server.deliver_pull("opened", pull, "delivery-1") == 202

    told = world.message("Sessions live 300 seconds")
    assert "`SESSION_TTL_SECONDS` (60 minutes)" in str(told) or "60 minutes" in str(told)
    assert "5 minutes" in str(told), "the suggested line"
    run = world.check(pull["head"]["sha"], "failure")
    assert run["external_id"] == f"{FULL}#1"

    mended = world.again(pull, 300, minutes=5)
    assert mended["head"]["sha"] != pull["head"]["sha"]
    assert server.deliver_pull("synchronize", mended, "delivery-2") == 202

    green = world.message("runbooks agree with the code again")
    assert green["ts"] == told["ts"], "the same message, in place"
    assert world.check(mended["head"]["sha"], "success")

    posted, shown = len(world.slack.made("chat.postMessage")), len(world.slack.made("chat.update"))
    assert server.deliver_pull("synchronize", mended, "delivery-2") == 202
    assert server.deliver_pull("opened", pull, "delivery-1") == 202
    assert server.deliver_pull("synchronize", mended, "delivery-3") == 202, "a new one that tells nothing new"
    world.quiet(server)
    assert len(world.messages()) == 1
    assert (len(world.slack.made("chat.postMessage")), len(world.slack.made("chat.update"))) == (posted, shown)
    assert len(world.repository.check_runs(mended["head"]["sha"])) == 1


def test_an_owner_declares_a_section_still_accurate(world: World, database: dict[str, str]) -> None:
    server = world.server(**database).start()
    pull = world.change("shorter", 300)
    server.deliver_pull("opened", pull)
    told = world.message("Sessions live 300 seconds")
    world.check(pull["head"]["sha"], "failure")

    pressed = press("still_accurate", f"{FULL}#1", world.people["ann"], world.channel, world.trigger("ann"))
    assert server.interact(pressed)[0] == 200
    view = until(lambda: world.slack.made("views.open"), "a modal")[-1].body["view"]
    assert view["callback_id"] == "still_accurate_view"
    options = next(block["element"]["options"] for block in view["blocks"] if block.get("block_id") == "sections")
    values = {
        "sections": {"sections": {"selected_options": options[:1]}},
        "reason": {"reason": {"value": "the proxy keeps them for an hour"}},
    }

    assert server.interact(submit(view, values, world.people["sam"]))[0] == 200
    refused = until(lambda: world.slack.made("chat.postEphemeral"), "a refusal")[-1]
    assert refused.body["user"] == world.people["sam"]
    assert "not linked" in refused.body["text"]
    assert server.interact(submit(view, values, world.people["bob"]))[0] == 200
    until(lambda: "whoever wrote a change" in str(world.slack.made("chat.postEphemeral")[-1].body), "a refusal")
    assert world.check(pull["head"]["sha"], "failure")

    assert server.interact(submit(view, values, world.people["ann"]))[0] == 200
    settled = world.message("1 section declared still accurate")
    assert settled["ts"] == told["ts"]
    assert "the proxy keeps them for an hour" in str(settled)
    assert world.check(pull["head"]["sha"], "success")

    shorter = world.again(pull, 60)
    server.deliver_pull("synchronize", shorter)
    assert world.check(shorter["head"]["sha"], "failure"), "another value: the decision does not carry over"
    assert world.message("1 minute")["ts"] == told["ts"]


def test_the_status_of_a_service_is_told_at_once(world: World, database: dict[str, str]) -> None:
    server = world.server(**database).start()
    pull = world.change("shorter", 300)
    server.deliver_pull("opened", pull)
    world.message("Sessions live 300 seconds")

    status, answer = server.command("status shop", world.people["ann"], world.channel)

    assert status == 200
    assert answer["response_type"] == "ephemeral"
    assert "docs/runbooks/shop.md" in str(answer["blocks"])
    assert "PR #1" in str(answer["blocks"])
    status, answer = server.command("status shpo", world.people["ann"], world.channel)
    assert (status, "shop" in str(answer)) == (200, True), "the nearest name"
    status, answer = server.command("mine", world.people["ann"], world.channel)
    assert (status, "PR #1" in str(answer)) == (200, True)


def test_a_merge_leaves_debt(world: World) -> None:
    server = world.server().start()
    pull = world.change("shorter", 300)
    server.deliver_pull("opened", pull)
    told = world.message("Sessions live 300 seconds")
    world.repository.api("PUT", "/pulls/1/merge")
    server.deliver_pull("closed", world.repository.pull(1))
    merged = world.message("merged; ")
    assert merged["ts"] == told["ts"]
    _, answer = server.command("status shop", world.people["ann"], world.channel)
    assert "merged" in str(answer["blocks"])


def test_forged_and_old_requests_do_nothing(world: World) -> None:
    server = world.server().start()
    pull = world.change("shorter", 300)
    body = json.dumps({"action": "opened", "pull_request": pull}).encode()
    forged = {**github_headers("pull_request", body), "X-Hub-Signature-256": "sha256=" + "0" * 64}
    assert server.ask("POST", "/github/webhook", body, forged)[0] == 401
    unsigned = {"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "1"}
    assert server.ask("POST", "/github/webhook", body, unsigned)[0] == 401
    form = urlencode(slash("status shop", world.people["ann"], world.channel)).encode()
    kind = "application/x-www-form-urlencoded"
    assert server.ask("POST", "/slack/events", form, {"Content-Type": kind})[0] == 401
    hour_old = slack_headers(form, kind, age=3600)
    assert server.ask("POST", "/slack/events", form, hour_old)[0] == 401
    world.quiet(server)
    assert world.messages() == []
    assert server.known(1) is None


def test_buttons_of_the_check_and_commands_in_comments(world: World) -> None:
    server = world.server().start()
    pull = world.change("shorter", 300)
    server.deliver_pull("opened", pull)
    world.message("Sessions live 300 seconds")
    run = world.check(pull["head"]["sha"], "failure")
    payload = {
        "action": "requested_action", "check_run": {**run, "app": {"id": APP}}, "sender": {"login": "sam"},
        "requested_action": {"identifier": "acknowledge"}, "repository": pull["base"]["repo"],
        "installation": {"id": 99},
    }  # fmt: skip
    assert server.deliver("check_run", payload) == 202
    until(lambda: "Not done" in str(world.repository.api("GET", "/issues/1/comments")), "a refusal as a comment")
    written = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    said = {"id": 5, "body": "/runbook ack the proxy keeps them", "user": {"login": "ann"}, "created_at": written}
    comment = {
        "action": "created", "issue": {"number": 1, "pull_request": {}}, "repository": pull["base"]["repo"],
        "comment": said, "sender": {"login": "ann"}, "installation": {"id": 99},
    }  # fmt: skip
    assert server.deliver("issue_comment", comment) == 202
    world.message("1 section declared still accurate")
    assert world.check(pull["head"]["sha"], "success")


def test_nothing_secret_is_logged(world: World) -> None:
    server = world.server(LOG_LEVEL="debug").start()
    server.deliver_pull("opened", world.change("shorter", 300))
    world.message("Sessions live 300 seconds")
    assert server.stop() in {0, -signal.SIGTERM}
    said = server.log()
    for secret in (WEBHOOK_SECRET, SIGNING_SECRET, API_TOKEN, SLACK_TOKEN, "PRIVATE KEY-----", "ghs_"):
        assert secret not in said
    assert "ghs_" not in "".join(path.read_text() for path in (world.folder / "state").rglob("config"))


def test_an_owner_asks_for_a_digest_and_decides_from_it(world: World, database: dict[str, str]) -> None:
    server = world.server(**database).start()
    server.deliver_pull("opened", world.change("shorter", 300))
    world.message("Sessions live 300 seconds")
    posted = len(world.slack.made("chat.postMessage"))

    status, answer = server.command("digest now", world.people["ann"], world.channel)

    assert (status, "on its way" in str(answer)) == (200, True)
    sent = until(lambda: world.slack.made("chat.postMessage")[posted:], "a digest")[0]
    opened = world.slack.call("conversations.open", users=world.people["ann"])["channel"]["id"]
    assert sent.body["channel"] == opened, "as a direct message"
    assert sent.body["text"].startswith("1 section waits for you")
    assert "first reminder" in str(sent.body["blocks"])
    server.kill()
    server.start()
    world.quiet(server, 60)  # on PostgreSQL a dead replica's work is taken over within half a minute
    assert len(world.slack.made("chat.postMessage")) == posted + 1, "once, whatever restarts"

    elements = [element for block in sent.body["blocks"] for element in block.get("elements", ())]
    button = next(element for element in elements if str(element.get("action_id")).startswith("snooze:"))
    trigger = world.trigger("ann")
    pressed = press(button["action_id"], button["value"], world.people["ann"], opened, trigger)
    assert server.interact(pressed)[0] == 200
    view = until(lambda: world.slack.made("views.open"), "a modal")[-1].body["view"]
    assert view["callback_id"] == "snooze_view"
    schedule = server.api("/api/schedule?next=7d")["messages"]
    assert world.people["bob"] in {message["to"] for message in schedule}, "the author hears tomorrow"
