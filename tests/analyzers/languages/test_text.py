from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.model import Confidence, FactKind
from tests.facts_helper import changes_of, facts_of

CHANGES = [
    ("a.js", "const maxRetries = 3;\n", "const maxRetries = 5;\n", ["modified limit maxRetries: 3 -> 5"]),
    (
        "a.ts",
        "readTimeout: number = 3000,\n",
        "readTimeout: number = 9000,\n",
        ["modified limit readTimeout: 3000 -> 9000"],
    ),
    ("a.rb", "config.timeout = 5\n", "config.timeout = 15\n", ["modified limit config.timeout: 5 -> 15"]),
    ("a.php", "define('MAX_SIZE', 5);\n", "define('MAX_SIZE', 6);\n", ["modified limit MAX_SIZE: 5 -> 6"]),
    ("a.php", "'max_size' => 5,\n", "'max_size' => 6,\n", ["modified limit max_size: 5 -> 6"]),
    ("a.rs", "const MAX_PEERS: usize = 8;\n", "const MAX_PEERS: usize = 9;\n", ["modified limit MAX_PEERS: 8 -> 9"]),
    ("a.java", "int maxRetries = 3;\n", "int maxRetries = 4;\n", ["modified limit maxRetries: 3 -> 4"]),
    (
        "a.tf",
        'resource "aws_x" "logs" {\n  retention_in_days = 30\n}\n',
        'resource "aws_x" "logs" {\n  retention_in_days = 7\n}\n',
        ["modified retention aws_x.logs.retention_in_days: 30 -> 7"],
    ),
    (
        "config/app.rb",
        "config.eager_load = true\n",
        "config.eager_load = false\n",
        ["modified setting config.eager_load: true -> false"],
    ),
    (
        "a.js",
        "x(process.env.API_URL)\n",
        "x(process.env.API_BASE_URL)\n",
        ["renamed env_var API_URL => API_BASE_URL: - -> -"],
    ),
    ("a.js", "process.env.A_MODE || 'x'\n", "process.env.A_MODE || 'y'\n", ["modified env_var A_MODE: x -> y"]),
    ("a.rb", "a\n", 'ENV.fetch("A_MODE", "x")\n', ["added env_var A_MODE: x"]),
    ("a.rb", "ENV['A_MODE']\n", "a\n", ["removed env_var A_MODE"]),
    ("A.java", "a\n", 'System.getenv("A_MODE")\n', ["added env_var A_MODE"]),
    ("a.rs", "a\n", 'std::env::var("A_MODE")\n', ["added env_var A_MODE"]),
    ("a.sh", 'x "${A_MODE:-fast}"\n', 'x "${A_MODE:-slow}"\n', ["modified env_var A_MODE: fast -> slow"]),
]

SILENT = [
    ("a.js", "f(a, b)\n", "f(\n  a,\n  b,\n);\n"),
    ("a.js", "const a = 'x'\n", 'const a = "x";\n'),
    ("a.js", "a('it\\'s')\n", 'a("it\'s")\n'),
    ("a.js", "a()\n", "/**\n * timeout = 5\n */\na() // retries: 7\n"),
    ("a.js", "/*\n * a\n */\na()\n", "/*\n * b\n * max = 3\n */\na()\n"),
    ("a.ts", "import { a, b } from 'x'\nimport c from 'y'\n", "import c from 'y';\nimport { a, b } from 'x';\n"),
    ("a.rb", "a\n", "# ENV['A_MODE']\na # note\n"),
    ("a.rb", "a\n", "=begin\nx = 1\n=end\na\n"),
    ("a.rs", "fn f<'a>(x: &'a str) {}\n", "/// note\nfn f<'a>(\n    x: &'a str,\n) {}\n"),
    ("a.php", "#[Attr]\na();\n", "# note\n#[Attr]\na();\n"),
    ("a.sql", "select 1 -- note\n", "-- other\nselect\n  1\n"),
    ("a.tf", "a = 1\n", "# x\na   = 1 // y\n/* z */\n"),
    ("a.sh", "a $# ${#x} # b\n", "a $# ${#x}\n"),
    ("Makefile", "all: # note\n\tgo\n", "all:\n\tgo\n"),
    ("a.xml", "<a>1</a>\n", "<!-- timeout=5 -->\n<a>1</a>\n"),
    ("a.vue", "<a/>\n", "<!-- x -->\n<a/>\n"),
    ("a.hs", "a = b\n", "{- max = 5 -}\na = b -- c\n"),
    ("a.clj", "(a)\n", "; b\n(a) ;; c\n"),
    ("a.erl", "a.\n", "% b\na.\n"),
    (".editorconfig", "max_line_length = 80\n", "max_line_length = 120\n"),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), CHANGES)
def test_changes(path: str, before: str, after: str, expected: list[str]) -> None:
    assert changes_of(path, before, after) == expected


@pytest.mark.parametrize(("path", "before", "after"), SILENT)
def test_comments_and_layout_are_silent(path: str, before: str, after: str) -> None:
    assert changes_of(path, before, after, text=True) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [("let i = 0;\n", "let i = 1;\n"), ("width: 10,\n", "width: 20,\n"), ("password = 'a'\n", "password = 'b'\n")],
)
def test_what_tells_nothing_is_text_only(before: str, after: str) -> None:
    assert changes_of("a.js", before, after) == []
    assert changes_of("a.js", before, after, text=True) != []


def test_words_and_literals_are_text() -> None:
    assert changes_of("a.js", "send('queue full')\n", "drop('queue full')\n", text=True) == [
        "added text drop",
        "removed text send",
    ]


def test_everything_is_of_low_confidence() -> None:
    facts = facts_of("a.js", "const maxRetries = process.env.MAX_RETRIES || 3\n")
    assert {fact.confidence for fact in facts} == {Confidence.LOW}
    assert {fact.kind for fact in facts} == {FactKind.TEXT, FactKind.ENV_VAR}


def test_a_url_is_no_comment() -> None:
    assert changes_of("a.js", "get(`http://a/b`)\n", "get(`http://a/c`)\n", text=True) != []


@given(st.text(alphabet=" \n\t/*#'\"`-;<!>{}()=abc0\\", max_size=200))
def test_hostile_text_is_read(text: str) -> None:
    for suffix in ("js", "rs", "rb", "php", "sql", "tf", "hs", "xml", "vue", "clj", "sh"):
        facts_of(f"a.{suffix}", text)


def test_cost_is_linear() -> None:
    text = ("'" * 50 + "/*" * 50 + "`" * 51 + "\n") * 400
    started = time.perf_counter()
    for suffix in ("js", "php", "sql", "rs", "xml"):
        facts_of(f"a.{suffix}", text)
    assert time.perf_counter() - started < 5
