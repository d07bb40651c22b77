"""What reminders need of the store and of Slack, beside what ``bot.ports`` has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.model import Actor, Drift, PullRef
from bot.reminders.nouns import Availability, Due, Kind, Numbers, OpenItem, Recipient, ReviewDue, Sending, Told


class Ledger(Protocol):
    """What reminders remember. Each method is one transaction, as those of ``bot.ports.Store``; the same object may
    implement both. Raises ``Unavailable``."""

    def open_items(self, among: Collection[str] | None = None) -> tuple[OpenItem, ...]:
        """Open drift (all, or that of these keys), worst and oldest first, without decoding whole reviews: 20,000 in
        well under a second."""
        ...

    def drift_of(self, keys: Collection[str]) -> Mapping[str, Drift]:
        """Drift by its key, open or closed; what is not there is left out."""
        ...

    def items_of(self, ref: PullRef) -> tuple[str, ...]:
        """The keys of all drift that a pull request has or had."""
        ...

    def told(self) -> frozenset[Told]:
        """Which steps were told to whom, of all that is still open or due; also those of the phase ``note``."""
        ...

    def claim(self, due: Due, at: datetime) -> bool:
        """Take the row of a message; False when somebody took it before (compare and set)."""
        ...

    def claimed(self, day_from: date) -> tuple[Sending, ...]:
        """Messages that were claimed and not sent since a day: a process may have died between."""
        ...

    def on_record(self, day_from: date) -> frozenset[str]:
        """The keys of all messages since a day, whatever became of them: none is planned again."""
        ...

    def sending(self, key: str) -> Sending | None:
        """The row of a message."""
        ...

    def last_sent(self, kind: Kind) -> Mapping[str, Sending]:
        """The newest message of a kind that was sent, by ``Due.series``: the recipient's key, and for weekly digests
        with the subject behind it. Its ``due`` may come without entries: a tick reads thousands of them."""
        ...

    def sent(self, key: str, content: str, told: Sequence[Told], at: datetime, stands: Due | None = None) -> None:
        """A message is out: its row and the steps it told, in one transaction; not the steps of what sleeps on the day
        of the message, because the ladder of that starts anew. ``stands`` is the message as it was sent, with its
        place."""
        ...

    def showing(self, keys: Collection[str], day_from: date) -> tuple[Sending, ...]:
        """Everybody's newest digest, where it is of that day or later and shows one of these items or reviews."""
        ...

    def shown(self, key: str, content: str) -> None:
        """A message was brought up to date."""
        ...

    def dropped(self, key: str, state: str, reason: str, at: datetime) -> None:
        """A message will not be sent: ``empty``, ``late`` or ``refused``."""
        ...

    def quiet(self, slack: str, until: datetime | None, at: datetime) -> None:
        """A user wants silence until then (None: no more)."""
        ...

    def quiet_users(self, now: datetime) -> Mapping[str, datetime]:
        """Who wants silence, and until when."""
        ...

    def keep_availability(self, slack: str, known: Availability, at: datetime) -> None:
        """What Slack said of a user; asked for again when it is a day old."""
        ...

    def availabilities(self) -> Mapping[str, tuple[Availability, datetime]]:
        """What is known of users, and since when."""
        ...

    def snooze_drift(self, repo: str, fingerprint: str, until: date, at: datetime) -> int:
        """Silence an open item until a day and forget which steps were told of it (not those of the phase ``note``),
        since its ladder starts anew on the day after; returns how often that was done, this time included. The day
        that is on record already is not another time; 0 for what is not open."""
        ...

    def reviewed(self, repo: str, path: str, by: str, on: date, at: datetime) -> None:
        """A runbook was read and is still right."""
        ...

    def reviews_done(self) -> Mapping[tuple[str, str], tuple[date, str]]:
        """The newest review by hand of each runbook (repository, path): when and by whom."""
        ...

    def numbers(self, service: str, since: datetime, until: datetime, without: Collection[str] = ()) -> Numbers:
        """What happened to a service's drift in a span; an empty service means all. What is open, and the oldest of it,
        are of the end of the span, so that two spans compare."""
        ...

    def prune_sendings(self, before: date) -> int:
        """Forget messages of days before, but the newest of each recipient and kind; returns how many."""
        ...


class Presence(Protocol):
    """What Slack knows of users. Raises ``Unavailable`` or ``Refused``."""

    def availability(self, slack: str) -> Availability:
        """Time zone (``users.info``), do-not-disturb (``dnd.info``) and whether the account is active."""
        ...

    def open_direct(self, slack: str) -> str:
        """The channel of direct messages with a user."""
        ...

    def channels(self) -> Mapping[str, str]:
        """The ids of the channels that the bot can see, by their names without ``#``."""
        ...


class Addresses(Protocol):
    """Where handles lead."""

    def of(self, handle: str, service: str, repo: str) -> tuple[Recipient, ...]:
        """The recipients behind an owner's handle: a person, or for a team the service's channel; none when nobody is
        known, or when the person left."""
        ...

    def channel(self, service: str, repo: str) -> Recipient | None:
        """The service's channel, else the repository's, else the default."""
        ...

    def escalation(self, service: str, repo: str) -> tuple[Recipient, ...]:
        """Whom to ask when owners stay silent."""
        ...


class Reminding(Protocol):
    """What people may ask of reminders, on every surface. What comes back are words for the person, plain text of
    one line that whoever shows it escapes; each answers within Slack's three seconds, so that what takes longer is only
    ordered. Raises ``BotError`` with a reason for the person."""

    def digest_now(self, slack: str) -> str:
        """Order the digest of a user now, whatever was said before; it counts as today's. Says where it will come, or
        that nothing waits."""
        ...

    def quiet(self, slack: str, until: date | timedelta | None) -> str:
        """A user wants silence until the end of a day or for a length (``when.ends`` makes it an instant, in their
        time zone), or no more silence (None). Says when it ends."""
        ...

    def reviewed(self, actor: Actor, repo: str, path: str) -> str:
        """Somebody read a runbook and says that it is still right. Raises ``NotAllowed`` for who may not, and
        ``BotError`` for a runbook that is not known."""
        ...

    def reviews_of(self, slack: str) -> tuple[ReviewDue, ...]:
        """The reviews that are due for a user and their groups, the longest overdue first."""
        ...
