"""Open drift and people's decisions on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, select, update

from bot.model import Drift, Item, PullRef, Review, Ruling, decoded, encoded
from bot.store.base import Part, clipped, moment, seconds
from bot.store.schema import drifts, rulings
from runbooks.model import Decision, Status

EXPIRED = timedelta(days=30)
"""How long a decision is kept after its end."""

_RANK = {Status.CONTRADICTED: 0, Status.SUSPECT: 1}


class DriftPart(Part):
    """What is open, and what was decided."""

    def rule(self, made: Sequence[Ruling]) -> None:
        """Keep decisions; one on the same fingerprint and hashes replaces the one before."""
        with self.writing() as connection:
            for ruling in made:
                decision = ruling.decision
                row = {
                    "repo": ruling.repo, "fingerprint": decision.fingerprint, "values_hash": decision.values_hash,
                    "section_hash": decision.section_hash, "at": seconds(ruling.at),
                    "until": decision.until.isoformat() if decision.until else "", "body": encoded(decision),
                }  # fmt: skip
                self.put(connection, rulings, row)
            if made:
                end = (made[0].at - EXPIRED).date().isoformat()
                connection.execute(delete(rulings).where(rulings.c.until != "", rulings.c.until < end))

    def decisions(self, repo: str) -> tuple[Decision, ...]:
        """Every decision of a repository that may still apply, oldest first."""
        with self.reading() as connection:
            wanted = select(rulings.c.body).where(rulings.c.repo == repo).order_by(rulings.c.at, rulings.c.fingerprint)
            return tuple(decoded(Decision, body) for body in connection.scalars(wanted))

    def open_drift(self, review: Review, at: datetime) -> None:
        """Make the open drift of a pull request what its review says: open what is new, close what is gone. What is
        open already keeps its date, its assignee, and that it is debt of an earlier merge."""
        repo, number = review.ref.repo, review.ref.number
        now = {item.fingerprint: item for item in review.drift}
        with self.writing() as connection:
            here = (drifts.c.repo == repo, drifts.c.closed_at.is_(None))
            rows = connection.execute(select(drifts).where(*here)).mappings().all()
            known = {row["fingerprint"]: row for row in rows}
            for fingerprint, item in now.items():
                if fingerprint in known:
                    self._renew(connection, known[fingerprint], item)
                else:
                    self.put(connection, drifts, _row(repo, number, item, at))
            settled = {item.fingerprint: item for item in review.items if not item.open}
            for fingerprint, row in known.items():
                if fingerprint not in now and row["number"] == number and not row["merged"]:
                    why = settled.get(fingerprint)
                    by = f"{why.status.value}: {why.reason}" if why else f"corrected by {review.head}"
                    _close(connection, repo, fingerprint, at, by)

    def _renew(self, connection: Connection, row: RowMapping, item: Item) -> None:
        values = {"item": encoded(item), "service": clipped(item.service, 250), "rank": _RANK.get(item.status, 2)}
        key = (drifts.c.repo == row["repo"], drifts.c.fingerprint == row["fingerprint"])
        connection.execute(update(drifts).where(*key).values(**values))

    def close_drift(self, repo: str, fingerprint: str, at: datetime, by: str) -> None:
        """Close one."""
        with self.writing() as connection:
            _close(connection, repo, fingerprint, at, by)

    def settle(self, ref: PullRef, *, merged: bool, at: datetime) -> None:
        """The pull request ended: merged drift becomes debt, drift of a closed one ends."""
        here = (drifts.c.repo == ref.repo, drifts.c.number == ref.number, drifts.c.closed_at.is_(None))
        change = {"merged": True} if merged else {"closed_at": seconds(at), "closed_by": "the pull request was closed"}
        with self.writing() as connection:
            connection.execute(update(drifts).where(*here, drifts.c.merged.is_(False)).values(**change))

    def drift(self, *, repo: str = "", service: str = "", assignee: str = "") -> tuple[Drift, ...]:
        """Open drift, worst and oldest first."""
        wanted = select(drifts).where(drifts.c.closed_at.is_(None))
        for column, value in ((drifts.c.repo, repo), (drifts.c.service, service), (drifts.c.assignee, assignee)):
            if value:
                wanted = wanted.where(column == value)
        wanted = wanted.order_by(drifts.c.rank, drifts.c.opened_at, drifts.c.repo, drifts.c.fingerprint)
        with self.reading() as connection:
            return tuple(_drift(row) for row in connection.execute(wanted).mappings())

    def assign(self, repo: str, fingerprint: str, assignee: str) -> None:
        """Hand one item over; an empty assignee gives it back to its owners."""
        key = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint)
        with self.writing() as connection:
            connection.execute(update(drifts).where(*key).values(assignee=clipped(assignee, 100)))


def close_all(connection: Connection, repo: str, at: datetime, by: str) -> None:
    """Close everything that is open in a repository."""
    here = (drifts.c.repo == repo, drifts.c.closed_at.is_(None))
    connection.execute(update(drifts).where(*here).values(closed_at=seconds(at), closed_by=clipped(by, 300)))


def _close(connection: Connection, repo: str, fingerprint: str, at: datetime, by: str) -> None:
    here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
    connection.execute(update(drifts).where(*here).values(closed_at=seconds(at), closed_by=clipped(by, 300)))


def _row(repo: str, number: int, item: Item, at: datetime) -> dict[str, object]:
    return {
        "repo": repo, "fingerprint": item.fingerprint, "number": number, "service": clipped(item.service, 250),
        "assignee": "", "merged": False, "rank": _RANK.get(item.status, 2), "opened_at": seconds(at),
        "closed_at": None, "closed_by": "", "item": encoded(item),
    }  # fmt: skip


def _drift(row: RowMapping) -> Drift:
    closed = row["closed_at"]
    return Drift(
        row["repo"], decoded(Item, row["item"]), PullRef(row["repo"], row["number"]), moment(row["opened_at"]),
        bool(row["merged"]), row["assignee"], moment(closed) if closed is not None else None, row["closed_by"],
    )  # fmt: skip
