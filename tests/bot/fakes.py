"""A small world for the bot: a forge, Slack, a fetcher, workers, jobs and a clock with plain fields to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from analyzers.model import Severity
from bot.context import Bot, Rules
from bot.model import (
    Actor,
    Approvals,
    Checkout,
    CheckSheet,
    CommitAuthor,
    Directory,
    Incoming,
    Item,
    OwnerName,
    Policy,
    Pull,
    PullRef,
    PullState,
    Review,
    ReviewOrder,
    ServiceStatus,
)
from bot.ports import Gone, Message, Refused, Store
from bot.reminders.nouns import Availability, ReviewDue
from runbooks.model import Status

REF = PullRef("acme/shop", 7)


def item(**given: object) -> Item:
    """A contradicted line about a timeout, owned by ``@ops-olga``."""
    usual: dict[str, object] = {
        "status": Status.CONTRADICTED, "fingerprint": "f1", "values_hash": "v1", "section_hash": "s1",
        "rule": "ops/timeout-changed", "area": "ops", "severity": Severity.MEDIUM, "subject": "SESSION_TTL",
        "message": "SESSION_TTL changed from 3600 to 1800.", "reason": "the line says 60 minutes; the code now says 30",
        "code_path": "shop/settings.py", "code_line": 3, "code_before": "SESSION_TTL = 3600",
        "code_after": "SESSION_TTL = 1800", "runbook": "docs/runbooks/shop.md", "slug": "sessions",
        "title": "Sessions", "line": 12, "quote": "Sessions end after 60 minutes.",
        "suggestion_before": "Sessions end after 60 minutes.", "suggestion_after": "Sessions end after 30 minutes.",
        "owners": (OwnerName("@ops-olga", "user", "CODEOWNERS"),), "service": "shop",
    }  # fmt: skip
    return Item(**(usual | given))  # type: ignore[arg-type]


def pull(**given: object) -> Pull:
    """An open pull request by ``dev-dan``."""
    usual: dict[str, object] = {
        "ref": REF, "title": "Shorter sessions", "author": "dev-dan", "state": PullState.OPEN, "draft": False,
        "base_ref": "main", "base_sha": "b" * 40, "head_sha": "1" * 40, "head_repo": "acme/shop",
        "url": "https://github.example/acme/shop/pull/7", "default_ref": "main",
    }  # fmt: skip
    return Pull(**(usual | given))  # type: ignore[arg-type]


def review(*items: Item, **given: object) -> Review:
    """A review of ``pull()`` that found these items."""
    usual: dict[str, object] = {
        "ref": REF, "head": "1" * 40, "base": "b" * 40, "policy_revision": "b" * 40, "policy": Policy(True),
        "items": items, "outcomes": (), "skipped": (),
        "services": (ServiceStatus("shop", "acme/shop", "configuration", (), "C0SHOP", "", ()),),
    }  # fmt: skip
    return Review(**(usual | given))  # type: ignore[arg-type]


@dataclass
class FakeClock:
    """Stands still until told."""

    at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class FakeForge:
    """One pull request at a time; what was published is kept."""

    pulls: dict[PullRef, Pull] = field(default_factory=lambda: {REF: pull()})
    commit_authors: tuple[CommitAuthor, ...] = (CommitAuthor("dev-dan", "Dan", "dan@acme.example"),)
    approved: Approvals = field(default_factory=lambda: Approvals((), (), 0))
    writers: frozenset[str] = frozenset({"dev-dan", "ops-olga"})
    teams: dict[str, set[str]] = field(default_factory=dict)
    published: list[tuple[Pull, CheckSheet]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    broken: Exception | None = None
    names: dict[str, str] = field(default_factory=dict)
    """What a repository is called now, by every name it had; empty where it is out of reach."""
    archived: set[str] = field(default_factory=set)
    tips: dict[str, str] = field(default_factory=dict)
    default: str = "main"
    no_branch: set[str] = field(default_factory=set)

    def standing(self, repo: str) -> tuple[str, bool]:
        name = self.names.get(repo, repo)
        if not name:
            raise Gone("no such repository")
        return name, name in self.archived

    def pull(self, ref: PullRef) -> Pull:
        if self.broken:
            raise self.broken
        if ref not in self.pulls:
            raise Gone("no such pull request")
        return self.pulls[ref]

    def authors(self, ref: PullRef) -> tuple[CommitAuthor, ...]:
        return self.commit_authors

    def merge_base(self, repo: str, base: str, head: str) -> str:
        return "b" * 40

    def tip(self, repo: str, branch: str = "") -> tuple[str, str]:
        name = branch or self.default
        if name in self.no_branch:
            raise Gone("no such branch")
        return name, self.tips.get(name, "b" * 40)

    def publish(self, pull: Pull, sheet: CheckSheet) -> None:
        self.published.append((pull, sheet))

    def may_write(self, repo: str, login: str) -> bool:
        return login in self.writers

    def approvals(self, pull: Pull) -> Approvals:
        return self.approved

    def comment(self, ref: PullRef, body: str) -> None:
        self.comments.append(body)

    def clone(self, repo: str) -> tuple[str, str]:
        return f"https://github.example/{repo}.git", ""

    def in_team(self, repo: str, team: str, login: str) -> bool:
        return login in self.teams.get(team, set())

    def push(self, head: str, ref: PullRef = REF) -> None:
        """A new head."""
        self.pulls[ref] = replace(self.pulls[ref], head_sha=head)


class FakeFetcher:
    """Prepares nothing."""

    def prepare(self, pull: Pull, merge_base: str, policy_revision: str, *, landed: bool = False) -> Checkout:
        return Checkout("/nowhere", merge_base, pull.head_sha, policy_revision)


@dataclass
class FakeAnalyst:
    """Answers with what the test put there for a head; else with nothing found."""

    found: dict[str, Review | Exception] = field(default_factory=dict)
    orders: list[ReviewOrder] = field(default_factory=list)

    def review(self, order: ReviewOrder) -> Review:
        self.orders.append(order)
        answer = self.found.get(order.checkout.head, review())
        if isinstance(answer, Exception):
            raise answer
        return replace(answer, ref=order.ref, head=order.checkout.head)


@dataclass
class FakeChat:
    """Slack as a list of messages; ``refuse`` maps a channel to the word it answers with."""

    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    threads: dict[tuple[str, str], str] = field(default_factory=dict)
    whispers: list[tuple[str, str, str]] = field(default_factory=list)
    views: list[Mapping[str, object]] = field(default_factory=list)
    homes: dict[str, Mapping[str, object]] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    group_names: dict[str, str] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)
    strangers: frozenset[str] = frozenset()
    updates: int = 0
    broken: Exception | None = None

    def post(self, channel: str, message: Message, *, key: str, thread: str = "") -> str:
        if self.broken:
            raise self.broken
        if channel in self.refuse:
            raise Refused(f"Slack refused: {self.refuse[channel]}", self.refuse[channel])
        known = next((ts for (where, ts), k in self.keys.items() if where == channel and k == key), "")
        if known:
            self.messages[channel, known] = message
            return known
        ts = f"1700000000.{len(self.keys):06d}"
        self.messages[channel, ts], self.keys[channel, ts], self.threads[channel, ts] = message, key, thread
        return ts

    def update(self, channel: str, ts: str, message: Message) -> None:
        if self.broken:
            raise self.broken
        if channel in self.refuse:
            raise Refused(f"Slack refused: {self.refuse[channel]}", self.refuse[channel])
        if (channel, ts) not in self.messages:
            raise Gone("message_not_found", "message_not_found")
        self.messages[channel, ts] = message
        self.updates += 1

    def whisper(self, channel: str, user: str, text: str, blocks: object = None) -> None:
        self.whispers.append((channel, user, text))

    def open_view(self, trigger: str, view: Mapping[str, object]) -> None:
        self.views.append(view)

    def publish_home(self, user: str, view: Mapping[str, object]) -> None:
        self.homes[user] = view

    def knows(self, slack: str) -> bool:
        return slack not in self.strangers

    def user_by_email(self, email: str) -> str:
        return self.emails.get(email, "")

    def group_named(self, handle: str) -> str:
        return self.group_names.get(handle, "")

    def group_members(self, group: str) -> tuple[str, ...]:
        return self.groups.get(group, ())

    @property
    def top(self) -> list[Message]:
        """The messages that are no replies."""
        return [message for place, message in self.messages.items() if not self.threads[place]]


@dataclass
class FakePresence:
    """What Slack knows of users; of those who are not in ``known`` that they live in UTC."""

    known: dict[str, Availability] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    broken: Exception | None = None

    def channels(self) -> Mapping[str, str]:
        if self.broken:
            raise self.broken
        return self.rooms

    def availability(self, slack: str) -> Availability:
        if self.broken:
            raise self.broken
        self.asked.append(slack)
        return self.known.get(slack, Availability("UTC"))

    def open_direct(self, slack: str) -> str:
        if self.broken:
            raise self.broken
        return f"D{slack[1:]}"


@dataclass
class FakeReminding:
    """Keeps what was asked of reminders; ``refuse`` is what it says no with."""

    calls: list[tuple[object, ...]] = field(default_factory=list)
    reviews: tuple[ReviewDue, ...] = ()
    refuse: Exception | None = None

    def digest_now(self, slack: str) -> str:
        return self._did("digest_now", slack)

    def quiet(self, slack: str, until: date | timedelta | None) -> str:
        return self._did("quiet", slack, until)

    def reviewed(self, actor: Actor, repo: str, path: str) -> str:
        return self._did("reviewed", actor, repo, path)

    def reviews_of(self, slack: str) -> tuple[ReviewDue, ...]:
        return self.reviews

    def _did(self, *call: object) -> str:
        if self.refuse:
            raise self.refuse
        self.calls.append(call)
        return f"done: {call[0]}"


@dataclass
class FakeJobs:
    """Keeps orders; ``run`` does them at once, one after the other."""

    orders: list[tuple[str, object, str]] = field(default_factory=list)
    reminders: list[str] = field(default_factory=list)
    at_once: bool = False

    def review(self, ref: PullRef, cause: str) -> None:
        self.orders.append(("review", ref, cause))

    def announce(self, ref: PullRef, cause: str) -> None:
        self.orders.append(("announce", ref, cause))

    def act(self, incoming: Incoming) -> None:
        self.orders.append(("act", incoming, incoming.id))

    def refresh(self, repo: str, cause: str) -> None:
        self.orders.append(("refresh", repo, cause))

    def remind(self, key: str) -> None:
        self.reminders.append(key)

    def run(self, bot: Bot) -> list[str]:
        """Do everything that was ordered, and what that orders; returns the words."""
        from bot import commands, service

        words = []
        while self.orders:
            kind, what, _ = self.orders.pop(0)
            if isinstance(what, Incoming):
                words.append(commands.act(bot, what))
            elif isinstance(what, str):
                words.append(service.refresh(bot, what))
            elif isinstance(what, PullRef):
                if kind == "review":
                    words.append(service.review(bot, what))
                if words[-1:] not in (["superseded"], ["not opted in"]):
                    words += [service.publish(bot, what), service.announce(bot, what)]
        return words


class PlainPages:
    """Messages that a test can read."""

    def alert(self, pull: Pull, review: Review, directory: Directory) -> Message:
        return {"text": f"{pull.title}: " + "; ".join(f"{i.status.value} {i.fingerprint}" for i in review.drift)}

    def details(self, pull: Pull, review: Review, directory: Directory) -> Sequence[Message]:
        return [{"text": f"and {i.fingerprint}"} for i in review.drift[3:]]

    def no_details(self) -> Message:
        return {"text": "nothing more"}

    def closed(self, pull: Pull, review: Review | None) -> Message:
        return {"text": f"{pull.title}: {'draft' if pull.draft else pull.state.value}"}

    def sheet(self, pull: Pull, review: Review) -> CheckSheet:
        return CheckSheet(review.conclusion, review.failure or f"{len(review.drift)} open", "")


def world(store: Store, **given: object) -> Bot:
    """A bot in which everything but the store is a fake."""
    usual: dict[str, object] = {
        "forge": FakeForge(), "fetcher": FakeFetcher(), "analyst": FakeAnalyst(), "chat": FakeChat(), "store": store,
        "jobs": FakeJobs(), "pages": PlainPages(), "clock": FakeClock(), "rules": Rules(default_channel="C0ALL"),
    }  # fmt: skip
    return Bot(**(usual | given))  # type: ignore[arg-type]
