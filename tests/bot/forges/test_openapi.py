"""Every operation that we call is one that GitHub publishes, and the judge of that refuses what it should.

Each test that uses the fixture ``hub`` has its requests, answers and readings judged; here are the tour through all
operations, and the proof that the judge bites.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.forges.api import Api, of
from bot.forges.auth import TokenCredentials
from bot.forges.diagnosis import EVENTS, PERMISSIONS, examine
from bot.model import Approvals, CheckSheet, Conclusion
from bot.settings import Settings, load
from tests.bot.forges.github_server import APP, BASE, HEAD, PEM, PULL, PULL_DATA, REF, REPO, SHEET, Hub, Runs, Talk
from tests.bot.forges.openapi import FILE, OPERATIONS, WHOLE, answer_problems, operation, request_problems
from tests.tools import github_openapi


def _answers(hub: Hub) -> None:
    """Whole enough answers for every operation that has no stand-in of its own."""
    branch = f"GET /repos/{REPO}/branches/main"
    commit = {"sha": HEAD, "commit": {"author": {"name": "Alice", "email": "a@example.com"}, "message": "x"}}
    review = {"user": {"login": "alice", "id": 41}, "state": "APPROVED", "commit_id": HEAD}
    delivery = {"id": 9, "guid": "g", "status_code": 502, "delivered_at": "2026-11-23T09:00:00Z"}
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 2}}
    hub.routes |= {
        f"GET /repos/{REPO}": {"default_branch": "main"},
        f"GET /repos/{REPO}/pulls": [PULL_DATA],
        f"GET /repos/{REPO}/pulls/7": PULL_DATA,
        f"GET /repos/{REPO}/pulls/7/commits": [{**commit, "author": {"login": "alice"}}],
        f"GET /repos/{REPO}/pulls/7/reviews": [review],
        f"GET /repos/{REPO}/compare/{BASE}...{HEAD}": {"merge_base_commit": {"sha": BASE}},
        branch: {"name": "main", "commit": {"sha": BASE}, "protected": True,
                 "protection": {"required_status_checks": {"contexts": ["lint"]}}},
        f"{branch}/protection": {"required_status_checks": {"contexts": ["lint"], "checks": [{"context": "e2e"}]},
                                 "required_pull_request_reviews": {"required_approving_review_count": 1}},
        f"GET /repos/{REPO}/rules/branches/main": [rule],
        f"GET /repos/{REPO}/collaborators/alice/permission": {"permission": "write", "user": {"login": "alice"}},
        "GET /orgs/acme/teams/payments/memberships/alice": {"state": "active", "role": "member"},
        "GET /app": {"slug": "runbook-drift", "events": list(EVENTS),
                     "permissions": {name: level for name, (level, _) in PERMISSIONS.items()}},
        "GET /app/installations": [{"id": 42, "account": {"login": "acme"}}],
        "GET /app/hook/deliveries": [delivery],
        "POST /app/hook/deliveries/9/attempts": (202, {}, {}),
    }  # fmt: skip


def _everything(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each method of the adapter once, as an App and with a token, and the doctor's questions."""
    app, plain = hub.app(), hub.plain()
    assert app.pull(REF) == PULL
    assert len(plain.open_pulls(REPO)) == 1
    assert app.authors(REF)[0].login == "alice"
    assert app.merge_base(REPO, BASE, HEAD) == BASE
    assert app.tip(REPO) == ("main", BASE)
    assert app.may_write(REPO, "alice")
    assert app.in_team(REPO, "@acme/payments", "alice")
    assert app.approvals(PULL) == Approvals(("alice",), ("lint", "e2e"), 2, (41,))
    assert app.describe()[0] == "runbook-drift[bot]"
    clean = CheckSheet(Conclusion.SUCCESS, "up to date", "fine")
    for sheet in (clean, SHEET, clean, clean):  # created, updated, replaced, left alone
        app.publish(PULL, sheet)
    for sheet in (SHEET, clean):
        plain.publish(PULL, sheet)
    app.comment(REF, "done")
    for number in app.failed_deliveries(datetime(2026, 11, 22, tzinfo=UTC)):
        app.redeliver(number)
    monkeypatch.setattr(requests.Response, "json", lambda answer: _watched(hub, answer))
    credentials: tuple[dict[str, Any], ...] = ({"github_app_id": APP, "github_app_private_key": PEM},
                                               {"github_token": "t"})  # fmt: skip
    for given in credentials:
        settings = load(github_api_url=hub.url, github_repositories=(REPO,), poll_interval=60.0, **given)
        assert [answer for answer in examine(settings) if answer.state == "missing"] == []


def _watched(hub: Hub, answer: requests.Response) -> Any:
    from bot.forges.api import Answer, _parsed

    path = answer.url.split("/api/v3")[1].split("?")[0]
    return hub.heard(str(answer.request.method), path, Answer(answer.status_code, {}, _parsed(answer.text))).data


def test_every_operation_of_the_description_is_called_and_no_other(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    _answers(hub)
    Runs(hub)
    Talk(hub)
    _everything(hub, monkeypatch)
    assert {operation(request.verb, request.path) for request in hub.requests} == OPERATIONS


def test_the_file_is_what_the_tool_cuts() -> None:
    assert set(github_openapi.OPERATIONS) == OPERATIONS
    assert WHOLE["info"]["version"] in str(github_openapi.__doc__)
    assert FILE.stat().st_size < 300_000
    assert "description" not in str(WHOLE["paths"]["/app"])


def test_the_permissions_that_the_doctor_asks_for_are_githubs() -> None:
    known = WHOLE["components"]["schemas"]["app-permissions"]["properties"]
    assert [name for name, (level, _) in PERMISSIONS.items() if level not in known[name]["enum"]] == []


def test_a_call_that_github_does_not_publish_fails(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}/secrets"] = {"x": 1}
    Api(hub.url).call("GET", f"/repos/{REPO}/secrets", TokenCredentials("t").own())
    assert hub.complaints() == [f"GET /repos/{REPO}/secrets: no such operation in github-openapi.json"]
    hub.problems.clear()


def test_a_field_that_github_never_says_fails(hub: Hub) -> None:
    hub.routes["GET /user"] = {"login": "alice", "permissions": None}
    data = of(Api(hub.url).call("GET", "/user", TokenCredentials("t").own()).data)
    assert data.get("login") == "alice"
    assert data.get("nickname") is None
    answer, read = hub.complaints()
    assert answer.startswith("GET /user: answer: $: ")
    assert read == "GET /user.nickname is read, and GitHub never says it"
    hub.problems.clear()
    hub.unknown.clear()


RUN = {"name": "n", "head_sha": HEAD, "status": "completed", "conclusion": "success"}
NOTE = {"path": "f", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
OUTPUT: dict[str, Any] = {"title": "t", "summary": "s"}
RUNS, RUN_1, PULLS = f"/repos/{REPO}/check-runs", f"/repos/{REPO}/check-runs/1", f"/repos/{REPO}/pulls"


@pytest.mark.parametrize(
    ("verb", "path", "query", "body"),
    [
        ("POST", RUNS, {}, RUN), ("POST", RUNS, {}, {**RUN, "output": {**OUTPUT, "annotations": [NOTE]}}),
        ("PATCH", RUN_1, {}, {"output": OUTPUT}),
        ("PATCH", RUN_1, {}, {"status": "completed", "conclusion": "neutral"}),
        ("GET", PULLS, {"state": "open", "per_page": "100", "page": "2"}, None),
        ("GET", f"/repos/{REPO}/branches/release%2F1", {}, None), ("GET", f"/repos/{REPO}/branches/2026", {}, None),
        ("POST", "/app/installations/42/access_tokens", {}, {}),
        ("POST", "/app/installations/42/access_tokens", {}, None),
        ("POST", "/app/installations/42/access_tokens", {}, {"permissions": {"contents": "read"}}),
    ],
)  # fmt: skip
def test_good_requests_pass(verb: str, path: str, query: dict[str, str], body: Any) -> None:
    assert list(request_problems(verb, path, query, body)) == []


@pytest.mark.parametrize(
    ("verb", "path", "query", "body", "words"),
    [
        ("DELETE", PULLS, {}, None, "no such operation"), ("GET", f"{PULLS}//commits", {}, None, "no such operation"),
        ("GET", f"{PULLS}/seven", {}, None, "'seven' is not of type 'integer'"),
        ("GET", PULLS, {"state": "opened"}, None, "'opened' is not one of"),
        ("GET", PULLS, {"per_page": "all"}, None, "'all' is not of type 'integer'"),
        ("GET", PULLS, {"limit": "5"}, None, "unknown query parameter limit"),
        ("GET", PULLS, {}, {}, "a body where none is described"), ("POST", RUNS, {}, None, "a body is missing"),
        ("POST", RUNS, {}, {"name": "n"}, "'head_sha' is a required property"),
        ("POST", RUNS, {}, {**RUN, "conclusion": "passed"}, "'passed' is not one of"),
        ("POST", RUNS, {}, {**RUN, "colour": "red"}, "'colour' was unexpected"),
        ("POST", RUNS, {}, {**RUN, "output": {"title": "t"}}, "'summary' is a required property"),
        ("POST", RUNS, {}, {**RUN, "output": {**OUTPUT, "annotations": [NOTE] * 51}}, "is too long"),
        ("POST", RUNS, {}, {**RUN, "output": {**OUTPUT, "annotations": [{**NOTE, "line": 1}]}}, "'line' was"),
        ("POST", RUNS, {}, {**RUN, "actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]},
         "is too long"),
        ("PATCH", RUN_1, {}, {"status": "completed"}, "is not valid under any of the given schemas"),
        ("PATCH", RUN_1, {}, {"head_sha": HEAD}, "'head_sha' was unexpected"),
        ("POST", "/app/installations/42/access_tokens", {}, {"permissions": {"contents": "admin"}}, "is not one of"),
        ("POST", f"/repos/{REPO}/statuses/{HEAD}", {}, {"state": "neutral"}, "'neutral' is not one of"),
    ],
)  # fmt: skip
def test_bad_requests_are_told(verb: str, path: str, query: dict[str, str], body: Any, words: str) -> None:
    assert words in "\n".join(request_problems(verb, path, query, body))


@pytest.mark.parametrize(
    ("path", "status", "data", "words"),
    [
        (f"{PULLS}/7", 200, PULL_DATA, ""), (f"{PULLS}/7", 404, {"whatever": 1}, ""),
        (f"{PULLS}/7", 200, {**PULL_DATA, "number": "7"}, "'7' is not of type 'integer'"),
        (f"{PULLS}/7", 200, {**PULL_DATA, "head": {"sha": None}}, "None is not of type 'string'"),
        (f"{PULLS}/7", 200, {**PULL_DATA, "merged_at": None, "sha": HEAD}, "'sha' was unexpected"),
        (f"{PULLS}/7", 202, {}, "status 202, which is none of its own"),
        (PULLS, 200, PULL_DATA, "is not of type 'array'"), (PULLS, 200, [{"merged": True}], "'merged' was unexpected"),
        (f"{PULLS}/7/reviews", 200, [{"user": None, "state": "APPROVED"}], ""),
        (f"/repos/{REPO}/rules/branches/main", 200, [{"type": "deletion", "ruleset_id": 1}], ""),
        (f"/repos/{REPO}/rules/branches/main", 200, [{"type": "deletion", "rule": 1}], "not valid under any"),
        ("/app/installations", 200, [{"account": {"login": "acme"}}, {"account": None}], ""),
        ("/app/installations", 200, [{"account": {"login": "acme", "nick": "a"}}], "not valid under any"),
    ],
)  # fmt: skip
def test_answers_are_judged(path: str, status: int, data: Any, words: str) -> None:
    found = "\n".join(answer_problems("GET", path, status, data))
    assert words in found if words else not found
