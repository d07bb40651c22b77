"""Answers come from the store, so the store has to answer at once, with many services and much drift."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import insert

from bot.model import OwnerName, PullRef, RunbookStatus, ServiceStatus, encoded
from bot.reminders.nouns import Availability, Due, Kind, OpenItem, Place, Recipient, Sending, Told
from bot.store import SqlStore
from bot.store.schema import availability, latest, told
from runbooks.model import Status
from tests.bot.fakes import item, pull, review

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SERVICES, DRIFTS, PEOPLE = 500, 20_000, 5_000


def seconds_of(work: Callable[[], object]) -> float:
    """The best of three, of this process's own time: the machine has other work."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def test_services_and_the_drift_of_one_are_read_at_once(store: SqlStore) -> None:
    repo = "acme/shop"
    owners = (OwnerName("@ops-olga", "user", "CODEOWNERS"),)
    runbooks = tuple(RunbookStatus(f"docs/{n}.md", "A runbook", owners, 90, None, 5) for n in range(3))
    found = [ServiceStatus(f"s{n}", repo, "configuration", owners, "C0", "", runbooks) for n in range(SERVICES)]
    store.save_services(repo, found, AT)
    for start in range(0, DRIFTS, 5_000):
        items = (item(fingerprint=f"f{n}", service=f"s{n % SERVICES}") for n in range(start, start + 5_000))
        store.open_drift(review(*items, ref=PullRef(repo, start)), AT)

    assert len(store.services()) == SERVICES
    assert len(store.drift(service="s7")) == DRIFTS // SERVICES
    assert len(store.drift()) == DRIFTS
    assert seconds_of(store.services) < 0.2
    assert seconds_of(lambda: store.drift(service="s7")) < 0.2
    assert seconds_of(store.drift) < 1.0  # everything at once: some 15 microseconds each, most of it making nouns


def filled(store: SqlStore) -> None:
    """Drift of 400 pull requests; a message sent to each person, and each item told once."""
    for n in range(400):
        ref = PullRef(f"acme/r{n % 50}", n)
        store.save_pull(pull(ref=ref, author=f"dev{n}"), AT)
        owners = (OwnerName(f"@u{n}", "user", "CODEOWNERS"),)
        items = (item(fingerprint=f"{n:04x}{m:012x}", service=f"s{n}", owners=owners) for m in range(DRIFTS // 400))
        store.open_drift(review(*items, ref=ref), AT)
    people = [Recipient(Place.PERSON, f"U{n:08d}") for n in range(PEOPLE)]
    dues = [Due(to, Kind.DIGEST, AT.date(), (), AT, AT) for to in people]
    with store.writing() as connection:
        connection.execute(
            insert(told), [_told(n, one.repo, one.fingerprint) for n, one in enumerate(store.open_items())]
        )
        connection.execute(insert(latest), [_latest(due) for due in dues])
        known = encoded(Availability("Europe/Berlin", dnd=(AT, AT)))
        connection.execute(insert(availability), [{"slack": to.id, "at": 0.0, "body": known} for to in people])


def _told(n: int, repo: str, fingerprint: str) -> dict[str, object]:
    return {
        "id": str(n), "repo": repo, "fingerprint": fingerprint, "key": f"{repo}:{fingerprint}", "phase": "open",
        "step": 0, "recipient": f"person:U{n % PEOPLE:08d}", "at": 0.0,
    }  # fmt: skip


def _latest(due: Due) -> dict[str, object]:
    sending = Sending(due.key, due.recipient.key, due.kind, due.day, AT, due, "sent")
    return {"kind": due.kind.value, "series": due.series, "key": due.key, "claimed_at": 0.0, "body": encoded(sending)}


def nouns() -> tuple[object, ...]:
    """The floor: as many nouns as a tick reads, made of values that are at hand."""
    items = [
        OpenItem("acme/r1", str(n), n, "s1", Status.SUSPECT, AT, False, "@dev", ("@u",)) for n in range(DRIFTS)
    ]  # fmt: skip
    steps = frozenset(Told(str(n), "open", 0, "person:U1") for n in range(DRIFTS))
    to = Recipient(Place.PERSON, "U1")
    sent = [
        Sending("k", to.key, Kind.DIGEST, AT.date(), AT, Due(to, Kind.DIGEST, AT.date(), (), AT, AT), "sent")
        for _ in range(PEOPLE)
    ]
    return items, steps, sent, [Availability("Europe/Berlin", dnd=(AT, AT)) for _ in range(PEOPLE)]


def test_what_a_tick_reads_costs_a_few_times_what_its_nouns_cost(store: SqlStore) -> None:
    filled(store)
    assert len(store.open_items()) == len(store.told()) == DRIFTS
    assert len(store.last_sent(Kind.DIGEST)) == len(store.availabilities()) == PEOPLE

    def tick() -> object:
        sent = [store.last_sent(kind) for kind in Kind]
        return store.open_items(), store.told(), sent, store.availabilities(), store.quiet_users(AT)

    floor = seconds_of(nouns)
    assert seconds_of(tick) < 8 * floor  # some four times; decoding whole items takes as much again
    assert seconds_of(store.open_items) < seconds_of(store.drift)
