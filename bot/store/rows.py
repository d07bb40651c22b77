"""Rows of ``drifts``: what one becomes when a review says something of its item. Pure.

A snooze leaves a row open: ``snoozed_until`` is its last silent day, and stays when that is past, since the ladder of
reminders starts anew from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Item, decoded, encoded
from bot.store.base import clipped, seconds
from runbooks.model import Status

Row = Mapping[str, object]

STATUSES = (Status.CONTRADICTED, Status.SUSPECT)
"""The statuses of open drift by rank, worst first."""
CLOSED, DRAFT = "the pull request was closed", "the pull request is a draft again"
ENDED = (CLOSED, DRAFT)
"""Why drift ended that nobody mended: open again, it is open from then on."""
_LASTING = ("opened_at", "assignee", "merged", "merged_at", "snoozed_until", "snoozes")
_IN_HAND = ("assignee", "snoozed_until", "snoozes")
PAUSE = timedelta(days=7)
"""For how long a pull request may be closed, or a draft, while its drift stays the same and grows older."""


def opened(repo: str, number: int, item: Item, until: str, at: datetime, known: Row | None) -> dict[str, object] | None:
    """The row of an item that a review of a pull request leaves open, snoozed until a day or not (""); None when it
    stays what it is: another open pull request has it, or it is debt that sleeps."""
    if known is not None and known["closed_at"] is None:
        if known["number"] == number:
            return {**known, **shown(item, known), **asleep(known, item, until, at)}
        if not known["merged"]:
            return None
        # Debt lies on the target branch: what a head that is not merged would make of it, the merge decides. A word on
        # that is none on the debt.
        return {**known, **shown(item, known), **asleep(known, item, until, at)} if same(known, item) else None
    row = _bare(repo, number, item, at)
    if known is not None and known["number"] == number:
        row |= {name: known[name] for name in _kept(known, item, at)}
    before = known if known is not None else {**row, **shown(item)}
    return row | shown(item, known) | asleep({**before, **row}, item, until, at)


def born(repo: str, number: int, item: Item, until: str, at: datetime) -> dict[str, object]:
    """The row of an item that nobody knew of, or not any more."""
    row = _bare(repo, number, item, at) | shown(item)
    return row | asleep(row, item, until, at)


def _bare(repo: str, number: int, item: Item, at: datetime) -> dict[str, object]:
    return {
        "repo": repo, "fingerprint": item.fingerprint, "number": number, "assignee": "", "merged": False,
        "merged_at": None, "opened_at": seconds(at), "closed_at": None, "closed_by": "", "snoozed_until": "",
        "snoozes": 0,
    }  # fmt: skip


def _kept(known: Row, item: Item, at: datetime) -> tuple[str, ...]:
    """What of a closed row stays when the same pull request opens it again: all where it came back with other values,
    or after a pause. After a long one it is open from now on, but still in the hands that it was in."""
    if known["closed_by"] not in ENDED:
        return _LASTING if decoded(Item, str(known["item"])).values_hash != item.values_hash else ()
    paused = seconds(at) - float(str(known["closed_at"]))
    return _LASTING if paused < PAUSE.total_seconds() else _IN_HAND


def owed(row: Row, number: int, item: Item, until: str, at: datetime) -> dict[str, object]:
    """The row of an item that a merged pull request left open. Debt that it made worse is debt since then."""
    now = shown(item, row)
    worse = int(str(now["rank"])) < int(str(row["rank"]))
    since = row["merged_at"] if row["merged"] and not worse else seconds(at)
    mine = {"number": number, "merged": True, "merged_at": since}
    return {**row, **now, **mine, **asleep(row, item, until, at)}


def passed(row: Row, number: int, item: Item, until: str, at: datetime) -> dict[str, object]:
    """The row of an item that another open pull request has now: where it was debt, that is settled."""
    mine = {"number": number, "merged": False, "merged_at": None}
    return {**row, **shown(item, row), **mine, **asleep(row, item, until, at)}


def shown(item: Item, known: Row | None = None) -> dict[str, object]:
    """The columns that follow the newest text of an item. One that sleeps keeps the status that it had, for the day on
    which it wakes; where nobody knows it, suspect is not more than we know."""
    if item.status is Status.SNOOZED:
        rank = known["rank"] if known is not None else 1
        item = replace(item, status=STATUSES[0 if rank == 0 else 1])
    handles = list(dict.fromkeys(owner.handle for owner in item.owners if owner.handle))
    rank = STATUSES.index(item.status) if item.status in STATUSES else len(STATUSES)
    return {
        "service": clipped(item.service, 250), "rank": rank, "item": encoded(item), "handles": json.dumps(handles),
    }  # fmt: skip


def asleep(row: Row, item: Item, until: str, at: datetime) -> dict[str, object]:
    """The columns of a snooze: that of a decision on the item or of a directive in the runbook (``until``, "" for none)
    where it still runs, else the one before. That ends early, on the day before, when the item has other values or
    another text by now, or the directive is gone. What stands in the runbook was reviewed there and is not counted."""
    slept, today = str(row["snoozed_until"]), at.date()
    if until != slept and until >= today.isoformat():
        return {"snoozed_until": until, "snoozes": int(str(row["snoozes"])) + (until > slept and item.until is None)}
    directed = item.open and decoded(Item, str(row["item"])).until is not None  # the directive was taken out
    if not until and slept >= today.isoformat() and (directed or not same(row, item)):
        return {"snoozed_until": (today - timedelta(days=1)).isoformat(), "snoozes": row["snoozes"]}
    return {"snoozed_until": slept, "snoozes": row["snoozes"]}


def same(row: Row, item: Item) -> bool:
    """Whether an item has the values and the text of the one in a row."""
    known = decoded(Item, str(row["item"]))
    return (known.values_hash, known.section_hash) == (item.values_hash, item.section_hash)
