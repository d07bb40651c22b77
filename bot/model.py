"""The nouns of the bot: pull requests, what a review found in them, who may act, and what is remembered.

Frozen, tuples not lists, plain values only: every one goes to JSON and back (``encoded``, ``decoded``), because they
cross process borders and lie in the store. Times are aware datetimes in UTC.

Longer than other modules, because the nouns are read together; none of them does anything.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar, cast

from pydantic import TypeAdapter

from analyzers.model import DriftError, Severity
from bot.reminders.nouns import ReminderPolicy
from runbooks.model import Decision, Outcome, Status

T = TypeVar("T")

MOST_ASKED = 10
"""Addresses of co-authors that Slack is asked about for one decision."""
MOST_COMMITS = 250
"""Commits of a pull request that GitHub lists ("List commits on a pull request")."""


class BotError(DriftError):
    """Something an operator or a user has to mend; the text says what, and is safe to show."""


class PullState(StrEnum):
    """Where a pull request stands."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Conclusion(StrEnum):
    """The conclusion of a check run, in GitHub's words. ``NEUTRAL``: our own failure, or nothing to judge."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"


class Proof(StrEnum):
    """How a GitHub login is known to be a Slack user. The first two carry rights, the others only mentions."""

    CONFIGURED = "configured"
    OAUTH = "oauth"
    EMAIL = "email"


class Surface(StrEnum):
    """Where a person acted. Rights are the same on all of them."""

    BUTTON = "button"
    COMMAND = "command"
    COMMENT = "comment"
    CHECK = "check"


PULL_KEY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}#\d{1,9}", re.ASCII)
"""``owner/name#7``, as ``PullRef.parse`` reads it."""


@dataclass(frozen=True, slots=True, order=True)
class PullRef:
    """A pull request's address: ``repo`` is ``owner/name``."""

    repo: str
    number: int

    @property
    def key(self) -> str:
        """``owner/name#7``: the key of queues, messages and rows."""
        return f"{self.repo}#{self.number}"

    @classmethod
    def parse(cls, key: str) -> PullRef:
        """The reverse of ``key``. Raises ``ValueError``."""
        if not PULL_KEY.fullmatch(key):
            raise ValueError(f"not a pull request: {key[:100]!r}")
        repo, _, number = key.rpartition("#")
        return cls(repo, int(number))


@dataclass(frozen=True, slots=True)
class CommitAuthor:
    """An author or co-author of a commit; ``login`` is empty where the forge knows no account. ``number`` is the
    account's on the forge, which stays when the login changes; 0 where unknown."""

    login: str
    name: str
    email: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as the forge tells it now. ``head_repo`` is empty when the fork is gone; ``base_sha`` is the tip
    of the target branch, not the merge base; ``installation`` is the App installation that reaches it, or 0;
    ``head_ref`` is the head's branch in ``head_repo``, empty where unknown; ``merged_at`` is None before the merge;
    ``authors`` are also those who pushed; ``commits`` is 0 where unknown; ``default_ref`` is the repository's default
    branch, empty where unknown; ``author_number`` is that of a ``CommitAuthor``."""

    ref: PullRef
    title: str
    author: str
    state: PullState
    draft: bool
    base_ref: str
    base_sha: str
    head_sha: str
    head_repo: str
    url: str
    merged_sha: str = ""
    authors: tuple[CommitAuthor, ...] = ()
    installation: int = 0
    head_ref: str = ""
    merged_at: datetime | None = None
    commits: int = 0
    default_ref: str = ""
    author_number: int = 0

    @property
    def scope(self) -> str:
        """Where what is found and decided counts: empty for the default branch, eight characters for each other one.
        Whoever may push a branch writes its policy and names its owners."""
        return content_hash(self.base_ref)[:8] if self.default_ref not in {"", self.base_ref} else ""

    @property
    def nameless(self) -> tuple[str, ...]:
        """The addresses of authors whose login nobody knows."""
        return tuple(author.email for author in self.authors if not author.login and "@" in author.email)

    @property
    def authors_cut(self) -> bool:
        """Whether not all of its authors are known: it has more commits than GitHub lists, or more of them are known
        by an address alone than Slack is asked about."""
        return self.commits > MOST_COMMITS or len(self.nameless) > MOST_ASKED

    @property
    def named_head(self) -> str:
        """The head as the forge compares it: ``owner:sha`` where it lies in a fork."""
        if self.head_repo and self.head_repo != self.ref.repo:
            return f"{self.head_repo.partition('/')[0]}:{self.head_sha}"
        return self.head_sha


@dataclass(frozen=True, slots=True)
class OwnerName:
    """An owner as the report names one: handle, kind (``user``, ``team``, ``email``) and the source that said so."""

    handle: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Item:
    """One verdict of a review, as people see it: what changed, which line of which runbook, whose it is.

    ``line`` and ``quote`` are the runbook's (0 and empty when uncovered); ``code_line`` is the after side's, or the
    before side's when the code is gone (``code_gone``). ``fingerprint`` with both hashes is what a decision holds.
    ``until`` is the last day of a snooze that stands in the runbook itself.
    """

    status: Status
    fingerprint: str
    values_hash: str
    section_hash: str
    rule: str
    area: str
    severity: Severity
    subject: str
    message: str
    reason: str
    code_path: str
    code_line: int
    code_before: str = ""
    code_after: str = ""
    code_gone: bool = False
    runbook: str = ""
    slug: str = ""
    title: str = ""
    line: int = 0
    quote: str = ""
    suggestion_before: str = ""
    suggestion_after: str = ""
    owners: tuple[OwnerName, ...] = ()
    service: str = ""
    until: date | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.status in {Status.CONTRADICTED, Status.SUSPECT}

    @property
    def suggested(self) -> bool:
        """Whether a corrected line is known."""
        return self.suggestion_after != self.suggestion_before


@dataclass(frozen=True, slots=True)
class RunbookStatus:
    """A runbook of a service as the target branch has it."""

    path: str
    title: str
    owners: tuple[OwnerName, ...]
    review_every: int | None
    last_reviewed: date | None
    sections: int


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service of one repository: where it was described (``source``), who owns it, where it is talked about."""

    name: str
    repo: str
    source: str
    owners: tuple[OwnerName, ...]
    channel: str
    escalation: str
    runbooks: tuple[RunbookStatus, ...]
    reminders: ReminderPolicy = field(default_factory=ReminderPolicy)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the policy revision says to the bot. ``opted_in`` is whether it holds a configuration file at all;
    ``alert_from`` the severity from which suspects are told in Slack."""

    opted_in: bool
    fail_on: str = "contradicted"
    separation_of_duties: bool = True
    approvers: tuple[str, ...] = ()
    alert_from: Severity = Severity.LOW


@dataclass(frozen=True, slots=True)
class Review:
    """What one head of a pull request was found to do. ``failure`` is our own trouble in words, and then there are no
    items but those known of the head before; ``patch`` is a unified diff of all suggestions; ``scope`` is that of the
    pull request's target branch then."""

    ref: PullRef
    head: str
    base: str
    policy_revision: str
    policy: Policy
    items: tuple[Item, ...]
    outcomes: tuple[Outcome, ...]
    skipped: tuple[str, ...]
    services: tuple[ServiceStatus, ...]
    files: int = 0
    seconds: float = 0.0
    patch: str = ""
    failure: str = ""
    scope: str = ""

    @property
    def mark(self) -> str:
        """Eight characters for what there is to see: items with their values and texts, whatever their status."""
        said = {"\0".join((item.fingerprint, item.values_hash, item.section_hash)) for item in self.items}
        return content_hash(*sorted(said))[:8]

    @property
    def loud(self) -> bool:
        """Whether Slack is to hear of it: something is wrong, or a suspect is as grave as the policy asks."""
        grave = list(Severity)
        least = grave.index(self.policy.alert_from)
        if self.failure:
            return False  # what is known is of the head before
        return any(item.status is Status.CONTRADICTED or grave.index(item.severity) >= least for item in self.drift)

    @property
    def drift(self) -> tuple[Item, ...]:
        """The items that still ask for something, worst first as the report has them."""
        return tuple(item for item in self.items if item.open)

    @property
    def conclusion(self) -> Conclusion:
        """Failure when an open item is at least as bad as ``fail_on``; our own failure is neutral, and so is a branch
        that asks for nothing."""
        if self.failure or not self.policy.opted_in:
            return Conclusion.NEUTRAL
        ladder = [Status.CONTRADICTED, Status.SUSPECT, Status.UNCOVERED]
        named = [status.value for status in ladder]
        bad = ladder[: named.index(self.policy.fail_on) + 1] if self.policy.fail_on in named else []
        return Conclusion.FAILURE if any(item.status in bad for item in self.items) else Conclusion.SUCCESS


@dataclass(frozen=True, slots=True)
class Alert:
    """The one message on a pull request: where it stands and a digest of what it shows; ``details`` are ``ts`` and
    digest of each message in its thread that says what it had no room for."""

    ref: PullRef
    channel: str
    ts: str
    content: str
    resolved: bool = False
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A GitHub login and the Slack user it is, with the proof."""

    login: str
    slack: str
    proof: Proof

    @property
    def carries_rights(self) -> bool:
        """Only links that were configured or proven by OAuth let a person decide anything."""
        return self.proof in {Proof.CONFIGURED, Proof.OAUTH}


def full_handle(handle: str, repo: str) -> str:
    """A handle with its @: a bare name, as catalogues write teams, is a team of the repository's owner. It is never
    held against logins: anybody may register one that reads like a team."""
    name = handle.strip()
    if "@" in name or not name:
        return name
    return f"@{name}" if "/" in name else f"@{repo.partition('/')[0]}/{name}"


@dataclass(frozen=True, slots=True)
class Directory:
    """Who may be mentioned: links of people, and the Slack user group of each ``@owner/team``."""

    people: tuple[Person, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()

    def slack_of(self, login: str) -> Person | None:
        """The strongest link of a login."""
        found = [person for person in self.people if person.login.casefold() == login.casefold()]
        return min(found, key=lambda person: list(Proof).index(person.proof), default=None)

    def login_of(self, slack: str) -> Person | None:
        """The link of a Slack user that carries rights."""
        return next((person for person in self.people if person.slack == slack and person.carries_rights), None)

    def group_of(self, team: str) -> str:
        """The user group of a team, or an empty string."""
        return next((group for name, group in self.groups if name.casefold() == team.casefold()), "")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something. ``login`` is empty for a Slack user whose GitHub login is not proven; ``slack`` is
    empty on GitHub's surfaces for a login whose Slack user is not. ``number`` is the account's on the forge, which
    stays when the login changes; 0 where unknown."""

    login: str
    slack: str
    surface: Surface
    number: int = 0


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's decision on items of a repository, with who, where and when: what makes it valid lies in
    ``decision``, what the record needs lies beside it."""

    decision: Decision
    repo: str
    ref: PullRef
    actor: str
    surface: Surface
    at: datetime


@dataclass(frozen=True, slots=True)
class Drift:
    """Open drift: lives from the first alert until a commit clears it or somebody decides on it. After a merge it is
    the service's debt since ``merged_at``; ``closed_at`` is None as long as it is open, ``closed_by`` says what closed
    it. A snooze leaves it open and silent: ``snoozed_until`` is the last silent day (also when that is past),
    ``snoozes`` how often it was put off."""

    repo: str
    item: Item
    ref: PullRef
    opened_at: datetime
    merged: bool = False
    assignee: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    merged_at: datetime | None = None
    snoozed_until: date | None = None
    snoozes: int = 0

    def asleep(self, today: date) -> bool:
        """Whether nobody is to hear of it on a day."""
        return self.snoozed_until is not None and self.snoozed_until >= today


@dataclass(frozen=True, slots=True)
class Approvals:
    """What the forge knows of reviews of one head: logins with write access whose approval stands on this head, the
    names of the required checks, and the number of required approvals (None when they may not be read). ``numbers`` are
    those of the approvers' accounts, in their order."""

    approved_by: tuple[str, ...]
    required_checks: tuple[str, ...] | None
    required_reviews: int | None
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One link of the chain. ``hash`` covers all other fields and ``previous``; ``number`` counts from 1."""

    number: int
    at: datetime
    kind: str
    repo: str
    subject: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class CheckSheet:
    """What a check run shows: everything is text already; ``external_id`` is the pull request's key. Annotations are
    (path, line, title, message), on lines of the head, worst first."""

    conclusion: Conclusion
    title: str
    summary: str
    text: str = ""
    annotations: tuple[tuple[str, int, str, str], ...] = ()
    actions: tuple[tuple[str, str, str], ...] = ()
    details_url: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A prepared bare directory that holds what a review reads, and nothing that could run."""

    directory: str
    base: str
    head: str
    policy_revision: str


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """What a worker process gets to know: a directory and revisions; no secrets. ``landed`` asks about a
    change that is merged: the runbooks and the code of the policy revision, the branch's tip, count for what is left
    of its drift."""

    checkout: Checkout
    ref: PullRef
    as_of: date
    opted_in: bool = False
    landed: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified delivery, cut down to what the bot reads of it."""

    id: str
    event: str
    action: str
    repo: str
    number: int = 0
    sender: str = ""
    installation: int = 0
    detail: tuple[tuple[str, str], ...] = field(default=())

    def get(self, name: str) -> str:
        """A detail by name, or an empty string."""
        return next((value for key, value in self.detail if key == name), "")


def encoded(value: object) -> str:
    """A noun as JSON text."""
    return _adapter(type(value)).dump_json(value).decode()


def plain(value: object) -> dict[str, object]:
    """A noun as what JSON knows: dictionaries, lists and texts."""
    return cast("dict[str, object]", _adapter(type(value)).dump_python(value, mode="json"))


def decoded(kind: type[T], text: str | bytes) -> T:
    """A noun from its JSON text. Raises pydantic's ``ValidationError`` (a ``ValueError``)."""
    return cast(T, _adapter(kind).validate_json(text))


_ADAPTERS: dict[type[object], TypeAdapter[object]] = {}


def _adapter(kind: type[object]) -> TypeAdapter[object]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def prepare() -> None:
    """Build what ``encoded`` and ``decoded`` need of the nouns now, rather than while the first deliveries wait."""
    for kind in (Pull, Review, Alert, Item, ServiceStatus, ReviewOrder, Incoming, Decision, Outcome):
        _adapter(kind)


def content_hash(*parts: str) -> str:
    """A short digest of what a message shows: equal content is not sent twice."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
