"""Open drift and people's decisions on it.

One row per fingerprint of a repository, which belongs to one pull request. Two open pull requests may cause the same
drift: the row stays with the one that was first, and passes to the other when the first ends or mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, delete, or_, select, update

from bot.model import Drift, Item, Pull, PullRef, PullState, Review, Ruling, decoded, encoded
from bot.store.base import Part, clipped, moment, seconds
from bot.store.schema import drifts, pulls, reviews, rulings
from runbooks.model import Decision, Status

EXPIRED = timedelta(days=30)
"""How long a decision is kept after its end."""

_RANK = {Status.CONTRADICTED: 0, Status.SUSPECT: 1}


class DriftPart(Part):
    """What is open, and what was decided."""

    def rule(self, made: Sequence[Ruling]) -> None:
        """Keep decisions; one on the same fingerprint and hashes replaces the one before."""
        with self.writing("rulings") as connection:
            for ruling in made:
                decision = ruling.decision
                row = {
                    "repo": ruling.repo, "fingerprint": decision.fingerprint, "values_hash": decision.values_hash,
                    "section_hash": decision.section_hash, "at": seconds(ruling.at),
                    "until": decision.until.isoformat() if decision.until else "", "body": encoded(decision),
                }  # fmt: skip
                self.put(connection, rulings, row)
            if made:
                end = (max(ruling.at for ruling in made) - EXPIRED).date().isoformat()
                connection.execute(delete(rulings).where(rulings.c.until != "", rulings.c.until < end))

    def decisions(self, repo: str) -> tuple[Decision, ...]:
        """Every decision of a repository that may still apply, oldest first."""
        with self.reading() as connection:
            wanted = select(rulings.c.body).where(rulings.c.repo == repo).order_by(rulings.c.at, rulings.c.fingerprint)
            return tuple(decoded(Decision, body) for body in connection.scalars(wanted))

    def open_drift(self, review: Review, at: datetime) -> None:
        """Make the open drift of a pull request what its review says: open what is new, close what is gone.

        What is open keeps its date and assignee, and stays debt of an earlier merge, then with the newest text. What
        was closed and comes back with other values in the same pull request keeps date and assignee too.
        """
        repo, number = review.ref.repo, review.ref.number
        now = {item.fingerprint: item for item in review.drift}
        settled = {item.fingerprint: item for item in review.items if not item.open}
        with self.writing(f"drift of {repo}") as connection:
            own_or_open = or_(drifts.c.closed_at.is_(None), drifts.c.number == number)
            rows = connection.execute(select(drifts).where(drifts.c.repo == repo, own_or_open)).mappings().all()
            known = {row["fingerprint"]: row for row in rows}
            fresh = (_opened(repo, number, item, at, known.get(item.fingerprint)) for item in now.values())
            self.put(connection, drifts, *(row for row in fresh if row is not None))
            gone = [row for row in rows if row["closed_at"] is None and row["fingerprint"] not in now]
            why = {
                row["fingerprint"]: _why(settled.get(row["fingerprint"]), review.head)
                for row in gone
                if _cleared(row, number, settled.get(row["fingerprint"]))
            }
            self._end(connection, review.ref, why, at)

    def close_drift(self, repo: str, fingerprint: str, at: datetime, by: str) -> None:
        """Close one."""
        with self.writing(f"drift of {repo}") as connection:
            _close(connection, repo, [fingerprint], at, by)

    def settle(self, ref: PullRef, *, merged: bool, at: datetime) -> None:
        """The pull request ended: merged drift becomes debt, drift of a closed one ends. A merge also makes its own
        what another pull request opened first, and ends debt that its newest review calls updated or acknowledged."""
        with self.writing(f"drift of {ref.repo}") as connection:
            here = (drifts.c.repo == ref.repo, drifts.c.closed_at.is_(None))
            rows = connection.execute(select(drifts).where(*here)).mappings().all()
            own = [r["fingerprint"] for r in rows if r["number"] == ref.number and not r["merged"]]
            if not merged:
                self._end(connection, ref, dict.fromkeys(own, "the pull request was closed"), at)
                return
            connection.execute(
                update(drifts).where(*here, drifts.c.number == ref.number).values(merged=True)
            )  # fmt: skip
            left = _last_review(connection, ref)
            if left is None:
                return
            found = {item.fingerprint: item for item in left.items}
            taken = [(row, found[row["fingerprint"]]) for row in rows if row["fingerprint"] in found]
            self.put(
                connection, drifts,
                *({**row, **_shown(item), "number": ref.number, "merged": True} for row, item in taken if item.open),
            )  # fmt: skip
            mended = [
                row["fingerprint"] for row, item in taken
                if row["merged"] and item.status in {Status.UPDATED, Status.ACKNOWLEDGED}
            ]  # fmt: skip
            _close(connection, ref.repo, mended, at, f"{ref.key} was merged")

    def drift(self, *, repo: str = "", service: str = "", assignee: str = "") -> tuple[Drift, ...]:
        """Open drift, worst and oldest first."""
        wanted = select(*_SHOWN).where(drifts.c.closed_at.is_(None))
        given = ((drifts.c.repo, repo), (drifts.c.service, clipped(service, 250)), (drifts.c.assignee, assignee))
        for column, value in given:
            if value:
                wanted = wanted.where(column == value)
        wanted = wanted.order_by(drifts.c.rank, drifts.c.opened_at, drifts.c.repo, drifts.c.fingerprint)
        with self.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(
            Drift(repo, decoded(Item, item), PullRef(repo, number), moment(opened), bool(merged), assignee)
            for repo, item, number, opened, merged, assignee in rows
        )

    def assign(self, repo: str, fingerprint: str, assignee: str) -> None:
        """Hand one item over; an empty assignee gives it back to its owners."""
        key = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint)
        with self.writing(f"drift of {repo}") as connection:
            connection.execute(update(drifts).where(*key).values(assignee=clipped(assignee, 100)))

    def _end(self, connection: Connection, ref: PullRef, why: Mapping[str, str], at: datetime) -> None:
        """Close drift of a pull request, or pass it to another open one that causes it too."""
        if not why:
            return
        other = _others(connection, ref)
        for fingerprint, by in why.items():
            if fingerprint not in other:
                _close(connection, ref.repo, [fingerprint], at, by)
                continue
            number, item = other[fingerprint]
            key = (drifts.c.repo == ref.repo, drifts.c.fingerprint == fingerprint)
            connection.execute(update(drifts).where(*key).values(number=number, **_shown(item)))


_SHOWN = (drifts.c.repo, drifts.c.item, drifts.c.number, drifts.c.opened_at, drifts.c.merged, drifts.c.assignee)


def close_all(connection: Connection, repo: str, at: datetime, by: str) -> None:
    """Close everything that is open in a repository."""
    here = (drifts.c.repo == repo, drifts.c.closed_at.is_(None))
    connection.execute(update(drifts).where(*here).values(closed_at=seconds(at), closed_by=clipped(by, 300)))


def _close(connection: Connection, repo: str, fingerprints: Iterable[str], at: datetime, by: str) -> None:
    for fingerprint in fingerprints:
        here = (drifts.c.repo == repo, drifts.c.fingerprint == fingerprint, drifts.c.closed_at.is_(None))
        connection.execute(update(drifts).where(*here).values(closed_at=seconds(at), closed_by=clipped(by, 300)))


def _opened(repo: str, number: int, item: Item, at: datetime, known: RowMapping | None) -> dict[str, object] | None:
    """The row of an open item, or None when another open pull request has it already."""
    if known is not None and known["closed_at"] is None:
        return {**known, **_shown(item)} if known["merged"] or known["number"] == number else None
    row = {
        "repo": repo, "fingerprint": item.fingerprint, "number": number, "assignee": "", "merged": False,
        "opened_at": seconds(at), "closed_at": None, "closed_by": "", **_shown(item),
    }  # fmt: skip
    if known is not None and decoded(Item, known["item"]).values_hash != item.values_hash:
        row |= {"opened_at": known["opened_at"], "assignee": known["assignee"], "merged": known["merged"]}
    return row


def _shown(item: Item) -> dict[str, object]:
    """The columns that follow the newest text of an item."""
    return {"service": clipped(item.service, 250), "rank": _RANK.get(item.status, 2), "item": encoded(item)}


def _cleared(row: RowMapping, number: int, settled: Item | None) -> bool:
    """Whether a review without this open item ends its drift. Debt lies on the target branch: a head that is not merged
    cannot mend it, but a person's word on these values and this text counts wherever it was given."""
    if not row["merged"]:
        return bool(row["number"] == number)
    if settled is None or settled.status is not Status.ACKNOWLEDGED:
        return False
    debt = decoded(Item, row["item"])
    return (debt.values_hash, debt.section_hash) == (settled.values_hash, settled.section_hash)


def _why(settled: Item | None, head: str) -> str:
    return f"{settled.status.value}: {settled.reason}" if settled else f"corrected by {head}"


def _others(connection: Connection, ref: PullRef) -> dict[str, tuple[int, Item]]:
    """Open items of the other open pull requests of a repository, the lowest number first."""
    same = (reviews.c.repo == pulls.c.repo) & (reviews.c.number == pulls.c.number)
    wanted = select(pulls.c.body, reviews.c.body).join_from(pulls, reviews, same).order_by(pulls.c.number.desc())
    here = (pulls.c.repo == ref.repo, pulls.c.number != ref.number, pulls.c.state == PullState.OPEN.value)
    found: dict[str, tuple[int, Item]] = {}
    for pull, body in connection.execute(wanted.where(*here)):
        if not decoded(Pull, pull).draft:
            review = decoded(Review, body)
            found |= {item.fingerprint: (review.ref.number, item) for item in review.drift}
    return found


def _last_review(connection: Connection, ref: PullRef) -> Review | None:
    """The review of the head that was merged; None when the last one is of an earlier head."""
    same = (reviews.c.repo == pulls.c.repo) & (reviews.c.number == pulls.c.number) & (reviews.c.head == pulls.c.head)
    wanted = select(reviews.c.body).join_from(pulls, reviews, same)
    body = connection.scalar(wanted.where(pulls.c.repo == ref.repo, pulls.c.number == ref.number))
    return decoded(Review, body) if body is not None else None
