"""Deliveries, pull requests, reviews, alerts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select

from bot.model import Alert, Pull, PullRef, PullState, Review, decoded, encoded
from bot.store.base import Part, clipped, moment, seconds
from bot.store.schema import alerts, deliveries, pulls, reviews
from runbooks.model import Status

FEW = 20
"""Fingerprints that are looked for in the text of a review before it is read."""
KEPT_SECONDS = 7 * 86_400.0
"""How long deliveries are remembered; both sides redeliver within three days."""


class Pulls(Part):
    """What is known of pull requests."""

    def accept(self, delivery: str, event: str, at: datetime) -> bool:
        """Record a delivery's id; False when it was there already."""
        row = {"id": clipped(delivery, 200), "event": clipped(event, 100), "at": seconds(at)}
        with self.writing() as connection:
            return self.put_once(connection, deliveries, row)

    def accepted(self, delivery: str) -> bool:
        """Whether a delivery's id is on record; records nothing."""
        with self.reading() as connection:
            found = select(deliveries.c.id).where(deliveries.c.id == clipped(delivery, 200))
            return connection.scalar(found) is not None

    def forget_deliveries(self, at: datetime) -> int:
        """Drop the ids of long ago; returns how many."""
        with self.writing() as connection:
            old = deliveries.c.at < seconds(at) - KEPT_SECONDS
            return connection.execute(delete(deliveries).where(old)).rowcount

    def save_pull(self, pull: Pull, at: datetime) -> None:
        """Remember a pull request as the forge told it."""
        row = {
            "repo": pull.ref.repo, "number": pull.ref.number, "state": pull.state.value, "head": pull.head_sha,
            "at": seconds(at), "body": encoded(pull), "author": clipped(pull.author, 100),
        }  # fmt: skip
        with self.writing() as connection:
            self.put(connection, pulls, row)

    def pull(self, ref: PullRef) -> Pull | None:
        """The pull request as last told, or None."""
        with self.reading() as connection:
            body = connection.scalar(select(pulls.c.body).where(pulls.c.repo == ref.repo, pulls.c.number == ref.number))
        return decoded(Pull, body) if body is not None else None

    def spelled(self, ref: PullRef) -> PullRef:
        """A pull request as it is known here, in whatever case its repository was typed: to GitHub it is one name.
        Itself where nobody knows it."""
        same = (func.lower(pulls.c.repo) == ref.repo.lower(), pulls.c.number == ref.number)
        with self.reading() as connection:
            repo = connection.scalar(select(pulls.c.repo).where(*same).order_by(pulls.c.at.desc()).limit(1))
        return PullRef(str(repo), ref.number) if repo is not None else ref

    def pull_at(self, ref: PullRef) -> datetime | None:
        """When a pull request was last told, or None."""
        with self.reading() as connection:
            at = connection.scalar(select(pulls.c.at).where(pulls.c.repo == ref.repo, pulls.c.number == ref.number))
        return moment(at) if at is not None else None

    def open_pulls(self, repo: str) -> tuple[Pull, ...]:
        """The pull requests of a repository that are open as far as we know, by number."""
        wanted = (pulls.c.repo == repo, pulls.c.state == PullState.OPEN.value)
        with self.reading() as connection:
            found = connection.scalars(select(pulls.c.body).where(*wanted).order_by(pulls.c.number)).all()
        return tuple(decoded(Pull, body) for body in found)

    def pulls_with(self, repo: str, fingerprints: Collection[str], *, merged: bool = False) -> tuple[PullRef, ...]:
        """The open pull requests whose newest review speaks of one of these fingerprints, by number; or those that were
        merged and leave something unsettled."""
        if not fingerprints:
            return ()
        there = (reviews.c.repo == pulls.c.repo) & (reviews.c.number == pulls.c.number)
        unsettled = (pulls.c.state == PullState.MERGED.value, reviews.c.open > 0)
        state = unsettled if merged else (pulls.c.state == PullState.OPEN.value,)
        wanted = select(reviews.c.number, reviews.c.body).join_from(pulls, reviews, there)
        wanted = wanted.where(pulls.c.repo == repo, *state)
        names, found = [f'"{name}"' for name in fingerprints], []
        with self.reading() as connection:
            # That a text is not there at all is found sooner than what a review of hundreds of items says of it.
            for number, body in connection.execute(wanted.order_by(reviews.c.number)):
                if len(names) > FEW or any(name in body for name in names):
                    items = decoded(Review, body).items
                    found += [PullRef(repo, number)] if any(i.fingerprint in fingerprints for i in items) else []
        return tuple(found)

    def unjudged(self, repo: str) -> tuple[PullRef, ...]:
        """The merged pull requests whose newest review failed, by number."""
        there = (reviews.c.repo == pulls.c.repo) & (reviews.c.number == pulls.c.number)
        here = (pulls.c.repo == repo, pulls.c.state == PullState.MERGED.value, reviews.c.open > 0)
        wanted = select(reviews.c.number, reviews.c.body).join_from(pulls, reviews, there).where(*here)
        with self.reading() as connection:
            found = connection.execute(wanted.order_by(reviews.c.number)).all()
        return tuple(PullRef(repo, number) for number, body in found if decoded(Review, body).failure)

    def save_review(self, review: Review, at: datetime) -> bool:
        """Keep a review as the newest of its pull request; False when there is nothing new in it, or when it is of a
        head that the forge has replaced since."""
        ref, body = review.ref, encoded(review)
        here = (reviews.c.repo == ref.repo, reviews.c.number == ref.number)
        there = (pulls.c.repo == ref.repo, pulls.c.number == ref.number)
        with self.writing(ref.key) as connection:
            # The pull's row is held: a newer head cannot be told, reviewed and kept between this look and the write.
            newest = connection.scalar(select(pulls.c.head).where(*there).with_for_update())
            if newest is not None and newest != review.head:
                return False
            before = connection.execute(select(reviews.c.body, reviews.c.at).where(*here)).first()
            if before is not None and before.body == body:
                return False
            known = _said(decoded(Review, before.body)) if before is not None else frozenset()
            since = before.at if before is not None and _said(review) <= known else seconds(at)
            row = {"repo": ref.repo, "number": ref.number, "head": review.head, "at": since, "body": body}
            left = sum(item.open or item.status is Status.SNOOZED for item in review.items)
            row["open"] = left + bool(review.failure)
            self.put(connection, reviews, row)
        return True

    def reviewed_at(self, ref: PullRef) -> datetime | None:
        """Since when the newest review says nothing that the one before did not: whoever looked later has seen these
        values and these texts. None without a review."""
        here = (reviews.c.repo == ref.repo, reviews.c.number == ref.number)
        with self.reading() as connection:
            at = connection.scalar(select(reviews.c.at).where(*here))
        return moment(at) if at is not None else None

    def review(self, ref: PullRef) -> Review | None:
        """The newest review of a pull request."""
        here = (reviews.c.repo == ref.repo, reviews.c.number == ref.number)
        with self.reading() as connection:
            body = connection.scalar(select(reviews.c.body).where(*here))
        return decoded(Review, body) if body is not None else None

    def alert(self, ref: PullRef) -> Alert | None:
        """The message on a pull request."""
        here = (alerts.c.repo == ref.repo, alerts.c.number == ref.number)
        with self.reading() as connection:
            body = connection.scalar(select(alerts.c.body).where(*here))
        return decoded(Alert, body) if body is not None else None

    def save_alert(self, alert: Alert) -> None:
        """Remember where the message is and what it shows."""
        row = {"repo": alert.ref.repo, "number": alert.ref.number, "body": encoded(alert)}
        with self.writing() as connection:
            self.put(connection, alerts, row)


def _said(review: Review) -> frozenset[tuple[str, str, str]]:
    """What a review speaks of: items with their values and texts, whatever their status."""
    return frozenset((item.fingerprint, item.values_hash, item.section_hash) for item in review.items)
