"""Who is who, as far as an e-mail address tells: the author of a commit is the Slack user with the same address.

Such a link serves mentions only; it lets nobody decide (``Person.carries_rights``). GitHub says whose login an address
of a commit is only where the account has confirmed that address, so nobody can put themselves in somebody's place.
Names are not compared: that would need a list of everybody in the workspace, and two people may have one name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from bot.context import Bot
from bot.model import CommitAuthor, Directory, Person, Proof, Pull
from bot.ports import Refused, Unavailable

MOST_ASKED = 10
"""Addresses that are asked about in one go; Slack allows about fifty such questions a minute (its tier 3)."""

_ADDRESS = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,255}")
_NOBODY = re.compile(r"(?:^|[@.+_-])no-?reply(?:[@.+_-])", re.IGNORECASE)
"""An address behind which nobody reads: ``12+olga@users.noreply.github.com``, ``noreply@acme.example``."""


def acquaint(bot: Bot, pull: Pull) -> int:
    """Link the logins of a pull request's commit authors to the Slack users with their e-mail addresses; returns how
    many. Slack is asked about an address once a day. Raises nothing: where Slack or the store refuses or is away,
    people are named in text, and it is tried on another day."""
    linked = asked = 0
    try:
        at = bot.clock.now()
        for author in _unknown(pull, bot.directory()):
            address = author.email.strip().casefold()
            mark = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]
            if asked == MOST_ASKED or not bot.store.accept(f"acquaint:{mark}:{at:%Y-%m-%d}", "acquaint", at):
                continue
            asked += 1
            slack = bot.chat.user_by_email(address)
            if slack:
                bot.store.link(Person(author.login, slack, Proof.EMAIL), at)
                linked += 1
    except (Refused, Unavailable):
        pass  # a missing scope is said by the doctor
    return linked


def _unknown(pull: Pull, directory: Directory) -> Iterator[CommitAuthor]:
    """The authors with a login and an address of their own, unless a better link is known."""
    for author in pull.authors:
        known = directory.slack_of(author.login) if author.login else None
        if not author.login or author.login.endswith("[bot]") or (known is not None and known.carries_rights):
            continue
        if _ADDRESS.fullmatch(author.email.strip()) and not _NOBODY.search(author.email.strip()):
            yield author
