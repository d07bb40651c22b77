"""What waits, as reminders and answers read it: open drift from columns alone, single items by their key, what is
somebody's, numbers of services and of a span."""

from __future__ import annotations

import json
import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from bot.model import Drift, Item, PullRef, decoded, full_handle
from bot.reminders.nouns import Numbers, OpenItem
from bot.store.base import Part, clipped, moment, seconds
from bot.store.rows import STATUSES
from bot.store.schema import drifts, pulls

_AT_ONCE = 500
"""Names in one query."""


class Waiting(Part):
    """What is open or was, and since when."""

    def open_items(self, among: Collection[str] | None = None) -> tuple[OpenItem, ...]:
        """Open drift (all, or that of these keys), worst and oldest first, also what sleeps; from columns alone."""
        known = _Known()
        with self.reading() as connection:
            if among is None:
                return tuple(known.item(row) for row in connection.execute(_OPEN))
            return tuple(known.item(row) for some in _named(among) for row in connection.execute(_OPEN.where(some)))

    def drift_of(self, keys: Collection[str]) -> Mapping[str, Drift]:
        """Drift by its key, open or closed."""
        with self.reading() as connection:
            rows = [row for some in _named(keys) for row in connection.execute(_WHOLE.where(some))]
        found = map(_drift, rows)
        return {f"{drift.repo}:{drift.item.fingerprint}": drift for drift in found}

    def drift_for(self, assignees: Collection[str], handles: Collection[str]) -> tuple[Drift, ...]:
        """Open drift that was handed to one of these Slack ids, or to nobody and has one of these owners (full handles
        in lower case); worst and oldest first. Only what is found is read whole."""
        found: dict[tuple[str, str], Drift] = {}
        with self.looking() as connection:
            keys = [
                (row.repo, row.fingerprint) for row in connection.execute(_WHOSE)
                if (row.assignee in assignees if row.assignee else _one_of(row.repo, row.handles, handles))
            ]  # fmt: skip
            for first in range(0, len(keys), 500):
                some = tuple_(drifts.c.repo, drifts.c.fingerprint).in_(keys[first : first + 500])
                rows = connection.execute(_WHOLE.where(some)).all()
                found |= {(drift.repo, drift.item.fingerprint): drift for drift in map(_drift, rows)}
        return tuple(found[key] for key in keys)

    def assignees(self) -> tuple[str, ...]:
        """The Slack ids to whom open drift was handed, in order."""
        wanted = select(drifts.c.assignee).distinct().where(drifts.c.closed_at.is_(None), drifts.c.assignee != "")
        with self.reading() as connection:
            return tuple(connection.scalars(wanted.order_by(drifts.c.assignee)))

    def open_counts(self) -> Mapping[tuple[str, str], int]:
        """How much is open, by repository and service."""
        key = (drifts.c.repo, drifts.c.service)
        wanted = select(*key, func.count()).where(drifts.c.closed_at.is_(None)).group_by(*key)
        with self.reading() as connection:
            return {(repo, service): count for repo, service, count in connection.execute(wanted)}

    def items_of(self, ref: PullRef) -> tuple[str, ...]:
        """The keys of all drift that a pull request has or had."""
        here = (drifts.c.repo == ref.repo, drifts.c.number == ref.number)
        with self.reading() as connection:
            names = connection.scalars(select(drifts.c.fingerprint).where(*here)).all()
        return tuple(f"{ref.repo}:{name}" for name in names)

    def numbers(self, service: str, since: datetime, until: datetime, without: Collection[str] = ()) -> Numbers:
        """What happened to a service's drift in a span (half-open; an empty service means all),
        ``without`` some repositories. ``open_now`` and
        ``oldest`` are of the end of the span, so that two spans can be compared. Drift that opened anew counts from
        then: of each fingerprint one life is on record."""
        start, end = seconds(since), seconds(until)
        opened, closed = drifts.c.opened_at, drifts.c.closed_at
        still = and_(opened < end, or_(closed.is_(None), closed >= end))
        of = [drifts.c.service == clipped(service, 250)] if service else []
        of += [drifts.c.repo.not_in(without)] if without else []
        counts = select(
            func.count().filter(opened >= start, opened < end), func.count().filter(still),
            func.min(opened).filter(still),
        ).where(*of)  # fmt: skip
        with self.looking() as connection:
            born, there, oldest = connection.execute(counts).one()
            ended = select(closed - opened).where(*of, closed >= start, closed < end)
            lasted = [float(length) for length in connection.scalars(ended)]
        median = statistics.median(lasted) if lasted else 0.0
        return Numbers(born, len(lasted), there, moment(oldest) if oldest is not None else None, median)


_OPEN = (
    select(
        drifts.c.repo, drifts.c.fingerprint, drifts.c.number, drifts.c.service, drifts.c.rank, drifts.c.opened_at,
        drifts.c.merged, drifts.c.merged_at, drifts.c.snoozed_until, drifts.c.assignee, drifts.c.handles,
        pulls.c.author,
    )
    .outerjoin(pulls, and_(pulls.c.repo == drifts.c.repo, pulls.c.number == drifts.c.number))
    .where(drifts.c.closed_at.is_(None))
    .order_by(drifts.c.rank, drifts.c.opened_at, drifts.c.repo, drifts.c.fingerprint)
)  # fmt: skip
_WHOLE = select(
    drifts.c.repo, drifts.c.item, drifts.c.number, drifts.c.opened_at, drifts.c.merged, drifts.c.assignee,
    drifts.c.closed_at, drifts.c.closed_by, drifts.c.merged_at, drifts.c.snoozed_until, drifts.c.snoozes,
)  # fmt: skip
_WHOSE = (
    select(drifts.c.repo, drifts.c.fingerprint, drifts.c.assignee, drifts.c.handles)
    .where(drifts.c.closed_at.is_(None))
    .order_by(drifts.c.rank, drifts.c.opened_at, drifts.c.repo, drifts.c.fingerprint)
)


def _named(keys: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """The conditions under which rows are those of these keys (``owner/name:fingerprint``)."""
    by_repo: dict[str, list[str]] = {}
    for key in sorted(keys):
        repo, _, name = key.partition(":")
        by_repo.setdefault(repo, []).append(name)
    for repo, names in by_repo.items():
        for first in range(0, len(names), _AT_ONCE):
            yield and_(drifts.c.repo == repo, drifts.c.fingerprint.in_(names[first : first + _AT_ONCE]))


def _drift(row: Sequence[Any]) -> Drift:
    repo, item, number, opened, merged, assignee, closed, closed_by, merged_at, until, snoozes = row
    return Drift(
        repo, decoded(Item, item), PullRef(repo, number), moment(opened), bool(merged), assignee,
        moment(closed) if closed is not None else None, closed_by,
        moment(merged_at) if merged_at is not None else None, date.fromisoformat(until) if until else None, snoozes,
    )  # fmt: skip


class _Known:
    """Equal texts of many rows as one object: most of 20,000 items share their owners, services and authors."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._authors: dict[str, str] = {"": ""}
        self._handles: dict[str, tuple[str, ...]] = {}

    def item(self, row: Sequence[Any]) -> OpenItem:
        """A row of ``_OPEN`` as the noun."""
        repo, name, number, service, rank, opened, merged, merged_at, until, assignee, handles, author = row
        texts = self._texts
        if handles not in self._handles:
            self._handles[handles] = tuple(json.loads(handles))
        owners = self._handles[handles]
        return OpenItem(
            texts.setdefault(repo, repo), name, number, texts.setdefault(service, service),
            STATUSES[0 if rank == 0 else 1], moment(merged_at if merged and merged_at is not None else opened),
            bool(merged), self._authors.setdefault(author or "", f"@{author}"),
            (assignee, *owners) if assignee else owners, date.fromisoformat(until) if until else None,
        )  # fmt: skip


def _one_of(repo: str, owners: str, handles: Collection[str]) -> bool:
    return any(full_handle(owner, repo).casefold() in handles for owner in json.loads(owners))
