"""The doctor: what is missing is said in words that help, what is there is ``ok``, and no secret is said at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot import doctor
from bot.cli import main
from bot.diagnosis import Answer
from bot.forges.diagnosis import EVENTS, PERMISSIONS
from bot.model import BotError
from bot.settings import PREFIX, Settings, load
from bot.slack.diagnosis import SCOPES, SPARE
from bot.store import open_store
from bot.store.opening import look

ROOT = Path(__file__).parents[2]
CANARIES = ("canary-webhook", "xoxb-canary-0123", "xapp-canary-0123", "canary-signing", "ghp_canary0123456789")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class Outside:
    """GitHub and Slack on one port, with answers to set: path to (status, body)."""

    def __init__(self) -> None:
        self.skew = timedelta()
        self.date = ""
        self.scopes = ",".join(SCOPES)
        self.answers: dict[str, tuple[int, Any]] = {
            "/github/app": (200, {
                "slug": "drift", "events": list(EVENTS),
                "permissions": {name: level for name, (level, _) in PERMISSIONS.items()},
            }),
            "/github/app/installations": (200, [{"account": {"login": "acme"}}]),
            "/github/user": (200, {"login": "drift-user"}),
            "/github/repos/acme/shop": (200, {}),
            "/slack/auth.test": (200, {"ok": True, "user": "drift", "team": "Acme"}),
            "/slack/apps.connections.open": (200, {"ok": True, "url": "ws://127.0.0.1:9"}),
            "/slack/conversations.info": (200, {"ok": True, "channel": {"name": "on-call", "is_member": True}}),
        }  # fmt: skip

    def slack(self, method: str, **body: Any) -> None:
        """Set what Slack says to a method."""
        self.answers[f"/slack/{method}"] = (200, body)

    @contextmanager
    def running(self) -> Iterator[str]:
        """The address of both."""
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def serve(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = outside.answers.get(self.path.split("?")[0], (404, {"message": "Not Found"}))
                said = body if isinstance(body, bytes) else json.dumps(body).encode()
                date = outside.date or format_datetime(datetime.now(UTC) - outside.skew, usegmt=True)
                self.send_response_only(status)
                for name, value in {
                    "Date": date, "X-OAuth-Scopes": outside.scopes, "Content-Length": str(len(said)),
                    "Content-Type": "application/json",
                }.items():  # fmt: skip
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = serve  # the names that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@pytest.fixture
def outside() -> Outside:
    return Outside()


def examined(outside: Outside, **given: object) -> dict[str, Answer]:
    """The answers by subject."""
    with outside.running() as url:
        settings = load(
            github_api_url=f"{url}/github", slack_api_url=f"{url}/slack/", state_dir=Path("state"), **given
        )  # fmt: skip
        answers = list(doctor.examine(settings, look))
    said = "\n".join(f"{a.subject}: {a.text}" for a in answers)
    assert not [canary for canary in (*CANARIES, "PRIVATE KEY") if canary in said]
    return {answer.subject: answer for answer in answers}


def everything(key: str) -> dict[str, object]:
    """Settings that leave nothing to say."""
    return {
        "github_app_id": 7, "github_app_private_key": key, "github_webhook_secret": CANARIES[0],
        "slack_bot_token": CANARIES[1], "slack_app_token": CANARIES[2], "slack_default_channel": "C012AB3CD",
        "checkout_bytes": 10_000_000,
    }  # fmt: skip


def missing(answers: dict[str, Answer]) -> set[str]:
    return {answer.subject for answer in answers.values() if answer.state == "missing"}


def test_a_complete_setup_is_ok(outside: Outside, key: str) -> None:
    answers = examined(outside, **everything(key))
    assert {answer.state for answer in answers.values()} == {"ok"}
    assert answers["installations"].text == "acme"
    assert answers["Slack"].text == "drift in Acme"
    assert answers["Socket Mode"].text == "connected"
    assert answers["channel C012AB3CD"].text == "on-call"
    assert answers["database"].text == "SQLite, made at the first start"
    assert list(Path().iterdir()) == [], "the doctor changes nothing"


def test_a_database_is_looked_at_and_left_as_it_is(outside: Outside, key: str) -> None:
    settings = load(**everything(key))
    open_store(doctor.store_url(settings)).close()
    before = {path: path.stat().st_mtime_ns for path in settings.state_dir.iterdir()}
    answers = examined(outside, **everything(key))
    assert answers["database"] == Answer("ok", "database", "SQLite")
    assert {path: path.stat().st_mtime_ns for path in settings.state_dir.iterdir()} == before


def test_nothing_set_says_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text("SLACK_BOT_TOKEN=\nPORT=8080\n")
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "MISSING  GitHub: set GITHUB_APP_ID and its private key, or GITHUB_TOKEN (docs/github.md)" in said
    assert "MISSING  GITHUB_WEBHOOK_SECRET" in said
    assert "MISSING  SLACK_BOT_TOKEN: set it (docs/slack.md)" in said
    assert said.endswith("3 missing\n")


def test_a_setting_that_is_wrong_ends_it_before_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text("PORT=many\n")
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith("error: setting PORT: ")


@pytest.mark.parametrize(("skew", "state"), [(0, "ok"), (30, "ok"), (312, "missing"), (-90, "missing")])
def test_the_clock_is_held_against_githubs(outside: Outside, key: str, skew: int, state: str) -> None:
    outside.skew = timedelta(seconds=skew)
    assert examined(outside, **everything(key))["clock"].state == state


@pytest.mark.parametrize("date", ["Mon, 23 Nov 2026 09:00:00", "Mon, 23 Nov 2026 09:00:00 -0000", "yesterday",
                                  "Mon, 23 Nov 99999 09:00:00 GMT", "Mon, 23 Nov 0001 00:00:00 +2359"])  # fmt: skip
def test_a_date_of_any_form_ends_nothing(outside: Outside, key: str, date: str) -> None:
    outside.date = date
    answers = examined(outside, **everything(key))
    assert answers["GitHub App"].state == "ok"
    assert missing(answers) <= {"clock"}


@pytest.mark.parametrize("body", [b"", b"<html>", [], [1], "text", None, 7, {"permissions": 3, "events": "x"}])
@pytest.mark.parametrize("path", ["/github/app", "/github/app/installations", "/slack/auth.test",
                                  "/slack/apps.connections.open", "/slack/conversations.info"])  # fmt: skip
def test_an_answer_that_is_none_ends_nothing(outside: Outside, key: str, path: str, body: Any) -> None:
    outside.answers[path] = (200, body)
    assert missing(examined(outside, **everything(key)))


def test_permissions_that_are_needed_are_missing_and_others_a_warning(outside: Outside, key: str) -> None:
    outside.answers["/github/app"] = (200, {
        "slug": "drift", "events": ["push"], "permissions": {"checks": "read", "contents": "read", "metadata": "read"},
    })  # fmt: skip
    answers = examined(outside, **everything(key))
    assert missing(answers) == {"permission checks", "permission pull_requests", "events"}
    assert "write" in answers["permission checks"].text
    assert {answers[f"permission {name}"].state for name in ("members", "administration")} == {"warning"}
    assert answers["events"].text == "subscribe the App to pull_request, issue_comment, check_run, repository"


def test_an_app_that_is_polled_needs_no_events(outside: Outside, key: str) -> None:
    outside.answers["/github/app"][1]["events"] = []
    polled = {"github_webhook_secret": "", "poll_interval": 60, "github_repositories": ("acme/shop",)}
    assert missing(examined(outside, **{**everything(key), **polled})) == set()


def test_polling_without_repositories_polls_nothing(outside: Outside, key: str) -> None:
    answers = examined(outside, **{**everything(key), "poll_interval": 60})
    assert missing(answers) == set()
    assert answers["POLL_INTERVAL"].state == "warning"
    assert "nothing is polled: name the repositories in GITHUB_REPOSITORIES" in answers["POLL_INTERVAL"].text
    answers = examined(outside, **{**everything(key), "poll_interval": 60, "github_webhook_secret": ""})
    assert missing(answers) == {"GITHUB_WEBHOOK_SECRET"}


def test_an_app_that_is_installed_nowhere(outside: Outside, key: str) -> None:
    outside.answers["/github/app/installations"] = (200, [])
    assert missing(examined(outside, **everything(key))) == {"installations"}


@pytest.mark.parametrize("given", ["nope", "-----BEGIN RSA PRIVATE KEY-----\\nAAAA\\n-----END RSA PRIVATE KEY-----"])
def test_a_key_that_is_none_is_not_quoted(outside: Outside, key: str, given: str) -> None:
    answers = examined(outside, **{**everything(key), "github_app_private_key": given})
    assert answers["GITHUB_APP_PRIVATE_KEY"].text == "is not a private key in PEM form"


def test_a_key_of_another_app(outside: Outside, key: str) -> None:
    outside.answers["/github/app"] = (401, {"message": "A JSON web token could not be decoded"})
    answers = examined(outside, **everything(key))
    assert missing(answers) == {"GitHub App"}
    assert "number and key do not fit together" in answers["GitHub App"].text


def test_a_key_file_that_is_not_there(outside: Outside, key: str) -> None:
    given = {**everything(key), "github_app_private_key": "", "github_app_private_key_path": Path("none.pem")}
    assert "cannot be read" in examined(outside, **given)["GITHUB_APP_PRIVATE_KEY"].text


def with_token(**given: object) -> dict[str, object]:
    return {
        "github_token": CANARIES[4], "slack_bot_token": CANARIES[1], "slack_signing_secret": CANARIES[3],
        "public_url": "https://drift.example.com", "slack_default_channel": "#on-call", **given,
    }  # fmt: skip


def test_a_token_works_and_what_is_lacking_is_said(outside: Outside) -> None:
    answers = examined(outside, **with_token(github_repositories=("acme/shop", "acme/nope"), poll_interval=60))
    assert missing(answers) == {"acme/nope"}
    assert answers["acme/nope"].text == "the token cannot read it (GitHub answers 404)"
    assert answers["check runs"].state == "warning"
    assert answers["GITHUB_WEBHOOK_SECRET"].text == "not set; polling every 60 s instead"
    assert answers["HTTP mode"].state == "ok"


def test_a_token_that_was_revoked(outside: Outside) -> None:
    outside.answers["/github/user"] = (401, {"message": "Bad credentials"})
    answers = examined(outside, **with_token(github_webhook_secret=CANARIES[0]))
    assert missing(answers) == {"GITHUB_TOKEN"}


def test_scopes_that_slack_did_not_grant(outside: Outside, key: str) -> None:
    outside.scopes = "chat:write,commands"
    answers = examined(outside, **everything(key))
    lacking = {f"scope {scope}" for scope in set(SCOPES) - {"chat:write", "commands"}}
    assert {subject for subject in answers if subject.startswith("scope ")} == lacking
    assert missing(answers) == lacking - {f"scope {scope}" for scope in SPARE}


def test_the_scopes_are_those_of_the_manifest() -> None:
    manifest = json.loads((ROOT / "slack-manifest.json").read_text())
    assert list(SCOPES) == manifest["oauth_config"]["scopes"]["bot"]
    assert set(SCOPES) >= SPARE


@pytest.mark.parametrize(("given", "lacking"), [
    ({"github_oauth_client_id": "Iv1", "github_oauth_client_secret": "canary"}, "PUBLIC_URL"),
    ({"github_oauth_client_id": "Iv1", "public_url": "https://x.example.com"}, "GITHUB_OAUTH_CLIENT_SECRET"),
    ({"github_oauth_client_secret": "canary"}, "GITHUB_OAUTH_CLIENT_ID and PUBLIC_URL"),
])  # fmt: skip
def test_linking_that_is_set_up_by_half_is_said(
    outside: Outside, key: str, given: dict[str, object], lacking: str
) -> None:
    answers = examined(outside, **everything(key), **given)
    assert missing(answers) == set()
    assert answers["linking"] == Answer(
        "warning", "linking", f"/runbook link is off: set {lacking} too (docs/github.md)"
    )


def test_linking_that_is_set_up_is_said_with_its_address(outside: Outside, key: str) -> None:
    given = {
        "github_oauth_client_id": "Iv1",
        "github_oauth_client_secret": "canary",
        "public_url": "https://x.example.com",
    }
    answers = examined(outside, **everything(key), **given)
    assert answers["linking"] == Answer("ok", "linking", "browsers have to reach https://x.example.com/link")


@pytest.mark.parametrize(
    ("method", "word", "subject"),
    [
        ("auth.test", "token_revoked", "SLACK_BOT_TOKEN"),
        ("apps.connections.open", "not_allowed_token_type", "SLACK_APP_TOKEN"),
        ("conversations.info", "channel_not_found", "channel C012AB3CD"),
    ],
)
def test_slacks_own_word_is_passed_on(outside: Outside, key: str, method: str, word: str, subject: str) -> None:
    outside.slack(method, ok=False, error=word)
    answers = examined(outside, **everything(key))
    assert missing(answers) == {subject}
    assert word in answers[subject].text


@pytest.mark.parametrize(
    ("channel", "word"),
    [({"is_archived": True}, "archived"), ({"is_private": True, "is_member": False}, "invite"),
     ({"is_private": False, "is_member": False}, "invite"), ({"is_member": None}, "invite")],
)  # fmt: skip
def test_channels_that_cannot_be_posted_to(outside: Outside, key: str, channel: dict[str, Any], word: str) -> None:
    outside.slack("conversations.info", ok=True, channel={"name": "on-call", "is_member": True, **channel})
    answers = examined(outside, **everything(key))
    assert missing(answers) == {"channel C012AB3CD"}
    assert word in answers["channel C012AB3CD"].text


def test_a_conversation_with_one_person_needs_no_invitation(outside: Outside, key: str) -> None:
    outside.slack("conversations.info", ok=True, channel={"is_im": True})
    assert missing(examined(outside, **everything(key))) == set()


def test_neither_socket_mode_nor_http_mode(outside: Outside, key: str) -> None:
    answers = examined(outside, **{**everything(key), "slack_app_token": "", "public_url": "https://x.example.com"})
    assert missing(answers) == {"Slack"}


def test_services_that_cannot_be_reached(key: str) -> None:
    settings = load(
        **{**everything(key), "github_api_url": "http://127.0.0.1:9", "slack_api_url": "http://127.0.0.1:9/api/"}
    )
    answers = {answer.subject: answer for answer in doctor.examine(settings, look)}
    assert missing(answers) == {"GitHub", "Slack"}
    assert "127.0.0.1:9 cannot be reached" in answers["GitHub"].text


def test_a_state_directory_that_cannot_be_written(key: str) -> None:
    Path("file").write_text("")
    settings = load(**everything(key), state_dir=Path("file/state"), database_url="sqlite:///elsewhere.db")
    answers = {answer.subject: answer for answer in (doctor._disk(settings), doctor._database(settings, look))}
    assert missing(answers) == {"STATE_DIR"}
    assert "cannot be written" in answers["STATE_DIR"].text


def test_less_room_than_may_be_used_is_a_warning(key: str) -> None:
    settings = load(**{**everything(key), "checkout_bytes": 10**18})
    assert doctor._disk(settings).state == "warning"


def test_a_state_directory_that_is_not_there_is_not_made(key: str) -> None:
    settings = load(**everything(key), state_dir=Path("a/b/state"))
    answer = doctor._disk(settings)
    assert answer.state == "ok"
    assert "made at the first start" in answer.text
    assert not Path("a").exists()


def test_what_the_database_says_is_passed_on_without_its_password(key: str) -> None:
    def refuses(url: str) -> str:
        raise BotError(f"cannot open {url}")

    settings = load(**everything(key), database_url="postgresql://drift:canary@db/drift")
    answer = doctor._database(settings, refuses)
    assert answer.state == "missing"
    assert "canary" not in answer.text


def test_git_that_is_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor._git() == Answer("missing", "git", "not found; install git 2.39 or newer")


@pytest.mark.parametrize(("version", "state"), [("2.39.5", "ok"), ("2.40.1.windows.1", "ok"), ("2.30.2", "missing")])
def test_git_that_is_too_old(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, state: str) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho git version {version}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert doctor._git().state == state


def test_the_report_counts_and_exits() -> None:
    said: list[str] = []
    answers = [
        Answer("ok", "git", "2.39.5"),
        Answer("missing", "x", "Bearer canary-token"),
        Answer("warning", "y", "z"),
    ]
    assert doctor.report(iter(answers), said.append) == 1
    assert said == ["ok       git: 2.39.5\n", "MISSING  x: [redacted]\n", "warning  y: z\n", "1 missing\n"]
    assert doctor.report(iter(answers[:1]), said.append) == 0
    assert said[-1] == "all is there\n"
    assert "canary" not in json.dumps(said)
