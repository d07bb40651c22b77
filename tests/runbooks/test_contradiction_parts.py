"""What the golden cases of contradictions cannot show one by one: columns, thresholds, merging, reading once."""

from __future__ import annotations

import pytest

from analyzers.model import Change, ChangeKind, Fact, FactKind, Span, Value
from analyzers.values import parse_value
from runbooks import columns
from runbooks.columns import Origin
from runbooks.corrections import contradiction, merged, unless_rescaled
from runbooks.lines import Contradiction, Line
from runbooks.model import Section, Suggestion
from runbooks.pages import Pages, spellings
from runbooks.parse import parse
from runbooks.thresholds import threshold_of

SOURCE = Origin(frozenset({"ledger", "settings"}), deploys=False, main=True)
PRODUCTION = Origin(frozenset({"deploy", "production"}), deploys=True, main=True)
INDIA = Origin(frozenset({"deploy", "india"}), deploys=True, main=False)


def _states(header: str, row: str, value: str, origin: Origin) -> bool:
    """Whether the last cell that is ``value`` states it of the setting named ``TTL_LIMIT``."""
    start = row.rindex(value)
    name = row.index("TTL_LIMIT")
    return columns.states(header, row, (name, name + 9), (start, start + len(value)), origin)


@pytest.mark.parametrize(
    ("header", "row", "origin", "expected"),
    [
        ("| key | Default |", "| TTL_LIMIT | 5m |", SOURCE, True),
        ("key | Default", "TTL_LIMIT | 5m", SOURCE, True),
        ("> | key | Default |", "> | TTL_LIMIT | 5m |", SOURCE, True),
        ("", "| TTL_LIMIT | 5m |", SOURCE, True),
        ("| key | Recommended value |", "| TTL_LIMIT | 5m |", SOURCE, False),
        ("| key | Default | Max |", "| TTL_LIMIT | 1m | 5m |", SOURCE, False),
        ("| key | Production | Default |", "| TTL_LIMIT | 1m | 5m |", PRODUCTION, False),
        ("| key | Default | Production |", "| TTL_LIMIT | 1m | 5m |", PRODUCTION, True),
        ("| key | Default | Production |", "| TTL_LIMIT | 1m | 5m |", SOURCE, False),
        ("| key | India | Production |", "| TTL_LIMIT | 5m | 1m |".replace("5m | 1m", "1m | 5m"), INDIA, False),
        ("| key | Production | India |", "| TTL_LIMIT | 1m | 5m |", INDIA, True),
        ("| key | Time |", "| TTL_LIMIT | 5m |", SOURCE, True),
        ("| key | Time | More |", "| TTL_LIMIT | 1m | 5m |", SOURCE, False),
        ("| key \\| alias | Default |", "| TTL_LIMIT | 5m |", SOURCE, True),
        ("| Default | key |", "| 1m | TTL_LIMIT 5m |", SOURCE, False),
    ],
)
def test_which_column_states_what_holds(header: str, row: str, origin: Origin, expected: bool) -> None:
    """The header decides; the file's own environment wins over the default."""
    assert _states(header, row, "5m", origin) is expected


def test_a_header_gives_bare_numbers_their_unit() -> None:
    """The unit stands in the header of the number's own column."""
    assert columns.unit_of("| key | Default (ms) | Max (s) |", "| TTL | 500 | 900 |", 8) == "ms"
    assert columns.unit_of("| key | Share (%) |", "| TTL | 5 |", 8) == "percent"
    assert columns.unit_of("| key | Default |", "| TTL | 500 |", 8) == ""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("x > 5", "x > 10", (5.0, 10.0, True)),
        ("x < 5", "x < 10", (5.0, 10.0, False)),
        ("(a / b) >= bool 0.05", "(a / b) >= bool 0.1", (0.05, 0.1, True)),
        ("x > 5 and y > 1", "x > 10 and y > 1", (5.0, 10.0, True)),
        ("wait_ms > 500", "wait_ms > 900", (0.5, 0.9, True)),
        ("x > 5 * 60", "x > 10 * 60", None),
        ("x > 5 and y > 1", "x > 10 and y > 2", None),
        ("rate(x[5m]) > 1", "rate(x[10m]) > 1", None),
        ("x{job='a 5'} > 1", "x{job='a 6'} > 1", None),
        ("x > 5", "y > 10", None),
        ("x > 5", "x >= 5", None),
        ("x == 5", "x == 6", None),
    ],
)
def test_thresholds(before: str, after: str, expected: tuple[float, float, bool] | None) -> None:
    """One number that the rest is compared with, and nothing else."""
    found = threshold_of(before, after)
    assert (found and (found.before.number, found.after.number, found.above)) == expected


def _change(before: str, after: str, kind: ChangeKind = ChangeKind.MODIFIED, key: str = "") -> Change:
    def fact(name: str, value: Value) -> Fact:
        return Fact(FactKind.SETTING, name, value, Span("head", "settings.py", 1, 1), f"{name} = {value.text}")

    if kind is ChangeKind.RENAMED:
        return Change(kind, fact(before, parse_value("1")), fact(after, parse_value("1")))
    return Change(kind, fact(key, parse_value(before)), fact(key, parse_value(after)))


def _section(text: str) -> Section:
    return parse("docs/runbook.md", text.encode(), revision="head").sections[0]


def _claims(text: str, *edits: tuple[int, int, str]) -> list[Contradiction]:
    section = _section(f"## Limits\n\n{text}\n")
    line = Line(3, text, "paragraph", (), "")
    return [
        contradiction(_change("5", "8", key=f"key_{i}"), section, line, f"reason {i}", (edit,) if edit[2] else ())
        for i, edit in enumerate(edits)
    ]


def test_two_claims_on_a_line_are_one_suggestion() -> None:
    """Both values are corrected, and both changes named."""
    found = merged(_claims("a is 5, b is 6", (5, 6, "8"), (13, 14, "9")))
    assert found.suggestion is not None
    assert found.suggestion.after == "a is 8, b is 9"
    assert "key_0: reason 0" in found.reason
    assert "key_1: reason 1" in found.reason
    assert [change.fact.key for change in found.also] == ["key_1"]


def test_claims_on_the_same_characters_are_one() -> None:
    """The first counts, whether the second agrees or not."""
    for text in ("8", "9"):
        found = merged(_claims("a is 5", (5, 6, "8"), (5, 6, text)))
        assert found.reason == "reason 0"
        assert found.suggestion is not None
        assert found.suggestion.after == "a is 8"


def test_a_line_that_can_only_be_corrected_in_part_gets_no_suggestion() -> None:
    """What is applied must be true as a whole."""
    assert merged(_claims("a is 5, b is 6", (5, 6, "8"), (0, 0, ""))).suggestion is None


def test_a_rename_is_merged_with_a_value() -> None:
    """Of a rename only the corrected line is known."""
    value = _claims("ttl_a is 5", (9, 10, "8"))[0]
    text = "ttl_a is 5"
    renamed = Contradiction(
        value.change, value.section, 3, text, "it is now ttl_b", Suggestion("docs/runbook.md", 3, text, "ttl_b is 5")
    )
    found = merged([value, renamed])
    assert found.suggestion is not None
    assert found.suggestion.after == "ttl_b is 8"


def test_a_name_that_is_gone_in_one_file_and_renamed_in_another_is_renamed() -> None:
    """Of two claims about one name, the one that can be corrected counts."""
    section = _section("## A\n\nttl_a\n")
    renamed = _change("ttl_a", "ttl_b", kind=ChangeKind.RENAMED)
    removed = Change(ChangeKind.REMOVED, renamed.before, None)
    claims = [
        Contradiction(removed, section, 3, "ttl_a", "it is gone", None),
        Contradiction(renamed, section, 3, "ttl_a", "it is now ttl_b", Suggestion("r.md", 3, "ttl_a", "ttl_b")),
    ]
    for order in (claims, claims[::-1]):
        found = merged(order)
        assert found.reason == "it is now ttl_b"
        assert found.suggestion is not None


@pytest.mark.parametrize(
    ("names", "text", "kept"),
    [
        (("TTL_SECONDS", "TTL_MS"), "TTL_SECONDS is 3600", False),
        (("TTL_SECONDS", "TTL_MS"), "TTL_SECONDS is an hour", True),
        (("TTL_SECONDS", "TIMEOUT_SECONDS"), "TTL_SECONDS is 3600", True),
    ],
)
def test_a_name_of_another_unit_beside_a_bare_number(names: tuple[str, str], text: str, kept: bool) -> None:
    """The number would be wrong by the factor between the units."""
    change = _change(*names, kind=ChangeKind.RENAMED)
    suggestion = Suggestion("docs/runbook.md", 3, text, text.replace(*names))
    found = unless_rescaled(Contradiction(change, _section("## A\n\nb\n"), 3, text, "renamed", suggestion))
    assert (found.suggestion is not None) is kept


def test_a_section_is_read_once() -> None:
    """The page of a section is the same object for every change, and finds a dotted name by its parts."""
    pages, section = Pages(), _section("## Limits\n\n`a.b.ttl_limit` is 5.\n")
    page = pages.of(section)
    assert pages.of(section) is page
    assert page.quantities(0) is page.quantities(0)
    assert set(page.by_name) >= {"abttllimit", "ttllimit", "bttllimit"}
    assert spellings("ttl_limit") == ("ttllimit",)
