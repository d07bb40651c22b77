"""What the use cases need of the world, as interfaces: the forge, the chat, the store, git, workers, jobs, the clock.

``service.py`` knows only these; ``app.py`` chooses what stands behind them; tests put fakes there. Each port says which
errors it raises; nothing else may come out of an implementation.

Longer than other modules, because it is the one page that a port's two sides agree on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from bot.model import (
    Alert,
    Approvals,
    BotError,
    Checkout,
    CheckSheet,
    CommitAuthor,
    Directory,
    Drift,
    Evidence,
    Incoming,
    Item,
    Person,
    Pull,
    PullRef,
    Review,
    ReviewOrder,
    Ruling,
    ServiceStatus,
)
from runbooks.model import Decision

Message = Mapping[str, object]
"""A Slack message: ``text`` (the fallback), ``blocks``, sometimes ``attachments``; built in ``slack/blocks.py``."""


class Unavailable(BotError):  # noqa: N818 - read as a sentence: raise Refused
    """The other side failed for now: try again, not before ``retry_after`` seconds."""

    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Refused(BotError):  # noqa: N818 - read as a sentence: raise Refused
    """The other side said no for good, in a word of its own (``code``): a missing permission, an archived channel."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Gone(Refused):
    """What was asked for is not there (any more): repository, pull request, message, channel."""


class AnalysisFailed(BotError):  # noqa: N818 - read as a sentence: raise Refused
    """A worker could not review: out of time, out of memory, crashed. ``poison`` when repeating it is no use."""

    def __init__(self, text: str, poison: bool = False) -> None:
        super().__init__(text)
        self.poison = poison


class Clock(Protocol):
    """Time, so that tests can freeze it."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        ...


class Forge(Protocol):
    """Where pull requests live. Every method may raise ``Unavailable``, ``Refused`` or ``Gone``."""

    def pull(self, ref: PullRef) -> Pull:
        """The pull request as it is now, without its commits' authors."""
        ...

    def authors(self, ref: PullRef) -> tuple[CommitAuthor, ...]:
        """Authors and co-authors of all its commits, each once."""
        ...

    def merge_base(self, repo: str, base: str, head: str) -> str:
        """The commit at which the two parted; ``head`` may be ``owner:sha`` of a fork."""
        ...

    def tip(self, repo: str, branch: str = "") -> tuple[str, str]:
        """Name and commit of a branch; the default branch when none is named."""
        ...

    def standing(self, repo: str) -> tuple[str, bool]:
        """What a repository is called now (it answers under the names that it had), and whether it is archived."""
        ...

    def publish(self, pull: Pull, sheet: CheckSheet) -> None:
        """Show the sheet on the pull request's head: a check run, or with a plain token a status and one comment."""
        ...

    def may_write(self, repo: str, login: str) -> bool:
        """Whether a login has at least write permission in the repository."""
        ...

    def approvals(self, pull: Pull) -> Approvals:
        """Who with write access approved this head, and what the target branch requires. Raises ``Refused`` where
        it is not said who may write."""
        ...

    def comment(self, ref: PullRef, body: str) -> None:
        """Answer on the pull request."""
        ...

    def clone(self, repo: str) -> tuple[str, str]:
        """The HTTPS address to fetch from and the token for it (empty for none)."""
        ...

    def in_team(self, repo: str, team: str, login: str) -> bool:
        """Whether a login is a member of ``@owner/team``, asked with the rights on a repository. Raises ``Refused``
        where members may not be read."""
        ...


class Fetcher(Protocol):
    """Brings what a review reads onto this disk."""

    def prepare(self, pull: Pull, merge_base: str, policy_revision: str, *, landed: bool = False) -> Checkout:
        """Merge base, head and policy revision in one bare directory; with ``landed`` the policy revision's side of
        what the pull request changed too. Raises ``Unavailable`` or ``Gone``."""
        ...


class Analyst(Protocol):
    """Reviews a checkout in a process of its own."""

    def review(self, order: ReviewOrder) -> Review:
        """The review. Raises ``AnalysisFailed``."""
        ...


class Chat(Protocol):
    """Slack. Every method may raise ``Unavailable`` (429, outages) or ``Refused`` (Slack's error word as ``code``)."""

    def post(self, channel: str, message: Message, *, key: str, thread: str = "") -> str:
        """Post and return the message's ``ts``. ``key`` goes into the metadata; a message of ours with the same key
        that is there already is returned instead of posted again."""
        ...

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message. Raises ``Gone`` when a person deleted it."""
        ...

    def whisper(self, channel: str, user: str, text: str, blocks: object = None) -> None:
        """Say something that only one user sees; ``blocks`` as in a message."""
        ...

    def open_view(self, trigger: str, view: Mapping[str, object]) -> None:
        """Open a modal."""
        ...

    def publish_home(self, user: str, view: Mapping[str, object]) -> None:
        """Replace a user's App Home."""
        ...

    def user_by_email(self, email: str) -> str:
        """A user's id, or an empty string."""
        ...

    def group_named(self, handle: str) -> str:
        """A user group's id by its handle, or an empty string."""
        ...

    def knows(self, slack: str) -> bool:
        """Whether an id is that of a user who is here, or of a user group that is in use."""
        ...

    def group_members(self, group: str) -> tuple[str, ...]:
        """The user ids in a user group."""
        ...


class Pages(Protocol):
    """How reviews look. Pure: the same nouns give the same message."""

    def alert(self, pull: Pull, review: Review, directory: Directory) -> Message:
        """The message of a pull request with drift."""
        ...

    def details(self, pull: Pull, review: Review, directory: Directory) -> Sequence[Message]:
        """What did not fit into the alert, for its thread."""
        ...

    def no_details(self) -> Message:
        """What a message in the thread turns into of which nothing is left."""
        ...

    def closed(self, pull: Pull, review: Review | None) -> Message:
        """The short line that an alert turns into when there is nothing left to do, or the pull request is a draft
        again, closed or merged (then with what stays open)."""
        ...

    def sheet(self, pull: Pull, review: Review) -> CheckSheet:
        """The check run."""
        ...


class Store(Protocol):
    """All that is remembered. Each method is one transaction; what is written is there when it returns. Raises
    ``Unavailable`` when the database is locked, full or away."""

    def together(self, alone: str = "") -> AbstractContextManager[None]:
        """One transaction of all calls of this thread within, kept whole or not at all; ``append`` comes last in it,
        and nobody outside is asked. ``alone`` is the key of a pull request whose review is read in it and then written:
        one at a time."""
        ...

    def accept(self, delivery: str, event: str, at: datetime) -> bool:
        """Record a delivery's id; False when it was there already."""
        ...

    def accepted(self, delivery: str) -> bool:
        """Whether a delivery's id is on record; records nothing."""
        ...

    def save_pull(self, pull: Pull, at: datetime) -> None:
        """Remember a pull request as the forge told it."""
        ...

    def pull(self, ref: PullRef) -> Pull | None:
        """The pull request as last told, or None."""
        ...

    def spelled(self, ref: PullRef) -> PullRef:
        """A pull request as it is known here, in whatever case its repository was typed; itself if nobody knows it."""
        ...

    def pull_at(self, ref: PullRef) -> datetime | None:
        """When a pull request was last told, or None."""
        ...

    def open_pulls(self, repo: str) -> tuple[Pull, ...]:
        """The pull requests of a repository that are open as far as we know."""
        ...

    def pulls_with(self, repo: str, fingerprints: Collection[str], *, merged: bool = False) -> tuple[PullRef, ...]:
        """Those of them whose newest review speaks of one of these fingerprints; or the ``merged`` ones that leave
        something unsettled."""
        ...

    def snoozes_over(self, since: date, today: date) -> tuple[tuple[str, str, date], ...]:
        """The snoozes by decision whose last silent day lies in a half-open span: repository, fingerprint, day."""
        ...

    def unjudged(self, repo: str) -> tuple[PullRef, ...]:
        """The merged pull requests whose newest review failed."""
        ...

    def put_off(self, repo: str, item: Item) -> int:
        """How often people put off these values and this text, by the most patient of them."""
        ...

    def save_review(self, review: Review, at: datetime) -> bool:
        """Keep a review as the newest of its pull request; False when this head was the newest already and equal."""
        ...

    def review(self, ref: PullRef) -> Review | None:
        """The newest review of a pull request."""
        ...

    def reviewed_at(self, ref: PullRef) -> datetime | None:
        """Since when the newest review speaks of no other values and texts than it does; None without a review."""
        ...

    def alert(self, ref: PullRef) -> Alert | None:
        """The message on a pull request."""
        ...

    def save_alert(self, alert: Alert) -> None:
        """Remember where the message is and what it shows."""
        ...

    def rule(self, rulings: Sequence[Ruling]) -> None:
        """Keep decisions; one of the same person on the same fingerprint and hashes replaces the one before."""
        ...

    def decisions(self, repo: str) -> tuple[Decision, ...]:
        """Every decision of a repository that may still apply, oldest first."""
        ...

    def open_drift(self, review: Review, at: datetime) -> None:
        """Make the open drift of a pull request what its review says: open what is new, close what is gone."""
        ...

    def direct_drift(self, repo: str, fingerprint: str, until: date | None, at: datetime) -> None:
        """Silence an open item until the day that a directive in its runbook names, or end that (None)."""
        ...

    def close_drift(self, repo: str, fingerprint: str, at: datetime, by: str) -> None:
        """Close one, or pass it to an open pull request that causes it too."""
        ...

    def settle(self, ref: PullRef, *, merged: bool, at: datetime, draft: bool = False, first: bool = False) -> None:
        """The pull request ended, or is a draft again: merged drift becomes debt, that of others ends. The ``first``
        time that a merge is heard of, what its review leaves open is debt whether or not it had a row."""
        ...

    def drift(self, *, repo: str = "", service: str = "", assignee: str = "") -> tuple[Drift, ...]:
        """Open drift, worst and oldest first."""
        ...

    def drift_for(self, assignees: Collection[str], handles: Collection[str]) -> tuple[Drift, ...]:
        """Open drift that was handed to one of these Slack ids, or to nobody and has one of these owners (full
        handles in lower case); worst and oldest first."""
        ...

    def assignees(self) -> tuple[str, ...]:
        """The Slack ids to whom open drift was handed."""
        ...

    def open_counts(self) -> Mapping[tuple[str, str], int]:
        """How much is open, by repository and service."""
        ...

    def assign(self, repo: str, fingerprint: str, assignee: str, at: datetime) -> bool:
        """Hand one open item over; the ladder of debt begins anew; an empty assignee gives it back to its
        owners. False where nothing is open under that name."""
        ...

    def save_services(self, repo: str, services: Sequence[ServiceStatus], at: datetime) -> None:
        """What the target branch of a repository says of its services; replaces what was known of that repository."""
        ...

    def service_names(self) -> tuple[str, ...]:
        """The names of all services, each once."""
        ...

    def services(self, names: Collection[str] | None = None) -> tuple[ServiceStatus, ...]:
        """Every service of every repository, or those of these names, by name."""
        ...

    def link(self, person: Person, at: datetime) -> None:
        """Remember that a login is a Slack user; a stronger proof is never replaced by a weaker one."""
        ...

    def people(self) -> tuple[Person, ...]:
        """All links."""
        ...

    def append(self, kind: str, repo: str, subject: str, body: Mapping[str, object], at: datetime) -> Evidence:
        """Append to the chain."""
        ...

    def evidence(self, since: datetime | None = None, until: datetime | None = None) -> Iterable[Evidence]:
        """The chain in order; half-open by time."""
        ...

    def move_repository(self, before: str, after: str) -> int:
        """Everything that carries a repository's name carries another from now on, but evidence; returns how many rows
        did. Where both names are known, what is newer stays."""
        ...

    def forget_repository(self, repo: str, at: datetime) -> bool:
        """A repository is away: close its drift and drop its services; evidence stays. False when it was away
        before."""
        ...

    def restore_repository(self, repo: str) -> bool:
        """A repository that was away is back: what was open then is open as it was. False when it was not away."""
        ...

    def is_away(self, repo: str) -> bool:
        """Whether a repository was forgotten and has not come back."""
        ...

    def pushed(self, ref: PullRef, who: CommitAuthor, at: datetime) -> None:
        """Somebody pushed to a pull request, whoever is named as the author of the commits."""
        ...

    def pushers(self, ref: PullRef) -> tuple[CommitAuthor, ...]:
        """Who pushed to a pull request, as far as deliveries told: logins in lower case."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class Jobs(Protocol):
    """Work that survives a kill. Ids make each call happen once, however often it is asked for."""

    @property
    def at_once(self) -> bool:
        """Whether an order waits for nobody: it may be given where nothing may wait."""
        ...

    def review(self, ref: PullRef, cause: str) -> None:
        """Review a pull request, one at a time per pull request; ``cause`` is the delivery or action that asks."""
        ...

    def act(self, incoming: Incoming) -> None:
        """Do what a comment or a check run's button asks for."""
        ...

    def announce(self, ref: PullRef, cause: str) -> None:
        """Bring Slack and the check run up to date with what the store holds."""
        ...

    def remind(self, key: str) -> None:
        """Send the reminder of a row, once."""
        ...

    def refresh(self, repo: str, cause: str) -> None:
        """Read services and open drift of a repository's default branch again."""
        ...
