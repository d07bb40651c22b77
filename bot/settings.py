"""The server's settings: from the environment, a ``.env`` file or a TOML file, in that order of precedence.

Each may be written with or without the prefix ``RUNBOOK_DRIFT_``; the prefixed one wins wherever it stands, because a
platform sets names such as ``PORT`` by itself. ``docs/configuration.md`` describes every one; a test compares them.
Secrets are ``SecretStr``: they print as stars.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.model import BotError

PREFIX = "RUNBOOK_DRIFT_"

_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{2,20}")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]|\[bot\])*")


Names = Annotated[tuple[str, ...], NoDecode]
"""A list: in the environment ``a,b``."""
Mapped = Annotated[dict[str, str], NoDecode]
"""A mapping: in the environment ``a=b,c=d``."""


class Settings(BaseSettings):
    """Every setting of ``runbook-drift-bot``. Names are the field names in capitals. Made by ``load``: by itself it
    reads neither the environment nor a file."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    # -- GitHub --
    github_api_url: str = "https://api.github.com"
    """Where GitHub's API is; another one for GitHub Enterprise (``https://host/api/v3``)."""
    github_web_url: str = "https://github.com"
    """Where people read and git fetches."""
    github_app_id: int = Field(default=0, ge=0)
    """The App's number; 0 for none."""
    github_app_private_key: SecretStr = SecretStr("")
    """The App's private key, PEM."""
    github_app_private_key_path: Path | None = None
    """A file that holds it."""
    github_webhook_secret: SecretStr = SecretStr("")
    """What deliveries are signed with; without it no delivery is accepted."""
    github_token: SecretStr = SecretStr("")
    """A token instead of an App: a commit status and a comment instead of a check run."""
    github_repositories: Names = ()
    """``owner/name`` of the repositories that are polled (with a token) or reviewed at all (empty: every one)."""
    poll_interval: float = Field(default=0.0, ge=0, le=86_400)
    """Seconds between polls of open pull requests, for networks without inbound traffic; 0 for never."""
    github_oauth_client_id: str = ""
    """The App's OAuth client, by which people prove who they are."""
    github_oauth_client_secret: SecretStr = SecretStr("")
    """Its secret."""
    opt_in: Names = ()
    """Owners (organisations) all of whose repositories are reviewed without a configuration file of their own."""

    # -- Slack --
    slack_api_url: str = "https://slack.com/api/"
    """Where Slack's API is."""
    slack_bot_token: SecretStr = SecretStr("")
    """The bot's token, ``xoxb-…``."""
    slack_app_token: SecretStr = SecretStr("")
    """The app-level token, ``xapp-…``: with it Socket Mode is used and no public address is needed."""
    slack_signing_secret: SecretStr = SecretStr("")
    """What Slack's requests are signed with in HTTP mode."""
    slack_default_channel: str = ""
    """The channel of alerts whose service and repository name none: an id, or a name with ``#``."""

    # -- people and channels --
    people: Mapped = Field(default_factory=dict)
    """GitHub login to Slack user id; such links carry rights."""
    teams: Mapped = Field(default_factory=dict)
    """``@owner/team`` to the id of a Slack user group."""
    channels: Mapped = Field(default_factory=dict)
    """``owner/name`` of a repository to its channel."""

    # -- the server --
    database_url: SecretStr = SecretStr("")
    """Where is remembered: ``postgresql://…``, or a SQLite file in ``STATE_DIR`` when empty. It may hold a password."""
    state_dir: Path = Field(default=Path("state"), validate_default=True)
    """The directory that holds the SQLite database and the fetched repositories; absolute, since git and the workers
    run in other directories."""
    host: str = "0.0.0.0"  # noqa: S104 - a server in a container; the docs say how to narrow it
    """The address to listen on."""
    port: int = Field(default=8080, ge=0, le=65_535)
    """The port to listen on."""
    public_url: str = ""
    """Where people and OAuth reach this server; empty where nobody does."""
    api_token: SecretStr = SecretStr("")
    """The bearer token of ``/api``; without it ``/api`` is off."""
    log_level: Annotated[str, Field(pattern="(?i)^(debug|info|warning|error)$")] = "info"
    """How much is logged."""
    workers: int = Field(default=2, ge=1, le=64)
    """Processes that review."""
    review_seconds: float = Field(default=60.0, gt=0, le=3_600)
    """How long one review may take."""
    review_memory: int = Field(default=1_500_000_000, ge=200_000_000)
    """Bytes of memory that a reviewing process may take."""
    checkout_bytes: int = Field(default=5_000_000_000, ge=10_000_000)
    """Bytes of fetched repositories that are kept on disk."""

    @field_validator("github_api_url", "github_web_url", "slack_api_url", "public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", value):
            raise ValueError("must be an address such as https://host/path, without a user name in it")
        return value.rstrip("/") if not value.endswith("/api/") else value

    @field_validator(
        "github_token", "github_oauth_client_secret", "slack_bot_token", "slack_app_token", "slack_signing_secret",
        "github_webhook_secret", "api_token",
    )  # fmt: skip
    @classmethod
    def _credential(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value().strip()  # a mounted secret ends with a line break
        if not (secret.isascii() and secret.isprintable()):
            raise ValueError("holds a character that no secret has, such as … or a curly quote: copy it again")
        return SecretStr(secret)

    @field_validator("state_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return Path(os.path.abspath(value.expanduser()))  # not resolved: links are the operator's business
        except RuntimeError:
            raise ValueError("there is no home directory of that name; write a full path") from None

    @field_validator("github_repositories", "opt_in", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("github_repositories")
    @classmethod
    def _repositories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII):
                raise ValueError(f"{name[:100]!r} is not owner/name")
        return value

    @field_validator("people", "teams", "channels", mode="before")
    @classmethod
    def _paired(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.split("=", 1) for part in value.split(",") if part.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("must be pairs such as name=value,name=value")
        return {name.strip(): mapped.strip() for name, mapped in pairs}

    @field_validator("people")
    @classmethod
    def _people(cls, value: dict[str, str]) -> dict[str, str]:
        return _mapped(value, "a GitHub login", _LOGIN)

    @field_validator("teams")
    @classmethod
    def _teams(cls, value: dict[str, str]) -> dict[str, str]:
        return _mapped(value, "@owner/team", re.compile(r"@[\w.-]+/[\w.-]+"))

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: object, **__: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What it is given counts, and nothing else: ``load`` knows which source wins."""
        return (init_settings,)

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.github_app_private_key.get_secret_value() and self.github_app_private_key_path:
            raise ValueError("give GITHUB_APP_PRIVATE_KEY or GITHUB_APP_PRIVATE_KEY_PATH, not both")
        return self

    @property
    def uses_app(self) -> bool:
        """Whether GitHub is reached as an App."""
        return bool(self.github_app_id)

    @property
    def postgresql(self) -> bool:
        """Whether more than one process may run on this store."""
        return self.database_url.get_secret_value().startswith(("postgresql://", "postgres://", "postgresql+"))

    def private_key(self) -> str:
        """The App's private key. Raises ``BotError`` when its file cannot be read."""
        if self.github_app_private_key_path is None:
            return self.github_app_private_key.get_secret_value().replace("\\n", "\n")
        try:
            return self.github_app_private_key_path.read_text()
        except OSError as problem:
            raise BotError(f"GITHUB_APP_PRIVATE_KEY_PATH cannot be read: {problem.strerror}") from None
        except UnicodeDecodeError:
            raise BotError("GITHUB_APP_PRIVATE_KEY_PATH is no text; the key has to be in PEM form") from None


def _mapped(value: dict[str, str], what: str, pattern: re.Pattern[str]) -> dict[str, str]:
    for name, slack in value.items():
        if not pattern.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is not {what}")
        if not _SLACK_ID.fullmatch(slack):
            raise ValueError(f"{name}: {slack[:60]!r} is not a Slack id such as U012AB3CD")
    return value


def load(file: Path | None = None, **given: object) -> Settings:
    """The settings. ``file`` is a TOML file whose keys are the lower-case names; ``given`` wins over everything (for
    tests and command-line options). Raises ``BotError`` with the name of the setting and what it must be."""
    try:
        return Settings.model_validate({**_found(file), **given})
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        text = str(first["msg"]).removeprefix("Value error, ")
        raise BotError(f"setting {name}: {text}" if name else text) from None


def _found(file: Path | None) -> dict[str, object]:
    """What the sources say of each setting: a prefixed name before a plain one, then the environment before ``.env``
    before the file."""
    told = {} if file is None else _from_file(file)
    found: dict[str, object] = {}
    for prefix in ("", PREFIX):  # the weakest first
        found |= told.get(prefix, {})
        try:
            dotenv = DotEnvSettingsSource(Settings, env_file=".env", env_prefix=prefix)
        except (OSError, UnicodeDecodeError):
            raise BotError("cannot read .env: it has to be a text file in UTF-8 that this user may read") from None
        for source in (dotenv, EnvSettingsSource(Settings, env_prefix=prefix)):
            found |= {name: value for name, value in source().items() if name in Settings.model_fields}
    return found


def _from_file(file: Path) -> dict[str, dict[str, object]]:
    """The values of a TOML file by setting, those with the prefix apart from those without."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BotError(f"cannot read {file}: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BotError(f"{file} is not valid TOML") from None
    told: dict[str, dict[str, object]] = {"": {}, PREFIX: {}}
    for name, value in values.items():
        prefix = PREFIX if name.lower().startswith(PREFIX.lower()) else ""
        told[prefix][name.lower().removeprefix(PREFIX.lower())] = value
    known = set(Settings.model_fields)
    unknown = sorted({*told[""], *told[PREFIX]} - known)
    if unknown:
        from rapidfuzz import process

        near = process.extractOne(unknown[0], known, score_cutoff=60)
        raise BotError(f"{file}: unknown setting {unknown[0]}" + (f"; did you mean {near[0]}?" if near else ""))
    return told
