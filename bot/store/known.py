"""Services, people, and the chain of evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text

from bot.evidence import GENESIS, sealed
from bot.model import Evidence, Person, Proof, ServiceStatus, decoded, encoded
from bot.store.base import Part, clipped, moment, seconds
from bot.store.drift import close_all
from bot.store.schema import anchor, evidence, people, services

CHAIN_LOCK = 0x65766964
"""The advisory lock under which one process at a time appends."""
PAGE = 1_000


class Known(Part):
    """What is known beside pull requests."""

    def save_services(self, repo: str, found: Sequence[ServiceStatus], at: datetime) -> None:
        """What the target branch of a repository says of its services; replaces what was known of that repository."""
        rows = [
            {"repo": repo, "name": clipped(s.name, 250), "place": place, "at": seconds(at), "body": encoded(s)}
            for place, s in enumerate(found)
        ]
        with self.writing() as connection:
            connection.execute(delete(services).where(services.c.repo == repo))
            for row in rows:
                self.put_once(connection, services, row)

    def services(self) -> tuple[ServiceStatus, ...]:
        """Every service of every repository, by name."""
        wanted = select(services.c.body).order_by(services.c.name, services.c.repo)
        with self.reading() as connection:
            return tuple(decoded(ServiceStatus, body) for body in connection.scalars(wanted))

    def link(self, person: Person, at: datetime) -> None:
        """Remember that a login is a Slack user; a stronger proof is never replaced by a weaker one."""
        strength = list(Proof)
        login = clipped(person.login.casefold(), 100)
        with self.writing() as connection:
            known = connection.scalar(select(people.c.proof).where(people.c.login == login))
            if known is None or strength.index(person.proof) <= strength.index(Proof(known)):
                row = {"login": login, "slack": clipped(person.slack, 30), "proof": person.proof.value}
                self.put(connection, people, {**row, "at": seconds(at)})

    def people(self) -> tuple[Person, ...]:
        """All links, by login."""
        with self.reading() as connection:
            rows = connection.execute(select(people).order_by(people.c.login)).mappings().all()
        return tuple(Person(row["login"], row["slack"], Proof(row["proof"])) for row in rows)

    def append(self, kind: str, repo: str, subject: str, body: Mapping[str, object], at: datetime) -> Evidence:
        """Append to the chain."""
        text_body = json.dumps(body, ensure_ascii=True, sort_keys=True, default=str)
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})
            last = connection.execute(select(anchor.c.number, anchor.c.hash)).first()
            number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
            record = sealed(
                number, moment(seconds(at)), clipped(kind, 40), clipped(repo, 250), clipped(subject, 300), text_body,
                previous,
            )  # fmt: skip
            self.put_once(connection, evidence, _row(record))
            self.put(connection, anchor, {"id": 1, "number": record.number, "hash": record.hash})
        return record

    def evidence(self, since: datetime | None = None, until: datetime | None = None) -> Iterable[Evidence]:
        """The chain in order; half-open by time."""
        number = 0
        while True:
            wanted = select(evidence).where(evidence.c.number > number).order_by(evidence.c.number).limit(PAGE)
            if since is not None:
                wanted = wanted.where(evidence.c.at >= seconds(since))
            if until is not None:
                wanted = wanted.where(evidence.c.at < seconds(until))
            with self.reading() as connection:
                rows = connection.execute(wanted).mappings().all()
            for row in rows:
                yield Evidence(**{**row, "at": moment(row["at"])})
            if len(rows) < PAGE:
                return
            number = rows[-1]["number"]

    def anchor(self) -> tuple[int, str] | None:
        """Number and hash of the last record, kept apart from the chain; None for an empty one."""
        with self.reading() as connection:
            last = connection.execute(select(anchor.c.number, anchor.c.hash)).first()
        return (last.number, last.hash) if last else None

    def forget_repository(self, repo: str, at: datetime) -> None:
        """A repository is gone: close its drift and drop its services; evidence stays."""
        with self.writing() as connection:
            close_all(connection, repo, at, "the repository is gone")
            connection.execute(delete(services).where(services.c.repo == repo))


def _row(record: Evidence) -> dict[str, object]:
    return {
        "number": record.number, "at": seconds(record.at), "kind": record.kind, "repo": record.repo,
        "subject": record.subject, "body": record.body, "previous": record.previous, "hash": record.hash,
    }  # fmt: skip
