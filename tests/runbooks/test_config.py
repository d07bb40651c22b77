"""The configuration: what it accepts, and errors that name file, key and what to write instead."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path

import pytest

from runbooks.config import TABLES, Config, ConfigError, FailOn, ServiceSettings, load
from runbooks.configreminders import Reminders, period_days
from runbooks.model import Decision, Status

DECISION = 'fingerprint = "a1"\nvalues_hash = "b2"\nsection_hash = "c3"\nby = "@jane"\nreason = "still true"\n'
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_no_text_is_the_defaults() -> None:
    assert load("") == load("  \n") == Config()
    assert Config().fail_on is FailOn.CONTRADICTED


def test_every_key_is_read() -> None:
    config = load(
        'fail_on = "suspect"\nfail_on_skipped = true\nsuspect_threshold = 0.4\n'
        '[runbooks]\ninclude = ["handbook/**"]\nexclude = ["handbook/drafts/"]\n'
        '[services.payments]\npaths = ["pay/**"]\nrunbooks = ["docs/pay.md"]\nowners = ["@org/pay"]\n'
        'channel = "#pay"\nescalation = ["@boss"]\n'
        '[acknowledge]\nseparation_of_duties = false\napprovers = ["@org/sre"]\n'
        '[reminders]\nenabled = false\ntimezone = "Europe/Berlin"\nworking_hours = "08:30-16:00"\n'
        "[limits]\nmax_file_bytes = 1\nmax_file_seconds = 3\nmax_files = 4\nmax_runbooks = 5\n"
        '[rules]\ndisable = ["ops/port-changed"]\n'
        f'[[decisions]]\nkind = "snoozed"\nuntil = 2027-01-15\n{DECISION}'
    )
    assert config.services == (
        ServiceSettings("payments", ("pay/**",), ("docs/pay.md",), ("@org/pay",), "#pay", ("@boss",)),
    )
    assert config.decisions == (Decision("a1", "b2", "c3", Status.SNOOZED, "@jane", "still true", date(2027, 1, 15)),)
    assert (config.fail_on, config.limits.max_file_seconds, config.rules.disable) == (
        FailOn.SUSPECT,
        3.0,
        ("ops/port-changed",),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fail_onn = 'x'", "unknown key `fail_onn`; did you mean `fail_on`?"),
        ("fail_on = 'x'", "key `fail_on` is 'x'; allowed are 'contradicted', 'suspect', 'uncovered' or 'never'"),
        ("[runbooks]\nincludes = []", "unknown key `runbooks.includes`; did you mean `include`?"),
        ("[runbooks]\ninclude = 'a'", "key `runbooks.include` is 'a'; it must be a list"),
        ("[services.pay]\npth = []", "unknown key `services.pay.pth`; did you mean `paths`?"),
        ("[services.pay]\nname = 'x'", "unknown key `services.pay.name`"),
        ("services = 1", "write `[services.payments]`"),
        ("[limits]\nmax_files = 0", "`max_files` must be greater than 0"),
        ("[limits]\nmax_files = 'many'", "key `limits.max_files` is 'many'; it must be a whole number"),
        ("[reminders]\ntimezone = 'Mars/Base'", "write a name such as `Europe/Berlin`"),
        ("[reminders]\nworking_hours = '9-5'", "such as `09:00-17:00`"),
        ("[reminders]\nworking_hours = '17:00-09:00'", "such as `09:00-17:00`"),
        ("[reminders]\nholidays = 'Germany'", "write a country or a part of one: `DE` or `DE-BY`"),
        ("[reminders]\ndays_off = ['soon']", "key `reminders.days_off[0]` is 'soon'; it must be a date such as"),
        ("[reminders]\nreview_every = 'monthly'", "`review_every` is 'monthly'; write a period such as `90d` or `12w`"),
        ("[reminders]\nreview_every = 90", "key `reminders.review_every` is '90'; it must be a text"),
        ("[reminders]\nopen = 'owner 1d'", "key `reminders.open` is 'owner 1d'; it must be a list"),
        ("[reminders]\nopen = ['owner 1']", "`open` has the step 'owner 1'; write who and after how many working days"),
        ("[reminders]\nopen = ['boss 1d']", "who is `author`, `owner`, `channel`, `escalation`"),
        ("[reminders]\nopen = ['owner 0d']", "between 1 and 250 working days"),
        ("[reminders]\nopen = ['owner 3d', 'owner 1d']", "`open` has 'owner 1d' after a later step"),
        ("[reminders]\nsuspect = ['author 1d']", "the author is told in `open` only, before the merge"),
        (f"[reminders]\nsuspect = {['owner 1d'] * 11}", "`suspect` has 11 steps; 10 are allowed"),
        ("[services.pay.reminders]\nopened = []", "unknown key `services.pay.reminders.opened`; did you mean `open`?"),
        ("[services.pay.reminders]\nopen = ['x']", "in `services.pay.reminders`: `open` has the step 'x'"),
        ("[reminders]\nopen = ['x']\n[services.pay.reminders]", ": in `reminders`: `open` has the step 'x'"),
        ("[services.pay.reminders]\ntimezone = 'Mars'", "write a name such as `Europe/Berlin`"),
        ("[services.pay]\nreminders = 3", "key `services.pay.reminders` is '3'; it must be a table"),
        ("suspect_threshold = 7", "`suspect_threshold` must be between 0 and 1"),
        ("[[decisions]]\nkind = 'updated'\n" + DECISION, "allowed are 'acknowledged' or 'snoozed'"),
        ("[[decisions]]\nkind = 'snoozed'\n" + DECISION, "needs `until`"),
        ("[[decisions]]\nkind = 'acknowledged'", "key `decisions[0].fingerprint` is missing"),
        ("zzz = 1", "known here are `fail_on`"),
        ("a = ", "not valid TOML"),
        ("a = 1\nb = @\n", "line 2"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("[runbooks]\ninclude = ['" + "*" * 600 + "']", "more than 500 characters"),
    ],
)
def test_errors_say_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(text, ".runbook-drift.toml at main")
    assert str(error.value).startswith(".runbook-drift.toml at main: ")
    assert says in str(error.value)


def test_a_repository_without_configuration_never_imports_pydantic() -> None:
    code = "import sys, runbooks.config as c; c.load(''); print('pydantic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_reminders_are_read_for_all_and_for_a_service() -> None:
    config = load(
        '[reminders]\nholidays = "DE-BY"\ndays_off = [2026-12-24]\nreview_every = "12w"\n'
        'open = []\ncontradicted = ["owner 2d", "channel 2d", "escalation 250d"]\n'
        '[services.payments.reminders]\nenabled = false\ntimezone = "Asia/Kolkata"\nsuspect = ["channel 3d"]\n'
    )
    reminders = config.reminders
    assert (reminders.holidays, reminders.days_off, reminders.review_every) == ("DE-BY", (date(2026, 12, 24),), "12w")
    assert (reminders.open, reminders.contradicted) == ((), ("owner 2d", "channel 2d", "escalation 250d"))
    assert config.services[0].reminders == dataclasses.replace(
        reminders, enabled=False, timezone="Asia/Kolkata", suspect=("channel 3d",)
    )


@pytest.mark.parametrize(("text", "days"), [("90d", 90), ("12w", 84), (" 3 m ", 90), ("1y", 365)])
def test_a_period_counts_as_in_front_matter(text: str, days: int) -> None:
    from runbooks.frontmatter import read

    assert period_days(text) == days
    assert read(f"---\nreview_every: {text}\n---\n", [])[0].review_every == days


def test_a_period_that_is_none_names_its_key() -> None:
    with pytest.raises(ValueError, match="`gather` is 'soon'; write a period such as `90d`"):
        Reminders(gather="soon")


def _documented() -> dict[str, str]:
    """Each documented key with its default as written in the tables of docs/configuration.md."""
    rows = re.findall(r"^\| `([\w.\[\]]+)` \| (?:`([^`]*)`|—) \|", DOCUMENTATION.read_text(), re.MULTILINE)
    return dict(rows)


def _expected() -> dict[str, str]:
    """Each key of the models with its default as TOML; required keys have an empty text."""
    expected: dict[str, str] = {}
    for field in dataclasses.fields(Config):
        if field.name not in TABLES:
            expected[field.name] = _toml(field.default)
    heads = {"services": "services.NAME", "decisions": "decisions[]"}
    for table, kind in TABLES.items():
        for field in dataclasses.fields(kind):
            if (table, field.name) != ("services", "name"):
                expected[f"{heads.get(table, table)}.{field.name}"] = _toml(field.default)
    return expected


def _toml(value: object) -> str:
    if value is None or value is dataclasses.MISSING:
        return ""
    if isinstance(value, StrEnum):
        return f'"{value.value}"'
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def test_the_documentation_lists_every_key_with_its_default() -> None:
    assert _documented() == _expected()
