"""What people do about reminders in Slack: the buttons of digests, and ``/runbook snooze | ack | handover | digest |
quiet``. Who may do what is decided in ``rights.py``; what reminders do is behind ``Reminding``.

A decision in words names a pull request or a service. *Still accurate* is never decided in words: each section has
to be ticked, so the command only opens the modal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from slack_bolt import Ack, App

from bot import decide, rights
from bot.answers import find_service, leading_service, open_drift
from bot.context import Bot
from bot.model import PULL_KEY, Actor, BotError, PullRef, Surface
from bot.ports import Message
from bot.reminders import when
from bot.reminders.nouns import ReviewDue
from bot.reminders.ports import Reminding
from bot.slack import blocks, status, views
from bot.slack.desk import Body, Build, Desk, place, pressed, value
from bot.slack.digestlines import OPEN_EDITOR, REVIEWED
from bot.slack.escape import code, prose
from bot.slack.parts import message, section

WORDS = frozenset({"ack", "snooze", "handover", "digest", "quiet"})
"""The words after ``/runbook`` that are answered here."""

_UNTIL = re.compile(r"(?:^|(?<= ))(?:until|for|[0-9]{1,4} ?(?:d|days?|w|weeks?))(?= |$)", re.IGNORECASE)
_TO = re.compile(r"(?:^| )(?:to )?(?:<@([UW][A-Z0-9]{2,20})(?:\|[^<>]*)?>|<!subteam\^(S[A-Z0-9]{2,20})(?:\|[^<>]*)?>"
                 r"|(@[\w.-]{1,80}))$")  # fmt: skip
_USAGE = {
    "ack": "`/runbook ack OWNER/NAME#N` or `/runbook ack SERVICE`",
    "snooze": "`/runbook snooze OWNER/NAME#N`, or in words: `/runbook snooze SERVICE until {day} REASON`",
    "handover": "`/runbook handover OWNER/NAME#N @somebody` or `/runbook handover SERVICE @team`",
}


@dataclass(frozen=True)
class _Asked:
    """A command in words about open sections of a pull request or of a service, by pull request."""

    body: Body
    word: str
    what: str
    sections: dict[PullRef, tuple[str, ...]]
    until: date | None = None
    reason: str = ""


class Reminders:
    """Registers everything about reminders on a Bolt app; without ``reminding`` decisions work and the rest says that
    it is not set up."""

    def __init__(self, bot: Bot, desk: Desk, web: str, reminding: Reminding | None) -> None:
        self._bot, self._desk, self._web, self._reminding = bot, desk, web, reminding

    def register(self, app: App) -> None:
        """Add the handlers of buttons: an alert's as they are, a digest's with the number of the item behind them."""
        for action in (blocks.STILL_ACCURATE, blocks.SNOOZE, blocks.HAND_OVER, blocks.SHOW_EDIT):
            app.action(_numbered(action))(self._opener(action))
        app.action(_numbered(REVIEWED))(self._reviewed)
        app.action(_numbered(OPEN_EDITOR))(lambda ack: ack())

    def builder(self, action: str, reason: str = "") -> Build:
        """What makes the modal of an action."""
        today = self._bot.clock.now().date()
        builders: dict[str, Build] = {
            blocks.SNOOZE: lambda pull, items, channel: views.snooze_view(pull, items, today, channel, reason),
            blocks.HAND_OVER: views.hand_over_view,
            blocks.SHOW_EDIT: lambda pull, items, channel: views.suggested_edit_view(pull, items, self._web),
        }
        return builders.get(
            action, lambda pull, items, channel: views.still_accurate_view(pull, items, channel, reason)
        )

    # -- buttons --

    def _opener(self, action: str) -> Callable[[Ack, Body], None]:
        def opener(ack: Ack, body: Body) -> None:
            ack()
            self._desk.open(body, self.builder(action), *pressed(body))

        return opener

    def _reviewed(self, ack: Ack, body: Body) -> None:
        """A runbook was read and is still right."""
        ack()
        channel, user = place(body)
        repo, _, path = value(body).partition(":")
        actor = rights.acting(self._bot, slack=user, surface=Surface.BUTTON)
        try:
            said = _done(self._there().reviewed(actor, repo, path))
        except BotError as problem:
            said = views.refusal(str(problem))
        self._desk.whisper(channel or user, user, said)

    # -- commands --

    def reviews_of(self, user: str) -> tuple[ReviewDue, ...]:
        """The reviews that are due for somebody; none where reminders are not set up."""
        return self._reminding.reviews_of(user) if self._reminding else ()

    def command(self, word: str, rest: str, body: Body) -> Message | None:
        """The answer to ``/runbook WORD REST``; None when a modal says it."""
        _, user = place(body)
        try:
            if word == "quiet":
                return _say(self._quiet(user, rest))
            if word == "digest":
                return _say(self._digest(user, rest))
            return self._about(word, _unescaped(rest), body, user)
        except BotError as problem:
            return _say(views.refusal(str(problem)))

    def _there(self) -> Reminding:
        if self._reminding is None:
            raise BotError("reminders are not set up here")
        return self._reminding

    def _quiet(self, user: str, rest: str) -> str:
        until = when.silence(rest, self._bot.clock.now().date())
        return _done(self._there().quiet(user, until))

    def _digest(self, user: str, rest: str) -> str:
        if rest.strip().casefold() not in {"", "now"}:
            raise BotError("`/runbook digest now` is all that can be said of it")
        return _done(self._there().digest_now(user))

    def _about(self, word: str, rest: str, body: Body, user: str) -> Message | None:
        """Decide in words where all is said, else open the modal."""
        until, to = None, ""
        if word == "handover":
            rest, to = self._addressee(" ".join(rest.split()))
        what, reason = self._subject(rest)
        if word == "snooze":
            until, reason = when.split(reason, self._bot.clock.now().date())
        if not what:
            raise BotError(f"name a pull request or a service: {self._usage(word)}")
        sections, answer = self._sections(what)
        if answer is not None:
            return answer
        asked = _Asked(body, word, what, sections, until, reason)
        actor = rights.acting(self._bot, slack=user, surface=Surface.COMMAND)
        if word == "handover" and to:
            return _say(self._hand_over(asked, actor, to))
        if word == "snooze" and until is not None:
            return _say(self._snooze(asked, actor, until))
        return self._modal(asked)

    def _subject(self, rest: str) -> tuple[str, str]:
        """What a command is about, a pull request or a service, whose name may be of several words, and the words
        behind it. Where no name is known it is all that stands in front of a day."""
        said = " ".join(rest[:1000].split())
        if pull := PULL_KEY.match(said):
            return pull.group(), said[pull.end() :].strip()
        if known := leading_service(self._bot, said):
            return known, said[len(known) :].strip()
        found = _UNTIL.search(said)
        return (said[: found.start()].strip(), said[found.start() :]) if found else (said, "")

    def _usage(self, word: str) -> str:
        return _USAGE[word].replace("{day}", str(self._bot.clock.now().date() + timedelta(weeks=1)))

    def _addressee(self, text: str) -> tuple[str, str]:
        """What is handed over, and to whom (empty: not said). Raises ``BotError`` for a group that is not known."""
        found = _TO.search(text)
        if found is None:
            return text, ""
        user, group, name = found.groups()
        to = user or group or self._bot.chat.group_named(name.removeprefix("@"))
        if not to:
            raise BotError(f"there is no user group {name}; for a person choose the name that Slack offers after @")
        return text[: found.start()].strip(), to

    def _sections(self, what: str) -> tuple[dict[PullRef, tuple[str, ...]], Message | None]:
        """The open sections that are meant, by pull request (no one in particular: all that are awake), or an answer
        when there are none."""
        if PULL_KEY.fullmatch(what):
            return {self._bot.store.spelled(PullRef.parse(what)): ()}, None
        service = find_service(self._bot, what[:200])
        if not service.services:
            return {}, status.unknown(what, service.nearest)
        mine: defaultdict[PullRef, list[str]] = defaultdict(list)
        for drift in open_drift(self._bot, service.services):
            mine[drift.ref].append(drift.item.fingerprint)
        if not mine:
            return {}, _say(f"✅ Nothing is open in {prose(what, 100)}.")
        return {ref: tuple(fingerprints) for ref, fingerprints in sorted(mine.items())}, None

    def _modal(self, asked: _Asked) -> Message | None:
        if len(asked.sections) > 1:
            refs = ", ".join(code(ref.key, 220) for ref in list(asked.sections)[:5])
            more = f" and {len(asked.sections) - 5} more" if len(asked.sections) > 5 else ""
            count = f"{len(asked.sections)} pull requests"
            what = f"{prose(asked.what, 100)} has open sections of {count}: {refs}{more}"
            return _say(f"{what}. Name one of them: {self._usage(asked.word)}")
        ref, fingerprints = next(iter(asked.sections.items()))
        action = {"snooze": blocks.SNOOZE, "handover": blocks.HAND_OVER}.get(asked.word, blocks.STILL_ACCURATE)
        self._desk.open(asked.body, self.builder(action, asked.reason), ref, fingerprints)
        return None

    def _snooze(self, asked: _Asked, actor: Actor, until: date) -> str:
        def act(ref: PullRef, chosen: Sequence[str]) -> int:
            return len(decide.snooze(self._bot, actor, ref, chosen, asked.reason, until))

        return _each(asked, act, f"💤 Snoozed until {until}")

    def _hand_over(self, asked: _Asked, actor: Actor, to: str) -> str:
        return _each(
            asked, lambda ref, chosen: len(decide.hand_over(self._bot, actor, ref, chosen, to)), "✅ Handed over"
        )


def _each(asked: _Asked, act: Callable[[PullRef, Sequence[str]], int], done: str) -> str:
    """Decide pull request by pull request: who may not decide on one may on others. Says what was done and not."""
    count, refused = 0, dict[str, PullRef]()
    for ref, fingerprints in asked.sections.items():
        try:
            count += act(ref, fingerprints)
        except BotError as problem:
            refused.setdefault(str(problem), ref)
    lines = [f"{done}: {count}."] if count else []
    several = len(asked.sections) > 1
    lines += [views.refusal(f"{ref.key}: {why}" if several else why) for why, ref in list(refused.items())[:5]]
    return "\n".join(lines)


def _unescaped(text: str) -> str:
    """A command's text as it was typed; Slack escapes its three characters, and mentions, which stay."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _numbered(action: str) -> re.Pattern[str]:
    """An action's id, as alerts have it and with a number, as digests have it."""
    return re.compile(rf"^{action}(?::\d{{1,3}})?$")


def _done(said: str) -> str:
    """Words of ours, which hold names of others, as mrkdwn."""
    return f"✅ {prose(said[:1].upper() + said[1:], 1000)}"


def _say(text: str) -> Message:
    """A few words as an answer; ``text`` is escaped already."""
    return message(text, [section(text)])
