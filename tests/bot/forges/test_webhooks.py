"""GitHub's deliveries: verified, cut down, and refused when they are not what GitHub sends."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Mapping
from typing import Any

import pytest

from bot.forges.webhooks import MAX_BODY, parse, verify
from bot.model import Incoming, decoded, encoded

HEAD, BASE = "a" * 40, "b" * 40
BODY = b'{"action":"opened"}'


def signature(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}=" + hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def test_a_signature_is_of_this_body_under_this_secret() -> None:
    assert verify("s3cret", BODY, signature("s3cret", BODY))
    # The example of GitHub's documentation, "Validating webhook deliveries".
    told = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert verify("It's a Secret to Everybody", b"Hello, World!", told)


@pytest.mark.parametrize(
    "header",
    ["", "sha256=", "sha256", signature("other", BODY), signature("s3cret", BODY + b" "),
     signature("s3cret", BODY, "sha1"), signature("s3cret", BODY).upper(),
     signature("s3cret", BODY)[:-1], "sha256=é", "sha256=\udcff"],
)  # fmt: skip
def test_anything_else_is_not(header: str) -> None:
    assert not verify("s3cret", BODY, header)


def test_without_a_secret_nothing_is_verified() -> None:
    assert not verify("", BODY, signature("", BODY))


def payload(action: str = "", **parts: Any) -> dict[str, Any]:
    return {
        **({"action": action} if action else {}),
        "repository": {"full_name": "acme/shop", "default_branch": "main", "id": 1},
        "sender": {"login": "mallory", "type": "User"},
        "installation": {"id": 42},
        **parts,
    }


PULL = {
    "number": 7, "title": "<!channel>", "draft": False, "merged": False, "merge_commit_sha": HEAD,
    "head": {"sha": HEAD, "ref": "x"}, "base": {"sha": BASE, "ref": "main"}, "user": {"login": "mallory"},
}  # fmt: skip
RUN = {
    "id": 5, "head_sha": HEAD, "name": "runbook-drift", "external_id": "acme/shop#7", "app": {"id": 99},
    "pull_requests": [{"number": 3}],
}  # fmt: skip
COMMENT = {
    "id": 11, "body": "/runbook ack it holds", "author_association": "MEMBER", "created_at": "2026-11-23T09:00:00Z",
    "user": {"login": "alice", "type": "User"},
}  # fmt: skip


def details(found: Incoming | None) -> dict[str, str]:
    assert found is not None
    return dict(found.detail)


@pytest.mark.parametrize(
    "action", "opened reopened synchronize edited ready_for_review converted_to_draft closed".split()
)
def test_pull_requests(action: str) -> None:
    found = parse("pull_request", payload(action, pull_request=PULL), delivery="d-1")
    assert found is not None
    assert (found.id, found.event, found.action, found.repo, found.number) == (
        "d-1",
        "pull_request",
        action,
        "acme/shop",
        7,
    )
    assert (found.sender, found.installation) == ("mallory", 42)
    assert details(found) == {
        "head": HEAD, "base": BASE, "base_ref": "main", "author": "mallory", "sender_type": "User",
    }  # fmt: skip
    assert decoded(Incoming, encoded(found)) == found


def test_a_merge_a_draft_and_an_edit_are_told() -> None:
    merged = parse("pull_request", payload("closed", pull_request={**PULL, "merged": True, "draft": True}))
    assert details(merged)["merged_sha"] == HEAD
    assert (details(merged)["merged"], details(merged)["draft"]) == ("true", "true")
    edited = payload("edited", pull_request=PULL, changes={"title": {"from": "x"}, "base": {}, "odd": 1})
    assert details(parse("pull_request", edited))["changed"] == "base,title"


def test_check_runs_and_suites() -> None:
    found = parse("check_run", payload("requested_action", check_run=RUN, requested_action={"identifier": "recheck"}))
    assert found is not None
    assert found.number == 7, "by our own note; the list of pull requests is empty for forks"
    assert details(found)["requested"] == "recheck"
    assert details(found)["app"] == "99"
    foreign = parse("check_run", payload("rerequested", check_run={**RUN, "external_id": "other/repo#9"}))
    assert foreign is not None
    assert foreign.number == 0
    older = parse("check_run", payload("rerequested", check_run={**RUN, "external_id": "acme/older#3"}))
    assert older is not None
    assert older.number == 3, "a note under a name that the repository had, where GitHub names the same number"
    unnoted = parse("check_run", payload("rerequested", check_run={**RUN, "external_id": None}))
    assert unnoted is not None
    assert unnoted.number == 3
    suite = {"head_sha": HEAD, "pull_requests": [{"number": 3}, {"number": 4}]}
    found = parse("check_suite", payload("rerequested", check_suite=suite))
    assert found is not None
    assert (found.number, details(found)["pulls"], details(found)["head"]) == (3, "3,4", HEAD)


def test_a_head_that_stands_in_two_repositories_means_the_pull_requests_of_ours() -> None:
    """GitHub names the pull requests of forks and of what was forked as well, by numbers that mean nothing here."""
    pulls = [{"number": 90, "base": {"ref": "main", "sha": BASE, "repo": {"id": 2}}},
             {"number": 4, "base": {"ref": "main", "sha": BASE, "repo": {"id": 1}}}]  # fmt: skip
    repository = {"full_name": "acme/shop", "id": 1}
    suite = parse("check_suite", payload("rerequested", check_suite={"head_sha": HEAD, "pull_requests": pulls},
                                         repository=repository))  # fmt: skip
    assert suite is not None
    assert (suite.number, details(suite)["pulls"]) == (4, "4")
    run = {**RUN, "external_id": "", "pull_requests": pulls}
    found = parse("check_run", payload("rerequested", check_run=run, repository=repository))
    assert found is not None
    assert found.number == 4


def test_re_run_all_checks_as_github_sends_it() -> None:
    """The shape of GitHub's published example, cut; a suite of a fork's pull request names none."""
    base = {"ref": "master", "sha": BASE, "repo": {"id": 1868, "url": "https://api.github.com/repos/acme/shop",
                                                   "name": "shop"}}  # fmt: skip
    suite = {
        "id": 118578147, "node_id": "MDEw", "head_branch": "changes", "head_sha": HEAD, "status": "completed",
        "conclusion": "success", "before": BASE, "after": HEAD, "app": {"id": 99, "slug": "runbook-drift"},
        "pull_requests": [{"url": "https://api.github.com/repos/acme/shop/pulls/2", "id": 279147437, "number": 2,
                           "head": {"ref": "changes", "sha": HEAD, "repo": base["repo"]}, "base": base}],
        "latest_check_runs_count": 1, "head_commit": {"id": HEAD, "message": "x"},
    }  # fmt: skip
    repository = {"id": 1868, "full_name": "acme/shop", "default_branch": "master"}
    found = parse("check_suite", payload("rerequested", check_suite=suite, repository=repository), delivery="d")
    assert found is not None
    assert (found.id, found.action, found.repo, found.number) == ("d", "rerequested", "acme/shop", 2)
    forked = {**suite, "head_branch": None, "pull_requests": []}
    found = parse("check_suite", payload("rerequested", check_suite=forked, repository=repository))
    assert found is not None
    assert (found.number, details(found)) == (0, {"head": HEAD, "sender_type": "User"})
    for action in ("requested", "completed"):
        assert parse("check_suite", payload(action, check_suite=suite)) is None
    with pytest.raises(ValueError, match="id is not a number"):
        parse("check_suite", payload("rerequested", check_suite=suite, repository={**repository, "id": {}}))


def test_comments_on_pull_requests() -> None:
    issue = {"number": 7, "pull_request": {"url": "x"}}
    found = parse("issue_comment", payload("created", issue=issue, comment=COMMENT))
    assert details(found) == {
        "body": "/runbook ack it holds", "association": "MEMBER", "author": "alice", "author_type": "User",
        "comment": "11", "at": "2026-11-23T09:00:00Z", "sender_type": "User",
    }  # fmt: skip
    long = parse("issue_comment", payload("created", issue=issue, comment={**COMMENT, "body": "x" * 9_000}))
    assert len(details(long)["body"]) == MAX_BODY
    torn = parse("issue_comment", payload("created", issue=issue, comment={**COMMENT, "body": "/runbook ack \ud800 x"}))
    assert torn is not None
    assert encoded(torn).count("ack ? x") == 1
    assert parse("issue_comment", payload("created", issue={"number": 7}, comment=COMMENT)) is None
    assert parse("issue_comment", payload("edited", issue=issue, comment=COMMENT)) is None


def test_pushes_to_the_default_branch() -> None:
    found = parse("push", payload(ref="refs/heads/main", after=HEAD))
    assert details(found) == {"ref": "refs/heads/main", "after": HEAD, "sender_type": "User"}
    assert parse("push", payload(ref="refs/heads/other", after=HEAD)) is None
    assert parse("push", payload(ref="refs/tags/main", after=HEAD)) is None
    assert parse("push", payload(ref="refs/heads/main", after="0" * 40, deleted=True)) is None


def test_installations_and_repositories() -> None:
    whole = {"action": "suspend", "installation": {"id": 42, "account": {"login": "acme"}}, "sender": {"login": "root"},
             "repositories": [{"full_name": "acme/shop"}, {"full_name": "acme/web"}]}  # fmt: skip
    found = parse("installation", whole)
    assert found is not None
    assert (found.repo, found.installation, found.action) == ("", 42, "suspend")
    assert details(found) == {"account": "acme", "repositories": "acme/shop\nacme/web"}
    some = {**whole, "action": "removed", "repositories_removed": [{"full_name": "acme/web"}], "repositories_added": []}
    assert details(parse("installation_repositories", some))["removed"] == "acme/web"
    renamed = payload("renamed", changes={"repository": {"name": {"from": "store"}}})
    assert details(parse("repository", renamed))["from"] == "acme/store"
    moved = payload("transferred", changes={"owner": {"from": {"organization": {"login": "older"}}}})
    assert details(parse("repository", moved))["from"] == "older/shop"
    edited = parse("repository", payload("edited", changes={"default_branch": {"from": "master"}}))
    assert details(edited)["branch"] == "master"
    assert "branch" not in details(parse("repository", payload("edited", changes={"description": {"from": "x"}})))
    for action in ("deleted", "archived", "unarchived", "privatized", "publicized"):
        found = parse("repository", payload(action))
        assert found is not None
        assert found.action == action


@pytest.mark.parametrize(
    ("event", "action"),
    [("ping", ""), ("star", "created"), ("pull_request", "labeled"), ("check_run", "created"), ("", "")],
)
def test_what_is_not_read_is_none(event: str, action: str) -> None:
    assert parse(event, payload(action)) is None


@pytest.mark.parametrize(
    ("event", "broken"),
    [
        ("pull_request", {"action": 1}), ("pull_request", {}), ("pull_request", payload("opened")),
        ("pull_request", payload("opened", pull_request=[])),
        ("pull_request", payload("opened", pull_request={**PULL, "number": "7"})),
        ("pull_request", payload("opened", pull_request={**PULL, "number": -1})),
        ("pull_request", payload("opened", pull_request={**PULL, "number": True})),
        ("pull_request", payload("opened", pull_request={**PULL, "head": {"sha": "--upload-pack=x"}})),
        ("pull_request", payload("opened", pull_request=PULL, repository={"full_name": "../../etc"})),
        ("pull_request", payload("opened", pull_request=PULL, repository={"full_name": "a/.."})),
        ("pull_request", payload("opened", pull_request=PULL, repository=None)),
        ("pull_request", payload("opened", pull_request=PULL, sender={"login": "a\nb"})),
        ("issue_comment", payload("created", issue={"number": 7, "pull_request": {}}, comment={**COMMENT, "id": None})),
        ("check_run", payload("requested_action", check_run=RUN, requested_action="recheck")),
        ("push", payload(ref="refs/heads/main", after="x")), ("push", payload(ref=5, after=HEAD)),
        ("installation", {"action": "created"}),
        ("installation", {"action": "created", "installation": {"id": 1}, "repositories": [{"full_name": "a b/c"}]}),
    ],
)  # fmt: skip
def test_malformed_payloads_are_refused(event: str, broken: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(event, broken)


def test_nothing_but_value_errors_comes_of_mangled_payloads() -> None:
    """Every part of a good payload replaced by every kind of bad value, at random but always the same."""
    source = random.Random(4)
    good = [
        ("pull_request", payload("closed", pull_request=PULL, changes={})),
        ("check_run", payload("requested_action", check_run=RUN, requested_action={"identifier": "x"})),
        ("issue_comment", payload("created", issue={"number": 7, "pull_request": {}}, comment=COMMENT)),
        ("repository", payload("renamed", changes={"repository": {"name": {"from": "store"}}})),
    ]
    bad: list[object] = [None, 0, -5, 2**70, True, "", "x" * 1_000, "\0", "\ud800", [], [1], {}, {"id": {}}, 1.5]

    def mangle(data: Any) -> Any:
        if not isinstance(data, dict) or not data or source.random() < 0.2:
            return source.choice(bad)
        name = source.choice(sorted(data))
        return {**data, name: mangle(data[name])}

    for _ in range(2_000):
        event, whole = source.choice(good)
        try:
            found = parse(event, mangle(whole))
        except ValueError:
            continue
        assert found is None or found.event == event
