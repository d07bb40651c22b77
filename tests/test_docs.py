"""The documents stay true: blocks that quote the program are fresh, links lead somewhere, every option is named.

``pytest --update tests/test_docs.py`` rewrites the quoted blocks.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from bot.settings import PREFIX, Settings, load
from runbooks.cli import main
from runbooks.parse import parse

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")],
    key=lambda path: path.as_posix(),
)
SETTINGS = {name.upper() for name in Settings.model_fields}
OTHERS = {
    "PGPASSFILE", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE",  # PostgreSQL's own
    "RUNBOOK_DRIFT_CACHE", "RUNBOOK_DRIFT_DEBUG", "XDG_CACHE_HOME",  # of the command line
    "SESSION_TTL", "NO_VALUE",  # examples
}  # fmt: skip
"""Names in capitals that are no settings of the server."""
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def quoted(name: str) -> str:
    """The text between the marks of a block in the README, without its fence."""
    block = re.search(rf"<!-- begin: {name} -->\n(.*?)<!-- end: {name} -->", README.read_text(), re.DOTALL)
    assert block, f"the README has no block {name!r}"
    return re.sub(r"^```\w*\n", "", block[1], flags=re.MULTILINE)


def fresh(name: str, text: str, update: bool) -> None:
    """Hold a block against the text, or rewrite it with ``--update``."""
    if update:
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
        before, _, rest = README.read_text().partition(begin)
        README.write_text(f"{before}{begin}```\n{text}```\n{end}{rest.partition(end)[2]}")
    assert quoted(name) == text


def test_the_help_of_the_readme_is_what_the_program_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, update: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "98")
    text = ""
    for command in ([], ["check"]):
        assert main([*command, "--help"]) == 0
        text += f"$ {' '.join(['runbook-drift', *command, '--help'])}\n{capsys.readouterr().out}\n"
    fresh("help", text.rstrip("\n") + "\n", update)


def test_the_demo_of_the_readme_is_what_the_program_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], update: bool
) -> None:
    shop = tmp_path / "shop"
    subprocess.run([sys.executable, ROOT / "demo" / "build.py", shop], check=True, capture_output=True)
    assert main(["check", "--repo", str(shop)]) == 1
    # Time differs, and commit ids do where git writes another object format.
    text = re.sub(r"[0-9a-f]{10} → worktree; \d+\.\d\d s", "64d4eb0f5a → worktree; 0.30 s", capsys.readouterr().out)
    fresh("demo", f"$ runbook-drift check\n{text}", update)


def test_the_demo_refuses_to_replace_what_is_not_a_demo(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    build = [sys.executable, ROOT / "demo" / "build.py", tmp_path / "mine"]
    assert subprocess.run(build, check=False, capture_output=True).returncode == 2
    assert (tmp_path / "mine").exists()


def test_every_command_and_option_is_in_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    commands = re.findall(r"^  ([a-z]+)  ", capsys.readouterr().out.partition("Commands:")[2], re.MULTILINE)
    assert commands == ["check", "rules", "explain", "anchors", "status"]
    text = README.read_text()
    for command in commands:
        assert f"runbook-drift {command}" in text
        main([command, "--help"])
        for option in re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE):
            assert option in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in _LINK.findall(re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        path, _, slug = target.partition("#")
        place = Path(os.path.normpath(document.parent / path)) if path else document
        assert place.exists(), target
        if slug:
            page = parse(place.name, place.read_bytes(), revision="worktree")
            assert slug in {section.slug for section in page.sections}, target


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks[0] == "make demo\nmake test\n"


def test_our_own_runbooks_are_found_and_have_an_owner() -> None:
    from runbooks import config
    from runbooks.discovery import discover

    settings = config.load((ROOT / ".runbook-drift.toml").read_text())
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")]
    found = list(discover(files, settings))
    assert found == sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/runbooks/*.md"))
    assert settings.services[0].owners


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


# -- the bot ----------------------------------------------------------------------------------------------------------


def section(document: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = len(heading.partition(" ")[0])
    found = (ROOT / document).read_text().split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{level}}} ", found, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of tables whose first cell is code."""
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\| `.*$", text, re.M)]


def as_documented(value: object) -> str:
    """A default as the tables have it."""
    empty = isinstance(value, SecretStr) or value is None or (value in ("", (), {}) and value is not False)
    return "—" if empty else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def defaults() -> dict[str, object]:
    """Every setting with its default."""
    fields = Settings.model_fields.items()
    return {name.upper(): field.get_default(call_default_factory=True, validated_data={}) for name, field in fields}


def test_the_server_is_documented_setting_by_setting() -> None:
    told = rows(section("docs/configuration.md", "## The server"))
    assert {name.strip("`"): default for name, _, default in told} == {
        name: as_documented(value) for name, value in defaults().items()
    }
    assert len(told) == len(SETTINGS), "each stands once"


def test_the_example_has_every_setting_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE)
    assert sorted(named) == sorted(SETTINGS)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{PREFIX}{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    without = load()
    (tmp_path / ".env").write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", text, flags=re.MULTILINE))
    assert load() == without


@pytest.mark.parametrize("document", [*sorted((ROOT / "docs").glob("*.md")), README], ids=lambda path: path.name)
def test_documents_name_no_setting_that_does_not_exist(document: Path) -> None:
    named = set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", document.read_text()))
    if document == README:  # its examples are of other people's code
        named = {name for name in named if name in SETTINGS or name.startswith(("GITHUB_", "SLACK_"))}
    assert {name.removeprefix(PREFIX) for name in named - OTHERS} <= SETTINGS


def test_compose_names_no_setting_that_does_not_exist() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    named = {name for service in services.values() for name in service.get("environment", {})}
    assert "DATABASE_URL" in named
    assert named - OTHERS <= SETTINGS
    image = set(re.findall(r"\b([A-Z_]+)=", "".join(re.findall(r"^ENV .*$", (ROOT / "Dockerfile").read_text(), re.M))))
    assert image - {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"} <= SETTINGS


def test_every_scope_and_event_of_the_manifest_has_its_reason() -> None:
    from bot.slack.diagnosis import SCOPES

    manifest = json.loads((ROOT / "slack-manifest.json").read_text())
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    told = rows(section("docs/slack.md", "## What the app may do"))
    assert [name.strip("`") for name, _ in told] == [*scopes, *events]
    assert list(SCOPES) == scopes, "the doctor asks for what the manifest gives"
    commands = {command["command"] for command in manifest["features"]["slash_commands"]}
    assert commands == {"/runbook"}


def test_every_command_of_slack_is_documented() -> None:
    from bot.slack.status import HELP

    told = section("docs/slack.md", "## Asking")
    for usage, _ in HELP:
        assert f"/runbook {usage}" in told


def test_the_permissions_and_events_of_the_app_are_those_that_the_doctor_asks_for() -> None:
    from bot.forges.diagnosis import EVENTS, PERMISSIONS

    told = re.findall(r"^\| \w[\w ]* \(`(\w+)`.*?\) \| ([\w ]+) \|", section("docs/github.md", "### Permissions"), re.M)
    levels = {"read": "read", "read and write": "write"}
    assert {name: levels[level] for name, level in told} == {name: level for name, (level, _) in PERMISSIONS.items()}
    assert {name.strip("`") for name, _ in rows(section("docs/github.md", "### Events"))} == set(EVENTS)


def test_every_metric_and_endpoint_is_documented() -> None:
    from bot.observe import REGISTRY

    told = (ROOT / "docs" / "operating.md").read_text()
    for metric in REGISTRY.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        assert f"`{name}{{" in told
    for path in re.findall(r'Route\("(/[^"{]*)', (ROOT / "bot" / "web.py").read_text()):
        assert path.rstrip("/") in told


def test_no_event_of_the_log_is_documented_that_does_not_exist() -> None:
    lines = [row[0] for row in rows(section("docs/operating.md", "## Logs"))][1:]
    told = {name.strip("`") for line in lines for name in line.split(", ")}
    source = "".join(module.read_text() for module in (ROOT / "bot").rglob("*.py"))
    written = set(re.findall(r'\blog\.(?:info|warning|error)\(\s*"([^"]+)"', source))
    assert {"started", "gave up", "refused"} <= told <= written
