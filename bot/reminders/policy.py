"""From the repository's configuration to the policy of a service, and from a policy to the hours of a channel."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from bot.reminders.calendar import known_zone
from bot.reminders.nouns import Audience, Availability, ReminderPolicy, Step
from runbooks.config import Config
from runbooks.configreminders import period_days, step_of


def policy_of(config: Config, service: str = "") -> ReminderPolicy:
    """What a repository says of reminders about a service; of all its services without a name or a table of its own.

    The configuration was checked when it was loaded; one made by hand raises ValueError where it cannot be read."""
    own = next((entry.reminders for entry in config.services if entry.name == service), None)
    said = own or config.reminders
    return ReminderPolicy(
        enabled=said.enabled,
        timezone=said.timezone,
        working_hours=said.working_hours,
        holidays=said.holidays,
        days_off=said.days_off,
        review_every=period_days(said.review_every) if said.review_every else None,
        open=_steps(said.open),
        contradicted=_steps(said.contradicted),
        suspect=_steps(said.suspect),
        gather=period_days(said.gather, "gather"),
    )


def _steps(ladder: tuple[str, ...]) -> tuple[Step, ...]:
    parsed = (step_of(text) for text in ladder)
    return tuple(Step(days, Audience(audience)) for audience, days in parsed)


@lru_cache(maxsize=4096)
def availability_of(policy: ReminderPolicy) -> Availability:
    """When a service's channel may be written to, and anybody whose own hours nobody knows."""
    return Availability(policy.timezone, policy.working_hours, policy.holidays, policy.days_off)


def filled(known: Availability, usual: Availability) -> Availability:
    """What is known of a person, and what is not (Slack knows neither working hours nor holidays, and not everybody's
    time zone) as it is usual at their service."""
    found = replace(
        known,
        timezone=known.timezone if known_zone(known.timezone) else usual.timezone,
        working_hours=known.working_hours or usual.working_hours,
        holidays=known.holidays or usual.holidays,
        days_off=known.days_off or usual.days_off,
    )
    return known if found == known else found
