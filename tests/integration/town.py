"""The whole bot in this process, on a clock of its own, between the stand-ins for GitHub and Slack: HTTP, git, the
store, the jobs and the workers are real. Months pass in seconds.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import Application
from bot.settings import Settings
from bot.slack.preview import terminal
from demo.bot.outside import Outside, buttons
from demo.bot.shop import settings
from demo.bot.slackstand import Slack, User
from demo.bot.standins import GitHub, Opened
from tests.bot.serving import served
from tests.repositories import TempRepo

ROOM, HALL, TEAM = "C0PAYMENTS", "C0HALL", "S0PLATFORM"
DANA, PAT, SAM, LEE = "U0DANA", "U0PAT", "U0SAM", "U0LEE"
PEOPLE = {
    DANA: User("Europe/Berlin"), PAT: User("Asia/Kolkata"), SAM: User("Europe/Lisbon"), LEE: User("America/New_York"),
}  # fmt: skip
CONFIG = """\
[services.payments]
paths = ["payments/**"]
runbooks = ["docs/runbooks/**"]
owners = ["@pat", "@sam"]
channel = "#payments"
escalation = ["@lee"]

[reminders]
timezone = "Europe/Berlin"
holidays = "DE-BE"
"""
SETTINGS, RUNBOOK = "payments/settings.py", "docs/runbooks/sessions.md"


SECTIONS = {
    "SESSION_TTL_SECONDS": "A stolen session",
    "LOCK_TTL_SECONDS": "A stuck lock",
    "CACHE_TTL_SECONDS": "A stale page",
}


def code(**seconds: int) -> str:
    """The service's settings: an hour each, unless told otherwise."""
    return "".join(f"{name} = {seconds.get(name.split('_')[0].lower(), 3600)}\n" for name in SECTIONS)


def runbook(front: str = "", **minutes: int) -> str:
    """The runbook, a section for each setting: 60 minutes, unless told otherwise."""
    told = "".join(
        f"\n## {title}\n\n`{name}` is {minutes.get(name.split('_')[0].lower(), 60)} minutes.\n"
        for name, title in SECTIONS.items()
    )
    return f"{front}# Sessions\n{told}"


class TownClock:
    """A clock that stands until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Town:
    """GitHub, Slack, a clock, and a bot between them that may be restarted."""

    def __init__(self, folder: Path, config: str, front: str, clock: TownClock) -> None:
        self._folder, self.clock = folder, clock
        repository = TempRepo(folder / "payments")
        repository.commit({".runbook-drift.toml": config, SETTINGS: code(), RUNBOOK: runbook(front)})
        self.github = GitHub(folder / "payments")
        self.github.pulls.clear()
        self.slack = Slack(
            {ROOM: "payments", HALL: "hall"}, {TEAM: (PAT, SAM)}, {user: User(p.timezone) for user, p in PEOPLE.items()}
        )
        said = settings(self.github, self.slack, folder / "state", 0)
        said |= {
            "SLACK_DEFAULT_CHANNEL": HALL, "API_TOKEN": "canary-api-token", "TEAMS": f"@shop/platform={TEAM}",
            "PEOPLE": f"dana={DANA},pat={PAT},sam={SAM},lee={LEE}",
        }  # fmt: skip
        self._settings = Settings.model_validate({name.lower(): value for name, value in said.items()})
        self._open = ExitStack()
        self.start()

    def start(self) -> None:
        """Build and start the bot, on the state that is there."""
        self.application = Application(self._settings, self.clock)
        url = self._open.enter_context(served(self.application.web.app))
        self.outside = Outside(int(url.rpartition(":")[2]))

    def restart(self) -> None:
        """End the bot and start another one in its place."""
        self._open.close()
        self.start()

    def stop(self) -> None:
        """End everything."""
        self._open.close()
        self.github.stop()
        self.slack.stop()

    # -- time --

    def at(self, text: str) -> Town:
        """Set the clock: ``2026-11-03 08:00``, UTC."""
        self.clock.at = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return self

    def tick(self) -> list[tuple[str, str]]:
        """A tick of the reminders and all that comes of it: channel and first line of each new message."""
        known = len(self.slack.messages)
        self.application.reminders.tick()
        self.quiet()
        return [(m["channel"], terminal(m).split("\n")[0]) for m in self.slack.messages[known:]]

    def days(self, first: str, last: str, *hours: str) -> dict[str, list[tuple[str, str]]]:
        """Ticks at these hours (UTC) of each day from one to another; what was posted, by the time."""
        heard, day, end = {}, datetime.fromisoformat(first), datetime.fromisoformat(last)
        while day <= end:
            for hour in hours:
                at = f"{day:%Y-%m-%d} {hour}"
                if found := self.at(at).tick():
                    heard[f"{day:%a} {at}"] = found
            day += timedelta(days=1)
        return heard

    def quiet(self) -> None:
        """Wait until nothing is left to do."""
        deadline = time.monotonic() + 30
        while any(self.application.jobs.depth().values()):
            assert time.monotonic() < deadline, self.application.jobs.depth()
            time.sleep(0.02)

    # -- as GitHub --

    def open(self, number: int, files: Mapping[str, str], title: str, author: str = "dana") -> None:
        """A pull request against main."""
        branch = f"change-{number}"
        self.github.git("switch", "--quiet", "main")
        self.github.commit(branch, files, title)
        self.github.pulls[number] = Opened(branch, title, author)
        self.told("opened", number)

    def merge(self, number: int) -> None:
        """A pull request is merged."""
        self.github.merge(number)
        self.told("closed", number)
        self.pushed()

    def push(self, files: Mapping[str, str], message: str) -> None:
        """A commit on main."""
        self.github.commit("main", files, message)
        self.pushed()

    def pushed(self) -> None:
        assert self.outside.deliver_push(self.github) == 202
        self.quiet()

    def told(self, action: str, number: int) -> None:
        assert self.outside.deliver_pull(action, self.github.pull(number)) == 202
        self.quiet()

    # -- as people in Slack --

    def command(self, user: str, text: str) -> str:
        """``/runbook TEXT``; the answer as text."""
        answer = self.outside.command(user, text, ROOM)
        self.quiet()
        return terminal(answer)

    def decide(self, user: str, message: Mapping[str, Any], label: str, *entered: Mapping[str, Any]) -> str:
        """Press a button of a message, fill the modal, submit; what the person is told."""
        views, whispers = len(self.slack.views), len(self.slack.whispers)
        self.press(user, message, label)
        (view,) = self.slack.views[views:]
        self.outside.submit(user, view, {block: value for part in entered for block, value in part.items()})
        self.quiet()
        (told,) = self.slack.whispers[whispers:]
        return str(told["text"])

    def press(self, user: str, message: Mapping[str, Any], label: str) -> None:
        """Press a button; of several with the same name the one of ``label#2``, ``label#3``."""
        wanted, _, number = label.partition("#")
        same = [(action, value) for name, action, value in buttons(message) if name == wanted]
        action, value = same[int(number or 1) - 1]
        self.outside.press(user, str(message["channel"]), action, value)
        self.quiet()

    # -- what was seen --

    def last(self, channel: str) -> dict[str, Any]:
        """The newest message of a channel that is no reply."""
        return self.slack.top(channel)[-1]

    def api(self, path: str) -> Any:
        """An answer of the bot's own API."""
        status, said = self.outside.ask("GET", path, Authorization="Bearer canary-api-token")
        assert status == 200, said
        return json.loads(said)

    def planned(self, span: str) -> list[tuple[str, str, str]]:
        """The schedule of the bot's own API: when (UTC), to whom, what."""
        found = self.api(f"/api/schedule?next={span}")["messages"]
        return [(m["at"].replace("T", " ")[:16], m["to"], m["kind"]) for m in found]

    def evidence(self) -> list[dict[str, Any]]:
        """The chain of evidence."""
        return [{"kind": record.kind, "subject": record.subject} for record in self.application.store.evidence()]


def text(message: Mapping[str, object]) -> str:
    """A message as people see it, without marks of bold."""
    return re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"\1", terminal(message, 200))


def direct(user: str) -> str:
    """The conversation with a user."""
    return f"D{user[1:]}"
