"""Open drift.

One row per fingerprint of a repository, which belongs to one pull request. Two open pull requests may cause the same
drift: the row stays with the one that was first, and passes to the other when the first ends or mends it.

A snooze closes nothing: the row stays open, silent until its day, and then speaks again by itself. Which steps of
reminders were told of an item is forgotten when a snooze begins and when drift opens anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from bot.model import Drift, Item, Pull, PullRef, PullState, Review, decoded, encoded
from bot.store.base import Part, clipped, moment, seconds
from bot.store.rows import CLOSED, DRAFT, Row, born, opened, owed, passed, same
from bot.store.schema import drifts, pulls, reviews, rulings, told
from runbooks.model import Status

NOTE = "note"
"""The phase of what was told about an owner who cannot be reached (``bot.reminders.ladder``): no step of a ladder."""


class DriftPart(Part):
    """What is open."""

    def open_drift(self, review: Review, at: datetime) -> None:
        """Make the open drift of a pull request what its review says: open what is new, close what is gone.

        What is open keeps its date and assignee, and stays debt of an earlier merge, then with the newest text. What
        was closed and comes back with other values in the same pull request keeps date and assignee too. What a person
        snoozed stays open; a snooze ends before its day when the pull request changes the values or the text again.
        """
        repo, number = review.ref.repo, review.ref.number
        settled = {item.fingerprint: item for item in review.items if not item.open}
        with self.writing(f"drift of {repo}") as connection:
            now = _waiting(connection, review)
            asleep = [name for name, (_, until) in now.items() if until]
            in_hand = or_(drifts.c.closed_at.is_(None), drifts.c.number == number, drifts.c.fingerprint.in_(asleep))
            rows = _rows(connection, drifts.c.repo == repo, in_hand)
            known = {str(row["fingerprint"]): row for row in rows}
            rowed = (opened(repo, number, item, day, at, known.get(name)) for name, (item, day) in now.items())
            fresh = [row for row in rowed if row is not None]
            self.put(connection, drifts, *fresh)
            _begin_anew(connection, repo, fresh, known)
            gone = [name for name, row in known.items() if row["closed_at"] is None and name not in now]
            why = {
                name: _why(settled.get(name), review.head, elsewhere=name.partition(".")[2] != review.scope)
                for name in gone if _cleared(known[name], number, settled.get(name))
            }  # fmt: skip
            self._end(connection, review.ref, why, at)

    def snooze_drift(self, repo: str, fingerprint: str, until: date, at: datetime) -> int:
        """Silence an open item until a day (the last silent one) and forget which steps were told of it; returns how
        often that was done, this time included, and 0 for what is not open. The same day again counts once, whether
        this or a review with the decision said it first."""
        here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
        with self.writing(f"drift of {repo}") as connection:
            row = connection.execute(select(drifts.c.snoozed_until, drifts.c.snoozes).where(*here)).first()
            if row is None or row.snoozed_until == until.isoformat():
                return row.snoozes if row else 0
            asleep = {"snoozed_until": until.isoformat(), "snoozes": row.snoozes + 1}
            connection.execute(update(drifts).where(*here).values(**asleep))
            _forget(connection, repo, [fingerprint], ladder_only=True)
            return int(row.snoozes) + 1

    def direct_drift(self, repo: str, fingerprint: str, until: date | None, at: datetime) -> None:
        """Silence an open item until the day that a directive in its runbook names, or end that silence where there is
        none any more (None). A directive was reviewed with the text that it stands in: it is no snooze that is counted.
        """
        here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
        with self.writing(f"drift of {repo}") as connection:
            row = connection.execute(select(drifts.c.item, drifts.c.snoozed_until).where(*here)).first()
            if row is None:
                return
            day = (until or at.date() - timedelta(days=1)).isoformat()
            item = encoded(replace(decoded(Item, row.item), until=until))
            connection.execute(update(drifts).where(*here).values(snoozed_until=day, item=item))
            if until is not None and row.snoozed_until != day:
                _forget(connection, repo, [fingerprint], ladder_only=True)

    def close_drift(self, repo: str, fingerprint: str, at: datetime, by: str) -> None:
        """Close one, or pass it to an open pull request that causes it too."""
        here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
        with self.writing(f"drift of {repo}") as connection:
            for row in _rows(connection, *here):
                self._end(connection, PullRef(repo, int(str(row["number"]))), {fingerprint: by}, at)

    def settle(self, ref: PullRef, *, merged: bool, at: datetime, draft: bool = False, first: bool = False) -> None:
        """The pull request ended, or asks for nothing any more as a ``draft``: merged drift becomes debt, that of
        others ends. A merge also makes its own what another pull request opened first, and ends debt that its newest
        review calls updated or acknowledged. The ``first`` time that it is heard of, what that review leaves open is
        debt whether or not it has a row: another's end may have closed it."""
        with self.writing(f"drift of {ref.repo}") as connection:
            here = (drifts.c.repo == ref.repo, drifts.c.closed_at.is_(None))
            rows = _rows(connection, *here)
            own = [str(r["fingerprint"]) for r in rows if r["number"] == ref.number and not r["merged"]]
            if not merged:
                self._end(connection, ref, dict.fromkeys(own, DRAFT if draft else CLOSED), at)
                return
            ours = (*here, drifts.c.number == ref.number, drifts.c.merged.is_(False))
            connection.execute(update(drifts).where(*ours).values(merged=True, merged_at=seconds(at)))
            left = _last_review(connection, ref)
            if left is None:
                return
            found, waiting = {item.fingerprint: item for item in left.items}, _waiting(connection, left)
            known = {name: row for row in rows if (name := str(row["fingerprint"])) in found}
            debts = [owed(row, ref.number, *waiting[name], at) for name, row in known.items() if name in waiting]
            if first:
                bare = [born(ref.repo, ref.number, *one, at) for name, one in waiting.items() if name not in known]
                debts += [owed(row, ref.number, *waiting[str(row["fingerprint"])], at) for row in bare]
                _forget(connection, ref.repo, [str(row["fingerprint"]) for row in bare])
            self.put(connection, drifts, *debts)
            worse = [d for d in debts if (row := known.get(str(d["fingerprint"]))) and row["merged"] and d != row]
            _begin_anew(connection, ref.repo, worse, known)
            mended = [
                name for name, row in known.items()
                if row["merged"] and found[name].status in {Status.UPDATED, Status.ACKNOWLEDGED} and not left.failure
            ]  # fmt: skip
            self._end(connection, ref, dict.fromkeys(mended, f"{ref.key} was merged"), at)

    def drift(self, *, repo: str = "", service: str = "", assignee: str = "") -> tuple[Drift, ...]:
        """Open drift, worst and oldest first; also what sleeps until ``snoozed_until``."""
        wanted = select(*_SHOWN).where(drifts.c.closed_at.is_(None))
        given = ((drifts.c.repo, repo), (drifts.c.service, clipped(service, 250)), (drifts.c.assignee, assignee))
        for column, value in given:
            if value:
                wanted = wanted.where(column == value)
        wanted = wanted.order_by(drifts.c.rank, drifts.c.opened_at, drifts.c.repo, drifts.c.fingerprint)
        with self.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(
            Drift(
                repo, decoded(Item, item), PullRef(repo, number), moment(opened), bool(merged), assignee,
                merged_at=moment(merged_at) if merged_at is not None else None,
                snoozed_until=date.fromisoformat(until) if until else None, snoozes=snoozes,
            )
            for repo, item, number, opened, merged, assignee, merged_at, until, snoozes in rows
        )  # fmt: skip

    def assign(self, repo: str, fingerprint: str, assignee: str, at: datetime) -> bool:
        """Hand one open item over; an empty assignee gives it back to its owners. The ladder of debt begins anew, as
        after a snooze that ended the day before: whoever has it now is asked, and the others later. False where nothing
        is open under that name."""
        here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
        to = clipped(assignee, 100)
        with self.writing(f"drift of {repo}") as connection:
            known = select(drifts.c.assignee, drifts.c.snoozed_until, drifts.c.merged)
            row = connection.execute(known.where(*here)).first()
            if row is None or row.assignee == to:
                return row is not None
            connection.execute(update(drifts).where(*here).values(assignee=to))
            if row.merged:
                until = max(row.snoozed_until, (at.date() - timedelta(days=1)).isoformat())
                connection.execute(update(drifts).where(*here).values(snoozed_until=until))
                _forget(connection, repo, [fingerprint], ladder_only=True)
            return True

    def _end(self, connection: Connection, ref: PullRef, why: Mapping[str, str], at: datetime) -> None:
        """Close drift of a pull request, or pass it to another open one that causes it too."""
        if not why:
            return
        other = _others(connection, ref)
        for fingerprint, by in why.items():
            if fingerprint not in other:
                _close(connection, ref.repo, [fingerprint], at, by)
                continue
            here = (drifts.c.repo == ref.repo, drifts.c.fingerprint == fingerprint)
            (row,) = _rows(connection, *here)
            now = passed(row, *other[fingerprint], at)
            self.put(connection, drifts, now)
            _begin_anew(connection, ref.repo, [now], {fingerprint: row})


_SHOWN = (
    drifts.c.repo, drifts.c.item, drifts.c.number, drifts.c.opened_at, drifts.c.merged, drifts.c.assignee,
    drifts.c.merged_at, drifts.c.snoozed_until, drifts.c.snoozes,
)  # fmt: skip


def close_all(connection: Connection, repo: str, at: datetime, by: str) -> None:
    """Close everything that is open in a repository."""
    here = (drifts.c.repo == repo, drifts.c.closed_at.is_(None))
    connection.execute(update(drifts).where(*here).values(closed_at=seconds(at), closed_by=clipped(by, 300)))


def _close(connection: Connection, repo: str, fingerprints: Iterable[str], at: datetime, by: str) -> None:
    for fingerprint in fingerprints:
        here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
        connection.execute(update(drifts).where(*here).values(closed_at=seconds(at), closed_by=clipped(by, 300)))


def _rows(connection: Connection, *conditions: ColumnElement[bool]) -> list[Row]:
    return [row._asdict() for row in connection.execute(select(drifts).where(*conditions))]


def _begin_anew(connection: Connection, repo: str, fresh: Sequence[Row], known: Mapping[str, Row]) -> None:
    """Forget what was told of rows that begin a life of their own, and of those whose snooze is another one now."""
    born, put_off = [], []
    for row in fresh:
        before = known.get(str(row["fingerprint"]))
        if before is None or (before["closed_at"] is not None and before["opened_at"] != row["opened_at"]):
            born.append(str(row["fingerprint"]))
        elif before["snoozed_until"] != row["snoozed_until"] or before["merged_at"] != row["merged_at"]:
            put_off.append(str(row["fingerprint"]))
    _forget(connection, repo, born)
    _forget(connection, repo, put_off, ladder_only=True)


def _forget(connection: Connection, repo: str, fingerprints: Sequence[str], *, ladder_only: bool = False) -> None:
    wanted = delete(told).where(told.c.repo == repo)
    if ladder_only:
        wanted = wanted.where(told.c.phase != NOTE)
    for first in range(0, len(fingerprints), 500):
        connection.execute(wanted.where(told.c.fingerprint.in_(fingerprints[first : first + 500])))


def _waiting(connection: Connection, review: Review) -> dict[str, tuple[Item, str]]:
    """What a review leaves open, by fingerprint: its open items, and those that a person's decision or a directive in
    the runbook snoozed, with the last silent day (else ""), which may be past. A snooze of the repository's
    configuration has no day that we know: its item counts as settled as long as reviews say so."""
    found = {item.fingerprint: (item, "") for item in review.drift}
    snoozed = {item.fingerprint: item for item in review.items if item.status is Status.SNOOZED}
    if not snoozed:
        return found
    key = (rulings.c.fingerprint, rulings.c.values_hash, rulings.c.section_hash, rulings.c.until)
    ruled = select(*key).where(rulings.c.repo == review.ref.repo, rulings.c.fingerprint.in_(snoozed))
    ruled = ruled.where(rulings.c.until != "").order_by(rulings.c.at)
    days = {(name, values, text): day for name, values, text, day in connection.execute(ruled)}
    slept = select(drifts.c.fingerprint).where(
        drifts.c.repo == review.ref.repo, drifts.c.closed_at.is_(None), drifts.c.snoozes > 0,
        drifts.c.fingerprint.in_(snoozed),
    )  # fmt: skip
    for name in connection.scalars(slept):  # the decision is forgotten some time after its end
        found.setdefault(name, (snoozed[name], ""))
    for name, item in snoozed.items():
        directed = item.until.isoformat() if item.until else ""
        if day := days.get((name, item.values_hash, item.section_hash)) or directed:
            found[name] = (item, day)
    return found


def _cleared(row: Row, number: int, settled: Item | None) -> bool:
    """Whether a review without this open item ends its drift. Debt lies on the target branch: a head that is not merged
    cannot mend it, but a person's word on these values and this text counts wherever it was given."""
    if not row["merged"]:
        return bool(row["number"] == number)
    if settled is None or settled.status is not Status.ACKNOWLEDGED:
        return False
    return same(row, settled)


def _why(settled: Item | None, head: str, *, elsewhere: bool) -> str:
    if settled:
        return f"{settled.status.value}: {settled.reason}"
    return "the pull request goes to another branch" if elsewhere else f"corrected by {head}"


def _others(connection: Connection, ref: PullRef) -> dict[str, tuple[int, Item, str]]:
    """What other open pull requests of a repository leave open, the lowest number first: number, item, snooze."""
    there = (reviews.c.repo == pulls.c.repo) & (reviews.c.number == pulls.c.number)
    wanted = select(pulls.c.body, reviews.c.body).join_from(pulls, reviews, there).order_by(pulls.c.number.desc())
    here = (pulls.c.repo == ref.repo, pulls.c.number != ref.number, pulls.c.state == PullState.OPEN.value)
    found: dict[str, tuple[int, Item, str]] = {}
    for pull, body in connection.execute(wanted.where(*here)).all():
        if not decoded(Pull, pull).draft:
            review = decoded(Review, body)
            waiting = _waiting(connection, review)
            found |= {name: (review.ref.number, item, day) for name, (item, day) in waiting.items()}
    return found


def _last_review(connection: Connection, ref: PullRef) -> Review | None:
    """The review of the head that was merged; None when the last one is of an earlier head."""
    same = (reviews.c.repo == pulls.c.repo) & (reviews.c.number == pulls.c.number) & (reviews.c.head == pulls.c.head)
    wanted = select(reviews.c.body).join_from(pulls, reviews, same)
    body = connection.scalar(wanted.where(pulls.c.repo == ref.repo, pulls.c.number == ref.number))
    return decoded(Review, body) if body is not None else None
