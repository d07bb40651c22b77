"""``runbook-drift check`` as a user meets it: the whole program on real repositories, options in, exit code out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runbooks.cli import main
from tests.repositories import TempRepo

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schema" / "report-1.json").read_text())

SETTINGS = """\
from datetime import timedelta

SESSION_TTL = timedelta(hours=1)
GATEWAY_TIMEOUT_SECONDS = 30
"""
SESSIONS = """\
---
owner: "@identity"
---

# Sessions

## A stolen session

It cannot be ended early: `SESSION_TTL` is 1 hour.

## Everybody is logged out

Look at the clocks of the hosts.
"""


@pytest.fixture
def shop(tmp_path: Path) -> TempRepo:
    """A service with a runbook, on the branch ``work``."""
    repo = TempRepo(tmp_path / "shop")
    repo.commit({"app/settings.py": SETTINGS, "docs/runbooks/sessions.md": SESSIONS})
    repo.branch("work")
    return repo


def shorten(repo: TempRepo) -> str:
    return repo.commit({"app/settings.py": SETTINGS.replace("hours=1", "minutes=5")})


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], shop: TempRepo) -> Any:
    """Run ``check`` on the shop: exit code, standard output, standard error."""

    def run(*options: str, repo: Path | None = None) -> tuple[int, str, str]:
        code = main(["check", "--repo", str(repo or shop.root), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def as_json(text: str) -> Any:
    data = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


# -- what a user gets ---------------------------------------------------------------------------------------------


def test_a_false_line_is_quoted_with_what_to_write_instead(shop: TempRepo, check: Any) -> None:
    shorten(shop)
    code, out, err = check()
    assert code == 1
    assert err == ""
    assert "CONTRADICTED  docs/runbooks/sessions.md › Sessions › A stolen session\n" in out
    assert "app/settings.py:3\n             - SESSION_TTL = timedelta(hours=1)\n" in out
    assert "docs/runbooks/sessions.md:9\n             - It cannot be ended early: `SESSION_TTL` is 1 hour.\n" in out
    assert "             + It cannot be ended early: `SESSION_TTL` is 5 minutes.\n" in out
    assert "  owner    @identity (front matter)\n" in out
    assert out.splitlines()[-1].startswith("1 contradicted")


def test_the_patch_applies_and_makes_the_branch_pass(shop: TempRepo, check: Any) -> None:
    shorten(shop)
    code, patch, _ = check("--patch")
    assert code == 1
    for arguments in (["--check"], []):
        subprocess.run(["git", "apply", *arguments, "-"], input=patch.encode(), cwd=shop.root, check=True)
    code, out, _ = check()
    assert code == 0
    assert "updated       docs/runbooks/sessions.md › A stolen session" in out
    assert check("--patch")[1] == ""


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_the_patch_keeps_line_endings_and_a_missing_last_one(shop: TempRepo, check: Any, ending: str) -> None:
    shop.switch("main")
    page = SESSIONS.partition("\n## Everybody")[0].rstrip().replace("\n", ending)
    shop.commit({"docs/runbooks/sessions.md": page})
    shop.branch("endings")
    shorten(shop)
    _, patch, _ = check("--patch")
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=shop.root, check=True)
    wanted = page.replace("1 hour", "5 minutes").encode()
    assert (shop.root / "docs/runbooks/sessions.md").read_bytes() == wanted


def test_an_updated_runbook_passes_and_without_doc_changes_answers_as_if_it_were_not(
    shop: TempRepo, check: Any
) -> None:
    shop.write({"docs/runbooks/sessions.md": SESSIONS.replace("1 hour", "5 minutes")})
    shorten(shop)
    code, out, _ = check()
    assert (code, "CONTRADICTED" in out) == (0, False)
    code, out, _ = check("--without-doc-changes")
    assert (code, "CONTRADICTED" in out) == (1, True)


@pytest.mark.parametrize(
    "after",
    [
        SETTINGS.replace("from", "# Settings of the shop.\nfrom"),
        SETTINGS.replace("timedelta(hours=1)", "timedelta(\n    hours=1,\n)"),
        SETTINGS.replace("hours=1", "minutes=60"),
        "\n".join((*SETTINGS.splitlines()[:2], *reversed(SETTINGS.splitlines()[2:]), "")),
    ],
    ids=["comment", "formatting", "same value", "order"],
)
def test_cosmetic_changes_say_nothing(shop: TempRepo, check: Any, after: str) -> None:
    shop.commit({"app/settings.py": after})
    code, out, _ = check("--format", "json")
    data = as_json(out)
    assert (code, data["verdicts"], data["summary"]["changes"]) == (0, [], 0)


# -- what is compared with what -----------------------------------------------------------------------------------


def test_uncommitted_and_staged_work(shop: TempRepo, check: Any) -> None:
    shop.write({"app/settings.py": SETTINGS.replace("hours=1", "minutes=5")})
    assert check()[0] == 1
    assert check("--staged")[0] == 0
    shop.git("add", "app/settings.py")
    shop.write({"app/settings.py": SETTINGS})
    assert check()[0] == 0
    assert check("--staged")[0] == 1


def test_base_and_head(shop: TempRepo, check: Any) -> None:
    changed = shorten(shop)
    shop.commit({"README.md": "The shop.\n"})
    assert check("--base", "main", "--head", changed)[0] == 1
    assert check("--base", changed, "--head", "work")[0] == 0
    assert check("--base", "main", "--head", "main")[0] == 0


def test_only_the_branch_counts_not_what_main_did_since(shop: TempRepo, check: Any) -> None:
    shop.commit({"README.md": "The shop.\n"})
    shop.switch("main")
    shorten(shop)
    shop.switch("work")
    assert check()[0] == 0


def test_from_a_directory_inside_the_repository(shop: TempRepo, check: Any) -> None:
    shorten(shop)
    assert check(repo=shop.root / "app")[0] == 1


def test_a_bare_repository_needs_both_sides(shop: TempRepo, check: Any, tmp_path: Path) -> None:
    shorten(shop)
    bare = tmp_path / "bare.git"
    shop.git("clone", "--quiet", "--bare", str(shop.root), str(bare))
    code, _, err = check(repo=bare)
    assert code == 2
    assert "--base" in err
    assert check("--base", "main", "--head", "work", repo=bare)[0] == 1


# -- the contract -------------------------------------------------------------------------------------------------


def test_json_is_valid_and_the_same_bytes_every_time(shop: TempRepo, check: Any) -> None:
    changed = shorten(shop)
    options = ("--base", "main", "--head", changed, "--format", "json", "--as-of", "2026-11-22")
    code, out, _ = check(*options)
    assert code == 1
    assert check(*options)[1] == out
    data = as_json(out)
    assert data["head"] == changed
    assert data["base"] == data["policy_revision"] == shop.git("rev-parse", "main")
    (verdict,) = [v for v in data["verdicts"] if v["status"] == "contradicted"]
    assert verdict["code"]["after"]["line"] == 3
    assert verdict["runbook"]["headings"] == ["Sessions", "A stolen session"]
    assert verdict["suggestion"]["after"].endswith("is 5 minutes.")


@pytest.mark.parametrize(("fail_on", "code"), [("contradicted", 1), ("suspect", 1), ("uncovered", 1), ("never", 0)])
def test_fail_on(shop: TempRepo, check: Any, fail_on: str, code: int) -> None:
    shorten(shop)
    assert check("--fail-on", fail_on)[0] == code


def test_fail_on_of_the_configuration_and_the_option_that_overrules_it(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    shop.commit({".runbook-drift.toml": 'fail_on = "never"\n'})
    shop.branch("configured")
    shorten(shop)
    assert check()[0] == 0
    assert check("--fail-on", "contradicted")[0] == 1


def test_a_branch_cannot_switch_off_its_own_check(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    shop.commit({".runbook-drift.toml": 'fail_on = "contradicted"\n'})
    shop.branch("sly")
    shop.write({".runbook-drift.toml": 'fail_on = "never"\n'})
    shorten(shop)
    assert check()[0] == 1
    assert check("--config-from", "sly")[0] == 0


def test_a_named_head_is_not_judged_by_its_own_configuration(shop: TempRepo, check: Any) -> None:
    """The target branch has none, which is where every project starts."""
    shorten(shop)
    shop.commit({".runbook-drift.toml": 'fail_on = "never"\n'})
    assert check("--base", "main", "--head", "HEAD")[0] == 1


@pytest.mark.parametrize("option", ["--base", "--head"])
def test_an_empty_revision_is_a_mistake(shop: TempRepo, check: Any, option: str) -> None:
    shorten(shop)
    assert check(option, "")[0] == 2


def test_moving_a_file_among_the_tests_does_not_silence_it(shop: TempRepo, check: Any) -> None:
    shorten(shop)
    shop.commit({})
    path = next(p for p in shop.git("diff", "--name-only", "main").split() if p.endswith(".py"))
    shop.git("mv", path, "test_settings.py")
    assert check()[0] == 1


def test_what_was_not_read_is_listed_and_fails_where_that_is_asked_for(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    shop.commit({".runbook-drift.toml": "fail_on_skipped = true\n"})
    shop.branch("binary")
    shop.commit({"app/data.py": b"x = 1\n\0\0\0\xff\xfe" * 50})
    code, out, err = check()
    assert code == 2
    assert "app/data.py" in out
    assert "incomplete" in out
    assert "fail_on_skipped" in err
    data = as_json(check("--format", "json")[1])
    assert data["complete"] is False
    assert data["skipped"]


def test_timings_go_to_standard_error(shop: TempRepo, check: Any) -> None:
    shorten(shop)
    _, plain, _ = check("--format", "json")
    _, out, err = check("--format", "json", "--timings")
    assert out == plain
    assert err.startswith("timings: import ")


# -- what else the code says --------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["worktree", "index", "commit"])
def test_a_line_that_another_service_bears_out_is_suspect(shop: TempRepo, check: Any, side: str) -> None:
    shop.switch("main")
    shop.commit({"admin/settings.py": SETTINGS, "tests/settings.py": SETTINGS, "node_modules/x/a.py": SETTINGS})
    shop.branch("two")
    shop.write({"app/settings.py": SETTINGS.replace("hours=1", "minutes=5")})
    options: tuple[str, ...] = ()
    if side == "index":
        shop.git("add", "app/settings.py")
        options = ("--staged",)
    if side == "commit":
        options = ("--base", "main", "--head", shorten(shop))
    code, out, _ = check(*options)
    assert (code, "CONTRADICTED" in out) == (0, False)
    assert "admin/settings.py:3 still says timedelta(hours=1)" in " ".join(out.split())


def test_a_runbook_that_covers_the_changed_service_is_contradicted_all_the_same(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    covering = SESSIONS.replace("owner:", 'covers: ["app/**"]\nowner:')
    shop.commit({"admin/settings.py": SETTINGS, "docs/runbooks/sessions.md": covering})
    shop.branch("two")
    shorten(shop)
    assert check()[0] == 1


def test_a_configured_service_ties_its_runbook_to_its_paths(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    services = '[services.shop]\npaths = ["app/**"]\nrunbooks = ["docs/runbooks/**"]\n'
    shop.commit({"admin/settings.py": SETTINGS, ".runbook-drift.toml": services})
    shop.branch("two")
    shorten(shop)
    assert check()[0] == 1


def test_a_third_value_is_no_correction(shop: TempRepo, check: Any) -> None:
    shop.write({"docs/runbooks/sessions.md": SESSIONS.replace("1 hour", "45 minutes")})
    shorten(shop)
    code, out, _ = check()
    assert code == 1
    assert "+ It cannot be ended early: `SESSION_TTL` is 5 minutes." in out


def test_the_heading_of_an_ignored_section_does_not_silence_another(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    page = SESSIONS.replace("Look at the clocks", "<!-- drift: ignore reason=folklore -->\n\nLook at the clocks")
    shop.commit({"docs/runbooks/sessions.md": page})
    shop.branch("sly")
    shop.write({"docs/runbooks/sessions.md": page.partition("## A stolen")[0] + "## Everybody is logged out\n\n"
                "It cannot be ended early: `SESSION_TTL` is 1 hour.\n"})  # fmt: skip
    shorten(shop)
    code, out, _ = check()
    assert (code, out.count("CONTRADICTED")) == (1, 1)


# -- a snooze -----------------------------------------------------------------------------------------------------


def test_a_snooze_holds_until_its_day_and_counts_only_from_the_target_branch(shop: TempRepo, check: Any) -> None:
    snoozed = SESSIONS.replace(
        "It cannot", "<!-- drift: snooze until=2027-01-15 reason=rolled out in steps -->\n\nIt cannot"
    )
    shop.write({"docs/runbooks/sessions.md": snoozed})
    shorten(shop)
    assert check("--as-of", "2027-01-01")[0] == 1, "the branch's own snooze must not count"
    shop.switch("main")
    shop.commit({"docs/runbooks/sessions.md": snoozed})
    shop.branch("later")
    shorten(shop)
    code, out, _ = check("--as-of", "2027-01-15")
    assert code == 0
    assert "snoozed" in out
    assert "rolled out in steps" in out
    assert check("--as-of", "2027-01-16")[0] == 1


# -- could not check ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--base", "no-such-branch"], "no-such-branch"),
        (["--base", "main", "--head", "nope"], "nope"),
        (["--config-from", "nope"], "nope"),
        (["--staged", "--head", "main"], "--staged"),
        (["--patch", "--format", "json"], "--patch"),
        (["--as-of", "tomorrow"], "2027-01-15"),
        (["--format", "xml"], "xml"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_what_cannot_be_checked_exits_with_2_and_says_why(check: Any, options: list[str], message: str) -> None:
    code, out, err = check(*options)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_not_a_repository(check: Any, tmp_path: Path) -> None:
    code, out, err = check(repo=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


def test_an_unknown_configuration_key_is_named_with_the_near_one(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    shop.commit({".runbook-drift.toml": 'fail_om = "never"\n'})
    code, out, err = check()
    assert (code, out) == (2, "")
    assert "did you mean `fail_on`?" in err


def test_a_rule_that_is_switched_off_says_nothing_by_another_name(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    shop.commit({".runbook-drift.toml": '[rules]\ndisable = ["auth/credential-lifetime-changed"]\n'})
    shop.git("switch", "--quiet", "-c", "shorter")
    shorten(shop)
    code, out, _ = check("--base", "main")
    assert (code, "1 file," in out or "1 files," in out) == (0, True), out
    assert "documented-behaviour" not in out


def test_only_rules_that_exist_can_be_switched_off(shop: TempRepo, check: Any) -> None:
    shop.switch("main")
    shop.commit({".runbook-drift.toml": '[rules]\ndisable = ["auth/credential-lifetime-change"]\n'})
    code, out, err = check()
    assert (code, out) == (2, "")
    assert "did you mean `auth/credential-lifetime-changed`?" in err


def test_a_shallow_clone_says_what_to_do(shop: TempRepo, check: Any, tmp_path: Path) -> None:
    shorten(shop)
    shop.git("switch", "--quiet", "main")
    shop.commit({"README.md": "x\n"})
    shallow = tmp_path / "shallow"
    shop.git("clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{shop.root}", str(shallow))
    code, _, err = check("--base", "origin/main", "--head", "origin/work", repo=shallow)
    assert code == 2
    assert "fetch-depth: 0" in err


def test_a_shallow_clone_of_a_branch_has_nothing_to_compare_with(shop: TempRepo, check: Any, tmp_path: Path) -> None:
    """Silence there would be a pass that nobody earned."""
    shallow = tmp_path / "shallow"
    shop.switch("main")
    shop.git("clone", "--quiet", "--depth=1", "-b", "work", f"file://{shop.root}", str(shallow))
    code, _, err = check(repo=shallow)
    assert code == 2
    assert "fetch-depth: 0" in err


def test_without_a_usual_default_branch_the_base_has_to_be_named(shop: TempRepo, check: Any) -> None:
    shop.git("branch", "-m", "main", "trunk")
    code, _, err = check()
    assert code == 2
    assert "--base" in err
    assert "trunk" in err
    assert check("--base", "trunk")[0] == 0
    shop.git("branch", "-D", "trunk")
    assert check()[0] == 0  # the only branch: its uncommitted work is what there is to check


def test_an_unborn_branch(check: Any, tmp_path: Path) -> None:
    empty = TempRepo(tmp_path / "empty")
    code, _, err = check(repo=empty.root)
    assert code == 2
    assert "no commit" in err


def test_a_defect_is_one_line_to_report_and_a_traceback_on_request(
    shop: TempRepo, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom\x1b[31m")

    monkeypatch.setattr("runbooks.workspace.load_inputs", broken)
    code, out, err = check()
    assert (code, out) == (2, "")
    assert err.startswith("error: unexpected RuntimeError: boom\\x1b[31m at runbooks/cli.py:")
    assert "RUNBOOK_DRIFT_DEBUG=1" in err
    assert "Traceback" not in err
    monkeypatch.setenv("RUNBOOK_DRIFT_DEBUG", "1")
    assert "Traceback (most recent call last):\n" in check()[2]


def test_an_interrupt_exits_with_130(shop: TempRepo, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("runbooks.workspace.load_inputs", interrupted)
    assert check() == (130, "", "")


# -- as a process -------------------------------------------------------------------------------------------------


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "runbooks.cli", *arguments]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False, **options)


def test_as_a_process_with_a_broken_pipe_and_a_poor_locale(shop: TempRepo) -> None:
    shorten(shop)
    done = run("check", "--repo", str(shop.root))
    assert done.returncode == 1
    assert done.stderr == b""
    assert "sessions.md › Sessions › A stolen session".encode() in done.stdout
    command = f'"{sys.executable}" -m runbooks.cli check --repo "{shop.root}" | true; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, cwd=ROOT, timeout=60, check=True, env={"PATH": os.environ["PATH"]}
    )
    assert (done.stdout, done.stderr) == (b"1\n", b"")


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"git", "tree_sitter", "pydantic", "markdown_it", "rich", "slack_sdk", "sqlalchemy"}),
        (["--version"], {"git", "tree_sitter", "pydantic", "markdown_it", "rich"}),
        (["rules"], {"git", "tree_sitter", "pydantic", "rich"}),
        (["check", "--repo", "."], {"pydantic", "rich", "slack_sdk", "slack_bolt", "sqlalchemy", "apscheduler"}),
    ],
    ids=["help", "version", "rules", "check"],
)
def test_a_command_imports_only_what_it_needs(shop: TempRepo, arguments: list[str], absent: set[str]) -> None:
    program = (
        "import sys; from runbooks.cli import main; main(sys.argv[1:]); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, cwd=shop.root, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert absent.isdisjoint(done.stderr.split())
