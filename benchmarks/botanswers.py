"""What an answer costs with many services and much open drift: `/runbook`, App Home and the API, from the store alone.

The store is the bot's own on SQLite; a team of a few has most of what is open, as teams do. Seconds are those of this
process on a processor (the server of the API is in it too), because others on the machine spoil the clock's.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import requests
from sqlalchemy import insert

from benchmarks.botspeed import Line
from bot.context import Bot, Rules
from bot.model import OwnerName, RunbookStatus, ServiceStatus, encoded
from bot.remind import Reminders
from bot.slack.listeners import Listeners
from bot.slack.tallies import SlackNotices
from bot.store import SqlStore, open_store
from bot.store.base import seconds
from bot.store.schema import drifts
from bot.web import Web
from runbooks.model import Status
from tests.bot.fakes import FakeChat, FakeClock, FakeJobs, FakePresence, item, world
from tests.bot.serving import served

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEB = "https://github.example"
TOKEN = "the api token"
GOAL = 1.0
"""Seconds in which a person is answered."""
REPOSITORIES, PEOPLE = 200, 2_000
GROUP = "S0TEAM"
MEMBER, BUSY = "U0000001", "U0000000"


@dataclass(frozen=True)
class Question:
    """What is asked, by its row in the table."""

    what: str
    ask: Callable[[], object]


def filled(folder: Path, services: int, open_drifts: int) -> tuple[SqlStore, Bot]:
    """A store with so many services (three runbooks each) and so much open drift, and a bot over it. One person in a
    hundred drifts is ``BUSY``; a team has one in ten, and ``MEMBER`` is in it."""
    r = Random(1)
    store = open_store(f"sqlite:///{folder}/bot.db")
    for repo in range(REPOSITORIES):
        own = [service(n, r) for n in range(repo, services, REPOSITORIES)]
        store.save_services(f"acme/r{repo}", own, AT)
    with store.writing() as connection:
        rows = [drifted(n, services, r) for n in range(open_drifts)]
        for first in range(0, len(rows), 1_000):
            connection.execute(insert(drifts), rows[first : first + 1_000])
    people = {f"u{n}": f"U{n:07d}" for n in range(PEOPLE)}
    rules = Rules(default_channel="C0ALL", people=people, teams={"@acme/team": GROUP})
    bot = world(store, clock=FakeClock(AT), rules=rules)
    assert isinstance(bot.chat, FakeChat)
    bot.chat.groups[GROUP] = (MEMBER, BUSY)
    return store, bot


def service(n: int, r: Random) -> ServiceStatus:
    """A service with three runbooks, some of them late."""
    owner = (OwnerName(f"@u{r.randrange(PEOPLE)}", "user", "CODEOWNERS"),)
    books = tuple(
        RunbookStatus(f"docs/runbooks/s{n}/{k}.md", f"Restarting part {k}", owner, 90,
                      AT.date() - timedelta(days=r.randrange(120)), 5)
        for k in range(3)
    )  # fmt: skip
    return ServiceStatus(called(n), f"acme/r{n % REPOSITORIES}", "configuration", owner, "C0SHOP", "", books)


def called(n: int) -> str:
    """The name of a service."""
    return f"{('payments', 'search', 'mail', 'billing')[n % 4]}-{n}"


def drifted(n: int, services: int, r: Random) -> dict[str, object]:
    """A row of open drift of some service."""
    of, status = r.randrange(services), r.choice((Status.CONTRADICTED, Status.SUSPECT))
    chance = r.random()
    handle = "@u0" if chance < 0.01 else "@acme/team" if chance < 0.1 else f"@u{r.randrange(PEOPLE)}"
    owners = (OwnerName(handle, "user", "CODEOWNERS"),)
    since = seconds(AT - timedelta(minutes=r.randrange(40 * 1440)))
    found = item(status=status, fingerprint=f"{n:016x}", service=called(of), owners=owners, runbook=f"docs/{n}.md")
    return {
        "repo": f"acme/r{of % REPOSITORIES}", "fingerprint": found.fingerprint, "number": n, "service": called(of),
        "assignee": GROUP if r.random() < 0.02 else "", "merged": True, "rank": int(status is Status.SUSPECT),
        "opened_at": since, "closed_at": None, "closed_by": "", "item": encoded(found), "merged_at": since,
        "snoozed_until": "", "snoozes": 0, "handles": json.dumps([handle]),
    }  # fmt: skip


def answers(folder: Path, services: int, open_drifts: int) -> list[Line]:
    """The rows: median and dearest of each question; how large App Home is against Slack's limits."""
    store, bot = filled(folder, services, open_drifts)
    reminders = Reminders(bot, store, FakePresence(), SlackNotices(WEB), FakeJobs())
    listeners = Listeners(bot, WEB, reminding=reminders)
    lines = [Line("services / open drifts / people", f"{services:,} / {open_drifts:,} / {PEOPLE:,}")]
    name = store.services()[services // 2].name
    with served(Web(bot, webhook_secret="", api_token=TOKEN).app) as address:
        for question in _questions(listeners, address, name):
            first, *others = [_seconds(question.ask) for _ in range(4)]
            dearest = max(first, *others)
            value = f"{1000 * statistics.median(others):.0f} / {1000 * dearest:.0f} ms"
            lines.append(Line(f"{question.what}: median / dearest", value, "≤ 1 s", dearest <= GOAL))
    view = listeners.home_of(MEMBER)
    blocks, longest = _size(view)
    size = f"{blocks} blocks, {longest:,} characters, {len(json.dumps(view)):,} bytes"
    fits = blocks <= 100 and longest <= 3_000
    return [*lines, Line("App Home: blocks, longest text, all", size, "≤ 100, ≤ 3,000", fits)]


def _questions(listeners: Listeners, address: str, name: str) -> Iterator[Question]:
    asked = partial(listeners.reply, user=MEMBER)
    yield Question("`/runbook status NAME`", partial(asked, "status", name))
    yield Question("`/runbook status` of an unknown name", partial(asked, "status", name.replace("-", "_x")))
    yield Question("`/runbook owners`", partial(asked, "owners", ""))
    yield Question("`/runbook list`", partial(asked, "list", ""))
    yield Question("`/runbook mine`, of a person in a large team", partial(asked, "mine", ""))
    yield Question("App Home", partial(listeners.home_of, MEMBER))
    yield Question("`GET /api/services/NAME`", partial(_get, f"{address}/api/services/{name}", 200))
    yield Question("`GET /api/services/NAME`, unknown", partial(_get, f"{address}/api/services/{name}x", 404))
    yield Question("`GET /api/services`", partial(_get, f"{address}/api/services", 200))


def _get(address: str, status: int) -> None:
    said = requests.get(address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=600)
    assert said.status_code == status, said.text[:200]


def _seconds(ask: Callable[[], object]) -> float:
    begin = time.process_time()
    ask()
    return time.process_time() - begin


def _size(view: Mapping[str, Any]) -> tuple[int, int]:
    texts = [block["text"]["text"] for block in view["blocks"] if "text" in block]
    texts += [part["text"] for block in view["blocks"] for part in block.get("elements", ()) if "text" in part]
    return len(view["blocks"]), max(map(len, texts))
