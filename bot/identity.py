"""A Slack user proves a GitHub login, by GitHub's OAuth web flow.

The state of the flow is signed, names the Slack user and ends after ten minutes. Before anything is linked the page
says who would be linked to whom and wants a click: else somebody could send their own link to a colleague, whose
GitHub login would then speak for the sender's Slack account.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import html
import json
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

import requests
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.context import Bot
from bot.model import BotError, Person, Proof
from bot.observe import log
from bot.settings import Settings

MINUTES = 10
"""How long a link is good for."""

_SLACK = re.compile(r"[UW][A-Z0-9]{2,20}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Identity:
    """The three pages of the flow. ``clock`` gives seconds since 1970."""

    def __init__(self, bot: Bot, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._bot, self._settings, self._clock = bot, settings, clock
        self._secret = settings.github_oauth_client_secret.get_secret_value()

    @property
    def on(self) -> bool:
        """Whether linking is set up."""
        return bool(self._secret and self._settings.github_oauth_client_id and self._settings.public_url)

    def link(self, slack: str) -> str:
        """The address at which a Slack user begins; empty where linking is off."""
        if not self.on or not _SLACK.fullmatch(slack):
            return ""
        return f"{self._settings.public_url}/link?{urlencode({'state': self._signed('begin', slack)})}"

    def routes(self) -> tuple[Route, ...]:
        """The routes, none where linking is off."""
        if not self.on:
            return ()
        return (
            Route("/link", self.begin),
            Route("/link/back", self.back),
            Route("/link/confirm", self.confirm, methods=["POST"]),
        )

    async def begin(self, request: Request) -> Response:
        """Send the browser to GitHub."""
        kept = self._opened("begin", request.query_params.get("state", ""))
        if kept is None:
            return _page("This link has ended. Ask for a new one with /runbook link.", 400)
        query = urlencode(
            {
                "client_id": self._settings.github_oauth_client_id,
                "redirect_uri": f"{self._settings.public_url}/link/back",
                "state": self._signed("back", kept[0]),
                "allow_signup": "false",
            }
        )
        return RedirectResponse(f"{self._settings.github_web_url}/login/oauth/authorize?{query}", 302, _SAFE)

    async def back(self, request: Request) -> Response:
        """GitHub says who it is; ask whether the two belong together."""
        kept = self._opened("back", request.query_params.get("state", ""))
        code = request.query_params.get("code", "")
        if kept is None or not code or len(code) > 200:
            return _page("This link has ended. Ask for a new one with /runbook link.", 400)
        try:
            login = await asyncio.to_thread(self._login, code)
        except BotError as problem:
            return _page(str(problem), 502)
        form = (
            f"<form method=post action=/link/confirm><input type=hidden name=state "
            f'value="{html.escape(self._signed("confirm", kept[0], login))}"><button>Link them</button></form>'
        )
        text = (
            f"GitHub says that you are <b>{html.escape(login)}</b>. Link this login to the Slack user "
            f"<b>{html.escape(kept[0])}</b>? Do so only if you asked for this link yourself: that Slack user will be "
            f"able to decide on drift in your name."
        )
        return HTMLResponse(f"<!doctype html><meta charset=utf-8><title>Link</title><p>{text}</p>{form}", 200, _SAFE)

    async def confirm(self, request: Request) -> Response:
        """Link them."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > 10_000:
                return _page("That is not our form.", 413)
        try:
            form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=5)
        except ValueError:
            return _page("That is not our form.", 400)
        kept = self._opened("confirm", form.get("state", [""])[0])
        if kept is None:
            return _page("This page has ended. Ask for a new link with /runbook link.", 400)
        person = Person(kept[1], kept[0], Proof.OAUTH)
        await asyncio.to_thread(self._remember, person)
        return _page(f"Done: {person.login} is linked to your Slack account. You can close this page.", 200)

    def _remember(self, person: Person) -> None:
        at = self._bot.clock.now()
        self._bot.store.link(person, at)
        self._bot.store.append("link", "", person.login, {"slack": person.slack, "proof": person.proof.value}, at)

    def _login(self, code: str) -> str:
        try:
            answer = requests.post(
                f"{self._settings.github_web_url}/login/oauth/access_token",
                json={
                    "client_id": self._settings.github_oauth_client_id, "client_secret": self._secret, "code": code,
                },
                headers={"Accept": "application/json"}, timeout=10, allow_redirects=False,
            )  # fmt: skip
            token = str(answer.json().get("access_token", "")) if answer.status_code == 200 else ""
            if not token:
                raise BotError("GitHub did not confirm who you are; ask for a new link with /runbook link.")
            said = requests.get(
                f"{self._settings.github_api_url}/user",
                headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
                timeout=10, allow_redirects=False,
            )  # fmt: skip
            login = str(said.json().get("login", ""))
        except (requests.RequestException, ValueError, AttributeError) as problem:
            log.warning("oauth failed", error=type(problem).__name__)
            raise BotError("GitHub cannot be asked at the moment; try again.") from None
        if not _LOGIN.fullmatch(login):
            raise BotError("GitHub did not say who you are.")
        return login

    # -- state --

    def _signed(self, step: str, *values: str) -> str:
        body = json.dumps([step, int(self._clock()) + MINUTES * 60, *values]).encode()
        mark = hmac.new(self._secret.encode(), b"runbook-drift link\0" + body, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mark + body).decode().rstrip("=")

    def _opened(self, step: str, text: str) -> list[str] | None:
        """The values of a state of ours for this step; None when it is forged, old, or another step's."""
        try:
            data = base64.urlsafe_b64decode(text[:2000] + "=" * (-len(text[:2000]) % 4))
        except ValueError:
            return None
        mark, body = data[:32], data[32:]
        right = hmac.new(self._secret.encode(), b"runbook-drift link\0" + body, hashlib.sha256).digest()
        if not hmac.compare_digest(mark, right):
            return None
        kept_step, end, *values = json.loads(body)
        return values if kept_step == step and end >= self._clock() else None


def _page(text: str, status: int) -> HTMLResponse:
    page = f"<!doctype html><meta charset=utf-8><title>runbook-drift</title><p>{html.escape(text)}</p>"
    return HTMLResponse(page, status, _SAFE)
