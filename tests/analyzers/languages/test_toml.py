from __future__ import annotations

import pytest

from analyzers.model import FactKind
from tests.facts_helper import changes_of, facts_of

CHANGES = [
    ("[server]\nport = 80\n", "[server]\nport = 8080\n", ["modified port server.port: 80 -> 8080"]),
    ('a.timeout = "5s"\n', 'a.timeout = "10s"\n', ["modified limit a.timeout: 5s -> 10s"]),
    ("[db]\npool = { max = 5 }\n", "[db]\npool = { max = 9 }\n", ["modified limit db.pool.max: 5 -> 9"]),
    (
        '[[job]]\nname = "a"\nretries = 1\n[[job]]\nname = "b"\nretries = 1\n',
        '[[job]]\nname = "a"\nretries = 1\n[[job]]\nname = "b"\nretries = 3\n',
        ["modified limit job.retries: 1 -> 3"],
    ),
    ("[a]\nmode = 1\n", "[b]\nmode = 1\n", ["renamed setting a.mode => b.mode: 1 -> 1"]),
    ("[a]\nnodes = ['x']\n", "[a]\nnodes = ['x', 'y']\n", ["modified setting a.nodes: x -> x, y"]),
]

SILENT = [
    ("a = 'x'\nb = 1\n", 'b = 1\na   =   "x" # note\n'),
    ("[x]\na = 1\n", "# note\n[x]\n\na = 1\n"),
    ("a = [1, 2]\n", "a = [\n  1,\n  2, # two\n]\n"),
    ('a = """\nx"""\n', 'a = "x"\n'),
    ("a = 1000\n", "a = 1_000\n"),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_changes(before: str, after: str, expected: list[str]) -> None:
    assert changes_of("conf/app.toml", before, after) == expected


@pytest.mark.parametrize(("before", "after"), SILENT)
def test_silent(before: str, after: str) -> None:
    assert changes_of("conf/app.toml", before, after) == []


@pytest.mark.parametrize(
    "table", ["tool.ruff", "build-system", "project", "dependency-groups", "tool.poetry.dependencies"]
)
def test_a_manifest_states_nothing_but_its_commands(table: str) -> None:
    assert changes_of("pyproject.toml", f"[{table}]\nx = 1\n", f"[{table}]\nx = 2\n") == []
    assert changes_of("Cargo.toml", f"[{table}]\nx = 1\n", f"[{table}]\nx = 2\n") == []


def test_commands_of_a_package_are_targets() -> None:
    before = '[project.scripts]\nrun = "a:main"\n'
    after = '[project.scripts]\nrun = "b:main"\n'
    assert changes_of("pyproject.toml", before, after) == ["modified target run: a:main -> b:main"]


@pytest.mark.parametrize("path", ["rustfmt.toml", "a/ruff.toml", "gradle/libs.versions.toml", ".cargo/config.toml"])
def test_files_of_tools_state_nothing(path: str) -> None:
    assert changes_of(path, "timeout = 1\n", "timeout = 2\n") == []


def test_a_secret_is_stated_without_its_content() -> None:
    (fact,) = facts_of("conf/app.toml", 'db_password = "hunter2"\n')
    assert fact.kind is FactKind.SECRET
    assert "hunter2" not in fact.value.text + fact.quote


@pytest.mark.parametrize("text", ["", "= 1", "[", "a = ", "a = {" * 200, "[[a]\nb = 1", "a = [[[[["])
def test_broken_files_are_read_as_far_as_possible(text: str) -> None:
    facts_of("conf/app.toml", text)
