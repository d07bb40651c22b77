"""What people decided: one word of each person on the same values and text of a section."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, func, select

from bot.model import Item, Ruling, decoded, encoded
from bot.store.base import Part, clipped, seconds
from bot.store.schema import rulings
from runbooks.model import Decision

EXPIRED = timedelta(days=30)
"""How long a decision is kept after its end."""


class Decisions(Part):
    """Who said what, until when, and how often."""

    def rule(self, made: Sequence[Ruling]) -> None:
        """Keep decisions; one of the same person on the same fingerprint and hashes replaces the one before, and counts
        how often they put it off. That of another person stays: hers may count where his does not."""
        with self.writing("rulings") as connection:
            for ruling in made:
                decision = ruling.decision
                key = {
                    "repo": ruling.repo, "fingerprint": decision.fingerprint, "values_hash": decision.values_hash,
                    "section_hash": decision.section_hash, "maker": clipped(decision.by.casefold(), 100),
                }  # fmt: skip
                before = select(rulings.c.until, rulings.c.snoozes)
                known = connection.execute(before.where(*(rulings.c[name] == value for name, value in key.items())))
                until, snoozes = known.first() or ("", 0)
                day = decision.until.isoformat() if decision.until else ""
                row = {
                    **key, "at": seconds(ruling.at), "until": day, "body": encoded(decision),
                    "snoozes": snoozes + 1 if day and day != until else snoozes,
                }  # fmt: skip
                self.put(connection, rulings, row)
            if made:
                end = (max(ruling.at for ruling in made) - EXPIRED).date().isoformat()
                connection.execute(delete(rulings).where(rulings.c.until != "", rulings.c.until < end))

    def decisions(self, repo: str) -> tuple[Decision, ...]:
        """Every decision of a repository that may still apply, oldest first."""
        with self.reading() as connection:
            wanted = select(rulings.c.body).where(rulings.c.repo == repo)
            wanted = wanted.order_by(rulings.c.at, rulings.c.fingerprint, rulings.c.maker)
            return tuple(decoded(Decision, body) for body in connection.scalars(wanted))

    def put_off(self, repo: str, item: Item) -> int:
        """How often people put off these values and this text, by the most patient of them."""
        about = (rulings.c.fingerprint == item.fingerprint, rulings.c.values_hash == item.values_hash)
        here = (rulings.c.repo == repo, *about, rulings.c.section_hash == item.section_hash)
        with self.reading() as connection:
            return connection.scalar(select(func.max(rulings.c.snoozes)).where(*here)) or 0

    def snoozes_over(self, since: date, today: date) -> tuple[tuple[str, str, date], ...]:
        """The snoozes by decision whose last silent day lies in a half-open span: repository, fingerprint, day."""
        span = (rulings.c.until >= since.isoformat(), rulings.c.until < today.isoformat())
        wanted = select(rulings.c.repo, rulings.c.fingerprint, rulings.c.until).where(*span).distinct()
        with self.reading() as connection:
            return tuple((repo, name, date.fromisoformat(day)) for repo, name, day in connection.execute(wanted))
