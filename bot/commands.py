"""Commands in comments on a pull request (``/runbook ack <reason>``) and the buttons of a check run.

The sender is who GitHub says it is, and needs the same right as in Slack. What people decide counts for what there was
to see: a button for the head on whose check run it stands and the values that its page showed, a comment for what was
known when it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot import moving
from bot.context import Bot
from bot.decide import acknowledge, recorded, snooze
from bot.model import BotError, Incoming, PullRef, Surface, content_hash
from bot.observe import log
from bot.ports import Refused, Unavailable
from bot.quoting import text
from bot.rights import acting

COMMAND = re.compile(r"\s*/runbook[ \t]+(ack|acknowledge|snooze|recheck|re-check|help)\b[ \t]*([^\r\n]*)")
"""A command stands at the beginning of a comment; the rest of its line is the argument."""

HELP = (
    "`/runbook ack <reason>`: the runbooks are still accurate · `/runbook snooze <days> <reason>` · "
    "`/runbook recheck`: review again"
)
ACKNOWLEDGE, RECHECK = "acknowledge", "recheck"
"""Identifiers of the requested actions of a check run."""
MAX_REFUSAL = 2_000
"""Characters of a refusal that are shown."""
MOST_HEARD = 5
"""Commands of somebody without write access that are heard, per pull request and day: nobody can make the bot fill a
pull request with its answers."""


@dataclass(frozen=True)
class _Command:
    """What is wanted of a pull request."""

    ref: PullRef
    word: str
    argument: str
    surface: Surface


def act(bot: Bot, incoming: Incoming) -> str:
    """Do what a comment or a check run's action asks for, and answer on the pull request; returns a word for the log.
    The same delivery may come twice: what is on record is not decided again, only answered."""
    if incoming.event == "repository":
        return moving.follow(bot, incoming.get("from"), incoming.repo)
    asked = _asked(incoming)
    if asked is None:
        return "no command"
    again = asked.word in {RECHECK, "re-check"}
    known = _opted_in(bot, asked.ref)
    if not known and not again:
        return "not opted in"
    writes = _may_write(bot, incoming)
    if not known and not writes:  # a first review that was lost may be asked for, which nobody but a writer does
        return "not opted in"
    if not writes and not _heard(bot, asked.ref, incoming):
        log.info("command not heard", subject=asked.ref.key, by=incoming.sender)
        return "not heard"
    if again:
        if not writes and not _wrote(bot, asked.ref, incoming.sender):
            return "not a member"
        bot.jobs.review(asked.ref, incoming.id)
        return "recheck"
    if asked.word == "help":
        bot.forge.comment(asked.ref, HELP)
        return "help"
    return _decided(bot, asked, incoming)


def _asked(incoming: Incoming) -> _Command | None:
    ref = PullRef(incoming.repo, incoming.number)
    if incoming.event == "check_run":
        wanted = incoming.get("requested").partition(":")[0]
        known = wanted in {ACKNOWLEDGE, RECHECK}
        return _Command(ref, wanted, "acknowledged on the check run", Surface.CHECK) if known else None
    found = COMMAND.match(incoming.get("body"))
    return _Command(ref, found.group(1), found.group(2), Surface.COMMENT) if found else None


def _decided(bot: Bot, asked: _Command, incoming: Incoming) -> str:
    count = recorded(bot, asked.ref, incoming.id)
    if count is None:
        try:
            _look(bot, asked, incoming)
            number = int(incoming.get("sender_number") or 0)
            actor = acting(bot, login=incoming.sender, number=number, surface=asked.surface)
            if asked.word == "snooze":
                days, _, reason = asked.argument.partition(" ")
                count = len(snooze(bot, actor, asked.ref, (), reason, _until(bot, days), incoming.id))
            else:
                count = len(acknowledge(bot, actor, asked.ref, (), asked.argument, incoming.id))
        except Unavailable:
            raise
        except BotError as problem:
            # What it quotes is a pull request's: no refusal is a way to call people, or to link what one likes.
            bot.forge.comment(asked.ref, f"Not done: {text(str(problem), MAX_REFUSAL)}")
            return "refused"
    if asked.surface is Surface.COMMENT:
        bot.forge.comment(asked.ref, f"Recorded for {count} section{'s' if count > 1 else ''}.")
    return "decided"


def _look(bot: Bot, asked: _Command, incoming: Incoming) -> None:
    """Raise ``BotError`` where the sender cannot have seen what there is to decide on now."""
    found, since = bot.store.review(asked.ref), bot.store.reviewed_at(asked.ref)
    if found is None or since is None:
        return  # the use case says so
    if asked.surface is Surface.CHECK:
        if incoming.get("head") != found.head:
            raise BotError(
                "this button stands on the check of an earlier push; look at the newest one, and decide there"
            )
        seen = incoming.get("requested").partition(":")[2]
        if seen and seen != found.mark:  # none on a check run that a version before this one published
            raise BotError("this was judged again since the page was loaded; load it anew, and decide there")
        return
    written = _moment(incoming.get("at"))
    if written is None or written < since.replace(microsecond=0):  # GitHub tells whole seconds
        raise BotError(
            "this was written before the newest review of this pull request was known; look at that, and say it again"
        )


def _moment(told: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _opted_in(bot: Bot, ref: PullRef) -> bool:
    """Whether anybody asked for us here: strangers to us get no answer."""
    found = bot.store.review(ref)
    return bot.rules.opted_in(ref.repo) or (found is not None and found.policy.opted_in)


def _may_write(bot: Bot, incoming: Incoming) -> bool:
    try:
        return bot.forge.may_write(incoming.repo, incoming.sender)
    except Refused:
        return False  # not proven


def _heard(bot: Bot, ref: PullRef, incoming: Incoming) -> bool:
    """Whether this command of somebody without write access is among the first of the day; the same delivery counts
    once."""
    at = bot.clock.now()
    if not bot.store.accept(f"heard:{incoming.id}", "command", at):
        return True
    who = content_hash(ref.key, incoming.sender.casefold(), at.date().isoformat())
    return any(bot.store.accept(f"answered:{who}:{number}", "command", at) for number in range(MOST_HEARD))


def _until(bot: Bot, days: str) -> date:
    if not days.isdecimal() or len(days) > 3:
        raise BotError("say for how many days: `/runbook snooze 7 waiting for the new dashboard`")
    return bot.clock.now().date() + timedelta(days=int(days))


def _wrote(bot: Bot, ref: PullRef, login: str) -> bool:
    pull = bot.store.pull(ref)
    return pull is not None and pull.author.casefold() == login.casefold()
