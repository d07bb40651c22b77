"""What follows from a decision on record: every pull request that shows the section shows the decision too.

Each step may run twice: a decision that a kill cut off from what follows of it is followed at the next start.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from bot.context import Bot
from bot.model import Evidence, Pull, PullRef, PullState, Review
from bot.rulings import applied, mark, marked, rulings_on
from runbooks.model import Status

KINDS = frozenset({"decision", "hand over"})
"""The kinds of records that are followed."""
CAUGHT_UP = timedelta(days=6)
"""How far back ``catch_up`` looks: what was ordered is remembered for seven days, so that nothing is shown again."""


def catch_up(bot: Bot) -> int:
    """At a start: what follows from the decisions of late, lest a kill came between a record and that. Where it did
    not, the orders are there already. Returns how many pull requests were decided on."""
    lately = [record for record in bot.store.evidence(bot.clock.now() - CAUGHT_UP) if record.kind in KINDS]
    for repo, records in groupby(sorted(lately, key=lambda record: (record.repo, record.number)), lambda r: r.repo):
        follow(bot, repo, list(records))
    return len({record.subject for record in lately})


def follow(bot: Bot, repo: str, records: Sequence[Evidence]) -> None:
    """Bring what the store holds of the pull requests that were decided on, and of the open ones of their repository
    with the same section, up to the decisions; and order that it is shown."""
    newest = {PullRef.parse(record.subject): record.number for record in records}
    about = {name: record.number for record in records for name in _sections(record)}
    sections = {name.partition(":")[0] for name in about}
    for ref in (*bot.store.pulls_with(repo, sections), *bot.store.pulls_with(repo, sections, merged=True)):
        found = bot.store.review(ref) if ref not in newest else None
        named = {name for item in found.items for name in (item.fingerprint, mark(item))} if found else set()
        if named & about.keys():
            newest[ref] = max(about[name] for name in named & about.keys())
    for ref, number in newest.items():
        _settle(bot, ref)
        bot.jobs.announce(ref, f"record:{number}")
    over(bot, repo, sections, f"record:{max(newest.values(), default=0)}")


def over(bot: Bot, repo: str, sections: Collection[str], cause: str) -> None:
    """Of sections (fingerprints) whose debt has ended no merged pull request says that something is left, whichever
    of them had it last."""
    waits = {drift.item.fingerprint for drift in bot.store.drift(repo=repo) if drift.merged}
    ended = frozenset(sections) - waits
    for ref in bot.store.pulls_with(repo, ended, merged=True):
        with bot.store.together(ref.key):
            found = bot.store.review(ref)
            if found is None:
                continue
            items = (
                replace(item, status=Status.UPDATED, reason="settled since")
                if item.fingerprint in ended and (item.open or item.status is Status.SNOOZED) else item
                for item in found.items
            )  # fmt: skip
            bot.store.save_review(replace(found, items=tuple(items)), bot.clock.now())
        bot.jobs.announce(ref, f"{cause}:{ref.key}")


def _sections(record: Evidence) -> Iterator[str]:
    """What a record is about: marks of a decision, which holds for these values and this text alone, and fingerprints
    of a hand-over."""
    for item in json.loads(record.body).get("items", ()):
        yield item if isinstance(item, str) else marked(item["fingerprint"], item["values"], item["section"])


def _settle(bot: Bot, ref: PullRef) -> None:
    """The newest review of a pull request, and its drift, by what was decided. Nothing opens anew by that where the
    pull request is a draft, closed or merged."""
    at = bot.clock.now()
    with bot.store.together(ref.key):
        pull, found = bot.store.pull(ref), bot.store.review(ref)
        if pull is None or found is None or pull.state is PullState.CLOSED:
            return
        decided = awake(bot, pull, found)
        kept = bot.store.save_review(decided, at)
        # Put off again for the same reason, a section's review stays as it is: the day stands in the ruling alone.
        asleep = decided.head == pull.head_sha and any(item.status is Status.SNOOZED for item in decided.items)
        if (kept or asleep) and not pull.draft:
            bot.store.open_drift(decided if pull.state is PullState.OPEN else _owed(bot, pull, decided), at)


def _owed(bot: Bot, pull: Pull, found: Review) -> Review:
    """The review of a merged pull request as far as it still speaks of open drift: its own debt, and what was
    acknowledged. What a commit has mended since is left out, so that no decision opens it again."""
    rows = {drift.item.fingerprint: drift.ref for drift in bot.store.drift(repo=pull.ref.repo)}
    items = (
        item for item in found.items
        if item.fingerprint in rows and (rows[item.fingerprint] == pull.ref or item.status is Status.ACKNOWLEDGED)
    )  # fmt: skip
    return replace(found, items=tuple(items))


def awake(bot: Bot, pull: Pull, found: Review) -> Review:
    """The review by the decisions that count today: with what a snooze silenced as it was before, where that is over
    (whichever pull request of the section was asked about)."""
    today = bot.clock.now().date()
    if all(item.status is not Status.SNOOZED for item in found.items):
        return applied(found, rulings_on(bot, pull, found.policy), today)
    rows = {drift.item.fingerprint: drift for drift in bot.store.drift(repo=found.ref.repo)}
    over = {
        (ruled.fingerprint, ruled.values_hash, ruled.section_hash)
        for ruled in bot.store.decisions(found.ref.repo) if ruled.until is not None and ruled.until < today
    }  # fmt: skip
    items = []
    for item in found.items:
        row = rows.get(item.fingerprint)
        woken = (item.fingerprint, item.values_hash, item.section_hash) in over or (
            row is not None and row.snoozes > 0 and not row.asleep(today)
        )
        if item.status is Status.SNOOZED and woken:  # what nobody knows better is suspect
            item = replace(item, status=row.item.status if row is not None else Status.SUSPECT)
        items.append(item)
    return applied(replace(found, items=tuple(items)), rulings_on(bot, pull, found.policy), today)
