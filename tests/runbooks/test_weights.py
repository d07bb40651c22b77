"""The shipped table of weights."""

from __future__ import annotations

import tomllib
from pathlib import Path

from runbooks import mapping


def test_the_short_reading_of_the_weights_is_what_toml_says() -> None:
    text = Path(mapping.__file__).with_name("weights.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    weights = mapping.shipped()
    assert (weights.rank, weights.alert) == (table["rank"], table["alert"])
    assert weights.suspect == table["threshold"]["suspect"]
    assert set(weights.alert) <= {"bias", *mapping.ALERT_FEATURES}
