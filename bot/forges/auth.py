"""Who we are to GitHub: an App with an installation per account, or a plain token."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from github import Auth

from bot.forges.api import Api, Credential, number_of, of, repo_path, text_of
from bot.ports import Gone, Refused, Unavailable

SIGNED = timedelta(minutes=2)
"""How long a signed statement is used again; PyGithub makes it good for five minutes."""
MARGIN = timedelta(minutes=10)
"""Tokens are renewed this long before their end: a fetch that starts with one must be able to finish. They live an
hour ("Generating an installation access token for a GitHub App")."""


def _now() -> datetime:
    return datetime.now(UTC)


class Credentials(Protocol):
    """Gives the credential for a repository."""

    app_id: int
    """The App's number; 0 for a plain token."""

    def of(self, repo: str) -> Credential:
        """For requests on a repository."""
        ...

    def token(self, repo: str) -> str:
        """For fetching from it."""
        ...

    def installation(self, repo: str) -> int:
        """The installation that reaches it; 0 for a plain token."""
        ...

    def forget(self, repo: str) -> bool:
        """GitHub refused the credential: whether asking again for a fresh one makes sense."""
        ...

    def own(self) -> Credential:
        """For requests as ourselves: an App's own, or the token."""
        ...


class TokenCredentials:
    """A personal or workflow token, the same for every repository."""

    app_id = 0

    def __init__(self, token: str) -> None:
        self._token = token

    def of(self, repo: str) -> Credential:
        """The token."""
        return self.own()

    def token(self, repo: str) -> str:
        """The token."""
        return self._token

    def installation(self, repo: str) -> int:
        """None."""
        return 0

    def forget(self, repo: str) -> bool:
        """There is no other token."""
        return False

    def own(self) -> Credential:
        """The token."""
        return Credential(f"Bearer {self._token}", "token")


class AppCredentials:
    """A GitHub App: a signed statement (JWT) as itself, and a token per installation, kept until shortly before its
    end. Safe to use from several threads."""

    def __init__(self, api: Api, app_id: int, private_key: str, *, now: Callable[[], datetime] = _now) -> None:
        self.app_id = app_id
        self._api = api
        self._private_key = private_key
        self._now = now
        self._lock = threading.RLock()
        self._installations: dict[str, int] = {}
        self._tokens: dict[int, tuple[str, datetime]] = {}
        self._signed: tuple[Credential, datetime] | None = None

    def own(self) -> Credential:
        """As the App. Raises ``Refused`` when the private key is none."""
        with self._lock:  # held while signing, so that many threads sign once: it takes a twentieth of a second
            if self._signed is None or self._now() >= self._signed[1]:
                try:
                    signed = Auth.AppAuth(self.app_id, self._private_key).token
                except Exception:  # the key's parser raises many kinds, and their texts may quote the key
                    raise Refused("GITHUB_APP_PRIVATE_KEY is not a private key in PEM form", "bad_key") from None
                self._signed = (Credential(f"Bearer {signed}", "app"), self._now() + SIGNED)
            return self._signed[0]

    def installation(self, repo: str) -> int:
        """The installation that reaches a repository. Raises ``Gone`` where the App is not installed."""
        path = repo_path(repo)
        with self._lock:
            known = self._installations.get(repo.lower(), 0)
        if known:
            return known
        try:
            answer = self._api.call("GET", f"{path}/installation", self.own())
        except Gone:
            raise Gone(f"the App is not installed on {repo}, or the repository is gone", "not_installed") from None
        found = number_of(of(answer.data).get("id"))
        if not found:
            raise Unavailable("GitHub named no installation", 5)
        if of(answer.data).get("suspended_at"):
            raise Refused("the App's installation is suspended: its owner has to lift that", "suspended")
        with self._lock:
            self._installations[repo.lower()] = found
        return found

    def token(self, repo: str) -> str:
        """An installation token that lives for at least :data:`MARGIN`."""
        number = self.installation(repo)
        with self._lock:  # held while asking, so that many threads ask once
            kept = self._tokens.get(number)
            if kept and kept[1] - self._now() > MARGIN:
                return kept[0]
            path = f"/app/installations/{number}/access_tokens"
            try:
                answer = of(self._api.call("POST", path, self.own(), body={}).data)
            except Gone:  # installed anew under another number: the next question finds out
                self.forget(repo)
                raise
            token = text_of(answer.get("token"))
            if not token:
                raise Unavailable("GitHub gave no installation token", 5)
            end = _instant(text_of(answer.get("expires_at")), self._now() + timedelta(hours=1))
            self._tokens[number] = (token, end)
            return token

    def of(self, repo: str) -> Credential:
        """As the installation that reaches a repository."""
        return Credential(f"token {self.token(repo)}", f"installation {self.installation(repo)}")

    def forget(self, repo: str) -> bool:
        """Throw away what is kept for a repository: the token was revoked, or the App was installed anew."""
        with self._lock:
            number = self._installations.pop(repo.lower(), 0)
            return self._tokens.pop(number, None) is not None


def _instant(text: str, otherwise: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return otherwise
    return found if found.tzinfo else found.replace(tzinfo=UTC)
