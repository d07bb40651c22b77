"""GitHub as an App and with a token, against a small loopback server that answers as GitHub does."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.forges.api import Api
from bot.forges.auth import AppCredentials
from bot.forges.github import MAX_APPROVERS, GitHub
from bot.forges.publishing import NAME, clipped
from bot.model import Approvals, CheckSheet, CommitAuthor, Conclusion, PullRef, PullState
from bot.ports import Gone, Refused, Unavailable
from tests.bot.forges.github_server import (
    APP,
    BASE,
    HEAD,
    PEM,
    PULL,
    PULL_DATA,
    REF,
    REPO,
    SHEET,
    Hub,
    Request,
    Runs,
    Talk,
)

# -- pull requests ----------------------------------------------------------------------------------------------------


def test_a_pull_request(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = PULL_DATA
    assert hub.app().pull(REF) == PULL
    merged = {**PULL_DATA, "state": "closed", "merged_at": "2026-11-23T09:00:00Z", "head": {"sha": HEAD, "repo": None}}
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = merged
    hub.published = False  # a fork that is gone has no repository, which the description leaves out
    found = hub.app().pull(REF)
    assert (found.state, found.merged_sha, found.head_repo) == (PullState.MERGED, "f" * 40, "")
    assert hub.plain().pull(REF).installation == 0


def test_open_pull_requests_are_read_page_by_page(hub: Hub) -> None:
    def page(request: Request) -> Any:
        number = int(request.query["page"])
        link = f'<{hub.url}/repos/{REPO}/pulls?page={number + 1}>; rel="next"' if number < 3 else ""
        return 200, ({"Link": link} if link else {"Link": '<x>; rel="first"'}), [{**PULL_DATA, "number": number}]

    hub.routes[f"GET /repos/{REPO}/pulls"] = page
    assert [pull.ref.number for pull in hub.plain().open_pulls(REPO)] == [1, 2, 3]


def commit(login: str, name: str, email: str, message: str = "") -> dict[str, Any]:
    author = {"login": login, "id": 41} if login else None
    return {"author": author, "commit": {"author": {"name": name, "email": email}, "message": message}}


def test_authors_and_co_authors_each_once(hub: Hub) -> None:
    message = (
        "Shorten\n\nCo-authored-by: Bob <12+bob@users.noreply.github.com>\r\nco-authored-by: Eve <eve@example.com>\n"
        "Co-Authored-By: <broken>\nSee Co-authored-by: Not One <no@example.com> here\n"
    )
    hub.routes[f"GET /repos/{REPO}/pulls/7/commits"] = [
        commit("alice", "Alice", "alice@example.com", message),
        commit("Alice", "Alice", "other@example.com"),
        commit("", "Gone", "9+gone@users.noreply.github.com"),
        commit("", "Nobody", "nobody@example.com"),
    ]
    assert hub.app().authors(REF) == (
        CommitAuthor("alice", "Alice", "alice@example.com", 41),
        CommitAuthor("bob", "Bob", "12+bob@users.noreply.github.com", 12),
        CommitAuthor("", "Eve", "eve@example.com"),
        CommitAuthor("", "", "broken"),
        CommitAuthor("gone", "Gone", "9+gone@users.noreply.github.com", 9),
        CommitAuthor("", "Nobody", "nobody@example.com"),
    )


def test_at_most_250_commits_are_read(hub: Hub) -> None:
    def page(request: Request) -> Any:
        start = (int(request.query["page"]) - 1) * 100
        return [commit(f"u{n}", "U", f"u{n}@example.com") for n in range(start, start + 100)]

    hub.routes[f"GET /repos/{REPO}/pulls/7/commits"] = page
    assert len(hub.app().authors(REF)) == 250
    assert len(hub.asked(f"GET /repos/{REPO}/pulls/7/commits")) == 3


def test_a_pull_request_has_the_name_under_which_its_repository_answers(hub: Hub) -> None:
    base: dict[str, Any] = {"ref": "main", "sha": BASE, "repo": {"full_name": "acme/store"}}
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = {**PULL_DATA, "base": base, "commits": 251}
    found = hub.app().pull(REF)
    assert (found.ref.repo, found.url) == ("acme/store", "https://forge.example/acme/store/pull/7")
    assert (found.commits, found.authors_cut) == (251, True)
    spelled = {"full_name": REPO.upper(), "default_branch": "main"}
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = {**PULL_DATA, "base": {**base, "ref": "release-1", "repo": spelled}}
    found = hub.app().pull(REF)
    assert (found.ref.repo, found.authors_cut) == (REPO.upper(), False), "GitHub's own spelling, as in deliveries"
    assert (found.base_ref, found.default_ref) == ("release-1", "main")
    assert found.scope


def test_where_a_repository_stands(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}"] = {"full_name": REPO, "archived": True}
    assert hub.app().standing(REPO) == (REPO, True)
    hub.routes[f"GET /repos/{REPO}"] = {"full_name": "acme/store", "archived": False}
    assert hub.app().standing(REPO) == ("acme/store", False)
    del hub.routes[f"GET /repos/{REPO}"]
    for forge in (hub.app(), hub.plain()):
        with pytest.raises(Gone):
            forge.standing(REPO)


def test_a_redirect_to_the_name_of_now_is_followed(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}"] = (301, {"Location": f"{hub.url}/repos/acme/store"}, {"message": "Moved"})
    hub.routes["GET /repos/acme/store"] = {"full_name": "acme/store", "archived": False}
    assert hub.app().standing(REPO) == ("acme/store", False)


def test_what_was_transferred_is_asked_of_the_installation_that_has_it_now(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}"] = {"full_name": REPO, "archived": False}
    forge = hub.app()
    assert forge.standing(REPO) == (REPO, False)
    hub.routes[f"GET /repos/{REPO}/installation"] = {"id": 43}
    hub.routes["POST /app/installations/43/access_tokens"] = hub.routes["POST /app/installations/42/access_tokens"]

    def page(request: Request) -> Any:
        if not hub.asked("POST /app/installations/43/access_tokens"):
            return 404, {}, {"message": "Not Found"}
        return {"full_name": "buyer/shop", "archived": False}

    hub.routes[f"GET /repos/{REPO}"] = page
    assert forge.standing(REPO) == ("buyer/shop", False)


def test_merge_base_and_tip(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}/compare/{BASE}...mallory:{HEAD}"] = {"merge_base_commit": {"sha": "c" * 40}}
    assert hub.app().merge_base(REPO, BASE, f"mallory:{HEAD}") == "c" * 40
    with pytest.raises(Gone):
        hub.app().merge_base(REPO, BASE, "../../other")
    hub.routes[f"GET /repos/{REPO}"] = {"default_branch": "release/1"}
    hub.routes[f"GET /repos/{REPO}/branches/release%2F1"] = {"name": "release/1", "commit": {"sha": BASE}}
    assert hub.app().tip(REPO) == ("release/1", BASE)
    assert hub.app().tip(REPO, "release/1") == ("release/1", BASE)


@pytest.mark.parametrize(
    ("permission", "may"), [("admin", True), ("write", True), ("read", False), ("none", False), (None, False)]
)
def test_who_may_write(hub: Hub, permission: str | None, may: bool) -> None:
    hub.published = permission is not None
    hub.routes[f"GET /repos/{REPO}/collaborators/alice/permission"] = {
        "permission": permission,
        "user": {"login": "Alice"},
    }
    assert hub.app().may_write(REPO, "alice") is may
    assert not hub.app().may_write(REPO, "stranger")
    assert not hub.app().may_write(REPO, "../alice")
    hub.routes[f"GET /repos/{REPO}/collaborators/renamed/permission"] = {
        "permission": "admin",
        "user": {"login": "alice"},
    }
    assert not hub.app().may_write(REPO, "renamed"), "an answer about somebody else"


def reviewed(login: str, state: str, sha: str = HEAD) -> dict[str, Any]:
    return {
        "user": {"login": login, "id": 41} if login else None, "state": state, "commit_id": sha,
        "author_association": "NONE",
    }  # fmt: skip


def writes(hub: Hub, *logins: str) -> None:
    for login in logins:
        hub.routes[f"GET /repos/{REPO}/collaborators/{login}/permission"] = {
            "permission": "write", "user": {"login": login, "id": 41},
        }  # fmt: skip


def test_only_the_approval_of_who_may_write_counts(hub: Hub) -> None:
    reviews = f"GET /repos/{REPO}/pulls/7/reviews"
    strangers = [reviewed(f"stranger{number}", "APPROVED") for number in range(MAX_APPROVERS + 5)]
    member = {**reviewed("zoe", "APPROVED"), "author_association": "MEMBER"}
    hub.routes[reviews] = [*strangers, member]
    hub.routes[f"GET /repos/{REPO}/branches/main"] = {"protected": False}
    hub.routes[f"GET /repos/{REPO}/rules/branches/main"] = []
    writes(hub, "zoe")
    assert hub.app().approvals(PULL).approved_by == ("zoe",), "strangers do not crowd a member out"
    asked = [request for request in hub.requests if request.path.endswith("/permission")]
    assert len(asked) == MAX_APPROVERS
    hub.routes[reviews] = strangers
    with pytest.raises(Refused, match="more people approved"):
        hub.app().approvals(PULL)
    hub.routes[reviews] = strangers[:3]
    assert hub.app().approvals(PULL).approved_by == ()
    member["author_association"] = "NONE"
    hub.routes[reviews] = [member]
    hub.routes[f"GET /repos/{REPO}/collaborators/zoe/permission"] = (403, {}, {"message": "not accessible"})
    with pytest.raises(Refused):
        hub.app().approvals(PULL)


def test_approvals_of_this_head_and_what_the_branch_requires(hub: Hub) -> None:
    writes(hub, "alice", "bob", "carol", "dave")
    hub.routes[f"GET /repos/{REPO}/pulls/7/reviews"] = [
        reviewed("alice", "CHANGES_REQUESTED"), reviewed("alice", "APPROVED"), reviewed("alice", "COMMENTED"),
        reviewed("bob", "APPROVED"), reviewed("bob", "CHANGES_REQUESTED"), reviewed("carol", "APPROVED", BASE),
        reviewed("dave", "APPROVED"), reviewed("dave", "DISMISSED"), reviewed("", "APPROVED"),
    ]  # fmt: skip
    branch = f"GET /repos/{REPO}/branches/main"
    hub.routes[f"GET /repos/{REPO}/rules/branches/main"] = [
        {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "build"}]}},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
        {"type": "deletion"},
    ]
    hub.routes[branch] = {"protected": True, "protection": {"required_status_checks": {"contexts": ["lint"]}}}
    hub.routes[f"{branch}/protection"] = (403, {}, {"message": "Resource not accessible by integration"})
    assert hub.app().approvals(PULL) == Approvals(("alice",), ("build", "lint"), 2, (41,))
    hub.routes[f"{branch}/protection"] = {
        "required_status_checks": {"contexts": ["lint"], "checks": [{"context": "lint"}, {"context": "e2e"}]},
        "required_pull_request_reviews": {"required_approving_review_count": 1},
    }
    assert hub.app().approvals(PULL) == Approvals(("alice",), ("build", "lint", "e2e"), 2, (41,))
    hub.routes[f"GET /repos/{REPO}/rules/branches/main"] = []
    hub.routes[branch] = {"protected": False}
    assert hub.app().approvals(PULL) == Approvals(("alice",), (), 0, (41,))
    hub.routes[branch] = {"protected": True}
    del hub.routes[f"{branch}/protection"]
    assert hub.app().approvals(PULL) == Approvals(("alice",), None, None, (41,)), "what may not be read is not known"


def test_comment_and_clone(hub: Hub) -> None:
    hub.routes[f"POST /repos/{REPO}/issues/7/comments"] = (201, {}, {"id": 1})
    hub.app().comment(REF, "é" * 70_000)
    body = hub.requests[-1].body["body"]
    assert len(body.encode()) <= 65_000
    assert body.endswith("too long to show.")
    assert hub.app().clone(REPO)[0] == "https://forge.example/acme/shop.git"
    assert hub.plain().clone(REPO)[1] == "ghp_canary"
    with pytest.raises(Gone):
        hub.plain().clone("acme/shop/../../x")


# -- credentials ------------------------------------------------------------------------------------------------------


def test_installation_tokens_are_kept_and_renewed_before_their_end(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = PULL_DATA
    now = [datetime.now(UTC)]
    api = Api(hub.url)
    forge = GitHub(api, AppCredentials(api, APP, PEM, now=lambda: now[0]))
    for _ in range(3):
        forge.pull(REF)
    assert hub.tokens == 1
    assert len(hub.asked(f"GET /repos/{REPO}/installation")) == 1
    now[0] += timedelta(minutes=55)
    assert forge.clone(REPO)[1] == "ghs_canary2", "a fetch needs one that lives"


def test_a_revoked_token_is_replaced_once(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = PULL_DATA
    forge = hub.app()
    forge.pull(REF)
    hub.revoked.add("ghs_canary1")
    forge.pull(REF)
    assert hub.tokens == 2
    hub.revoked |= {"ghs_canary2", "ghs_canary3"}
    with pytest.raises(Refused) as refused:
        forge.pull(REF)
    assert refused.value.code == "bad_credentials"
    assert hub.tokens == 3, "asked once more, not for ever"


def test_what_is_wrong_with_the_app_is_said_in_words(hub: Hub) -> None:
    broken = GitHub.as_app(APP, "-----BEGIN canary-----", api_url=hub.url)
    with pytest.raises(Refused, match="GITHUB_APP_PRIVATE_KEY") as refused:
        broken.pull(REF)
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    hub.routes[f"GET /repos/{REPO}/installation"] = {"id": 42, "suspended_at": "2026-01-01T00:00:00Z"}
    with pytest.raises(Refused, match="suspended"):
        hub.app().pull(REF)
    del hub.routes[f"GET /repos/{REPO}/installation"]
    with pytest.raises(Gone, match="not installed on acme/shop"):
        hub.app().pull(REF)


def test_an_app_that_was_installed_anew_is_found_again(hub: Hub) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = PULL_DATA
    hub.lives = timedelta(minutes=1)
    forge = hub.app()
    forge.pull(REF)
    token = hub.routes.pop("POST /app/installations/42/access_tokens")
    hub.routes[f"GET /repos/{REPO}/installation"] = {"id": 43}
    hub.routes["POST /app/installations/43/access_tokens"] = token
    with pytest.raises(Gone):
        forge.pull(REF)
    assert forge.pull(REF).installation == 43


def test_no_secret_reaches_a_log_a_repr_or_an_error(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = (500, {}, {"message": "ghs_canary"})
    errors = []
    for forge in (hub.app(), hub.plain()):
        with pytest.raises(Unavailable) as problem:
            forge.pull(REF)
        errors.append(f"{problem.value!r} {problem.value.__cause__!r} {problem.value.__context__!r}")
    assert hub.tokens == 1
    assert "canary" not in caplog.text + "".join(errors)


def test_threads_do_not_mix_their_answers(hub: Hub) -> None:
    def pull(request: Request) -> Any:
        time.sleep(0.005)
        return {**PULL_DATA, "number": int(request.path.rsplit("/", 1)[1])}

    hub.routes |= {f"GET /repos/{REPO}/pulls/{number}": pull for number in range(1, 41)}
    forge = hub.app()
    wrong: list[int] = []

    def work(numbers: range) -> None:
        wrong.extend(n for n in numbers if forge.pull(PullRef(REPO, n)).ref.number != n)

    threads = [threading.Thread(target=work, args=(range(n, 41, 4),)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert hub.tokens == 1, "many threads ask for one token"


# -- what can go wrong ------------------------------------------------------------------------------------------------

DATE = "Mon, 23 Nov 2026 10:00:00 GMT"
RESET = str(int(datetime(2026, 11, 23, 10, 5, tzinfo=UTC).timestamp()))


@pytest.mark.parametrize(
    ("status", "headers", "message", "wait"),
    [
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, "API rate limit exceeded for x", 301),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, "", 301),
        (403, {"Retry-After": "17"}, "You have exceeded a secondary rate limit.", 17),
        (403, {}, "You have exceeded a secondary rate limit. Please wait.", 60),
        (429, {}, "slow down", 60),
        (403, {"Retry-After": "-5", "X-RateLimit-Remaining": "0"}, "", 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}, "", 7_200),
        (429, {"X-RateLimit-Reset": "x"}, "", 5),
    ],
)
def test_rate_limits_are_passed_on_and_honoured_without_sleeping(
    hub: Hub, status: int, headers: dict[str, str], message: str, wait: float
) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = (status, {**headers, "Date": DATE}, {"message": message})
    forge = hub.plain()
    began = time.monotonic()
    with pytest.raises(Unavailable) as problem:
        forge.pull(REF)
    assert problem.value.retry_after == wait
    asked = len(hub.requests)
    if wait == 5:  # not known to be a limit
        return
    with pytest.raises(Unavailable) as problem:
        forge.tip(REPO)
    assert wait - 5 < problem.value.retry_after <= wait
    assert len(hub.requests) == asked, "GitHub is not asked again before the time"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("status", "headers", "message", "kind", "words"),
    [
        (401, {}, "Bad credentials", Refused, "revoked, expired or mistyped"),
        (403, {"X-Accepted-GitHub-Permissions": "pull_requests=read; contents=read"}, "Resource not accessible",
         Refused, "the permission pull_requests: read or contents: read is missing"),
        (403, {"X-Accepted-OAuth-Scopes": "repo"}, "no", Refused, "scopes repo"),
        (403, {"X-GitHub-SSO": "required; url=https://x"}, "no", Refused, "SSO"),
        (403, {}, "This installation has been suspended", Refused, "suspended"),
        (403, {}, "Repository was archived so is read-only.", Refused, "archived"),
        (404, {}, "Not Found", Gone, "does not have"), (410, {}, "Gone", Gone, "does not have"),
        (451, {}, "Repository access blocked", Gone, "does not have"),
        (307, {"Location": "https://elsewhere.example/"}, "", Gone, "moved"),
        (301, {"Location": "http://elsewhere.example/x"}, "", Refused, "redirect"),
        (422, {}, "No commit found for SHA: x", Gone, "does not have"),
        (422, {}, "Validation\nFailed", Refused, "Validation Failed"),
        (500, {}, "", Unavailable, "500"), (502, {}, "<html>", Unavailable, "502"),
        (503, {"Retry-After": "9"}, "", Unavailable, "503"),
    ],
)  # fmt: skip
def test_what_github_says_becomes_an_error_of_ours(
    hub: Hub, status: int, headers: dict[str, str], message: str, kind: type[Exception], words: str
) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = (status, headers, {"message": message})
    with pytest.raises(kind, match=words) as problem:
        hub.plain().pull(REF)
    assert type(problem.value) is kind
    if headers.get("Retry-After"):
        assert getattr(problem.value, "retry_after", 0) == 9


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"[]", b"null", b'{"number": "7"}', b'"x"', b"\xff"])
def test_answers_that_are_none_are_unavailable(hub: Hub, body: bytes) -> None:
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = (200, {}, body)
    with pytest.raises(Unavailable):
        hub.plain().pull(REF)


def test_a_server_that_hangs_or_is_away_is_unavailable(hub: Hub) -> None:
    release = threading.Event()
    hub.routes[f"GET /repos/{REPO}/pulls/7"] = lambda _: release.wait(10) and PULL_DATA
    began = time.monotonic()
    with pytest.raises(Unavailable):
        GitHub.with_token("t", api_url=hub.url, seconds=1).pull(REF)
    release.set()
    assert time.monotonic() - began < 4
    with pytest.raises(Unavailable):
        GitHub.with_token("t", api_url="http://127.0.0.1:9").pull(REF)


# -- publishing -------------------------------------------------------------------------------------------------------


def many(count: int) -> CheckSheet:
    return replace(SHEET, annotations=tuple((f"f{n}.py", n + 1, "t", "m") for n in range(count)))


def test_a_check_run_is_published_once_however_often_it_is_asked_for(hub: Hub) -> None:
    runs = Runs(hub)
    for _ in range(3):
        hub.app().publish(PULL, SHEET)
    assert runs.writes == 1
    run = runs.kept[0]
    assert (run["name"], run["head_sha"], run["external_id"]) == (NAME, HEAD, "acme/shop#7")
    assert (run["status"], run["conclusion"], run["details_url"]) == ("completed", "failure", "https://bot.example/x")
    assert run["output"]["title"] == SHEET.title
    assert run["output"]["annotations"] == [
        {"path": "app/settings.py", "start_line": 3, "end_line": 3, "annotation_level": "warning", "title": "wrong",
         "message": "why"}
    ]  # fmt: skip
    assert run["actions"] == [{"label": "Acknowledge", "description": "They still hold", "identifier": "acknowledge"}]
    assert hub.asked(f"GET /repos/{REPO}/commits/{HEAD}/check-runs")[0].query["check_name"] == NAME


def test_annotations_are_appended_fifty_at_a_time_and_an_interrupted_run_goes_on(hub: Hub) -> None:
    runs = Runs(hub)
    runs.fail_after = 2
    with pytest.raises(Unavailable):
        hub.app().publish(PULL, many(120))
    assert len(runs.kept[0]["output"]["annotations"]) == 100
    runs.fail_after = 99
    hub.app().publish(PULL, many(120))
    hub.app().publish(PULL, many(120))
    assert len(runs.kept) == 1
    assert [a["start_line"] for a in runs.kept[0]["output"]["annotations"]] == list(range(1, 121))


def test_a_changed_sheet_replaces_the_one_before(hub: Hub) -> None:
    runs = Runs(hub)
    hub.app().publish(PULL, SHEET)
    clean = CheckSheet(Conclusion.SUCCESS, "The runbooks are up to date", "fine")
    hub.app().publish(PULL, clean)
    assert len(runs.kept) == 2, "annotations cannot be taken back, so a new run stands in front"
    assert runs.kept[1]["conclusion"] == "success"
    hub.app().publish(PULL, SHEET)
    assert len(runs.kept) == 2, "a run without annotations is updated"
    assert runs.kept[1]["conclusion"] == "failure"
    assert runs.kept[1]["output"]["annotations"][0]["message"] == "why"


def test_re_run_is_answered_by_writing_the_run_again(hub: Hub) -> None:
    """*Re-run* and *Re-run all checks* set the suite back to ``queued``, and leave the run itself as it is."""
    runs = Runs(hub)
    hub.app().publish(PULL, SHEET)
    runs.suite = "queued"
    for _ in range(3):
        hub.app().publish(PULL, SHEET)
    assert (runs.writes, len(runs.kept), runs.suite) == (2, 2, "completed"), "annotations would be doubled in one run"
    assert runs.kept[1]["output"]["annotations"] == runs.kept[0]["output"]["annotations"]
    clean = CheckSheet(Conclusion.SUCCESS, "The runbooks are up to date", "fine")
    hub.app().publish(PULL, clean)
    runs.suite = "queued"
    for _ in range(2):
        hub.app().publish(PULL, clean)
    assert (runs.writes, len(runs.kept)) == (4, 3), "a run without annotations is updated"
    runs.kept[2]["status"] = "queued"
    hub.app().publish(PULL, clean)
    assert (runs.writes, runs.kept[2]["status"]) == (5, "completed")
    del hub.routes[f"GET /repos/{REPO}/check-suites/5"]
    hub.app().publish(PULL, clean)
    assert runs.writes == 5, "a suite that cannot be read was not set back"


def test_another_pull_request_of_the_same_head_and_other_apps_are_left_alone(hub: Hub) -> None:
    runs = Runs(hub)
    hub.app().publish(replace(PULL, ref=PullRef(REPO, 8)), CheckSheet(Conclusion.SUCCESS, "a", "b"))
    runs.kept.append({**runs.kept[0], "external_id": "acme/shop#7", "app": {"id": 1}, "id": 900})
    hub.app().publish(PULL, SHEET)
    assert [run["external_id"] for run in runs.kept] == ["acme/shop#8", "acme/shop#7", "acme/shop#7"]


def test_github_limits_hold_for_any_sheet(hub: Hub) -> None:
    runs = Runs(hub)
    wide = replace(
        SHEET, title="t" * 500, summary="é" * 80_000, text="x\n" * 80_000,
        actions=(("l" * 50, "d" * 90, "i" * 50),) * 5, annotations=(("f", 1, "t" * 900, "é" * 90_000),),
    )  # fmt: skip
    hub.app().publish(PULL, wide)
    hub.app().publish(PULL, wide)
    assert runs.writes == 1
    assert len(runs.kept[0]["actions"]) == 3
    assert len(runs.kept[0]["output"]["annotations"][0]["message"].encode()) <= 64_000
    assert clipped("abc", 3) == "abc"


def test_with_a_token_there_is_a_status_and_one_comment_kept_up_to_date(hub: Hub) -> None:
    talk = Talk(hub)
    marker = "<!-- runbook-drift:check -->"
    talk.comments = [{"id": n, "user": {"login": "mallory"}, "body": f"{marker} mine"} for n in range(150)]
    for _ in range(3):
        hub.plain().publish(PULL, SHEET)
    assert talk.writes == 2
    assert talk.statuses == [{
        "state": "failure", "context": NAME, "description": SHEET.title, "target_url": "https://bot.example/x",
    }]  # fmt: skip
    assert len(talk.comments) == 151
    assert talk.comments[150]["body"].startswith(f"{marker}\n### {SHEET.title}\n\na table\n\n### Suggested edits")
    clean = CheckSheet(Conclusion.SUCCESS, "The runbooks are up to date", "fine")
    for _ in range(2):
        hub.plain().publish(PULL, clean)
    assert talk.writes == 4
    assert len(talk.comments) == 151
    assert "up to date" in talk.comments[150]["body"]
    assert talk.comments[0]["body"] == f"{marker} mine", "a marker that somebody else wrote is nothing"


def test_a_clean_pull_request_gets_a_status_and_no_comment(hub: Hub) -> None:
    talk = Talk(hub)
    hub.plain().publish(PULL, CheckSheet(Conclusion.SUCCESS, "fine", "fine"))
    hub.plain().publish(PULL, CheckSheet(Conclusion.NEUTRAL, "Could not check: a failure of runbook-drift", "sorry"))
    assert [(s["state"], s["description"]) for s in talk.statuses] == [
        ("success", "fine"), ("success", "Could not check: a failure of runbook-drift"),
    ]  # fmt: skip
    assert talk.comments == []


def test_a_workflow_token_may_not_ask_who_it_is(hub: Hub) -> None:
    talk = Talk(hub)
    hub.routes["GET /user"] = (403, {}, {"message": "Resource not accessible by integration"})
    talk.comment(hub, Request("POST", "", "", {"body": "<!-- runbook-drift:check -->\nbefore"}))
    talk.comments[0]["user"]["login"] = "github-actions[bot]"
    hub.plain().publish(PULL, SHEET)
    assert len(talk.comments) == 1
    assert SHEET.title in talk.comments[0]["body"]


# -- deliveries -------------------------------------------------------------------------------------------------------


def test_failed_deliveries_are_found_page_by_page_and_sent_again(hub: Hub) -> None:
    def delivery(number: int, guid: str, status: int, at: str = "2026-11-23T09:00:00Z") -> dict[str, Any]:
        return {"id": number, "guid": guid, "status_code": status, "delivered_at": at, "redelivery": False}

    pages = {
        "": [delivery(9, "retried", 200), delivery(8, "down", 502), delivery(7, "fine", 200)],
        "v1_7": [delivery(6, "retried", 500), delivery(5, "slow", 0),
                 *(delivery(n, "poison", 500) for n in range(30, 35)),
                 delivery(4, "old", 500, "2026-11-20T09:00:00Z"), delivery(3, "older", 500, "2026-11-19T09:00:00Z")],
    }  # fmt: skip

    def page(request: Request) -> Any:
        cursor = request.query.get("cursor", "")
        link = '<https://x/app/hook/deliveries?per_page=100&cursor=v1_7>; rel="next"'
        return 200, ({} if cursor else {"Link": link}), pages[cursor]

    hub.routes["GET /app/hook/deliveries"] = page
    assert hub.app().failed_deliveries(datetime(2026, 11, 22, tzinfo=UTC)) == (5, 8)
    hub.routes["POST /app/hook/deliveries/5/attempts"] = (202, {}, b"")
    hub.app().redeliver(5)
    assert hub.asked("POST /app/hook/deliveries/5/attempts")[0].authorization.startswith("Bearer ey")
    assert hub.plain().failed_deliveries(datetime(2026, 11, 22, tzinfo=UTC)) == ()


def test_who_we_are(hub: Hub) -> None:
    hub.routes["GET /app"] = {"slug": "runbook-drift", "permissions": {"checks": "write"}, "events": ["pull_request"]}
    hub.routes["GET /user"] = (200, {"X-OAuth-Scopes": "repo, read:org"}, {"login": "alice"})
    assert hub.app().describe() == ("runbook-drift[bot]", {"checks": "write"}, ("pull_request",))
    assert hub.plain().describe() == ("alice", {"repo": "granted", "read:org": "granted"}, ())
