"""A public repository's merged changes as a bot lives through them: its real use cases, store, reviews and reminders,
with a forge and a Slack that keep what they hear. Nothing goes out.

Every change is a pull request that was opened some time before its merge. Everybody lives in UTC; whoever wrote a
commit or is named in ``CODEOWNERS`` is on Slack under a name of their own, bots are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from analyzers.model import DriftError
from benchmarks.noisepast import REPO, Change
from bot import debt, service
from bot.app import AllPages
from bot.context import Bot, Rules
from bot.model import (
    Checkout,
    CommitAuthor,
    Drift,
    Pull,
    PullRef,
    PullState,
    Review,
    ReviewOrder,
    Ruling,
    Surface,
)
from bot.ports import AnalysisFailed, Message
from bot.remind import Reminders
from bot.reminders.addresses import Book
from bot.reminders.calendar import work_days
from bot.reminders.nouns import Recipient
from bot.slack.tallies import SlackNotices
from bot.store import SqlStore
from bot.worker import review
from runbooks.model import Decision, Status
from runbooks.shelf import Library
from tests.bot.fakes import FakeChat, FakeClock, FakeForge, FakeJobs, FakePresence

ROOM = "C0DEFAULT"
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_CONFIGURES = re.compile(r"\.(md|markdown|mdx|toml|ya?ml)$|CODEOWNERS$", re.IGNORECASE)


@dataclass
class Forge(FakeForge):
    """Pull requests as they were opened and merged, and a branch that moves."""

    bases: dict[str, str] = field(default_factory=dict)
    at_tip: str = ""

    def merge_base(self, repo: str, base: str, head: str) -> str:
        """What the change was made on."""
        return self.bases[head]

    def tip(self, repo: str, branch: str = "") -> tuple[str, str]:
        """The branch now."""
        return branch or "main", self.at_tip

    def authors(self, ref: PullRef) -> tuple[CommitAuthor, ...]:
        """Whoever opened it."""
        author = self.pulls[ref].author
        return (CommitAuthor(author, author, ""),)


@dataclass(frozen=True)
class Fetcher:
    """Everything lies in the mirror already."""

    mirror: str

    def prepare(self, pull: Pull, merge_base: str, policy_revision: str, *, landed: bool = False) -> Checkout:
        """Where it lies."""
        return Checkout(self.mirror, merge_base, pull.head_sha, policy_revision)


class Analyst:
    """The bot's review, remembered: worlds in which people act differently ask much the same. A change that landed is
    judged again only when a commit touched the runbooks or the code of its drift (``moved``)."""

    def __init__(self) -> None:
        self._library = Library(limit=2000)
        self._known: dict[tuple[str, str, str, bool], Review | AnalysisFailed] = {}
        self._landed: dict[PullRef, Review] = {}
        self.failures: dict[str, str] = {}

    def review(self, order: ReviewOrder) -> Review:
        """One review."""
        found = self._landed.get(order.ref) if order.landed else None
        if found is None:
            found = self._made(order)
        if order.landed:
            self._landed[order.ref] = found
        return replace(found, ref=order.ref)

    def moved(self, paths: frozenset[str]) -> bool:
        """A commit landed; whether something has to be judged again."""
        stale = [ref for ref, found in self._landed.items() if paths & _read(found)]
        for ref in stale:
            del self._landed[ref]
        return bool(stale)

    def begin(self) -> None:
        """Another world begins."""
        self._landed.clear()

    def _made(self, order: ReviewOrder) -> Review:
        checkout = order.checkout
        key = (checkout.base, checkout.head, checkout.policy_revision, order.landed)
        if key not in self._known:
            try:
                self._known[key] = review(order, self._library)
            except DriftError as problem:
                self._known[key] = AnalysisFailed(str(problem), poison=True)
                self.failures[checkout.head] = type(problem).__name__
        found = self._known[key]
        if isinstance(found, AnalysisFailed):
            raise found
        return found


def _read(found: Review) -> set[str]:
    return {path for item in found.items for path in (item.runbook, item.code_path) if path}


@dataclass(frozen=True)
class Heard:
    """A message that somebody got: when, who (the key of a recipient), and what it was: ``alert``, ``mentioned`` (in
    a message to a channel), or the kind of a reminder."""

    at: datetime
    who: str
    what: str


@dataclass
class Chat(FakeChat):
    """Slack, with who heard what. Changed messages and replies in threads notify nobody."""

    clock: FakeClock = field(default_factory=FakeClock)
    heard: list[Heard] = field(default_factory=list)

    def post(self, channel: str, message: Message, *, key: str, thread: str = "") -> str:
        """Keep a message, and who hears of it."""
        known = len(self.keys)
        ts = super().post(channel, message, key=key, thread=thread)
        if len(self.keys) > known and not thread:
            kind, _, rest = key.partition(":")
            place, _, _ = rest.partition(":")
            what = kind if place in {"person", "channel"} else "alert"
            who = f"person:U{channel[1:]}" if place == "person" else f"channel:{channel}"
            self.heard.append(Heard(self.clock.at, who, what))
            if place != "person":
                pinged = sorted(set(_MENTION.findall(str(message))))
                self.heard += [Heard(self.clock.at, f"person:{user}", "mentioned") for user in pinged]
        return ts


class Town:
    """A bot and the repository around it. ``acknowledged_after`` is after how many working days owners say that a
    section is still accurate; None for never."""

    def __init__(
        self, store: SqlStore, mirror: Path, analyst: Analyst, known: Mapping[str, str], start: datetime,
        acknowledged_after: int | None = None,
    ) -> None:  # fmt: skip
        self.clock = FakeClock(start)
        self.chat = Chat(clock=self.clock)
        self.forge, self.jobs, self._analyst, self._store = Forge({}), FakeJobs(), analyst, store
        self._after = acknowledged_after
        rules = Rules(default_channel=ROOM, people=dict(known), opt_in=(REPO.partition("/")[0],))
        self.bot = Bot(
            self.forge, Fetcher(str(mirror)), analyst, self.chat, store, self.jobs, AllPages("https://github.example"),
            self.clock, rules,
        )  # fmt: skip
        self.reminders = Reminders(self.bot, store, FakePresence(), SlackNotices("https://github.example"), self.jobs)
        self.owners: dict[Recipient, datetime] = {}
        """Who owns runbooks, and since when they are known to."""
        self.opened = self.acknowledged = self.left = 0
        analyst.begin()

    def begin(self, base: str) -> None:
        """The branch before the first change."""
        self.forge.at_tip = base
        self._refresh()

    def open(self, change: Change) -> None:
        """A pull request is opened."""
        self.forge.bases[change.head] = change.base
        self.forge.pulls[change.ref] = Pull(
            change.ref, change.title, change.author, PullState.OPEN, False, "main", change.base, change.head, REPO,
            f"https://github.example/{REPO}/pull/{change.number}",
        )  # fmt: skip
        try:
            self.opened += service.review(self.bot, change.ref) == "drift"
        except AnalysisFailed:
            return
        service.announce(self.bot, change.ref)

    def merge(self, change: Change) -> None:
        """It is merged, and the branch moves."""
        known = self.forge.pulls[change.ref]
        self.forge.pulls[change.ref] = replace(known, state=PullState.MERGED, merged_sha=change.head)
        self.forge.at_tip = change.head
        service.review(self.bot, change.ref)
        service.announce(self.bot, change.ref)
        found = self._store.review(change.ref)
        if any(_CONFIGURES.search(path) for path in change.paths):
            self._refresh()
        if self._analyst.moved(change.paths) or (found is not None and found.drift):
            debt.rejudge(self.bot, REPO)
        self.jobs.run(self.bot)

    def tick(self) -> None:
        """A tick of the reminders, and what people do."""
        self.reminders.tick()
        keys, self.jobs.reminders = self.jobs.reminders, []
        for key in keys:
            self.reminders.send(key)
        if self._after is not None:
            for drift in self._store.drift(repo=REPO):
                if work_days("", ()).between(drift.opened_at.date(), self.clock.at.date()) >= self._after:
                    self._acknowledge(drift)

    def _acknowledge(self, drift: Drift) -> None:
        item, at = drift.item, self.clock.at
        said = Decision(
            item.fingerprint, item.values_hash, item.section_hash, Status.ACKNOWLEDGED, "@owner", "still right", None
        )
        self._store.rule([Ruling(said, REPO, drift.ref, "@owner", Surface.BUTTON, at)])
        self._store.close_drift(REPO, item.fingerprint, at, "acknowledged by @owner: still right")
        self.acknowledged += 1

    def _refresh(self) -> None:
        service.refresh(self.bot, REPO)
        services = self._store.services()
        book = Book(self.bot.directory(), services, self.bot.rules, lambda _: "")
        for known in services:
            for owner in (*known.owners, *(owner for runbook in known.runbooks for owner in runbook.owners)):
                for recipient in book.of(owner.handle, known.name, known.repo):
                    self.owners.setdefault(recipient, self.clock.at)


def lived(town: Town, changes: list[Change], open_for: timedelta, tick: timedelta) -> Iterator[datetime]:
    """Live through the changes in the order of time, with ticks between them; yields at the beginning of each week."""
    events: list[tuple[datetime, int, Callable[[], None]]] = []
    for change in changes:
        events.append((change.at - open_for, 0, partial(town.open, change)))
        events.append((change.at, 1, partial(town.merge, change)))
    begin = town.clock.at
    now, end = begin, changes[-1].at
    while now < end:
        events.append((now, 2, town.tick))
        now += tick
    week = None
    for at, _, happens in sorted(events, key=lambda event: event[:2]):
        town.clock.at = max(begin, at)
        if at.isocalendar()[:2] != week:
            week = at.isocalendar()[:2]
            yield at
        happens()
