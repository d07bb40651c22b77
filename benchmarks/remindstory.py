"""A month of made-up drift for ``remindkills.py``, put into a store of the bot as it happens, and its Slack."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.model import OwnerName, PullRef, RunbookStatus, ServiceStatus
from bot.store import SqlStore
from demo.bot.slackstand import Slack, User
from demo.bot.standins import Answer
from runbooks.model import Status
from tests.bot.fakes import item, pull, review
from tests.bot.reminders.slowmodel import Message
from tests.bot.reminders.stories import REPO, ZONES, Review, Story, Thing, story

EVERY = 90
"""Days between two reviews of each runbook."""
DEFAULT = "C000ALL"
Happening = tuple[datetime, int, Callable[[SqlStore], object]]


def made(seed: int, start: datetime, days: int, things: int, owners: int, services: int) -> Story:
    """A story in which all that happens happens on the hour, and of people only the time zone is known, as of Slack.
    Drift is snoozed after its merge alone: before it, the end of a snooze orders a review of the pull request."""
    tale = story(seed, start, days, things, owners, services)
    chance = random.Random(seed)
    for person in tale.people.values():
        person.moves = [(start - timedelta(days=400), chance.choice((*ZONES, "")))]
        person.hours, person.country, person.days_off, person.dnd = "", "", (), []
        person.quiet = [(_hour(a), _hour(b)) for a, b in person.quiet if _hour(a) < _hour(b)]
        person.left = start - timedelta(days=1) if person.left else None
    for thing in tale.things:
        thing.opened = _hour(thing.opened)
        thing.merged = _hour(thing.merged) if thing.merged else None
        thing.closed = _hour(thing.closed) if thing.closed else None
        merged = thing.merged
        thing.snoozes = [(_hour(at), until) for at, until in thing.snoozes if merged and merged <= _hour(at)]
        thing.handovers = [(_hour(at), to) for at, to in thing.handovers]
    for one in tale.reviews:
        one.done = _hour(one.done) + timedelta(hours=1) if one.done else None
    return tale


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


# -- names: the story's are short, Slack's and the forge's have a form ----------------------------------------------


def user(name: str) -> str:
    """``P3`` as a Slack user."""
    return f"U000{name}"


def room(service: str) -> str:
    """A service's channel."""
    return f"C000{service.upper()}"


def handle(name: str) -> str:
    """``@team-s3`` as a team of the forge's; people and nobody are as they are."""
    return f"@shop/{name[6:]}" if name.startswith("@team-") else name


def in_story(message: Message) -> Message:
    """A message with the story's name of its recipient."""
    at, kind, who, subject, day, lines = message
    who = re.sub(r"^person:U000", "person:", who)
    who = re.sub(r"^channel:C000(\w+)$", lambda found: f"channel:C-{found[1].lower()}", who)
    return at, kind, who, subject, day, lines


# -- the store -------------------------------------------------------------------------------------------------------


def services(tale: Story) -> list[ServiceStatus]:
    """Every service with its runbooks."""
    books: dict[str, list[RunbookStatus]] = {name: [] for name in tale.policies}
    for one in tale.reviews:
        last = one.due - timedelta(days=EVERY)
        books[one.service].append(RunbookStatus(one.path, "Restarting it", _owners(one), EVERY, last, 5))
    return [
        ServiceStatus(
            name, REPO, "configuration", (), room(name), "@p0" if name < "s3" else "", tuple(books[name]), policy
        )
        for name, policy in tale.policies.items()
    ]


def _owners(of: Thing | Review) -> tuple[OwnerName, ...]:
    return tuple(OwnerName(handle(h), "team" if h.startswith("@team-") else "user", "CODEOWNERS") for h in of.handles)


def happenings(tale: Story) -> list[Happening]:
    """All that happens, in the order of time; each is done once, by whoever moves the clock."""
    found: list[Happening] = []
    for number, thing in enumerate(tale.things, start=1):
        found += _of_thing(thing, PullRef(REPO, number))
    for one in tale.reviews:
        if at := one.done:
            found.append((at, 5, partial(SqlStore.reviewed, repo=REPO, path=one.path, by="@p0", on=at.date(), at=at)))
    for person in tale.people.values():
        for begin, end in person.quiet:
            found.append((begin, 6, partial(SqlStore.quiet, slack=user(person.slack), until=end, at=begin)))
    return sorted(found, key=lambda one: one[:2])


def _of_thing(thing: Thing, ref: PullRef) -> list[Happening]:
    def opened(store: SqlStore) -> None:
        status = Status.CONTRADICTED if thing.contradicted else Status.SUSPECT
        shown = item(status=status, fingerprint=thing.key, service=thing.service, owners=_owners(thing))
        store.save_pull(pull(ref=ref, author=thing.author.removeprefix("@")), thing.opened)
        store.open_drift(review(shown, ref=ref), thing.opened)

    found: list[Happening] = [(thing.opened, 0, opened)]
    if at := thing.merged:
        found.append((at, 1, partial(SqlStore.settle, ref=ref, merged=True, at=at)))
    for at, until in thing.snoozes:
        found.append((at, 2, partial(SqlStore.snooze_drift, repo=REPO, fingerprint=thing.key, until=until, at=at)))
    for at, to in thing.handovers:
        to = user(to[1:].upper())
        found.append((at, 3, partial(SqlStore.assign, repo=REPO, fingerprint=thing.key, assignee=to, at=at)))
    if at := thing.closed:
        found.append((at, 4, partial(SqlStore.close_drift, repo=REPO, fingerprint=thing.key, at=at, by="a commit")))
    return found


# -- Slack -----------------------------------------------------------------------------------------------------------


class Room(Slack):
    """Slack that takes its time, has enough of it now and then (429), and tells before and after it does something who
    asks for what: ``watch(caller, method, done)``. What is asked of GitHub is not found."""

    def __init__(self, tale: Story, seed: int = 1) -> None:
        self.watch: Callable[[str, str, bool], None] = lambda caller, method, done: None
        self._chance, self._one = random.Random(seed), threading.Lock()
        self.refused = 0
        channels = {room(name): name for name in tale.policies} | {DEFAULT: "all"}
        people = {user(p.slack): User(p.moves[0][1], left=p.left is not None) for p in tale.people.values()}
        super().__init__(channels, {}, people)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked was killed

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One call."""
        if not path.startswith("/slack/"):
            return 404, {"Content-Type": "application/json"}, b'{"message": "Not Found"}'
        name = path.rpartition("/")[2]
        token = next((value for key, value in headers.items() if key.lower() == "authorization"), "")
        with self._one:
            wait, enough = self._chance.uniform(0, 0.03), self._chance.random() < 0.01
        if enough and name == "chat.postMessage":
            self.refused += 1
            limited = {"Content-Type": "application/json", "Retry-After": "1"}
            return 429, limited, json.dumps({"ok": False, "error": "ratelimited"}).encode()
        self.watch(token[-1:], name, False)
        time.sleep(wait / 2 if name.startswith(("chat.", "conversations.")) else 0)
        said = super().answer(method, path, body, headers)
        self.watch(token[-1:], name, True)
        time.sleep(wait / 2 if name.startswith(("chat.", "conversations.")) else 0)
        return said

    def keys(self) -> list[str]:
        """The keys of all messages, in the order in which they came."""
        with self._guard:
            return [key_of(message) for message in self.messages]


def key_of(message: Mapping[str, Any]) -> str:
    """The key that a message carries."""
    return str(message["metadata"]["event_payload"]["key"])
