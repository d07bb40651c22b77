"""Front matter read without PyYAML: what is read is what PyYAML reads, and what is not certain is left to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.boundedyaml import load_all
from runbooks.plainyaml import mapping

PLAIN = {
    "title: Queue": {"title": "Queue"},
    "title: Queue (old), and what's new  \nweight: 300\n": {"title": "Queue (old), and what's new", "weight": 300},
    'owner: "@org/queue, ann@example.com"': {"owner": "@org/queue, ann@example.com"},
    "owners:\n- '@ann'\n- bob\n\ntitle: A": {"owners": ["@ann", "bob"], "title": "A"},
    "aliases:\n  - /docs/a\n  - /docs/b\nweight: 1": {"aliases": ["/docs/a", "/docs/b"], "weight": 1},
    "title:\nservice: ": {"title": None, "service": None},
    "title: A\ntitle: B": {"title": "B"},
    "keywords: [\"a, b\", c d , 'e', 7 ]\ntitle: A": {"keywords": ["a, b", "c d", "e", 7], "title": "A"},
}

LEFT_TO_YAML = [
    "title: yes",
    "title: Null",
    "on: 1",
    "title: a: b",
    "title: A # remark",
    "title: A\n  goes on",
    "title: A\n- b",
    "title:\n  - a\n - b",
    "title:\n  - a: b",
    "title: [a, [b]]",
    "title: [a, yes]",
    "title: [a, b",
    "title: [a, b:]",
    "title: [*]",
    "title: []",
    "title: 012",
    "title: 1.5",
    "title: 2026-01-02",
    "title: é",
    "title: \t",
    "\ttitle: A",
    "  title: A",
    'title: "a\\n"',
    "title: 'it''s'",
    "title: *a",
    "title: &a b",
    "title: |\n  text",
    "? title\n: A",
    "- a",
    "title",
    "title:A",
    "--- a",
    "title: A\n---\ntitle: B",
    "title: ~",
    'title: "a" b',
    "title: !!python/name:os.system",
    "last_reviewed: 2026-01-02T10:00:00",
    "a:\n-\n  b",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_front_matter_is_read(text: str) -> None:
    assert mapping(text) == PLAIN[text] == load_all(text)[0]


@pytest.mark.parametrize("text", LEFT_TO_YAML)
def test_what_is_not_plain_is_left_to_yaml(text: str) -> None:
    assert mapping(text) is None


LINES = st.lists(
    st.one_of(
        st.sampled_from(sorted({line for text in (*PLAIN, *LEFT_TO_YAML) for line in text.split("\n")})),
        st.builds(
            "{}{}{}{}".format,
            st.sampled_from(["", " ", "  ", "- ", "  - ", " -"]),
            st.sampled_from(["title", "owner", "a-b", "y", "", "'k'", "on"]),
            st.sampled_from([":", ": ", ":  ", "", " ", ": [", ": [a, "]),
            st.text("aBz09 ,.:-#'\"()/@&_~*!%\\?[]{}|>", max_size=12),
        ),
    ),
    max_size=6,
)


@given(LINES)
def test_it_agrees_with_yaml_wherever_it_reads(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = mapping(text)
    if found is not None:
        documents = load_all(text)
        assert found == (documents[0] if documents and documents[0] is not None else {})


@pytest.mark.parametrize(
    "line", ["title: [" + "a  ," * 20_000, "title: a" + " " * 60_000 + "#", "x" * 60_000, "- " * 30_000]
)
def test_a_hostile_line_costs_little(line: str) -> None:
    assert mapping(line) is None
