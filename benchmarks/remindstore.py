"""A world of reminders in a store of the bot on SQLite, for ``benchmarks/reminders.py``: put there row by row, read
back by the bot's own ``Scene``."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from benchmarks.botspeed import Line
from bot.context import Bot, Rules
from bot.model import OwnerName, PullState, RunbookStatus, ServiceStatus, encoded
from bot.remind import Reminders
from bot.reminders.board import Board, World
from bot.reminders.letters import Letters
from bot.reminders.nouns import Due, OpenItem, ReviewDue
from bot.reminders.plan import Memory, due
from bot.reminders.scene import Scene
from bot.slack.tallies import SlackNotices
from bot.store import SqlStore, open_store
from bot.store.base import seconds
from bot.store.schema import availability, drifts, pulls
from runbooks.model import Status
from tests.bot.fakes import FakeClock, FakeJobs, FakePresence, item, pull, world

EVERY = 90
"""Days between two reviews of each runbook."""


def filled(made: World, directory: Path, at: datetime) -> tuple[SqlStore, Bot, FakeClock]:
    """A store that holds a world, and a bot over it that knows its people."""
    store = open_store(f"sqlite:///{directory}/bot.db")
    people = {slack[1:]: slack.upper() for slack in made.availability}
    with store.writing() as connection:
        connection.execute(insert(drifts), list(map(_drift, made.items)))
        connection.execute(insert(pulls), [_pull(one, at) for one in made.items])
        for slack, known in made.availability.items():
            row = {"slack": slack.upper(), "at": seconds(at), "body": encoded(known)}
            store.put(connection, availability, row)
    for repo, services in _services(made).items():
        store.save_services(repo, services, at)
    clock = FakeClock(at)
    bot = world(store, clock=clock, rules=Rules(default_channel="C0ALL", people=people))
    return store, bot, clock


def _drift(one: OpenItem) -> dict[str, object]:
    owners = tuple(OwnerName(handle, "user", "CODEOWNERS") for handle in one.handles)
    shown = item(status=one.status, fingerprint=one.fingerprint, service=one.service, owners=owners)
    since = seconds(one.since)
    return {
        "repo": one.repo, "fingerprint": one.fingerprint, "number": one.number, "service": one.service, "assignee": "",
        "merged": one.merged, "rank": int(one.status is not Status.CONTRADICTED), "opened_at": since,
        "closed_at": None, "closed_by": "", "item": encoded(shown), "merged_at": since if one.merged else None,
        "snoozed_until": "", "snoozes": 0, "handles": json.dumps(one.handles),
    }  # fmt: skip


def _pull(one: OpenItem, at: datetime) -> dict[str, object]:
    state = PullState.MERGED if one.merged else PullState.OPEN
    told = pull(author=one.author.removeprefix("@"), state=state)
    return {
        "repo": one.repo, "number": one.number, "state": state.value, "head": told.head_sha, "at": seconds(at),
        "body": encoded(told), "author": told.author,
    }  # fmt: skip


def _services(made: World) -> dict[str, list[ServiceStatus]]:
    books: defaultdict[tuple[str, str], list[RunbookStatus]] = defaultdict(list)
    for review in made.reviews:
        books[review.repo, review.service].append(_book(review))
    found: defaultdict[str, list[ServiceStatus]] = defaultdict(list)
    for (repo, name), policy in made.policies.items():
        runbooks = tuple(books[repo, name])
        found[repo].append(ServiceStatus(name, repo, "configuration", (), f"C{name.upper()}0", "", runbooks, policy))
    return found


def _book(review: ReviewDue) -> RunbookStatus:
    owners = tuple(OwnerName(handle, "user", "CODEOWNERS") for handle in review.handles)
    return RunbookStatus(review.path, "Restarting it", owners, EVERY, review.due - timedelta(days=EVERY), 5)


def from_sqlite(
    made: World, start: datetime
) -> tuple[
    Callable[[datetime], tuple[World, Memory]],
    Callable[[Sequence[Due], datetime], None],
    Callable[[datetime], Iterator[Line]],
]:
    """What a tick reads from a store, what it puts there when messages went out, and what single questions cost."""
    kept = tempfile.TemporaryDirectory()
    store, bot, clock = filled(made, Path(kept.name), start)
    scene = Scene(bot, store, FakePresence())

    def source(now: datetime, _kept: object = kept) -> tuple[World, Memory]:
        clock.at = now
        return scene.world(), scene.memory(now.date())

    def keep(messages: Sequence[Due], now: datetime) -> None:
        for message in messages:
            store.claim(message, now)
            store.sent(message.key, "", message.told, now)

    def more(now: datetime) -> Iterator[Line]:
        clock.at = now
        reminders = Reminders(bot, store, FakePresence(), SlackNotices("https://github.example"), FakeJobs())
        letters = Letters(bot, store, SlackNotices("https://github.example"), Scene(bot, store, FakePresence()))
        messages = [one for one in due(Board(scene.world()), now, Memory(frozenset(), {})) if one.entries][:100]
        took = [_seconds(partial(letters.first, one, now)) for one in messages]
        yield Line(f"one message, of {len(took)}: median / dearest", _ms(statistics.median(took[1:]), max(took[1:])))
        people = [message.recipient.id for message in messages]
        first, *others = [_seconds(partial(reminders.reviews_of, who)) for who in people]
        mine = statistics.median(others)
        yield Line("the reviews of `/runbook mine`: median / dearest", _ms(mine, max(others)), "≤ 50 ms", mine <= 0.05)
        yield Line("— before the first tick of a process", _ms(first))
        asked = _seconds(partial(reminders.digest_now, people[0]))
        yield Line("`/runbook digest now`", _ms(asked), "≤ 3 s", asked <= 3)

    return source, keep, more


def _seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _ms(*seconds: float) -> str:
    return " / ".join(f"{1000 * one:.0f}" for one in seconds) + " ms"
