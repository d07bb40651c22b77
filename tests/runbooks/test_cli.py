"""The commands beside ``check``, and what holds for the command line as a whole."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzers import rules
from runbooks import documented
from runbooks.cli import main
from runbooks.console import write
from tests.repositories import TempRepo

Output = pytest.CaptureFixture[str]

RUNBOOK = """\
---
service: queue
owner: "@queue-oncall"
covers: ["queue/**"]
---

# Queue

## QueueLagHigh

Fires when `queue_lag_seconds` is above 60 s. <!-- drift: snooze until=2027-01-15 reason=new broker -->
"""


def test_version(capsys: Output) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("runbook-drift ")


def test_no_arguments_show_the_help(capsys: Output) -> None:
    assert main([]) in {0, 2}
    assert "Usage: runbook-drift" in "".join(capsys.readouterr())


def test_an_unknown_command_is_a_usage_error(capsys: Output) -> None:
    assert main(["chekc"]) == 2
    assert "chekc" in capsys.readouterr().err


def test_rules_lists_every_rule_with_its_area_and_first_line(capsys: Output) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    known = (*rules.REGISTRY, documented.ID)  # the last is said where a section names what no rule has a word for
    assert [line.split()[:2] for line in lines] == [[rule, rule.split("/")[0]] for rule in known]
    assert all(len(line.split()) > 4 for line in lines)


@pytest.mark.parametrize("rule", rules.REGISTRY)
def test_explain_prints_a_rules_page(capsys: Output, rule: str) -> None:
    assert main(["explain", rule]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"# {rule}\n\n")
    assert "\n## What to write\n" in text


@pytest.mark.parametrize(
    ("rule", "hint"), [("auth/gaurd-removed", "auth/guard-removed"), ("zzz", "runbook-drift rules")]
)
def test_an_unknown_rule_gets_a_hint(capsys: Output, rule: str, hint: str) -> None:
    assert main(["explain", rule]) == 2
    assert hint in capsys.readouterr().err


def test_anchors_shows_a_runbook_as_the_tool_reads_it(tmp_path: Path, capsys: Output) -> None:
    page = tmp_path / "queue.md"
    page.write_text(RUNBOOK)
    assert main(["anchors", str(page)]) == 0
    text = capsys.readouterr().out
    assert "queue.md: Queue\n" in text
    assert "owner @queue-oncall (front matter)" in text
    assert "service queue" in text
    assert "covers queue/**" in text
    assert "line 9: Queue › QueueLagHigh\n" in text
    assert "queue_lag_seconds" in text
    assert "drift: snooze new broker" in text


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"# \x1b[31mred\x07\n\n`\x1b]0;x\x07`\n", b"---\n[\n---\n# A\n", b"\x00" * 100]
)
def test_anchors_of_odd_files_are_safe_to_show(tmp_path: Path, capsys: Output, data: bytes) -> None:
    page = tmp_path / "odd.md"
    page.write_bytes(data)
    assert main(["anchors", str(page)]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


@pytest.mark.parametrize("name", ["absent.md", ".", "nul\0.md"])
def test_anchors_of_what_cannot_be_read_says_so(tmp_path: Path, capsys: Output, name: str) -> None:
    assert main(["anchors", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith("error: cannot read ")


class Terminal(io.TextIOWrapper):
    """A standard output that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("kind", "exact", "wanted"),
    [
        (Terminal, True, b"+ \\x1b[31m caf\\xe9\n"),
        (io.TextIOWrapper, True, b"+ \x1b[31m caf\xe9\n"),
        (io.TextIOWrapper, False, b"+ \x1b[31m caf\\udce9\n"),
    ],
    ids=["a patch on a terminal is escaped", "a patch in a file is exact", "text is encodable"],
)
def test_what_reaches_standard_output(
    monkeypatch: pytest.MonkeyPatch, kind: type[io.TextIOWrapper], exact: bool, wanted: bytes
) -> None:
    target = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", kind(target, encoding="utf-8", write_through=True))
    write("+ \x1b[31m caf\udce9\n", exact=exact)
    assert target.getvalue() == wanted


def test_a_locale_that_cannot_hold_a_character_gets_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    target = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(target, encoding="ascii", write_through=True))
    write("a › b\n")
    assert target.getvalue() == b"a \\u203a b\n"


def process(arguments: str, redirection: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The tool as a process of its own, as a shell starts it."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "RUNBOOK_DRIFT_CACHE": "off"}
    command = f'exec "$0" -m runbooks.cli {arguments} {redirection}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = TempRepo(tmp_path_factory.mktemp("repo"))
    repo.commit({"docs/runbooks/queue.md": RUNBOOK.partition("<!--")[0], "queue.py": "QUEUE_LAG_SECONDS = 60\n"})
    repo.commit({"queue.py": "QUEUE_LAG_SECONDS = 30\n"})
    return repo.root


COMMANDS = ["check --base HEAD~1 --head HEAD", "check --base HEAD~1 --head HEAD --patch", "rules", "--version"]


@pytest.mark.parametrize("arguments", [*COMMANDS, "--help"])
def test_a_full_disk_is_one_plain_line(folder: Path, arguments: str) -> None:
    done = process(arguments, "> /dev/full", folder)
    assert done.returncode == 2
    assert done.stderr == "error: could not write the report: No space left on device\n"


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_closed_output_is_one_plain_line(folder: Path, arguments: str) -> None:
    done = process(arguments, ">&-", folder)
    assert done.returncode == 2
    assert done.stderr == "error: could not write the report: standard output is closed\n"


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_errors_that_nobody_can_read_keep_the_exit_code(folder: Path, redirection: str) -> None:
    assert process("explain no/such-rule", redirection, folder).returncode == 2
    assert process("check --base HEAD~1 --head HEAD --timings", redirection, folder).returncode in {0, 1}


def test_a_reader_that_went_away_is_no_error(folder: Path) -> None:
    done = process("rules | true; exec true", "", folder)
    assert not done.stderr


@pytest.mark.parametrize(("arguments", "code"), [("--version", 0), (f"{COMMANDS[0]} --fail-on suspect", 1), ("zzz", 2)])
def test_exit_codes_of_the_process(folder: Path, arguments: str, code: int) -> None:
    assert process(arguments, "", folder).returncode == code
