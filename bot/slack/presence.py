"""The ``Presence`` port on Slack's Web API: time zones, do-not-disturb, and who left.

``users.info`` names the time zone as the user set it; ``dnd.info`` the next stretch of do-not-disturb, and of a snooze
only what Slack shows an app (docs.slack.dev: ``snooze_*`` is visible to the user alone, so it is used where given and
never needed). Status texts are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from slack_sdk import WebClient

from bot.observe import log
from bot.ports import Clock, Refused
from bot.reminders.nouns import Availability
from bot.slack.calls import Calls, mapping, string

Span = tuple[datetime, datetime]

_LEFT = frozenset({"user_not_found", "user_not_visible", "user_disabled"})
"""Slack's words for somebody who cannot be written to any more."""
_LAST = 4_102_444_800
"""Seconds of the year 2100: a later instant is a damaged answer. Slack says 0 or 1 for none."""


class SlackPresence:
    """Slack, over one bot token. Safe to use from several threads; nothing is kept."""

    def __init__(self, token: str, clock: Clock, base_url: str = WebClient.BASE_URL) -> None:
        self._calls, self._clock = Calls(token, base_url), clock

    def availability(self, slack: str) -> Availability:
        """Time zone, do-not-disturb and whether the account is active. The time zone is empty where Slack knows none:
        then the configured one counts. Raises ``Unavailable`` or ``Refused``."""
        try:
            user = mapping(self._calls.call("users.info", user=slack).get("user"))
        except Refused as problem:
            if problem.code in _LEFT:
                return Availability("", gone=True)
            raise
        timezone = string(user, "tz")[:100]
        if user.get("deleted") is True:
            return Availability(timezone, gone=True)
        try:
            said = self._calls.call("dnd.info", user=slack)
        except Refused as problem:
            if problem.code == "missing_scope":  # the time zone is worth having all the same
                log.warning("do-not-disturb unknown", subject=slack, reason=str(problem))
            elif problem.code not in _LEFT:
                raise
            said = {}  # also guests of other workspaces have none that we may see
        return Availability(timezone, dnd=silence(said, self._clock.now()))

    def open_direct(self, slack: str) -> str:
        """The channel of direct messages with a user. Raises ``Unavailable`` or ``Refused``."""
        return self._calls.open_direct(slack)

    def channels(self) -> Mapping[str, str]:
        """The ids of the channels that the bot can see, by name. Raises ``Unavailable`` or ``Refused``."""
        return self._calls.channels()


def silence(said: Mapping[str, object], now: datetime) -> Span | None:
    """The stretch of silence that ``dnd.info`` speaks of: a snooze that runs, joined with the scheduled one where they
    meet, else the scheduled one; None without any."""
    planned = _span(_instant(said, "next_dnd_start_ts"), _instant(said, "next_dnd_end_ts"))
    if said.get("dnd_enabled") is not True:
        planned = None
    snoozed = _span(now, _instant(said, "snooze_endtime")) if said.get("snooze_enabled") is True else None
    if snoozed is None or planned is None:
        return snoozed or planned
    meet = planned[0] <= snoozed[1] and snoozed[0] <= planned[1]
    return (min(planned[0], snoozed[0]), max(planned[1], snoozed[1])) if meet else snoozed


def _span(start: datetime | None, end: datetime | None) -> Span | None:
    return (start, end) if start is not None and end is not None and start < end else None


def _instant(said: Mapping[str, object], name: str) -> datetime | None:
    seconds = said.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 1 < seconds < _LAST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
