"""The world of the integration tests: emulate, repositories, PostgreSQL, the bot as a process. Everything on loopback,
on free ports, and gone afterwards.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.bot.postgres import postgres_server, postgres_url
from tests.integration import node, shop
from tests.integration.server import Server, until
from tests.integration.standins import (
    AUTHOR,
    CHANNEL,
    FULL,
    OWNER_OF_RUNBOOK,
    STRANGER,
    Emulated,
    GitHubFront,
    Repository,
    SlackFront,
)

__all__ = ["postgres_server", "postgres_url"]


@dataclass
class World:
    """GitHub, Slack and the bot, as one test sees them."""

    folder: Path
    github: GitHubFront
    slack: SlackFront
    repository: Repository
    private_key: str
    people: dict[str, str]
    channel: str
    servers: list[Server] = field(default_factory=list)

    def server(self, **settings: str) -> Server:
        """A bot, not started yet; all bots of a test that use SQLite share one state directory."""
        folder = self.folder / f"bot-{len(self.servers)}"
        settings = {"STATE_DIR": str(self.folder / "state"), **settings}
        linked = {OWNER_OF_RUNBOOK: self.people[OWNER_OF_RUNBOOK], AUTHOR: self.people[AUTHOR]}
        made = Server(folder, self.github, self.slack, self.private_key, linked, **settings)
        self.servers.append(made)
        return made

    def begin(self) -> None:
        """The shop's main branch."""
        self.repository.work.commit(dict(shop.BASE))
        self.repository.push("main")

    def change(self, branch: str, seconds: int, minutes: int = 60) -> dict[str, Any]:
        """Open a pull request that changes how long sessions live; the runbook says ``minutes``."""
        work = self.repository.work
        work.switch("main")
        work.branch(branch)
        work.commit({shop.SETTINGS: shop.settings(seconds), shop.RUNBOOK: shop.runbook(minutes)}, f"Live {seconds} s")
        self.repository.push(branch)
        return self.repository.open(branch, f"Sessions live {seconds} seconds")

    def again(self, pull: dict[str, Any], seconds: int, minutes: int = 60) -> dict[str, Any]:
        """Push to a pull request; how GitHub shows it then."""
        work = self.repository.work
        work.switch(pull["head"]["ref"])
        work.commit({shop.SETTINGS: shop.settings(seconds), shop.RUNBOOK: shop.runbook(minutes)}, f"Live {seconds} s")
        self.repository.push(pull["head"]["ref"])
        told: dict[str, Any] = self.repository.pull(pull["number"])
        return told

    def messages(self) -> list[dict[str, Any]]:
        """What stands in the channel, oldest first; threads left out."""
        found: list[dict[str, Any]] = self.slack.call("conversations.history", channel=self.channel)["messages"]
        return found[::-1]

    def message(self, holds: str, seconds: float = 60.0) -> dict[str, Any]:
        """The message that says something, once it is there."""

        def found() -> dict[str, Any] | None:
            return next((message for message in self.messages() if holds in str(message)), None)

        try:
            return until(found, f"a message with {holds!r} in the channel", seconds) or {}
        except AssertionError as problem:
            logs = "\n".join(server.log()[-3000:] for server in self.servers)
            raise AssertionError(f"{problem}\nin the channel: {self.messages()}\nlogs: {logs}") from None

    def check(self, sha: str, conclusion: str, seconds: float = 60.0) -> dict[str, Any]:
        """The newest check run of a commit, once it has that conclusion."""

        def found() -> dict[str, Any] | None:
            runs = self.repository.check_runs(sha)
            return runs[0] if runs and runs[0]["conclusion"] == conclusion else None

        return until(found, f"a check run of {sha[:8]} with the conclusion {conclusion}", seconds) or {}

    def quiet(self, server: Server, seconds: float = 20.0) -> None:
        """Wait until the bot has nothing left to do."""

        def idle() -> bool:
            said = server.ask("GET", "/metrics")[1].decode()
            depths = [line for line in said.splitlines() if line.startswith("runbook_drift_queue_depth{")]
            return len(depths) == 3 and all(float(line.rsplit(" ", 1)[1]) == 0 for line in depths)

        until(idle, f"the queues are empty; the log:\n{server.log()[-3000:]}", seconds)

    def trigger(self, login: str) -> str:
        """What Slack would send along with a press of a button, for opening a modal."""
        made: str = self.slack.call("views.generateTriggerId", user_id=self.people[login])["trigger_id"]
        return made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh world with the shop's main branch; servers that the test made are stopped."""
    if not node.installed():
        pytest.fail("what comes from npm is not installed: run `make test-integration`")
    emulated = Emulated()
    projects = tmp_path / "projects"
    github, slack = GitHubFront(emulated.github, projects), SlackFront(emulated.slack)
    (projects / FULL).mkdir(parents=True)
    found = {
        login: slack.call("users.lookupByEmail", email=f"{login}@example.com")["user"]["id"]
        for login in (OWNER_OF_RUNBOOK, AUTHOR, STRANGER)
    }
    channels = slack.call("conversations.list")["channels"]
    channel = next(entry["id"] for entry in channels if entry["name"] == CHANNEL)
    made = World(tmp_path, github, slack, Repository(github, projects), emulated.private_key, found, channel)
    made.begin()
    try:
        yield made
        for server in made.servers:
            assert "Traceback" not in server.log()
            assert server.stop() in {0, -signal.SIGTERM}
    finally:
        for server in made.servers:
            if server.process is not None and server.process.poll() is None:
                server.kill()
        github.stop()
        slack.stop()
        emulated.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings that choose a database: a test that asks for this runs on both."""
    if request.param == "sqlite":
        return {}
    return {"DATABASE_URL": str(request.getfixturevalue("postgres_url"))}
