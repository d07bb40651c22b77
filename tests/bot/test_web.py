"""What the outside world may send us, and what it gets for it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import cast

import pytest
import requests
from fakes import REF, FakeAnalyst, FakeJobs, item, review, world
from serving import served

from bot import service
from bot.context import Bot
from bot.model import ServiceStatus
from bot.ports import Store, Unavailable
from bot.web import MAX_BODY, Web
from runbooks.model import Status

SECRET = "a webhook secret"
OPENED = {
    "action": "opened", "number": 7, "repository": {"full_name": "acme/shop"}, "sender": {"login": "dev-dan"},
    "pull_request": {"number": 7, "head": {"sha": "1" * 40, "ref": "x"}, "base": {"sha": "2" * 40, "ref": "main"}},
}  # fmt: skip


@pytest.fixture
def bot(store: Store) -> Bot:
    return world(store, analyst=FakeAnalyst({"1" * 40: review(item())}))


@pytest.fixture
def address(bot: Bot) -> Iterator[str]:
    with served(Web(bot, webhook_secret=SECRET, api_token="the api token").app) as where:
        yield where


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(address: str, payload: object = OPENED, event: str = "pull_request", **headers: str) -> requests.Response:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    usual = {"X-Hub-Signature-256": sign(body), "X-GitHub-Event": event, "X-GitHub-Delivery": "d1"}
    sent = {name: value for name, value in (usual | headers).items() if value}
    return requests.post(f"{address}/github/webhook", data=body, headers=sent, timeout=10)


def orders(bot: Bot) -> list[object]:
    assert isinstance(bot.jobs, FakeJobs)
    return bot.jobs.orders  # type: ignore[return-value]


def test_a_signed_delivery_orders_a_review(bot: Bot, address: str) -> None:
    assert deliver(address).status_code == 202
    assert orders(bot) == [("review", REF, "d1")]


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=abc", "sha256=" + "0" * 64, sign(b"{}"), "é"])
def test_a_forged_delivery_is_refused_and_leaves_nothing(bot: Bot, address: str, signature: str) -> None:
    assert deliver(address, **{"X-Hub-Signature-256": signature}).status_code == 401
    assert orders(bot) == []


def test_without_a_secret_no_delivery_counts(bot: Bot) -> None:
    with served(Web(bot, webhook_secret="").app) as address:
        assert deliver(address, **{"X-Hub-Signature-256": sign(json.dumps(OPENED).encode(), "")}).status_code == 401


@pytest.mark.parametrize("event", ["ping", "star", "deployment_status", "made_up"])
def test_events_that_we_do_not_read_are_fine(bot: Bot, address: str, event: str) -> None:
    assert deliver(address, {"zen": "x"}, event).status_code == 202
    assert orders(bot) == []


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'"x"', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_payload_is_told_so(bot: Bot, address: str, payload: bytes) -> None:
    assert deliver(address, payload).status_code in {202, 400}
    assert orders(bot) == []


@pytest.mark.parametrize("payload", [
    {"action": "opened"}, {**OPENED, "repository": {"full_name": "../../etc"}}, {**OPENED, "pull_request": 7},
    {**OPENED, "repository": None},
])  # fmt: skip
def test_malformed_payloads_are_refused(bot: Bot, address: str, payload: object) -> None:
    assert deliver(address, payload).status_code == 400
    assert orders(bot) == []


def test_a_payload_of_25_mb_is_read_and_a_larger_one_is_not(bot: Bot, address: str) -> None:
    padded = json.dumps({**OPENED, "padding": "x" * (MAX_BODY - 10_000)}).encode()
    assert deliver(address, padded).status_code == 202
    assert deliver(address, b"x" * (MAX_BODY + 1)).status_code == 413


def test_missing_headers(bot: Bot, address: str) -> None:
    assert deliver(address, **{"X-GitHub-Delivery": ""}).status_code == 400
    assert deliver(address, event="").status_code == 400


def test_a_database_that_is_away_asks_github_to_come_again(bot: Bot, address: str) -> None:
    def broken(*_: object) -> None:
        raise Unavailable("locked")

    bot.jobs.review = broken  # type: ignore[method-assign]
    answer = deliver(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


class Unasked:
    """A store that nothing may be asked of."""

    def __getattr__(self, name: str) -> object:
        raise Unavailable(f"asked for {name}")


@pytest.mark.parametrize(
    ("event", "action", "sender"),
    [("pull_request", "opened", "dev-dan"), ("pull_request", "synchronize", "dev-dan"),
     ("pull_request", "closed", "maintainer-mia"), ("check_run", "rerequested", "maintainer-mia"),
     ("issue_comment", "created", "stranger"), ("push", "", "dev-dan")],
)  # fmt: skip
def test_what_is_answered_on_the_event_loop_asks_nobody(bot: Bot, event: str, action: str, sender: str) -> None:
    jobs = FakeJobs(at_once=True)
    asks_nobody = replace(bot, jobs=jobs, store=cast(Store, Unasked()))
    payload = {
        **OPENED, "action": action, "sender": {"login": sender}, "ref": "refs/heads/main", "after": "3" * 40,
        "pull_request": {**OPENED["pull_request"], "user": {"login": "dev-dan"}},  # type: ignore[dict-item]
        "repository": {"full_name": "acme/shop", "default_branch": "main"},
        "issue": {"number": 7, "pull_request": {}},
        "comment": {"id": 5, "body": "/runbook recheck", "user": {"login": sender}},
        "check_run": {"name": "runbook-drift", "head_sha": "1" * 40, "external_id": "acme/shop#7"},
    }  # fmt: skip
    with served(Web(asks_nobody, webhook_secret=SECRET).app) as address:
        assert deliver(address, payload, event).status_code == 202
    assert len(jobs.orders) == 1


def test_who_pushed_to_the_branch_of_another_is_kept_beside_the_event_loop(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[str] = []
    real = service.receive
    monkeypatch.setattr(
        service, "receive", lambda *given: [where.append(threading.current_thread().name), real(*given)][1]
    )
    pushed = {
        **OPENED, "action": "synchronize", "sender": {"login": "maintainer-mia"},
        "pull_request": {**OPENED["pull_request"], "user": {"login": "dev-dan"}},  # type: ignore[dict-item]
    }  # fmt: skip
    with served(Web(replace(bot, jobs=FakeJobs(at_once=True)), webhook_secret=SECRET).app) as address:
        assert [deliver(address, payload).status_code for payload in (OPENED, pushed)] == [202, 202]
    on_the_loop, beside_it = where
    assert on_the_loop != beside_it


def test_health_metrics_and_readiness(address: str) -> None:
    assert requests.get(f"{address}/healthz", timeout=5).text == "ok\n"
    assert requests.get(f"{address}/readyz", timeout=5).status_code == 200
    deliver(address, **{"X-Hub-Signature-256": ""})
    assert 'runbook_drift_deliveries_total{outcome="forged",source="github"}' in requests.get(
        f"{address}/metrics", timeout=5
    ).text  # fmt: skip


def api(address: str, path: str, token: str = "the api token") -> requests.Response:
    return requests.get(f"{address}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=5)


def test_the_api_wants_its_token(address: str) -> None:
    assert api(address, "/api/services", "wrong").status_code == 401
    assert requests.get(f"{address}/api/services", timeout=5).status_code == 401
    assert api(address, "/api/services").json() == {"services": []}


def test_without_a_token_there_is_no_api(bot: Bot) -> None:
    with served(Web(bot, webhook_secret=SECRET).app) as address:
        assert api(address, "/api/services", "").status_code == 404


def test_the_api_tells_of_services_and_pull_requests(bot: Bot, address: str) -> None:
    service.review(bot, REF)
    told = api(address, "/api/services/SHOP").json()
    assert (told["name"], [drift["fingerprint"] for drift in told["open_drift"]]) == ("shop", ["f1"])
    assert api(address, "/api/services/shpo").json()["nearest"] == ["shop"]
    pull = api(address, "/api/pulls/acme/shop/7").json()
    assert (pull["conclusion"], pull["items"][0]["runbook"]) == ("failure", "docs/runbooks/shop.md")
    assert api(address, "/api/pulls/acme/shop/8").status_code == 404
    assert api(address, "/api/pulls/Acme/SHOP/7").json()["pull"] == "acme/shop#7"
    for number in ("9" * 40, "9" * 5000, "seven", "-7", "7%00"):
        assert api(address, f"/api/pulls/acme/shop/{number}").status_code == 404
        assert api(address, f"/api/pulls/acme/shop/{number}", "wrong").status_code == 401


def test_the_api_tells_until_when_drift_sleeps(bot: Bot, address: str) -> None:
    service.review(bot, REF)
    asleep = item(status=Status.SNOOZED, until=date(2026, 12, 1))
    kept = replace(bot.store.review(REF) or review(), items=(asleep,))
    bot.store.save_review(kept, bot.clock.now())
    bot.store.open_drift(kept, bot.clock.now())
    (told,) = api(address, "/api/services/shop").json()["open_drift"]
    assert (told["snoozed_until"], told["snoozes"], told["merged_at"]) == ("2026-12-01", 0, None)
    assert api(address, "/api/pulls/acme/shop/7").json()["items"][0]["until"] == "2026-12-01"


def test_all_services_are_read_once_and_each_is_as_alone(
    bot: Bot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.review(bot, REF)
    others = [ServiceStatus(name, "acme/mail", "catalog-info.yaml", (), "", "", ()) for name in ("mail", "shop", "zoo")]
    bot.store.save_services("acme/mail", others, bot.clock.now())
    alone = [api(address, f"/api/services/{name}").json() for name in ("mail", "shop", "zoo")]
    asked: list[str] = []
    for name in ("services", "drift"):
        read = getattr(bot.store, name)
        monkeypatch.setattr(bot.store, name, lambda *given, read=read, name=name: asked.append(name) or read(*given))
    assert api(address, "/api/services").json() == {"services": alone}
    assert len(alone[1]["repositories"]) == 2
    assert sorted(asked) == ["drift", "services"]  # with 5,000 services, one look for each took minutes
