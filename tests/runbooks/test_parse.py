"""Markdown files become runbooks: sections, slugs, blocks, directives, front matter; hostile files become sentences."""

from __future__ import annotations

import time
from datetime import date

import pytest

from runbooks.headings import plain_heading, slugify
from runbooks.model import DirectiveKind, OwnerKind, Runbook
from runbooks.parse import MAX_BYTES, MAX_LINES, parse


def read(text: str | bytes, path: str = "docs/runbooks/queue.md") -> Runbook:
    return parse(path, text.encode() if isinstance(text, str) else text, revision="abc")


def outline(runbook: Runbook) -> list[tuple[tuple[str, ...], str, int, int]]:
    return [(s.headings, s.slug, s.span.start_line, s.span.end_line) for s in runbook.sections]


def test_sections_follow_headings_of_every_level_and_cover_the_file() -> None:
    runbook = read("Before.\n\n# Queue\nText.\n## Lag\n### Fix\nDo it.\n\n## Loss\n")
    assert outline(runbook) == [
        ((), "", 1, 2),
        (("Queue",), "queue", 3, 4),
        (("Queue", "Lag"), "lag", 5, 5),
        (("Queue", "Lag", "Fix"), "fix", 6, 8),
        (("Queue", "Loss"), "loss", 9, 9),
    ]
    assert runbook.title == "Queue"
    assert runbook.sections[0].title == ""
    assert runbook.sections[3].text == "### Fix\nDo it.\n"


def test_setext_headings_and_headings_in_fences_quotes_and_lists() -> None:
    runbook = read("Queue\n=====\n\nLag\n---\n\n```sh\n# not a heading\n```\n\n> # quoted\n\n1. # listed\n")
    assert [s.headings for s in runbook.sections] == [("Queue",), ("Queue", "Lag")]


def test_a_file_without_headings_is_one_section_and_an_empty_file_none() -> None:
    assert [s.headings for s in read("Just text.\n").sections] == [()]
    assert read("").sections == ()
    assert read("---\ntitle: Only front matter\n---\n").sections == ()


def test_slugs_are_githubs_and_unique() -> None:
    runbook = read("# A & B\n## Quick checks\n## Quick checks\n## Quick checks-1\n## `ttl_seconds` (old)\n## Ünï\n")
    assert [s.slug for s in runbook.sections] == [
        "a--b",
        "quick-checks",
        "quick-checks-1",
        "quick-checks-1-1",
        "ttl_seconds-old",
        "ünï",
    ]
    assert slugify("What's new?") == "whats-new"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Alert `QueueLag`", "Alert QueueLag"),
        ("**Bold** and _em_ and snake_case_name", "Bold and em and snake_case_name"),
        ("[Linked](http://x) ![img](y.png) word", "Linked word"),
        ("A &amp; B \\# C", "A & B # C"),
        ("Named {#custom-id}", "Named"),
        ("`a*b*` stays", "a*b* stays"),
    ],
)
def test_headings_are_rendered_plain(written: str, shown: str) -> None:
    assert plain_heading(written) == shown


def test_an_explicit_heading_id_is_the_slug() -> None:
    assert read("## Rotate keys {#rotate}\n").sections[0].slug == "rotate"


def test_blocks_have_kinds_and_lines() -> None:
    text = "# T\nOne\ntwo.\n\n- item\n  more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    text += "```yaml\nk: v\n```\n\n<div>\nx\n</div>\n"
    (section,) = read(text).sections
    assert [(b.kind, b.start_line, b.end_line) for b in section.blocks] == [
        ("heading", 1, 1),
        ("paragraph", 2, 3),
        ("paragraph", 5, 6),
        ("row", 8, 8),
        ("row", 10, 10),
        ("fence", 12, 14),
        ("html", 16, 18),
    ]
    assert section.blocks[2].text == "- item\n  more"


def test_text_indented_under_an_admonition_is_text() -> None:
    (section,) = read("!!! warning\n\n    Set `ttl_seconds` to 60 first.\n").sections
    assert [b.kind for b in section.blocks] == ["paragraph", "paragraph"]


def test_directives_outside_code_count_and_carry_their_lines() -> None:
    runbook = read(
        "# T\n<!-- drift: ignore reason=example values only -->\n\n"
        'Text. <!-- drift: snooze until=2027-01-15 reason="moves with 2.0" -->\n\n'
        "Write `<!-- drift: ignore reason=x -->`.\n\n```\n<!-- drift: ignore reason=x -->\n```\n"
    )
    found = [(d.kind, d.reason, d.until, d.span.start_line) for d in runbook.sections[0].directives]
    assert found == [
        (DirectiveKind.IGNORE, "example values only", None, 2),
        (DirectiveKind.SNOOZE, "moves with 2.0", date(2027, 1, 15), 4),
    ]
    assert runbook.problems == ()


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("<!-- drift: snoze reason=x -->", "`ignore` and `snooze` are"),
        ("<!-- drift: snooze reason=x -->", "needs an end"),
        ("<!-- drift: snooze until=soon reason=x -->", "is not a date"),
        ("<!-- drift: ignore -->", "needs a reason"),
        ("<!-- drift: ignore reason=never closed", "not closed"),
    ],
)
def test_a_malformed_directive_is_a_problem_with_its_line_and_has_no_effect(comment: str, says: str) -> None:
    runbook = read(f"# T\n\n{comment}\n")
    assert runbook.sections[0].directives == ()
    assert len(runbook.problems) == 1
    assert runbook.problems[0].startswith("line 3: ")
    assert says in runbook.problems[0]


def test_front_matter_keys() -> None:
    runbook = read(
        '---\ntitle: Ignored beside a heading\nservice: payments\nowner: "@oncall"\nowners: ["@org/sre", a@b.example]\n'
        'covers: ["services/payments/**"]\nreview_every: 12w\nlast_reviewed: 2026-10-01\nweight: 3\n---\n# Payments\n'
    )
    assert runbook.title == "Payments"
    assert runbook.service == "payments"
    assert [(o.handle, o.kind, o.source) for o in runbook.owners] == [
        ("@oncall", OwnerKind.USER, "front matter"),
        ("@org/sre", OwnerKind.TEAM, "front matter"),
        ("a@b.example", OwnerKind.EMAIL, "front matter"),
    ]
    assert runbook.covers == ("services/payments/**",)
    assert runbook.review_every == 84
    assert runbook.last_reviewed == date(2026, 10, 1)
    assert runbook.problems == ()
    assert runbook.sections[0].span.start_line == 11


def test_title_falls_back_to_front_matter_then_to_the_file_name() -> None:
    assert read("---\ntitle: From above\n---\n## Lag\n").title == "From above"
    assert read("Text\n", "docs/queue-lag.md").title == "queue-lag"


def test_toml_front_matter_is_passed_over_and_a_rule_is_no_front_matter() -> None:
    assert read("+++\ntitle = 'x'\n+++\n# T\n").sections[0].span.start_line == 4
    assert read("---\n\nText after a rule.\n\n---\n").sections[0].text.startswith("---")


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: " + "[" * 500, "nested deeper"),
        ("a: b: c", "cannot be read"),
        ("last_reviewed: 2026-99-99", "cannot be read"),
        ("a: " + "x" * 70_000, "longer than"),
        ("review_every: sometimes", "`review_every`"),
        ("last_reviewed: [1]", "`last_reviewed`"),
        ("last_reviewed: 9999-12-31", "`last_reviewed`"),
        ("a: [1]\nlast_reviewed: 9999-12-31T23:59:59Z", "`last_reviewed`"),
        ("covers: {a: 1}", "`covers`"),
        ("a: !!python/object/apply:os.system [ls]", "cannot be read"),
    ],
)
def test_bad_front_matter_is_a_problem_and_the_runbook_still_counts(front: str, says: str) -> None:
    runbook = read(f"---\n{front}\n---\n# T\n")
    assert says in runbook.problems[0]
    assert runbook.sections[0].headings == ("T",)


def test_encodings_and_line_ends() -> None:
    assert read("# T\r\n\r\nSet `A_B=1`.\r\n").sections[0].anchors[0].span.start_line == 3
    assert read(b"\xef\xbb\xbf# T\n").title == "T"
    assert read("# T\n".encode("utf-16")).title == "T"
    assert read(b"# T \xff\xfe\n").sections[0].headings == ("T \ufffd\ufffd",)


def test_large_files_are_cut_and_say_so() -> None:
    assert "only the first" in read("a" * (MAX_BYTES + 1)).problems[0]
    assert "more than" in read("a\n" * (MAX_LINES + 1)).problems[0]


@pytest.mark.parametrize("mark", ["> ", "- "])
def test_what_is_nested_too_deeply_is_reported_and_not_passed_over_in_silence(mark: str) -> None:
    runbook = read(f"# T\n\n{mark * 3_000}`A_B` is 5\n")
    assert runbook.problems == ("line 3: lists and quotes are nested too deeply; what stands there was not read",)
    assert runbook.sections[0].headings == ("T",)
    assert read(f"# T\n\n{mark * 10}`A_B` is 5\n").problems == ()


HOSTILE = {
    "quotes": "> " * 100_000,
    "list": "- " * 100_000,
    "backticks": "".join("`" * (i % 700) + " " for i in range(1_000)),
    "brackets": "[a](" * 100_000,
    "comments": "<!-- drift: " * 30_000,
    "emphasis heading": "# " + "*a" * 100_000,
    "words": "a_" * 200_000 + " " + "a-" * 200_000 + " " + "a." * 200_000,
    "names and values": "`a_b` " * 30_000 + "5m " * 30_000,
    "fence": "```yaml\n" + "".join(" " * i + "a:\n" for i in range(800)),
    "pipes": "a|b\n-|-\n" + "|" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_linear_time(name: str) -> None:
    start = time.process_time()
    read(HOSTILE[name])
    assert time.process_time() - start < 5


def test_parse_is_pure() -> None:
    text = "# T\nSet `ttl_seconds` to 60 seconds.\n"
    assert read(text) == read(text)
