"""What reminders remember (``bot.reminders.ports.Ledger``; ``snooze_drift`` stands beside the other words on drift).

Who inserts the row of a message sends it: the primary key of ``sendings`` is the message's key, so of any number of
processes exactly one wins. ``latest`` has the newest sent message of each series, small, because a tick reads them all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from sqlalchemy import Connection, delete, exists, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.model import content_hash, decoded, encoded
from bot.reminders.nouns import Availability, Due, Kind, Sending, Told
from bot.store.base import clipped, moment, seconds
from bot.store.schema import availability, drifts, latest, quiet, reviewed, sendings, told
from bot.store.waiting import Waiting

_REVIEW = re.compile(r"@\d{4}-\d{2}-\d{2}", re.ASCII)
"""How the key of a review ends; a fingerprint has no @."""
_MOST_KEY = 300
_AT_ONCE = 50
"""Texts that are looked for in one query."""


class Reminded(Waiting):
    """What was said to whom, and who may be told when; what waits is of the class behind."""

    def told(self) -> frozenset[Told]:
        """Which steps were told to whom, of reviews and of all drift that is open."""
        same: dict[str, str] = {}
        with self.reading() as connection:
            return frozenset(
                Told(same.setdefault(key, key), same.setdefault(phase, phase), step, same.setdefault(to, to))
                for key, phase, step, to in connection.execute(_TOLD)
            )

    def claim(self, due: Due, at: datetime) -> bool:
        """Take the row of a message; False when somebody took it before."""
        row = {
            "key": _name(due.key), "state": "claimed", "day": due.day.isoformat(), "claimed_at": seconds(at),
            "ended_at": None, "content": "", "reason": "", "body": encoded(due),
        }  # fmt: skip
        with self.writing() as connection:
            return self.put_once(connection, sendings, row)

    def claimed(self, day_from: date) -> tuple[Sending, ...]:
        """Messages that were claimed and not sent since a day, the oldest first."""
        wanted = select(*_SENDING).where(sendings.c.state == "claimed", sendings.c.day >= day_from.isoformat())
        with self.reading() as connection:
            rows = connection.execute(wanted.order_by(sendings.c.claimed_at, sendings.c.key)).all()
        return tuple(_sending(*row) for row in rows)

    def on_record(self, day_from: date) -> frozenset[str]:
        """The keys of all messages since a day, whatever became of them; a long one as it is kept."""
        with self.reading() as connection:
            wanted = select(sendings.c.key).where(sendings.c.day >= day_from.isoformat())
            return frozenset(connection.scalars(wanted))

    def sending(self, key: str) -> Sending | None:
        """The row of a message."""
        with self.reading() as connection:
            return _one(connection, key)

    def last_sent(self, kind: Kind) -> Mapping[str, Sending]:
        """The newest message of a kind that was sent, by ``Due.series``, without the entries of its ``due``."""
        with self.reading() as connection:
            bodies = connection.scalars(select(latest.c.body).where(latest.c.kind == kind.value)).all()
        return {sending.due.series: sending for sending in (decoded(Sending, body) for body in bodies)}

    def sent(
        self, key: str, content: str, told: Sequence[Told], at: datetime, stands: Due | None = None
    ) -> None:  # fmt: skip
        """A message is out: its row, as it stands in Slack, and the steps it told. Not those of what was snoozed since
        it was claimed: the ladder of that starts anew."""
        ended: dict[str, object] = {"state": "sent", "content": clipped(content, 64), "ended_at": seconds(at)}
        if stands is not None:
            ended["body"] = encoded(stands)
        with self.writing() as connection:
            connection.execute(update(sendings).where(sendings.c.key == _name(key)).values(**ended))
            sending = _one(connection, key)
            self.put(connection, _told, *_awake(connection, [_told_row(one, at) for one in told], sending))
            if sending is not None:
                _newest(connection, sending, at)

    def showing(self, keys: Collection[str], day_from: date) -> tuple[Sending, ...]:
        """Everybody's newest digest, where it is of that day or later and shows one of these items or reviews. Found by
        the text of the row: a digest is small, and there is one for each recipient."""
        found: dict[str, Sending] = {}
        wanted = select(*_SENDING).join_from(latest, sendings, latest.c.key == sendings.c.key).where(
            latest.c.kind == Kind.DIGEST.value, sendings.c.day >= day_from.isoformat(), sendings.c.state == "sent"
        )  # fmt: skip
        asked = sorted(keys)
        with self.reading() as connection:
            for first in range(0, len(asked), _AT_ONCE):
                some = asked[first : first + _AT_ONCE]
                texts = [json.dumps(key, ensure_ascii=False) for key in some]
                told_of = or_(*(sendings.c.body.contains(text, autoescape=True) for text in texts))
                rows = connection.execute(wanted.where(told_of).order_by(sendings.c.key)).all()
                found |= {sending.key: sending for sending in (_sending(*row) for row in rows)}
        shown = (one for one in found.values() if any(entry.key in keys for entry in one.due.entries))
        return tuple(one for one in shown if one.due.ts)

    def shown(self, key: str, content: str) -> None:
        """A message was brought up to date."""
        with self.writing() as connection:
            here = update(sendings).where(sendings.c.key == _name(key))
            connection.execute(here.values(content=clipped(content, 64)))

    def dropped(self, key: str, state: str, reason: str, at: datetime) -> None:
        """A message will not be sent. One that is out stays sent."""
        ended = {"state": clipped(state, 20), "reason": clipped(reason, 300), "ended_at": seconds(at)}
        here = (sendings.c.key == _name(key), sendings.c.state != "sent")
        with self.writing() as connection:
            connection.execute(update(sendings).where(*here).values(**ended))

    def quiet(self, slack: str, until: datetime | None, at: datetime) -> None:
        """A user wants silence until then (None: no more)."""
        name = clipped(slack, 30)
        with self.writing() as connection:
            connection.execute(delete(quiet).where(or_(quiet.c.slack == name, quiet.c.until <= seconds(at))))
            if until is not None:
                self.put(connection, quiet, {"slack": name, "until": seconds(until), "at": seconds(at)})

    def quiet_users(self, now: datetime) -> Mapping[str, datetime]:
        """Who wants silence, and until when."""
        wanted = select(quiet.c.slack, quiet.c.until).where(quiet.c.until > seconds(now))
        with self.reading() as connection:
            return {slack: moment(until) for slack, until in connection.execute(wanted)}

    def keep_availability(self, slack: str, known: Availability, at: datetime) -> None:
        """What Slack said of a user."""
        row = {"slack": clipped(slack, 30), "at": seconds(at), "body": encoded(known)}
        with self.writing() as connection:
            self.put(connection, availability, row)

    def availabilities(self) -> Mapping[str, tuple[Availability, datetime]]:
        """What is known of users, and since when."""
        with self.reading() as connection:
            rows = connection.execute(select(availability.c.slack, availability.c.body, availability.c.at)).all()
        return {slack: (decoded(Availability, body), moment(at)) for slack, body, at in rows}

    def reviewed(self, repo: str, path: str, by: str, on: date, at: datetime) -> None:
        """A runbook was read and is still right; an earlier day than the one on record changes nothing."""
        row = {
            "id": content_hash(repo, path), "repo": clipped(repo, 250), "path": clipped(path, 4096),
            "day": on.isoformat(), "by": clipped(by, 300), "at": seconds(at),
        }  # fmt: skip
        with self.writing(f"reviews of {repo}") as connection:
            known = connection.scalar(select(reviewed.c.day).where(reviewed.c.id == row["id"]))
            if known is None or known <= on.isoformat():
                self.put(connection, reviewed, row)

    def reviews_done(self) -> Mapping[tuple[str, str], tuple[date, str]]:
        """The newest review by hand of each runbook (repository, path): when and by whom."""
        wanted = select(reviewed.c.repo, reviewed.c.path, reviewed.c.day, reviewed.c.by)
        with self.reading() as connection:
            rows = connection.execute(wanted).all()
        return {(repo, path): (date.fromisoformat(day), by) for repo, path, day, by in rows}

    def prune_sendings(self, before: date) -> int:
        """Forget messages of days before, but the newest of each series; returns how many. With them goes what was
        told that long ago of reviews and of drift that is closed: a review that nobody has done since is told of
        again."""
        first = seconds(datetime.combine(before, time(), UTC))
        newest = exists().where(latest.c.key == sendings.c.key)
        with self.writing() as connection:
            gone = connection.execute(delete(sendings).where(sendings.c.day < before.isoformat(), ~newest)).rowcount
            of_reviews = _told.c.fingerprint == ""
            connection.execute(delete(_told).where(_told.c.at < first, or_(of_reviews, ~_is_open)))
        return gone


_told = told  # methods have a parameter of that name
_is_open = tuple_(told.c.repo, told.c.fingerprint).in_(
    select(drifts.c.repo, drifts.c.fingerprint).where(drifts.c.closed_at.is_(None))
)
_TOLD = select(told.c.key, told.c.phase, told.c.step, told.c.recipient).where(or_(told.c.fingerprint == "", _is_open))
_SENDING = (sendings.c.claimed_at, sendings.c.body, sendings.c.state, sendings.c.content, sendings.c.reason)


def _one(connection: Connection, key: str) -> Sending | None:
    row = connection.execute(select(*_SENDING).where(sendings.c.key == _name(key))).first()
    return _sending(*row) if row is not None else None


def _sending(claimed_at: float, body: str, state: str, content: str, reason: str) -> Sending:
    due = decoded(Due, body)
    return Sending(
        due.key, due.recipient.key, due.kind, due.day, moment(claimed_at), due, state, content, reason
    )  # fmt: skip


def _told_row(one: Told, at: datetime) -> dict[str, object]:
    repo, _, name = one.key.partition(":")
    of_review = _REVIEW.fullmatch(name[-11:]) is not None
    return {
        "id": hashlib.sha256(json.dumps([one.key, one.phase, one.step, one.recipient]).encode()).hexdigest(),
        "repo": clipped(repo, 250), "fingerprint": "" if of_review else clipped(name, 64), "key": one.key,
        "phase": one.phase, "step": one.step, "recipient": one.recipient, "at": seconds(at),
    }  # fmt: skip


def _awake(
    connection: Connection, rows: Sequence[Mapping[str, object]], sending: Sending | None
) -> list[Mapping[str, object]]:
    """Those of what sleeps on the day of the message aside. The rows of the drift are held, so that no snooze can come
    between this look and the write."""
    if sending is None:
        return list(rows)
    repos, names = ({str(row[column]) for row in rows} for column in ("repo", "fingerprint"))
    here = select(drifts.c.repo, drifts.c.fingerprint, drifts.c.snoozed_until).where(
        drifts.c.repo.in_(repos), drifts.c.fingerprint.in_(names)
    )
    held = connection.execute(here.order_by(drifts.c.repo, drifts.c.fingerprint).with_for_update(read=True)).all()
    asleep = {(row.repo, row.fingerprint) for row in held if row.snoozed_until >= sending.day.isoformat()}
    return [row for row in rows if (row["repo"], row["fingerprint"]) not in asleep]


def _newest(connection: Connection, sending: Sending, at: datetime) -> None:
    """Put a message on record as the newest of its series; also where the one before comes from a clock that ran
    ahead."""
    row = {
        "kind": sending.kind.value, "series": _name(sending.due.series), "key": _name(sending.key),
        "claimed_at": seconds(sending.claimed_at),
        "body": encoded(replace(sending, due=replace(sending.due, entries=()))),
    }  # fmt: skip
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(latest).values(**row)
    fresh = {name: statement.excluded[name] for name in ("key", "claimed_at", "body")}
    earlier = or_(latest.c.claimed_at <= statement.excluded.claimed_at, latest.c.claimed_at > seconds(at))
    key = [latest.c.kind, latest.c.series]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=fresh, where=earlier))


def _name(key: str) -> str:
    """A key that fits a primary key: a long one, or one that no column takes as it is, ends in a hash."""
    fits = clipped(key, _MOST_KEY)
    return key if fits == key else f"{fits[:200]}#{content_hash(key)}"
