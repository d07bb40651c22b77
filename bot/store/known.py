"""Services, people, and the chain of evidence."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select

from bot.evidence import GENESIS, sealed
from bot.model import Evidence, Person, Proof, ServiceStatus, decoded, encoded
from bot.store.base import Part, clipped, moment, seconds
from bot.store.schema import anchor, evidence, people, reviewed, services

PAGE = 1_000
"""How many records of the chain are read at a time."""


def _reviewed(service: ServiceStatus, done: Mapping[tuple[str, str], date]) -> ServiceStatus:
    """A service with the day on which each of its runbooks was reviewed last, wherever that was said."""
    books = tuple(
        replace(book, last_reviewed=day)
        if (day := done.get((service.repo, book.path))) and (book.last_reviewed is None or day > book.last_reviewed)
        else book
        for book in service.runbooks
    )
    return service if books == service.runbooks else replace(service, runbooks=books)


class Known(Part):
    """What is known beside pull requests."""

    def save_services(self, repo: str, found: Sequence[ServiceStatus], at: datetime) -> None:
        """What the target branch of a repository says of its services; replaces what was known of that repository."""
        rows = {
            clipped(s.name, 250): {"repo": repo, "place": place, "at": seconds(at), "body": encoded(s)}
            for place, s in reversed(list(enumerate(found)))  # of two with one name the first stays
        }
        with self.writing(f"services of {repo}") as connection:
            connection.execute(delete(services).where(services.c.repo == repo))
            self.put(connection, services, *({**row, "name": name} for name, row in rows.items()))

    def service_names(self) -> tuple[str, ...]:
        """The names of all services, each once, in order; one longer than 250 characters is cut."""
        with self.reading() as connection:
            return tuple(connection.scalars(select(services.c.name).distinct().order_by(services.c.name)))

    def services(self, names: Collection[str] | None = None) -> tuple[ServiceStatus, ...]:
        """Every service of every repository (or those of these names), by name; what people said they reviewed counts
        like front matter."""
        wanted = select(services.c.body).order_by(services.c.name, services.c.repo)
        if names is not None:
            wanted = wanted.where(services.c.name.in_(sorted({clipped(name, 250) for name in names})))
        with self.looking() as connection:
            days = connection.execute(select(reviewed.c.repo, reviewed.c.path, reviewed.c.day))
            done = {(repo, path): date.fromisoformat(day) for repo, path, day in days}
            found = [decoded(ServiceStatus, body) for body in connection.scalars(wanted)]
        return tuple(_reviewed(service, done) for service in found) if done else tuple(found)

    def link(self, person: Person, at: datetime) -> None:
        """Remember that a login is a Slack user; a stronger proof is never replaced by a weaker one."""
        strength = list(Proof)
        login = clipped(person.login.casefold(), 100)
        with self.writing("people") as connection:
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
        """Append to the chain. A chain that somebody tampered with goes on so that the damage stays visible: numbers
        are never given twice, and the link is to the anchor, not to whatever stands last."""
        text_body = json.dumps(body, ensure_ascii=True, sort_keys=True, default=str)
        with self.writing("evidence") as connection:
            kept = _anchor(connection)
            highest = connection.scalar(select(func.max(evidence.c.number))) or 0
            number, previous = (max(kept[0], highest) + 1, kept[1]) if kept else (highest + 1, GENESIS)
            record = sealed(
                number, moment(seconds(at)), clipped(kind, 40), clipped(repo, 250), clipped(subject, 300), text_body,
                previous,
            )  # fmt: skip
            connection.execute(insert(evidence).values(_row(record)))
            self.put(connection, anchor, {"id": 1, "number": record.number, "hash": record.hash})
        return record

    def evidence(self, since: datetime | None = None, until: datetime | None = None) -> Iterable[Evidence]:
        """The chain in order; half-open by time. Each page is a look of its own: what is appended meanwhile may follow;
        to judge the chain take ``chain``."""
        number = 0
        while True:
            with self.reading() as connection:
                page = _page(connection, number, since, until)
            yield from page
            if len(page) < PAGE:
                return
            number = page[-1].number

    def anchor(self) -> tuple[int, str] | None:
        """Number and hash of the last record, kept apart from the chain; None for an empty one."""
        with self.reading() as connection:
            return _anchor(connection)

    @contextmanager
    def chain(self) -> Iterator[tuple[Iterator[Evidence], tuple[int, str] | None]]:
        """The whole chain with its anchor as of one moment, for ``bot.evidence.verify``: what another process appends
        meanwhile is not taken for a forgery."""
        with self.looking() as connection:
            yield _all(connection), _anchor(connection)


def _anchor(connection: Connection) -> tuple[int, str] | None:
    last = connection.execute(select(anchor.c.number, anchor.c.hash)).first()
    return (last.number, last.hash) if last else None


def _page(
    connection: Connection, after: int, since: datetime | None = None, until: datetime | None = None
) -> list[Evidence]:
    wanted = select(evidence).where(evidence.c.number > after).order_by(evidence.c.number).limit(PAGE)
    if since is not None:
        wanted = wanted.where(evidence.c.at >= seconds(since))
    if until is not None:
        wanted = wanted.where(evidence.c.at < seconds(until))
    return [Evidence(**{**row, "at": moment(row["at"])}) for row in connection.execute(wanted).mappings()]


def _all(connection: Connection) -> Iterator[Evidence]:
    number = 0
    while page := _page(connection, number):
        yield from page
        number = page[-1].number


def _row(record: Evidence) -> dict[str, object]:
    return {
        "number": record.number, "at": seconds(record.at), "kind": record.kind, "repo": record.repo,
        "subject": record.subject, "body": record.body, "previous": record.previous, "hash": record.hash,
    }  # fmt: skip
