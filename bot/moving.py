"""Repositories that are called something else, are away, or come back: what is remembered of them follows.

What GitHub answers now decides, not the order in which it told of it: a name that it had leads to the name it has. So
an event that comes late, twice or never changes nothing in the end.
"""

from __future__ import annotations

from bot.context import Bot
from bot.model import Incoming, PullRef
from bot.observe import log
from bot.ports import Gone

EVENTS = frozenset({"repository", "installation", "installation_repositories"})
"""Deliveries about whole repositories."""
MOVED = frozenset({"renamed", "transferred"})
LEFT = frozenset({"deleted", "archived", "suspend", "removed"})
"""What may happen to a repository (or its installation) that ends our business with it, for now."""
_LOOK = frozenset({"unarchived", "privatized", "publicized", "created", "unsuspend", "added"})
"""What may bring it back, or not: GitHub is asked."""


def heard(bot: Bot, incoming: Incoming) -> str:
    """What a delivery about whole repositories asks for; returns a word on what was done. Asks nobody."""
    if incoming.action in MOVED:
        if not incoming.get("from"):
            return "ignored"
        bot.jobs.act(incoming)
        return "act"
    named = _named(incoming)
    if incoming.action in LEFT:
        for repo in named:
            away(bot, repo)
        return "forgotten" if named else "ignored"
    default = incoming.action == "edited" and bool(incoming.get("branch"))
    asked = named if default or incoming.action in _LOOK else ()
    if incoming.event != "repository":
        asked = tuple(repo for repo in asked if bot.store.is_away(repo))
    for repo in asked:
        bot.jobs.refresh(repo, incoming.id)
    return "refresh" if asked else "ignored"


def _named(incoming: Incoming) -> tuple[str, ...]:
    """The repositories that a delivery is about."""
    if incoming.event == "repository":
        return (incoming.repo,)
    several = {"added": "added", "removed": "removed"}.get(incoming.action, "repositories")
    return tuple(filter(None, incoming.get(several).split("\n")))


def follow(bot: Bot, before: str, after: str) -> str:
    """GitHub told that a repository was renamed or transferred: bring what is known under both names to the one that
    it has now. Raises ``Unavailable``."""
    now = _name(bot, after) or _name(bot, before)
    if not now:  # transferred to somebody who does not let us in
        away(bot, before)
        return "gone"
    for name in {before, after} - {now}:
        moved(bot, name, now)
    bot.jobs.refresh(now, f"moved:{before}:{bot.clock.now().isoformat()}")
    return "moved"


def _name(bot: Bot, repo: str) -> str:
    try:
        return bot.forge.standing(repo)[0]
    except Gone:
        return ""


def where(bot: Bot, repo: str) -> str:
    """The name under which a repository goes on now, empty where it is away (gone or archived); what is remembered of
    it is moved, put away or brought back by that. Raises ``Unavailable``."""
    try:
        name, archived = bot.forge.standing(repo)
    except Gone:
        away(bot, repo)
        return ""
    if name != repo:
        moved(bot, repo, name)
        repo = name
    if archived:
        away(bot, repo)
        return ""
    back(bot, repo)
    return repo


def moved(bot: Bot, before: str, after: str) -> int:
    """Everything that is known by one name goes to another, on record; then what is shown of it follows. Returns how
    many rows that were."""
    at = bot.clock.now()
    with bot.store.together():
        rows = bot.store.move_repository(before, after)
        if rows:
            bot.store.append("moved", after, after, {"before": before, "after": after, "rows": rows}, at)
    if not rows:
        return 0
    log.warning("a repository was renamed: settings that name it have to be changed", before=before, after=after)
    for ref, merged in sorted({(drift.ref, drift.merged) for drift in bot.store.drift(repo=after)}):
        order = bot.jobs.announce if merged else bot.jobs.review
        order(ref, f"moved:{before}:{at.isoformat()}")
    return rows


def elsewhere(bot: Bot, before: PullRef, now: PullRef) -> str:
    """A pull request was found under another name than asked for: all of its repository goes there, and it is reviewed
    there."""
    moved(bot, before.repo, now.repo)
    bot.jobs.review(now, f"moved:{before.key}:{bot.clock.now().isoformat()}")
    return "moved"


def away(bot: Bot, repo: str) -> None:
    """A repository is archived or out of reach: nobody is reminded of it, and what was open is kept for its return."""
    at = bot.clock.now()
    with bot.store.together():
        waits = [drift.item.fingerprint for drift in bot.store.drift(repo=repo)]
        if not bot.store.forget_repository(repo, at):
            return
        log.warning("a repository is archived, or gone", repo=repo)
        if waits:
            bot.store.append("repository away", repo, repo, {"open": waits}, at)


def back(bot: Bot, repo: str) -> bool:
    """A repository goes on: where it was away, what was open then is open as it was, and its services are read
    again."""
    if not bot.store.is_away(repo):
        return False
    at = bot.clock.now()
    with bot.store.together():
        if not bot.store.restore_repository(repo):
            return False
        waits = [drift.item.fingerprint for drift in bot.store.drift(repo=repo)]
        if waits:
            bot.store.append("repository back", repo, repo, {"open": waits}, at)
    bot.jobs.refresh(repo, f"back:{at.isoformat()}")
    return True
