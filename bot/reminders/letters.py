"""What the row of a message says at the time it is sent, and what a digest says that was sent before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from bot.context import Bot
from bot.model import BotError, Drift, content_hash
from bot.ports import Message
from bot.reminders import ladder
from bot.reminders.board import Board, World
from bot.reminders.calendar import zone
from bot.reminders.notices import HANDED_OVER, Absent, Line, Notices, ReviewLine, Settled, Tally, Waiting
from bot.reminders.nouns import Audience, Due, Entry, Kind, OpenItem, Recipient, ReviewDue
from bot.reminders.ports import Ledger
from bot.reminders.scene import Scene

AnyLine = Line | ReviewLine | Settled
Letter = tuple[Message | None, Due, str]
"""The message (None: nothing is left to say), its entries that it shows, and what tells whether it says the same."""

BRANCH = timedelta(days=1)
"""How long the name of a default branch is believed."""
_COMMIT = re.compile(r"\b([0-9a-f]{7})[0-9a-f]{33}\b")


class Letters:
    """Gathers what a message says. Safe to use from several threads."""

    def __init__(self, bot: Bot, ledger: Ledger, notices: Notices, scene: Scene) -> None:
        self._bot, self._ledger, self._notices, self._scene = bot, ledger, notices, scene
        self._branches: dict[str, tuple[str, datetime]] = {}

    def first(self, asked: Due, now: datetime) -> Letter:
        """What a row says now: those of its entries that still hold."""
        if asked.kind is Kind.WEEKLY:
            return self._weekly(asked, now), asked, ""
        if asked.kind is Kind.MONTHLY:
            return self._monthly(asked), asked, ""
        if asked.kind is Kind.NOTE:
            absent = self._absent(asked, self._scene.world())
            return (self._notices.note(asked, absent) if absent else None), asked, ""
        lines = [line for line in self._lines(asked, now) if not isinstance(line, Settled)]
        if not any(line.entry.fresh for line in lines):
            return None, asked, ""
        kept = replace(asked, entries=tuple(line.entry for line in lines))
        return self._notices.digest(kept, lines, self._bot.directory(), now), kept, _content(lines)

    def again(self, sent: Due, now: datetime) -> Letter:
        """What a digest that was sent says now: all of its entries, and what became of those that are settled."""
        lines = list(self._lines(sent, now))
        return self._notices.digest(sent, lines, self._bot.directory(), now), sent, _content(lines)

    # -- digests --

    def _lines(self, asked: Due, now: datetime) -> Iterator[AnyLine]:
        keys = [entry.key for entry in asked.entries]
        world = self._scene.near(keys)
        board = Board(world)
        items = {item.key: item for item in world.items}
        drift = self._ledger.drift_of(keys)
        books = {(repo, path.rpartition("@")[0]) for repo, _, path in (key.partition(":") for key in keys)}
        reviews = {found.due.key: found for found in self._scene.reviews(books - {(repo, "") for repo, _ in books})}
        for entry in asked.entries:
            if entry.phase != ladder.REVIEW:
                yield self._line(entry, asked, now.date(), world, board, items.get(entry.key), drift.get(entry.key))
            elif entry.key in reviews:
                of = reviews[entry.key]
                branch = self._branch(of.due.repo, now)
                yield ReviewLine(entry, of.due, of.runbook.title, of.last, of.by, of.every, branch)
            else:
                yield Settled(entry, "reviewed, or no longer to be reviewed")

    def _line(
        self, entry: Entry, asked: Due, today: date, world: World, board: Board, item: OpenItem | None,
        drift: Drift | None,
    ) -> AnyLine:  # fmt: skip
        """An item as it is now. One that was told of before its merge stays what it was: that is another ladder."""
        if item is None or drift is None:
            return Settled(entry, _how(drift), drift=drift)
        if ladder.snoozed(item, max(asked.day, today)):
            return Settled(entry, f"snoozed until {drift.snoozed_until}", True, drift)
        if entry.phase == ladder.OPEN and item.merged and not asked.ts:
            return Settled(entry, "merged", drift=drift)
        policy = board.policy(item.repo, item.service)
        _, steps = ladder.ladder(replace(item, merged=entry.phase == ladder.MERGED), policy)
        owned = entry.step < len(steps) and steps[entry.step].audience is Audience.OWNER
        if asked.ts and drift.assignee and owned and asked.recipient not in board.owner_of(item):
            return Settled(entry, HANDED_OVER, drift=drift)
        to = board.hears(entry.following.audience, item) if entry.following else ()
        return Line(entry, _with_present(drift, world), steps, self._bot.store.pull(drift.ref), to)

    def _branch(self, repo: str, now: datetime) -> str:
        """The default branch, which the forge's editor needs; empty while nobody says."""
        known = self._branches.get(repo)
        if known is None or not known[1] <= now < known[1] + BRANCH:
            try:
                known = (self._bot.forge.tip(repo)[0], now)
            except BotError:
                return known[0] if known else ""
            self._branches[repo] = known
        return known[0]

    # -- channels --

    def _absent(self, asked: Due, world: World) -> list[Absent]:
        board = Board(world)
        waiting: list[OpenItem | ReviewDue] = [*world.items, *world.reviews]
        found: list[Absent] = []
        for service, handle in dict.fromkeys((entry.service, entry.about) for entry in asked.entries):
            goes: defaultdict[tuple[Recipient, ...], list[OpenItem | ReviewDue]] = defaultdict(list)
            for of in waiting:
                if of.service == service and handle in board.missing(of):
                    goes[board.owner_of(of)].append(of)
            for to, theirs in goes.items():
                reviews = sum(isinstance(of, ReviewDue) for of in theirs)
                left = _left(handle, service, theirs[0].repo, world)
                found.append(Absent(handle, service, left, len(theirs) - reviews, reviews, to))
        return found

    def _weekly(self, asked: Due, now: datetime) -> Message | None:
        end = asked.day - timedelta(days=asked.day.weekday())  # the digest may come later than on Monday
        world = self._scene.near(())
        span = _Span(asked.subject, Board(world).timezone(asked.recipient), _elsewhere(asked, world))
        tally = self._tally(span, end - _WEEK, end, end - 2 * _WEEK)
        waiting = [
            Waiting(_with_present(drift, world), pull.author if (pull := self._bot.store.pull(drift.ref)) else "")
            for drift in self._bot.store.drift(service=asked.subject)
            if drift.repo not in span.without and drift.opened_at < span.midnight(end) and not drift.asleep(asked.day)
        ]
        if not (waiting or tally.now.opened or tally.now.closed):
            return None
        return self._notices.weekly(asked, tally, waiting, self._bot.directory(), now)

    def _monthly(self, asked: Due) -> Message | None:
        """The month before, unless nothing was open, opened or closed in it or in the one before it."""
        end = asked.day.replace(day=1)
        since = (end - timedelta(days=1)).replace(day=1)
        before = (since - timedelta(days=1)).replace(day=1)
        where = Board(self._scene.near(())).timezone(asked.recipient)
        names = sorted({service.name for service in self._bot.store.services() if service.name})
        whole = self._tally(_Span("", where), since, end, before)
        if not any(n.opened or n.closed or n.open_now for n in (whole.now, whole.before)):
            return None
        return self._notices.monthly(
            asked, whole, [self._tally(_Span(name, where), since, end, before) for name in names]
        )

    def _tally(self, span: _Span, since: date, end: date, before: date) -> Tally:
        """The numbers from one day to another (the first one on which they do not count), and from ``before`` on."""
        starts = [span.midnight(day) for day in (before, since, end)]
        then, now = (self._ledger.numbers(span.service, first, last, span.without) for first, last in pairwise(starts))
        return Tally(span.service, since, end - timedelta(days=1), now, then)


_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class _Span:
    """Whose days are counted: a service (empty: all) but for some repositories, in the time zone of who reads it."""

    service: str
    timezone: str
    without: frozenset[str] = frozenset()

    def midnight(self, day: date) -> datetime:
        """The beginning of a day."""
        return datetime.combine(day, time(), zone(self.timezone)).astimezone(UTC)


def _elsewhere(asked: Due, world: World) -> frozenset[str]:
    """The repositories with a service of this name that is told about in another channel: another one, or another
    team's part of it."""
    repos = {repo for repo, name in world.policies if name == asked.subject}
    here = {repo for repo in repos if world.addresses.channel(asked.subject, repo) == asked.recipient}
    return frozenset(repos - here) if here else frozenset()


def _left(handle: str, service: str, repo: str, world: World) -> bool:
    """Whether whoever is behind a handle has left the workspace."""
    known = [world.availability.get(recipient.id) for recipient in world.addresses.of(handle, service, repo)]
    return any(one is not None and one.gone for one in known)


def _with_present(drift: Drift, world: World) -> Drift:
    """Drift with those of its owners who have not left: nobody waits on the others."""
    item = drift.item
    where = (item.service, drift.repo, world)
    owners = tuple(owner for owner in item.owners if not _left(owner.handle, *where))
    assignee = drift.assignee if drift.assignee and not _left(drift.assignee, *where) else ""
    return replace(drift, item=replace(item, owners=owners), assignee=assignee)


def _how(drift: Drift | None) -> str:
    """What became of an item, in a few words: ``still accurate`` with who said so, or which commit."""
    if drift is None:
        return "settled"
    status, _, reason = drift.closed_by.partition(": ")
    said = f"{reason}" if reason.startswith(f"{status} ") else drift.closed_by  # not `acknowledged` twice
    return _COMMIT.sub(r"\1", said or "settled").replace("acknowledged by", "still accurate, says", 1)


def _content(lines: Sequence[AnyLine]) -> str:
    """What tells digests apart: what they say of, and what is settled of it; not how many days something is old."""
    said = (line.how if isinstance(line, Settled) else "" for line in lines)
    entries = (line.entry for line in lines)
    return content_hash(*(f"{one.key}/{one.phase}/{one.step}/{how}" for one, how in zip(entries, said, strict=True)))
