"""What puts one section before another: history, and what is akin to a changed name."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date

import pytest

from analyzers.history import Past
from analyzers.model import FileDiff
from analyzers.pipeline import analyse
from runbooks import kin, mapping
from runbooks.check import map_sections
from runbooks.history import Together, together
from runbooks.inputs import Inputs
from runbooks.mapping import Ranked
from runbooks.parse import parse
from runbooks.query import written_as
from tests.cases import ROOT, file_diff

PATH = "docs/runbooks/worker.md"
BOOK = """\
# Worker

## Draining

Take the worker out of rotation, then wait until the worker is idle.

## Restarting

Take the worker out of rotation, then stop the worker process.

## Thumbnails

Tune `media_image_size` and `media_image_quality` for the worker.
"""
DIFF = file_diff("worker/pool.py", "def run(worker):\n    worker.go()\n", "def run(worker):\n    worker.go(1)\n")


def ranked(diff: FileDiff, *, past: Sequence[Together] = (), book: str = BOOK) -> list[Ranked]:
    """The sections of the runbook in the order in which they lean on the diff."""
    runbook = parse(PATH, book.encode(), revision="head")
    inputs = Inputs(
        base="base", head="head", policy_revision="base", diffs=(diff,), before=(runbook,), after=(runbook,),
        as_of=date(2026, 1, 1), past=lambda paths: past,
    )  # fmt: skip
    return list(map_sections(inputs).ranked)


def first(found: list[Ranked]) -> str:
    """The heading of the best ranked section."""
    return found[0].section.title


@pytest.mark.parametrize(
    ("line", "title"), [("wait until the worker is idle.", "Draining"), ("stop the worker process.", "Restarting")]
)
def test_the_section_that_changed_with_the_file_before_comes_first(line: str, title: str) -> None:
    whole = f"Take the worker out of rotation, then {line}"
    found = ranked(DIFF, past=[Together(1.0, 1.0, {PATH: frozenset({whole})})])
    assert first(found) == title
    assert "past_section" in found[0].candidate.values


def test_lines_of_documents_that_are_gone_count_for_nothing() -> None:
    plain = [r.score for r in ranked(DIFF)]
    assert [r.score for r in ranked(DIFF, past=[Together(1.0, 1.0, {"gone.md": frozenset({"x" * 20})})])] == plain


def test_what_changed_together_shares_a_file_or_a_folder() -> None:
    blobs = {"1": b"alpha line one\nsame line here\n", "2": b"beta line two\nsame line here\n"}
    past = [
        Past(("worker/pool.py", "x/y.py", "a.md", "z.py"), ((PATH, "1", "2"),)),
        Past(("worker/other.py",), ((PATH, "0", "1"),)),
        Past(("elsewhere/other.py",), ((PATH, "1", "2"),)),
        Past((), ((PATH, "1", "2"),)),
    ]
    same, near = together(past, ("worker/pool.py",), blobs.get)
    assert same == Together(1 / 3**0.5, 1 / 3**0.5, {PATH: frozenset({"alpha line one", "beta line two"})})
    assert near == Together(0.0, 1.0, {PATH: frozenset({"alpha line one", "same line here"})})


def test_a_new_setting_belongs_where_its_family_is_listed() -> None:
    diff = file_diff("conf/app.yaml", "media_image_size: 3\n", "media_image_size: 3\nmedia_image_pool: 4\n")
    found = ranked(diff)
    assert first(found) == "Thumbnails"
    values = found[0].candidate.values
    assert values["beside"] > 0
    assert values["family"] > 0


def test_kin_of_a_changed_key() -> None:
    diff = file_diff("conf/app.yaml", "far_away_name: 1\n" + "\n" * 30 + "media_size: 3\n", "far_away_name: 1\n")
    found = kin.of(analyse([diff]))
    assert found.families == {"media": 0.5}
    assert frozenset({"media", "size"}) in found.keys
    added = file_diff("conf/app.yaml", "far_name: 1\n" + "\n" * 30 + "near_name: 3\n",
                      "far_name: 1\n" + "\n" * 30 + "near_name: 3\nmedia_size: 3\n")  # fmt: skip
    assert set(kin.of(analyse([added])).beside) == {"nearname", "mediasize"}


def test_every_weight_is_of_a_signal_and_none_speaks_against_a_section() -> None:
    table = tomllib.loads((ROOT / "runbooks" / "weights.toml").read_text())
    assert set(table["rank"]) <= set(mapping.FEATURES)
    assert set(table["alert"]) <= {*mapping.ALERT_FEATURES, "bias"}
    assert min(table["rank"].values()) >= 0
    assert all(w >= 0 for name, w in table["alert"].items() if not name.startswith("diff.") and name != "bias")


def test_a_part_of_a_name_is_told_with_the_name() -> None:
    """A section that says "mode" does not name ``forwarder.mode``: the reason says what it does name."""
    sides = ("forwarder:\n  mode: sync\n", "forwarder:\n  mode: async\n")
    changes = analyse([file_diff("deploy/forwarder.yaml", *sides)]).changes
    assert written_as("mode", changes) == "mode (of forwarder.mode)"
    assert written_as("forwardermode", changes) == "forwarder.mode"
    assert written_as("backend", changes) == "backend"
