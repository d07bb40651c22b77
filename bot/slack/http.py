"""Slack's HTTP mode: a Starlette handler around a Bolt app, which checks signature and time itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from slack_bolt import App, BoltRequest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

MAX_BODY = 3_000_000
"""Bytes; a submitted view with its values is a tenth of it."""


def slack_events(app: App) -> Callable[[Request], Awaitable[Response]]:
    """The handler. The app runs in a thread: Bolt's own Starlette adapter would hold up the event loop."""

    async def handle(request: Request) -> Response:
        body = b""
        try:
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    return Response("too large", 413)
        except ClientDisconnect:
            return Response("", 400)
        headers: dict[str, str | Sequence[str]] = dict(request.headers.items())
        asked = BoltRequest(body=body.decode("utf-8", "replace"), query=str(request.url.query), headers=headers)
        said = await asyncio.to_thread(app.dispatch, asked)
        response = Response(said.body, said.status)
        for name, values in said.headers.items():
            for value in values:
                response.headers.append(name, value)
        return response

    return handle
