"""What becomes of all that is remembered of a repository that is called something else, is away, or comes back.

Away (archived, deleted, out of our reach) closes drift in words that nothing else uses, so that the repository's return
opens just that again, as it was. The chain of evidence keeps the names that it was written with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from bot.model import Alert, CommitAuthor, Pull, PullRef, Review, ServiceStatus, content_hash, decoded, encoded
from bot.reminders.nouns import Due, Told
from bot.store.base import Part, clipped, moment, seconds
from bot.store.drift import close_all
from bot.store.reminders import _told_row as told_row
from bot.store.schema import (
    alerts,
    away,
    drifts,
    pulls,
    pushers,
    reviewed,
    reviews,
    rulings,
    sendings,
    services,
    told,
)

GONE = "the repository is gone"
"""What closed the drift of a repository that is away."""
AT_ONCE = 200
"""Rows that are renamed with one statement."""

Row = Mapping[str, object]
Change = Callable[[Row, str, str], Mapping[str, object]]
Choice = Callable[[Row, Row], Row]


class Moves(Part):
    """Names of repositories, and who pushed under them."""

    def move_repository(self, before: str, after: str) -> int:
        """Everything that carries a repository's name carries another from now on; returns how many rows did, 0 where
        nothing was known by the name before. What is there under the name after stays where it is newer; drift that is
        known under both lives since the earlier. Tables come in the order in which all transactions take them."""
        if before == after:
            return 0
        with self.together():
            with self.writing("rulings") as connection:
                count = sum(
                    self._moved(connection, table, before, after, *how)
                    for table, how in ((pulls, _PULL), (reviews, _REVIEW), (alerts, _ALERT), (pushers, _KEPT),
                                       (rulings, _NEWER))
                )  # fmt: skip
                _rename_in_messages(connection, before, after)
            first, second = sorted((before, after))
            with self.writing(f"drift of {first}"), self.writing(f"drift of {second}") as connection:
                count += sum(
                    self._moved(connection, table, before, after, *how)
                    for table, how in ((drifts, _DRIFT), (told, _TOLD), (reviewed, _REVIEWED))
                )
                if connection.scalar(select(services.c.name).where(services.c.repo == after).limit(1)) is not None:
                    connection.execute(delete(services).where(services.c.repo == before))
                count += self._moved(connection, services, before, after, *_SERVICE)
                self._moved(connection, away, before, after, *_KEPT)
        return count

    def forget_repository(self, repo: str, at: datetime) -> bool:
        """A repository is away: close its drift and drop its services; evidence stays. False when it was away
        before."""
        with self.writing(f"drift of {repo}") as connection:
            close_all(connection, repo, at, GONE)
            connection.execute(delete(services).where(services.c.repo == repo))
            return self.put_once(connection, away, {"repo": clipped(repo, 250), "at": seconds(at)})

    def restore_repository(self, repo: str) -> bool:
        """A repository that was away is back: what was open then is open as it was. False when it was not away."""
        with self.writing(f"drift of {repo}") as connection:
            if not connection.execute(delete(away).where(away.c.repo == repo)).rowcount:
                return False
            gone = (drifts.c.repo == repo, drifts.c.closed_by == GONE)
            connection.execute(update(drifts).where(*gone).values(closed_at=None, closed_by=""))
        return True

    def is_away(self, repo: str) -> bool:
        """Whether a repository was forgotten and has not come back."""
        with self.reading() as connection:
            return connection.scalar(select(away.c.repo).where(away.c.repo == repo)) is not None

    def pushed(self, ref: PullRef, who: CommitAuthor, at: datetime) -> None:
        """Somebody pushed to a pull request, whoever is named as the author of the commits. Writes what is new only:
        deliveries are answered after it."""
        name = clipped(who.login.casefold(), 100)
        if any(name == known.login for known in self.pushers(ref)):
            return
        row = {"repo": ref.repo, "number": ref.number, "login": name, "at": seconds(at), "account": who.number}
        with self.writing() as connection:
            self.put_once(connection, pushers, row)

    def pushers(self, ref: PullRef) -> tuple[CommitAuthor, ...]:
        """Who pushed to a pull request, as far as deliveries told: logins in lower case."""
        here = (pushers.c.repo == ref.repo, pushers.c.number == ref.number)
        with self.reading() as connection:
            found = select(pushers.c.login, pushers.c.account).where(*here).order_by(pushers.c.login)
            return tuple(CommitAuthor(login, "", "", account) for login, account in connection.execute(found))

    def _moved(
        self, connection: Connection, table: Table, before: str, after: str, change: Change, choose: Choice
    ) -> int:
        """Rename the rows of a table, some at a time (a review can be large); returns how many."""
        columns, count = list(table.primary_key), 0
        both = connection.scalar(select(table.c.repo).where(table.c.repo == after).limit(1)) is not None
        wanted = select(table).where(table.c.repo == before).order_by(*columns).limit(AT_ONCE).with_for_update()
        gone = delete(table).where(*(column == bindparam(f"the_{column.name}") for column in columns))
        while rows := [row._asdict() for row in connection.execute(wanted)]:
            fresh: list[Row] = [{**row, "repo": after, **change(row, before, after)} for row in rows]
            if both:
                fresh = [_chosen(connection, table, row, choose) for row in fresh]
            connection.execute(gone, [{f"the_{column.name}": row[column.name] for column in columns} for row in rows])
            self.put(connection, table, *fresh)
            count += len(rows)
        return count


def _chosen(connection: Connection, table: Table, moved: Row, choose: Choice) -> Row:
    """Of a row and the one that stands in its place already, if any, what stays."""
    there = select(table).where(*(column == moved[column.name] for column in table.primary_key))
    standing = connection.execute(there.with_for_update()).first()
    return moved if standing is None else choose(moved, standing._asdict())


# -- how the rows of each table change, and which of two stays ------------------------------------------------------


def _same(row: Row, before: str, after: str) -> Mapping[str, object]:
    return {}


def _pull(row: Row, before: str, after: str) -> Mapping[str, object]:
    try:
        pull = decoded(Pull, str(row["body"]))
    except ValueError:
        return {}
    home = after if pull.head_repo == before else pull.head_repo
    url = pull.url.replace(f"/{before}/pull/", f"/{after}/pull/")
    return {"body": encoded(replace(pull, ref=PullRef(after, pull.ref.number), head_repo=home, url=url))}


def _review(row: Row, before: str, after: str) -> Mapping[str, object]:
    try:
        review = decoded(Review, str(row["body"]))
    except ValueError:
        return {}
    known = tuple(replace(one, repo=after) if one.repo == before else one for one in review.services)
    return {"body": encoded(replace(review, ref=PullRef(after, review.ref.number), services=known))}


def _alert(row: Row, before: str, after: str) -> Mapping[str, object]:
    try:
        alert = decoded(Alert, str(row["body"]))
    except ValueError:
        return {}
    return {"body": encoded(replace(alert, ref=PullRef(after, alert.ref.number)))}


def _service(row: Row, before: str, after: str) -> Mapping[str, object]:
    try:
        return {"body": encoded(replace(decoded(ServiceStatus, str(row["body"])), repo=after))}
    except ValueError:
        return {}


def _told(row: Row, before: str, after: str) -> Mapping[str, object]:
    step = int(str(row["step"]))
    one = Told(after + str(row["key"]).removeprefix(before), str(row["phase"]), step, str(row["recipient"]))
    return told_row(one, moment(float(str(row["at"]))))


def _looked(row: Row, before: str, after: str) -> Mapping[str, object]:
    return {"id": content_hash(after, str(row["path"]))}


def _stays(moved: Row, there: Row) -> Row:
    return there


def _newer(moved: Row, there: Row) -> Row:
    return moved if float(str(moved["at"])) > float(str(there["at"])) else there


def _later_day(moved: Row, there: Row) -> Row:
    return moved if str(moved["day"]) > str(there["day"]) else there


def _one_life(moved: Row, there: Row) -> Row:
    """Drift that is known under both names: what was said of it last, with the life that it had before."""
    if moved["closed_at"] is not None and moved["closed_by"] != GONE:
        return there
    if there["closed_at"] is not None and there["closed_by"] != GONE:
        over = float(str(there["closed_at"])) >= float(str(moved["opened_at"]))
        return there if over else moved
    lasting = {name: moved[name] for name in ("opened_at", "snoozed_until", "snoozes")}
    debt = moved if moved["merged"] and not there["merged"] else there
    owed = {name: debt[name] for name in ("merged", "merged_at", "number")}
    return {**there, **lasting, **owed, "assignee": there["assignee"] or moved["assignee"]}


_KEPT, _NEWER = (_same, _stays), (_same, _newer)
_PULL, _REVIEW, _ALERT, _SERVICE = (_pull, _newer), (_review, _newer), (_alert, _stays), (_service, _stays)
_DRIFT, _TOLD, _REVIEWED = (_same, _one_life), (_told, _stays), (_looked, _later_day)


def _rename_in_messages(connection: Connection, before: str, after: str) -> None:
    """Digests name their lines by the repository: what is shown is brought up to date under the name after."""
    named = sendings.c.body.contains(json.dumps(f"{before}:")[:-1], autoescape=True)
    for key, body in connection.execute(select(sendings.c.key, sendings.c.body).where(named)).all():
        due = decoded(Due, body)
        entries = tuple(
            replace(entry, key=after + entry.key.removeprefix(before)) if entry.key.startswith(f"{before}:") else entry
            for entry in due.entries
        )
        fresh = encoded(replace(due, entries=entries))
        connection.execute(update(sendings).where(sendings.c.key == key).values(body=fresh))
