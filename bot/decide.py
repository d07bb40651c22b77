"""What people decide on drift: still accurate, snooze, hand over.

A decision counts for what the person saw: where a section is chosen by its mark (``rulings.mark``), it is refused once
other values or another text stand there. Who may decide is said in ``rights.py``, what follows in ``following.py``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta

from bot.context import Bot
from bot.following import awake, follow
from bot.model import Actor, BotError, Item, Pull, PullRef, PullState, Review, Ruling
from bot.rights import permit
from bot.rulings import mark
from runbooks.model import Decision, Status

MAX_REASON = 500
"""Characters of a reason that are kept."""
MAX_SNOOZE = timedelta(days=90)
"""How far away the end of a snooze may be."""
MAX_EXTENSIONS = 2
"""How often a snooze may be put off again; the issue's figure."""
REMEMBERED = timedelta(days=7)
"""How long it is known that a delivery led to a decision, as long as deliveries are kept."""


def acknowledge(
    bot: Bot, actor: Actor, ref: PullRef, chosen: Sequence[str], reason: str, cause: str = ""
) -> tuple[Item, ...]:
    """Record that sections are still accurate. ``chosen`` are fingerprints, or marks of what was seen; an empty one
    means every open section. ``cause`` is the delivery that asks, on record with the decision so that ``recorded``
    finds it. Raises ``NotAllowed`` or ``BotError`` with a reason; returns the items that it now covers."""
    return _decide(bot, actor, ref, chosen, reason, (Status.ACKNOWLEDGED, None), cause)


def snooze(
    bot: Bot, actor: Actor, ref: PullRef, chosen: Sequence[str], reason: str, until: date, cause: str = ""
) -> tuple[Item, ...]:
    """Silence sections until a day. Takes and raises the same as ``acknowledge``."""
    today = bot.clock.now().date()
    if not today < until <= today + MAX_SNOOZE:
        raise BotError(f"a snooze ends between tomorrow and {today + MAX_SNOOZE}")
    often = {drift.item.fingerprint for drift in bot.store.drift(repo=ref.repo) if drift.snoozes > MAX_EXTENSIONS}
    tired = [
        item
        for item in _chosen(bot, *_known(bot, ref), chosen)
        if item.fingerprint in often or bot.store.put_off(ref.repo, item) > MAX_EXTENSIONS
    ]
    if tired:
        raise BotError(
            f"“{tired[0].title or tired[0].runbook}” was snoozed and extended {MAX_EXTENSIONS} times already: correct "
            "it, hand it over, or say that it is still accurate"
        )
    return _decide(bot, actor, ref, chosen, reason, (Status.SNOOZED, until), cause)


def hand_over(bot: Bot, actor: Actor, ref: PullRef, chosen: Sequence[str], to: str) -> tuple[Item, ...]:
    """Give open sections to another person or team (a Slack id). Raises like ``acknowledge``."""
    pull, found = _known(bot, ref)
    items = _chosen(bot, pull, found, chosen)
    permit(bot, actor, pull, found, items)
    if pull.draft and pull.state is PullState.OPEN:
        raise BotError(f"{ref.key} is a draft: nobody is asked about it yet. Hand it over once it is ready for review")
    if not bot.chat.knows(to):
        raise BotError("there is nobody with that id in this workspace; choose the name that Slack offers after @")
    with bot.store.together():
        given = [item for item in items if bot.store.assign(ref.repo, item.fingerprint, to, bot.clock.now())]
        if not given:
            raise BotError(_nothing(bot, found))
        body = {"by": _who(actor), "to": to, "items": [item.fingerprint for item in given]}
        record = bot.store.append("hand over", ref.repo, ref.key, body, bot.clock.now())
    follow(bot, ref.repo, (record,))
    return tuple(given)


def decidable(bot: Bot, ref: PullRef, chosen: Sequence[str] = ()) -> tuple[Pull, tuple[Item, ...]]:
    """A pull request with the open sections that ``chosen`` means, whoever asks. Raises ``BotError`` with the reason
    why there are none."""
    pull, found = _known(bot, ref)
    return pull, _chosen(bot, pull, found, chosen)


def recorded(bot: Bot, ref: PullRef, cause: str) -> int | None:
    """How many sections a delivery's decision is on record for; None where there is none yet. What follows from it is
    done again, in case that was cut off."""
    if not bot.store.accepted(_key(cause)):
        return None
    for record in bot.store.evidence(bot.clock.now() - REMEMBERED):
        if (record.kind, record.subject) == ("decision", ref.key):
            body = json.loads(record.body)
            if body.get("cause") == cause:
                follow(bot, ref.repo, (record,))
                return len(body["items"])
    return None


def _decide(
    bot: Bot, actor: Actor, ref: PullRef, chosen: Sequence[str], reason: str, what: tuple[Status, date | None],
    cause: str,
) -> tuple[Item, ...]:  # fmt: skip
    pull, found = _known(bot, ref)
    items = _chosen(bot, pull, found, chosen)
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise BotError("say why: the reason is what the next reader and the auditor have")
    permit(bot, actor, pull, found, items)
    at, who, (kind, until) = bot.clock.now(), _who(actor), what
    rulings = [
        Ruling(
            Decision(item.fingerprint, item.values_hash, item.section_hash, kind, who, reason, until),
            ref.repo, ref, who, actor.surface, at,
        )
        for item in items
    ]  # fmt: skip
    body = {
        "by": who, "surface": actor.surface.value, "kind": kind.value, "reason": reason, "head": found.head,
        "until": until.isoformat() if until else "", "items": [_named(item) for item in items],
        **({"cause": cause} if cause else {}),
    }  # fmt: skip
    with bot.store.together():
        if cause and not bot.store.accept(_key(cause), "decision", at):
            return items  # the same delivery, done by another process meanwhile
        bot.store.rule(rulings)
        record = bot.store.append("decision", ref.repo, ref.key, body, at)
    follow(bot, ref.repo, (record,))
    return items


def _key(cause: str) -> str:
    return f"decided:{cause}"


def _known(bot: Bot, ref: PullRef) -> tuple[Pull, Review]:
    pull, found = bot.store.pull(ref), bot.store.review(ref)
    if pull is None or found is None:
        raise BotError(f"{ref.key} has not been reviewed")
    if pull.state is PullState.CLOSED:
        raise BotError(f"{ref.key} was closed without a merge: there is nothing left to decide")
    if pull.state is PullState.OPEN:  # of a merged one the last word counts, also where its very head was not judged
        if (found.head, found.scope) != (pull.head_sha, pull.scope):
            raise BotError("a newer push is being reviewed; look again in a moment")
        if found.failure and not found.base:
            raise BotError(f"the newest push could not be reviewed ({found.failure}); *Re-check* tries again")
    return pull, awake(bot, pull, found)


def _chosen(bot: Bot, pull: Pull, found: Review, chosen: Sequence[str]) -> tuple[Item, ...]:
    """The open items that are meant; of a merged pull request those that are still debt."""
    there = found.drift
    if pull.state is PullState.MERGED:
        owed = {drift.item.fingerprint for drift in bot.store.drift(repo=pull.ref.repo) if drift.merged}
        there = tuple(item for item in there if item.fingerprint in owed)
    items = tuple(item for item in there if not chosen or {item.fingerprint, mark(item)} & set(chosen))
    lost = {name.partition(":")[0] for name in set(chosen) - {mark(item) for item in there} if ":" in name}
    missed = [item for item in there if item.fingerprint in lost and item not in items]
    if missed:
        raise BotError(
            f"“{missed[0].title or missed[0].runbook}” is not what you saw any more: a newer push changed its values "
            "or its text. Look at it again, then decide"
        )
    if not items:
        raise BotError(_nothing(bot, found))
    return items


def _nothing(bot: Bot, found: Review) -> str:
    """Why there is nothing to decide on."""
    names = {item.fingerprint for item in found.items if item.status is Status.SNOOZED}
    today = bot.clock.now().date()
    days = [d.snoozed_until for d in bot.store.drift(repo=found.ref.repo) if d.item.fingerprint in names]
    asleep = [day for day in days if day is not None and day >= today]
    if len(asleep) == 1:
        return f"nothing is awake: the section is snoozed until {asleep[0]}"
    if asleep:
        return f"nothing is awake: {len(asleep)} sections are snoozed, the first until {min(asleep)}"
    return "there is nothing open to decide on; it may have been settled meanwhile"


def _who(actor: Actor) -> str:
    return f"@{actor.login}" if actor.login else actor.slack


def _named(item: Item) -> dict[str, str]:
    return {
        "fingerprint": item.fingerprint, "values": item.values_hash, "section": item.section_hash,
        "rule": item.rule, "subject": item.subject, "runbook": item.runbook, "title": item.title,
    }  # fmt: skip
