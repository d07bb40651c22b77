"""The web: deliveries in, status out. Every route answers fast; work is only ordered here.

``GET /healthz`` says that the process runs, ``/readyz`` that it can do its work, ``/metrics`` is for Prometheus,
``/api`` wants the bearer token of the settings and is off without one.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from prometheus_client import generate_latest
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from bot import agenda, service
from bot.answers import find_service, service_json, services_json
from bot.context import Bot
from bot.forges import webhooks
from bot.model import BotError, PullRef, plain
from bot.observe import DELIVERIES, REGISTRY, log
from bot.ports import Unavailable
from bot.reminders.nouns import Due

MAX_BODY = 25_000_000
"""Bytes; GitHub's own limit for a delivery ("Webhook events and payloads", GitHub documentation)."""

Handler = Callable[[Request], Awaitable[Response]]


class Web:
    """The routes over a started bot. ``ready`` says what is missing (empty: nothing); ``slack`` handles HTTP mode."""

    def __init__(
        self,
        bot: Bot,
        *,
        webhook_secret: str,
        api_token: str = "",
        ready: Callable[[], str] = lambda: "",
        slack: Handler | None = None,
        before_metrics: Callable[[], None] = lambda: None,
        more: tuple[Route, ...] = (),
        schedule: Callable[[int], Iterable[tuple[datetime, Due]]] = lambda days: (),
        lifespan: Lifespan[Starlette] | None = None,
    ) -> None:
        self._bot, self._secret, self._token = bot, webhook_secret, api_token
        self._ready, self._before_metrics, self._schedule = ready, before_metrics, schedule
        routes = [
            Route("/github/webhook", self.github, methods=["POST"]),
            Route("/healthz", self.health),
            Route("/readyz", self.readiness),
            Route("/metrics", self.metrics),
            *more,
        ]
        if slack is not None:
            routes.append(Route("/slack/events", slack, methods=["POST"]))
        if api_token:
            routes += [
                Route("/api/services", self._guarded(self.services)),
                Route("/api/services/{name:path}", self._guarded(self.service)),
                Route("/api/pulls/{owner}/{repo}/{number}", self._guarded(self.pull)),
                Route("/api/schedule", self._guarded(self.schedule)),
            ]
        self.app = Starlette(routes=routes, lifespan=lifespan)

    # -- deliveries --

    async def github(self, request: Request) -> Response:
        """A delivery: verified, ordered durably, then answered. 401 for a bad signature, 202 for all that is well."""
        try:
            body = await _body(request)
        except (_TooLarge, ClientDisconnect):
            return _counted("too large", JSONResponse({"error": "the payload is too large"}, 413))
        if not self._secret or not webhooks.verify(self._secret, body, request.headers.get("x-hub-signature-256", "")):
            return _counted("forged", JSONResponse({"error": "the signature does not fit"}, 401))
        event = request.headers.get("x-github-event", "")
        delivery = request.headers.get("x-github-delivery", "")
        if not event or not delivery or len(delivery) > 100:
            return _counted("malformed", JSONResponse({"error": "a header is missing"}, 400))
        try:
            payload = json.loads(body)
            incoming = webhooks.parse(event, payload, delivery=delivery) if isinstance(payload, dict) else None
        except (ValueError, RecursionError):
            return _counted("malformed", JSONResponse({"error": "the payload cannot be read"}, 400))
        if incoming is None:
            return _counted("ignored", JSONResponse({"done": "ignored"}, 202))
        try:
            if self._bot.jobs.at_once and service.only_orders(incoming):
                done = service.receive(self._bot, incoming)
            else:
                done = await asyncio.to_thread(service.receive, self._bot, incoming)
        except Unavailable:
            return _counted("unavailable", JSONResponse({"error": "try again"}, 503, {"Retry-After": "5"}))
        return _counted(done, JSONResponse({"done": done}, 202))

    # -- health --

    async def health(self, _request: Request) -> Response:
        """The process runs."""
        return PlainTextResponse("ok\n")

    async def readiness(self, _request: Request) -> Response:
        """Database and jobs can be used; 503 with a reason while they cannot."""
        missing = await asyncio.to_thread(self._ready)
        return PlainTextResponse(f"{missing or 'ready'}\n", 503 if missing else 200)

    async def metrics(self, _request: Request) -> Response:
        """Prometheus text."""
        await asyncio.to_thread(self._before_metrics)
        return Response(generate_latest(REGISTRY), media_type="text/plain; version=0.0.4; charset=utf-8")

    # -- api --

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            right = hmac.compare_digest(token.strip().encode(), self._token.encode())
            if scheme.lower() != "bearer" or not right:
                return JSONResponse({"error": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
            try:
                return await handler(request)
            except Unavailable:
                return JSONResponse({"error": "try again"}, 503, {"Retry-After": "5"})

        return guarded

    async def services(self, _request: Request) -> Response:
        """All services with their runbooks, owners and open drift."""
        # Tens of megabytes with much drift: also rendered beside the event loop, which others wait for.
        body = await asyncio.to_thread(lambda: to_json({"services": services_json(self._bot)}))
        return Response(body, media_type="application/json")

    async def service(self, request: Request) -> Response:
        """One service; 404 with the nearest names."""
        name = request.path_params["name"]
        found = await asyncio.to_thread(find_service, self._bot, name)
        if not found.services:
            return JSONResponse({"error": f"no service {name[:100]!r}", "nearest": list(found.nearest)}, 404)
        return JSONResponse(await asyncio.to_thread(service_json, self._bot, found.services[0].name))

    async def pull(self, request: Request) -> Response:
        """What is known of a pull request."""
        values = request.path_params
        try:
            ref = PullRef.parse(f"{values['owner']}/{values['repo']}#{values['number']}"[:300])
        except ValueError:
            return JSONResponse({"error": "a pull request has a number"}, 404)
        ref = await asyncio.to_thread(self._bot.store.spelled, ref)
        pull = await asyncio.to_thread(self._bot.store.pull, ref)
        review = await asyncio.to_thread(self._bot.store.review, ref)
        if pull is None or review is None:
            return JSONResponse({"error": f"{ref.key[:200]} has not been reviewed"}, 404)
        shown = {
            "pull": ref.key, "title": pull.title, "state": pull.state.value, "draft": pull.draft,
            "head": review.head, "conclusion": review.conclusion.value, "failure": review.failure,
            "items": [plain(item) for item in review.items],
            "outcomes": [plain(outcome) for outcome in review.outcomes],
        }  # fmt: skip
        return JSONResponse(shown)

    async def schedule(self, request: Request) -> Response:
        """Who would get what and when, ``?next=7d``; 400 for a span that is none."""
        try:
            days = agenda.days_of(request.query_params.get("next", "7d"))
        except BotError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        planned = await asyncio.to_thread(lambda: agenda.as_json(self._schedule(days)))
        return JSONResponse({"next_days": days, "messages": planned})


class _TooLarge(Exception):  # noqa: N818 - private
    pass


async def _body(request: Request) -> bytes:
    """The body, as long as it is not too large; what it says of its own length is not believed."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)


def _counted(outcome: str, response: Response) -> Response:
    DELIVERIES.labels("github", outcome).inc()
    if response.status_code >= 400:
        log.warning("delivery", outcome=outcome)
    return response
