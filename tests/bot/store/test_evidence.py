"""The chain of evidence: whatever is done to it shows."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.evidence import GENESIS, digest_of, export, sealed, verify
from bot.model import BotError, Evidence

ROOT = Path(__file__).resolve().parents[3]
AT = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)


def chain(length: int = 5) -> list[Evidence]:
    records: list[Evidence] = []
    for number in range(1, length + 1):
        previous = records[-1].hash if records else GENESIS
        body = json.dumps({"n": number})
        records.append(sealed(number, AT + timedelta(seconds=number), "review", "acme/shop", "x", body, previous))
    return records


WHOLE = chain()
ANCHOR = (5, WHOLE[-1].hash)


def test_a_whole_chain_has_no_problem() -> None:
    assert verify(WHOLE, ANCHOR) == []
    assert verify([], None) == []


ALTERED = {
    "number": 9, "at": AT + timedelta(microseconds=1), "kind": "merge", "repo": "acme/other", "subject": "y",
    "body": "{}", "previous": "1" * 64, "hash": "2" * 64,
}  # fmt: skip


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("name", [field.name for field in fields(Evidence)])
def test_altering_any_field_of_any_record_shows(name: str, place: int) -> None:
    records = [*WHOLE]
    records[place] = replace(records[place], **{name: ALTERED[name]})
    assert verify(records, ANCHOR)


@pytest.mark.parametrize("place", range(5))
def test_altering_a_record_and_its_hash_shows_in_the_next_or_in_the_anchor(place: int) -> None:
    forged = replace(WHOLE[place], body='{"n":0}')
    records = [*WHOLE]
    records[place] = replace(forged, hash=digest_of(forged))
    assert verify(records, ANCHOR)


@pytest.mark.parametrize("place", range(5))
def test_leaving_out_a_record_shows(place: int) -> None:
    assert verify(WHOLE[:place] + WHOLE[place + 1 :], ANCHOR)


@pytest.mark.parametrize("kept", range(5))
def test_cutting_the_end_or_the_beginning_off_shows(kept: int) -> None:
    assert verify(WHOLE[:kept], ANCHOR)
    assert verify(WHOLE[5 - kept :], ANCHOR)


def test_changing_the_order_shows_and_is_named() -> None:
    swapped = [WHOLE[0], WHOLE[2], WHOLE[1], WHOLE[3], WHOLE[4]]
    assert verify(swapped, ANCHOR) == [
        "record 2 is missing: the next one is 3", "record 2 is out of order: it stands after record 3",
    ]  # fmt: skip


def test_a_record_twice_or_one_more_shows() -> None:
    assert verify([*WHOLE, WHOLE[-1]], ANCHOR)
    assert verify([*WHOLE, sealed(6, AT, "review", "", "", "{}", WHOLE[-1].hash)], ANCHOR)


def test_a_lost_anchor_shows() -> None:
    assert verify(WHOLE, None)
    assert verify(WHOLE, (5, WHOLE[-2].hash))


def test_the_problem_is_told_with_its_place() -> None:
    records = [*WHOLE]
    records[2] = replace(records[2], subject="y")
    assert verify(records, ANCHOR) == ["record 3 was altered"]


def test_an_instant_counts_and_not_its_zone() -> None:
    elsewhere = replace(WHOLE[0], at=WHOLE[0].at.astimezone())
    assert digest_of(elsewhere) == WHOLE[0].hash


def test_exported_lines_hold_all_that_verifying_needs() -> None:
    lines = [json.loads(line) for line in export(WHOLE, "jsonl")]
    assert lines[0] | {"body": None} == {
        "number": 1, "at": "2026-11-23T09:00:01.123456+00:00", "kind": "review", "repo": "acme/shop", "subject": "x",
        "body": None, "previous": GENESIS, "hash": WHOLE[0].hash,
    }  # fmt: skip
    back = [
        Evidence(**{**line, "at": datetime.fromisoformat(line["at"]), "body": json.dumps(line["body"])})
        for line in lines
    ]
    assert verify(back, ANCHOR) == []


def test_exported_cells_are_no_formulas() -> None:
    record = sealed(1, AT, "link", "", '=HYPERLINK("x")', json.dumps({"a": 'b,"c"\n'}), GENESIS)
    head, row = csv.reader(io.StringIO("".join(export([record], "csv"))))
    assert head[0] == "number"
    assert row[4] == '\'=HYPERLINK("x")'
    assert json.loads(row[5]) == {"a": 'b,"c"\n'}


def test_a_damaged_body_is_exported_as_it_is() -> None:
    assert json.loads("".join(export([replace(WHOLE[0], body="{broken")], "jsonl")))["body"] == "{broken"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BotError, match="jsonl or csv"):
        list(export(WHOLE, "xml"))


def _kinds() -> set[str]:
    """The kinds that the bot's code appends: the first argument of every ``store.append``."""
    kinds: set[str] = set()
    for module in sorted((ROOT / "bot").rglob("*.py")):
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(
                    func=ast.Attribute(attr="append", value=ast.Attribute(attr="store") | ast.Name(id="store")),
                    args=[kind, *_],
                ):
                    shown = [kind.body, kind.orelse] if isinstance(kind, ast.IfExp) else [kind]
                    texts = [part.value for part in shown if isinstance(part, ast.Constant)]
                    assert len(texts) == len(shown), f"{module}:{call.lineno}: a kind that is no plain text"
                    kinds.update(map(str, texts))
    return kinds


def test_every_kind_of_record_is_documented() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    _, _, after = page.partition("| `kind` | `subject` | what the body says |\n")
    rows = after.partition("\n\n")[0].splitlines()[1:]
    documented = {kind for row in rows for kind in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert len(_kinds()) >= 8
    assert documented == _kinds()
