"""The server's settings: from the environment, a ``.env`` file or a TOML file, in that order of precedence.

Each may be written with or without the prefix ``RUNBOOK_DRIFT_``; the prefixed one wins. ``docs/configuration.md``
describes every one; a test compares them. Secrets are ``SecretStr``: they print as stars.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import AliasChoices, AliasGenerator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.model import BotError

PREFIX = "RUNBOOK_DRIFT_"

_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{2,20}")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]|\[bot\])*")


Names = Annotated[tuple[str, ...], NoDecode]
"""A list: in the environment ``a,b``."""
Mapped = Annotated[dict[str, str], NoDecode]
"""A mapping: in the environment ``a=b,c=d``."""


def _names(field: str) -> AliasChoices:
    return AliasChoices(f"{PREFIX}{field}".upper(), field.upper(), field)


class Settings(BaseSettings):
    """Every setting of ``runbook-drift-bot``. Names are the field names in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", alias_generator=AliasGenerator(validation_alias=_names), populate_by_name=True,
        env_ignore_empty=True, hide_input_in_errors=True,
    )  # fmt: skip

    # -- GitHub --
    github_api_url: str = "https://api.github.com"
    """Where GitHub's API is; another one for GitHub Enterprise (``https://host/api/v3``)."""
    github_web_url: str = "https://github.com"
    """Where people read and git fetches."""
    github_app_id: int = 0
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
    state_dir: Path = Path("state")
    """The directory that holds the SQLite database and the fetched repositories."""
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

    @field_validator("github_repositories", "opt_in", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
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
    values: dict[str, object] = {}
    if file is not None:
        values = _from_file(file)
    try:
        # What pydantic-settings is given outright wins over the environment, so the file goes in under it.
        below = {name: value for name, value in values.items() if name not in _set_outside()}
        return Settings.model_validate({**Settings().model_dump(exclude_unset=True), **below, **given})
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper().removeprefix(PREFIX) if first["loc"] else ""
        text = str(first["msg"]).removeprefix("Value error, ")
        raise BotError(f"setting {name}: {text}" if name else text) from None


def _from_file(file: Path) -> dict[str, object]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BotError(f"cannot read {file}: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BotError(f"{file} is not valid TOML") from None
    known = set(Settings.model_fields)
    values = {name.lower().removeprefix(PREFIX.lower()): value for name, value in values.items()}
    unknown = sorted(set(values) - known)
    if unknown:
        from rapidfuzz import process

        near = process.extractOne(unknown[0], known, score_cutoff=60)
        raise BotError(f"{file}: unknown setting {unknown[0]}" + (f"; did you mean {near[0]}?" if near else ""))
    return values


def _set_outside() -> frozenset[str]:
    """The fields that the environment or ``.env`` sets."""
    return frozenset(Settings().model_fields_set)
