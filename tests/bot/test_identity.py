"""Linking a Slack user and a GitHub login."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from fakes import world
from serving import served
from starlette.applications import Starlette

from bot.context import Bot
from bot.identity import MINUTES, Identity
from bot.model import Person, Proof
from bot.ports import Store
from bot.settings import load


class GitHubLogin(BaseHTTPRequestHandler):
    """Confirms one code."""

    def _say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        right = asked["code"] == "good" and asked["client_secret"] == "oauth secret"
        self._say({"access_token": "t"} if right else {"error": "bad_verification_code"})

    def do_GET(self) -> None:
        self._say({"login": "Olga" if self.headers["Authorization"] == "Bearer t" else ""})

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def github() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), GitHubLogin)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bot(store: Store) -> Bot:
    return world(store)


@pytest.fixture
def identity(bot: Bot, github: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Identity:
    monkeypatch.chdir(tmp_path)
    settings = load(
        github_web_url=github, github_api_url=github, public_url="http://bot.example",
        github_oauth_client_id="client", github_oauth_client_secret="oauth secret",
    )  # fmt: skip
    return Identity(bot, settings)


@pytest.fixture
def address(identity: Identity) -> Iterator[str]:
    with served(Starlette(routes=list(identity.routes()))) as where:
        yield where


def walk(address: str, identity: Identity, slack: str = "U0OLGA", code: str = "good") -> requests.Response:
    """From the link to the page that asks."""
    begin = identity.link(slack).replace("http://bot.example", address)
    sent = requests.get(begin, allow_redirects=False, timeout=5)
    assert sent.status_code == 302
    state = re.search(r"state=([\w-]+)", sent.headers["Location"])
    assert state
    return requests.get(f"{address}/link/back", params={"state": state.group(1), "code": code}, timeout=5)


def form(page: requests.Response) -> str:
    found = re.search(r'value="([\w-]+)"', page.text)
    assert found
    return found.group(1)


def test_a_login_is_linked_after_a_click_and_carries_rights(bot: Bot, identity: Identity, address: str) -> None:
    page = walk(address, identity)
    assert "Olga" in page.text
    assert "U0OLGA" in page.text
    assert bot.store.people() == ()  # nothing before the click

    done = requests.post(f"{address}/link/confirm", data={"state": form(page)}, timeout=5)
    assert done.status_code == 200
    assert bot.store.people() == (Person("olga", "U0OLGA", Proof.OAUTH),)
    assert [record.kind for record in bot.store.evidence()] == ["link"]


def test_a_code_that_github_does_not_confirm_links_nobody(bot: Bot, identity: Identity, address: str) -> None:
    assert walk(address, identity, code="bad").status_code == 502
    assert bot.store.people() == ()


@pytest.mark.parametrize("state", ["", "x", "AAAA", "é", "a" * 5000])
def test_a_forged_state_leads_nowhere(address: str, state: str) -> None:
    assert requests.get(f"{address}/link", params={"state": state}, timeout=5).status_code == 400
    assert requests.get(f"{address}/link/back", params={"state": state, "code": "good"}, timeout=5).status_code == 400
    assert requests.post(f"{address}/link/confirm", data={"state": state}, timeout=5).status_code == 400
    many = {f"field{n}": "x" for n in range(9)}
    assert requests.post(f"{address}/link/confirm", data=many, timeout=5).status_code == 400


def test_a_state_is_good_for_its_own_step_only(address: str, identity: Identity) -> None:
    begin = identity.link("U0OLGA").partition("state=")[2]
    assert requests.post(f"{address}/link/confirm", data={"state": begin}, timeout=5).status_code == 400


def test_a_link_ends(address: str, identity: Identity) -> None:
    begin = identity.link("U0OLGA").replace("http://bot.example", address)
    later = identity._clock() + MINUTES * 60 + 1
    identity._clock = lambda: later
    assert requests.get(begin, allow_redirects=False, timeout=5).status_code == 400


def test_pages_cannot_be_framed_or_scripted(address: str, identity: Identity) -> None:
    page = walk(address, identity)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_without_settings_linking_is_off(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    off = Identity(bot, load())
    assert (off.link("U0OLGA"), off.routes()) == ("", ())
