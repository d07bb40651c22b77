"""Socket Mode against a loopback websocket: what Slack sends is acknowledged and answered."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.server import ServerConnection, serve

from tests.integration.conftest import World
from tests.integration.server import Server, press, slash, until
from tests.integration.standins import FULL

pytestmark = pytest.mark.integration


class Door:
    """The websocket that Slack would offer: one connection at a time; ``send`` waits for the acknowledgement."""

    def __init__(self) -> None:
        self.connected = threading.Event()
        self.connections = 0
        self._out: queue.Queue[str | None] = queue.Queue()
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()

    def handle(self, connection: ServerConnection) -> None:
        """Say hello, then pass messages both ways until the test hangs up."""
        connection.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}}))
        self.connections += 1
        reader = threading.Thread(target=self._read, args=(connection,), daemon=True)
        reader.start()
        self.connected.set()
        while (message := self._out.get()) is not None:
            connection.send(message)
        connection.close()

    def _read(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosedError):  # Slack's client leaves without a word
            for message in connection:
                told = json.loads(message)
                if "envelope_id" in told:
                    self._said.put(told)

    def send(self, kind: str, payload: dict[str, Any], identity: str) -> dict[str, Any]:
        """Send one envelope; its acknowledgement."""
        envelope = {"type": kind, "envelope_id": identity, "payload": payload, "accepts_response_payload": True}
        self._out.put(json.dumps(envelope))
        told = self._said.get(timeout=10)
        assert told["envelope_id"] == identity
        return told

    def hang_up(self) -> None:
        """End the connection."""
        self.connected.clear()
        self._out.put(None)


@contextmanager
def door() -> Iterator[tuple[Door, str]]:
    made = Door()
    with serve(made.handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made, f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        finally:
            made.hang_up()
            server.shutdown()
            thread.join()


def _served(world: World) -> Server:
    return world.server(SLACK_APP_TOKEN="xapp-canary-0123456789", SLACK_SIGNING_SECRET="").start()


def test_commands_and_buttons_arrive_without_a_public_address(world: World) -> None:
    with door() as (slack, address):
        world.slack.socket = address
        server = _served(world)
        assert slack.connected.wait(20)
        pull = world.change("shorter", 300)
        server.deliver_pull("opened", pull)
        world.message("Sessions live 300 seconds")

        answer = slack.send("slash_commands", slash("status shop", world.people["ann"], world.channel), "e1")
        assert "docs/runbooks/shop.md" in str(answer["payload"]["blocks"])

        trigger = world.trigger("ann")
        slack.send("interactive", press("snooze", f"{FULL}#1", world.people["ann"], world.channel, trigger), "e2")
        view = until(lambda: world.slack.made("views.open"), "a modal")[-1].body["view"]
        assert view["callback_id"] == "snooze_view"

        mention = {
            "type": "event_callback", "event_id": "Ev1", "team_id": "T000000001", "api_app_id": "A1",
            "event": {"type": "app_mention", "user": world.people["ann"], "text": "<@U000000001> status shop",
                      "ts": world.messages()[0]["ts"], "channel": world.channel},
        }  # fmt: skip
        slack.send("events_api", mention, "e3")
        until(lambda: "docs/runbooks/shop.md" in str(_replies(world)), "an answer in the thread")
        slack.send("events_api", mention, "e4")
        world.quiet(server)
        assert len(_replies(world)) == 2, "the message and one answer: an event that comes twice is answered once"

        slack.hang_up()
        assert slack.connected.wait(30), "it connects again by itself"
        until(lambda: server.ask("GET", "/readyz")[0] == 200, "ready again")
        server.stop()


def _replies(world: World) -> list[dict[str, Any]]:
    first = world.messages()[0]["ts"]
    found: list[dict[str, Any]] = world.slack.call("conversations.replies", channel=world.channel, ts=first)["messages"]
    return found
