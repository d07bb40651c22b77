"""A database of the first release, with what it holds, is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, text

from bot.model import OwnerName, Ruling, Surface, encoded
from bot.store import SqlStore, open_store, opening
from bot.store.schema import metadata
from runbooks.model import Decision, Status
from tests.bot.fakes import REF, item, pull

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OWNERS = (OwnerName("@acme/ops", "team", "front matter"), OwnerName("@ops-olga", "user", "CODEOWNERS"))


WORD = Decision("a", "v1", "s1", Status.ACKNOWLEDGED, "@Olga", "still so", None)


def row(name: str, number: int, *, merged: bool = False, closed: bool = False, body: str = "") -> dict[str, object]:
    """Drift as the first release kept it."""
    found = item(fingerprint=name, owners=OWNERS if name != "alone" else (), status=Status.SUSPECT)
    return {
        "repo": "acme/shop", "fingerprint": name, "number": number, "service": "shop", "assignee": "", "merged": merged,
        "rank": 1, "opened_at": AT.timestamp(), "closed_at": AT.timestamp() if closed else None, "closed_by": "",
        "item": body or encoded(found),
    }  # fmt: skip


@pytest.fixture
def first(url: str) -> str:
    """The address of a database that the first release made and used."""
    engine = opening._engine(url)
    config = opening._config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    rows = [row("a", 7), row("b", 7, merged=True), row("c", 8, closed=True), row("alone", 8), row("odd", 8, body="[]")]
    told = {"repo": "acme/shop", "number": 7, "state": "open", "head": "1" * 40, "at": AT.timestamp()}
    columns = "repo, fingerprint, number, service, assignee, merged, rank, opened_at, closed_at, closed_by, item"
    values = ", ".join(f":{name}" for name in columns.split(", "))
    with engine.begin() as connection:
        connection.execute(text(f"insert into drifts ({columns}) values ({values})"), rows)
        pulls = text(
            "insert into pulls (repo, number, state, head, at, body) values (:repo, :number, :state, :head, :at, :body)"
        )
        connection.execute(pulls, [{**told, "body": encoded(pull())}, {**told, "number": 8, "body": "{"}])
        decision = {"repo": "acme/shop", "fingerprint": "a", "values_hash": "v1", "section_hash": "s1", "at": 1.0}
        columns = "repo, fingerprint, values_hash, section_hash, until, at, body"
        values = ", ".join(f":{name}" for name in columns.split(", "))
        said = encoded(Decision("a", "v1", "s1", Status.SNOOZED, "@Olga", "next week", date(2026, 12, 1)))
        connection.execute(
            text(f"insert into rulings ({columns}) values ({values})"),
            [{**decision, "until": "2026-12-01", "body": said},
             {**decision, "fingerprint": "b", "until": "", "body": encoded(replace(WORD, fingerprint="b"))}],
        )  # fmt: skip
    engine.dispose()
    return url


@pytest.fixture
def store(first: str) -> Iterator[SqlStore]:
    """It, opened by this release."""
    opened = open_store(first)
    yield opened
    opened.close()


def test_what_is_there_gets_what_reminders_read(store: SqlStore) -> None:
    found = {one.fingerprint: one for one in store.open_items()}
    assert set(found) == {"a", "b", "alone", "odd"}
    assert (found["a"].handles, found["a"].author) == (("@acme/ops", "@ops-olga"), "@dev-dan")
    assert (found["a"].merged, found["a"].since, found["a"].snoozed_until) == (False, AT, None)
    assert (found["b"].merged, found["b"].since) == (True, AT)
    assert (found["alone"].handles, found["alone"].author) == ((), "")
    assert (found["odd"].handles, found["odd"].status) == ((), Status.SUSPECT)  # a damaged row stops no start
    assert store.pull(REF) == pull()


def test_debt_counts_from_its_opening(store: SqlStore) -> None:
    store.close_drift("acme/shop", "odd", AT, "damaged")
    (debt,) = (drift for drift in store.drift() if drift.merged)
    assert (debt.merged_at, debt.snoozed_until, debt.snoozes) == (AT, None, 0)


def test_the_tables_are_those_of_a_fresh_database(store: SqlStore) -> None:
    with store.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_replica_of_the_first_release_still_writes_while_it_is_replaced(store: SqlStore) -> None:
    with store.writing() as connection:
        drifts = metadata.tables["drifts"]
        connection.execute(insert(drifts).values(**row("late", 9, merged=True)))
    found = {one.fingerprint: one for one in store.open_items()}["late"]
    assert (found.merged, found.since, found.handles) == (True, AT, ())


def test_decisions_stay_with_whoever_made_them(store: SqlStore) -> None:
    assert [(made.fingerprint, made.by) for made in store.decisions("acme/shop")] == [("a", "@Olga"), ("b", "@Olga")]
    assert store.put_off("acme/shop", item(fingerprint="a")) == 1
    again = replace(WORD, by="@olga")
    store.rule([Ruling(again, "acme/shop", REF, "@olga", Surface.BUTTON, AT)])
    store.rule([Ruling(replace(again, by="@pat"), "acme/shop", REF, "@pat", Surface.BUTTON, AT)])
    about = [made for made in store.decisions("acme/shop") if made.fingerprint == "a"]
    assert about == [again, replace(again, by="@pat")]
