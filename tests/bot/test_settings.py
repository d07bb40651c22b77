"""Settings: where they come from, which one wins, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.model import BotError
from bot.settings import PREFIX, Settings, load


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{PREFIX}{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_dotenv_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("bot.toml").write_text('port = 1\nhost = "10.0.0.1"\nlog_level = "error"\n')
    Path(".env").write_text("PORT=2\nHOST=10.0.0.2\n")
    monkeypatch.setenv("PORT", "3")
    loaded = load(Path("bot.toml"))
    assert (loaded.port, loaded.host, loaded.log_level) == (3, "10.0.0.2", "error")


def test_the_prefixed_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "3")
    monkeypatch.setenv("RUNBOOK_DRIFT_PORT", "4")
    assert load().port == 4


@pytest.mark.parametrize("place", ["environment", ".env", "file"])
def test_the_prefixed_name_wins_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """A platform may set ``PORT`` by itself; whoever writes the prefix means us."""
    monkeypatch.setenv("PORT", "3")
    Path(".env").write_text("PORT=2\n" + ("RUNBOOK_DRIFT_PORT=4\n" if place == ".env" else ""))
    Path("bot.toml").write_text(("runbook_drift_port = 4\n" if place == "file" else "") + "port = 1\n")
    if place == "environment":
        monkeypatch.setenv("RUNBOOK_DRIFT_PORT", "4")
    assert load(Path("bot.toml")).port == 4


def test_among_prefixed_names_the_environment_wins_over_dotenv_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("bot.toml").write_text('runbook_drift_port = 1\nRUNBOOK_DRIFT_HOST = "10.0.0.1"\n')
    assert (load(Path("bot.toml")).port, load(Path("bot.toml")).host) == (1, "10.0.0.1")
    Path(".env").write_text("RUNBOOK_DRIFT_PORT=2\n")
    assert load(Path("bot.toml")).port == 2
    monkeypatch.setenv("RUNBOOK_DRIFT_PORT", "3")
    assert load(Path("bot.toml")).port == 3


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("RUNBOOK_DRIFT_PORT=\nPORT=2\n")
    monkeypatch.setenv("PORT", "")
    assert load().port == 2


def test_what_is_given_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_DRIFT_PORT", "3")
    assert load(port=5).port == 5


def test_the_state_directory_is_the_same_from_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load().state_dir == tmp_path / "state"
    monkeypatch.setenv("STATE_DIR", "../elsewhere")
    assert load().state_dir == tmp_path.parent / "elsewhere"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STATE_DIR", "~/drift")
    assert load().state_dir == tmp_path / "home" / "drift"
    monkeypatch.setenv("STATE_DIR", "~nobody-of-this-name/drift")
    with pytest.raises(BotError, match=r"STATE_DIR: .*home"):
        load()


def test_lists_and_mappings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPT_IN", "acme, other ,")
    monkeypatch.setenv("PEOPLE", "octo=U012AB,dep[bot]=U034CD")
    monkeypatch.setenv("TEAMS", "@acme/sre=S012AB")
    loaded = load()
    assert loaded.opt_in == ("acme", "other")
    assert loaded.people == {"octo": "U012AB", "dep[bot]": "U034CD"}
    assert loaded.teams == {"@acme/sre": "S012AB"}


@pytest.mark.parametrize(("name", "value", "word"), [
    ("PORT", "many", "PORT"), ("PORT", "70000", "PORT"), ("PEOPLE", "octo", "pairs"),
    ("PEOPLE", "octo=@octo", "Slack id"),
    ("TEAMS", "sre=S012AB", "@owner/team"), ("GITHUB_API_URL", "ftp://x", "address"),
    ("GITHUB_API_URL", "https://user:pw@host", "address"), ("LOG_LEVEL", "loud", "LOG_LEVEL"),
    ("WORKERS", "0", "WORKERS"), ("GITHUB_APP_ID", "-5", "GITHUB_APP_ID"),
    ("GITHUB_REPOSITORIES", "acme/shop,https://github.com/acme/mail", "is not owner/name"),
    ("GITHUB_TOKEN", "github_pat_…", "GITHUB_TOKEN: holds a character"),
    ("SLACK_BOT_TOKEN", "“xoxb-1”", "copy it again"), ("GITHUB_WEBHOOK_SECRET", "two\nlines", "copy it again"),
])  # fmt: skip
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BotError, match=word) as raised:
        load()
    assert "pw" not in str(raised.value)


def test_a_mounted_secret_may_end_with_a_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_abc\r\n")
    assert load().github_token.get_secret_value() == "ghp_abc"


@pytest.mark.parametrize("made", ["GITHUB_TOKEN=abc\n".encode("utf-16"), b"GITHUB_TOKEN=caf\xe9\n"])
def test_a_dotenv_in_another_encoding_is_named(made: bytes) -> None:
    Path(".env").write_bytes(made)
    with pytest.raises(BotError, match=r"cannot read \.env: it has to be a text file in UTF-8"):
        load()


def test_an_unknown_key_in_the_file_suggests_the_near_one() -> None:
    Path("bot.toml").write_text("prot = 1\n")
    with pytest.raises(BotError, match="did you mean port"):
        load(Path("bot.toml"))


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    assert len(secrets) >= 8
    loaded = load(**{name: f"canary-{name}" for name in secrets if name != "github_app_private_key_path"})
    assert "canary" not in f"{loaded!r} {loaded}"


def test_a_key_is_given_once_and_its_file_is_read() -> None:
    Path("key.pem").write_text("PEM")
    assert load(github_app_private_key_path=Path("key.pem")).private_key() == "PEM"
    with pytest.raises(BotError, match="cannot be read"):
        load(github_app_private_key_path=Path("none.pem")).private_key()
    Path("key.der").write_bytes(b"\xff\xfe")
    with pytest.raises(BotError, match="is no text"):
        load(github_app_private_key_path=Path("key.der")).private_key()
    with pytest.raises(BotError, match="not both"):
        load(github_app_private_key="x", github_app_private_key_path=Path("key.pem"))
