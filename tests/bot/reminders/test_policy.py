"""What a repository says of reminders, as a policy."""

from __future__ import annotations

from datetime import date

from bot.reminders.nouns import Audience, Availability, ReminderPolicy, Step
from bot.reminders.policy import availability_of, policy_of
from runbooks.config import Config, load


def test_without_configuration_the_policy_is_the_default() -> None:
    assert policy_of(Config()) == policy_of(load(""), "payments") == ReminderPolicy()


def test_a_service_says_otherwise_than_its_repository() -> None:
    config = load(
        '[reminders]\ntimezone = "Europe/Berlin"\nholidays = "DE-BY"\nreview_every = "12w"\n'
        "days_off = [2026-12-24]\n"
        '[services.payments.reminders]\ncontradicted = ["owner 1d", "channel 2d"]\nopen = []\nreview_every = ""\n'
        "[services.mail]\n"
    )
    everywhere = policy_of(config, "mail")
    assert everywhere == policy_of(config) == policy_of(config, "unknown")
    assert (everywhere.holidays, everywhere.review_every, everywhere.days_off) == ("DE-BY", 84, (date(2026, 12, 24),))
    payments = policy_of(config, "payments")
    assert payments.contradicted == (Step(1, Audience.OWNER), Step(2, Audience.CHANNEL))
    assert (payments.timezone, payments.open, payments.review_every) == ("Europe/Berlin", (), None)
    assert payments.suspect == ReminderPolicy().suspect


def test_a_channel_has_the_hours_of_its_service() -> None:
    policy = ReminderPolicy(timezone="Asia/Kolkata", working_hours="10:00-18:30", holidays="IN")
    assert availability_of(policy) == Availability("Asia/Kolkata", "10:00-18:30", "IN")
