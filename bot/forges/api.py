"""GitHub's REST API through PyGithub's requester: one request, one answer or one of the ports' errors.

No call sleeps and none is repeated here: PyGithub's own retries wait up to minutes, and whoever calls us has a queue
that waits better. What GitHub asks for (rate limits, ``Retry-After``) is passed on as ``Unavailable.retry_after``, and
until then further calls with the same credentials fail at once without asking.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from github.Requester import Requester
from requests.exceptions import RequestException

from bot.observe import counted
from bot.ports import Gone, Refused, Unavailable

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

PER_PAGE = 100
"""GitHub's largest page ("Using pagination in the REST API")."""
SECONDARY_WAIT = 60.0
"""Seconds to wait after a secondary limit without ``Retry-After`` ("Rate limits for the REST API": at least one
minute)."""
OUTAGE_WAIT = 5.0
MAX_WAIT = 7_200.0
"""Longest wait that is believed; primary limits are per hour."""
_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_MOVED = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Credential:
    """What stands in the ``Authorization`` header, and whose limits it uses up."""

    header: str
    name: str

    def __repr__(self) -> str:
        return f"Credential({self.name!r})"


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: headers in lower case, the JSON body (None for none)."""

    status: int
    headers: Mapping[str, str]
    data: Json

    @property
    def more(self) -> bool:
        """Whether a further page is announced."""
        return 'rel="next"' in self.headers.get("link", "")


def repo_path(repo: str) -> str:
    """``/repos/owner/name``. Raises ``Gone`` for what no repository can be called."""
    if not _REPO.fullmatch(repo) or any(part in {".", ".."} for part in repo.split("/")):
        raise Gone("not the name of a repository", "not_found")
    return f"/repos/{repo}"


class Api:
    """Requests to one GitHub at ``base_url``; ``seconds`` is the time limit of each (connecting and between bytes)."""

    def __init__(self, base_url: str, *, seconds: int = 15) -> None:
        self._base_url = base_url.rstrip("/")
        self._seconds = seconds
        self._local = threading.local()
        self._blocked: dict[str, float] = {}
        # PyGithub logs whole bodies at DEBUG, and one of them is a token.
        logging.getLogger("github").setLevel(logging.INFO)

    def _requester(self) -> Requester:
        """One per thread: PyGithub's connection keeps the request that is being made in itself."""
        if not hasattr(self._local, "requester"):
            self._local.requester = Requester(
                auth=None, base_url=self._base_url, timeout=self._seconds, user_agent="runbook-drift-bot",
                per_page=PER_PAGE, verify=True, retry=None, pool_size=None, seconds_between_requests=None,
                seconds_between_writes=None,
            )  # fmt: skip
        requester: Requester = self._local.requester
        return requester

    def call(
        self,
        verb: str,
        path: str,
        credential: Credential,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
    ) -> Answer:
        """One request. Raises ``Unavailable``, ``Refused`` or ``Gone``; their text names the request, never a body."""
        with counted("github"):
            return self._call(verb, path, credential, parameters, body)

    def _call(
        self,
        verb: str,
        path: str,
        credential: Credential,
        parameters: Mapping[str, str | int] | None,
        body: Mapping[str, Json] | None,
    ) -> Answer:
        left = self._blocked.get(credential.name, 0.0) - time.monotonic()
        if left > 0:
            raise Unavailable("GitHub's rate limit is used up", left)
        what = f"{verb} {path.split('?')[0]}"
        headers = {"Authorization": credential.header, "Accept": "application/vnd.github+json"}
        try:
            status, told, text = self._requester().requestJson(verb, path, dict(parameters or {}), headers, body)
        except RequestException as problem:
            raise Unavailable(f"GitHub did not answer {what} ({type(problem).__name__})", OUTAGE_WAIT) from None
        except ValueError:  # PyGithub reads some headers as numbers
            raise Unavailable(f"GitHub answered {what} with headers that are none of GitHub's", OUTAGE_WAIT) from None
        except (RuntimeError, AssertionError):  # PyGithub's own words on redirects
            raise Refused(f"GitHub answered {what} with a redirect to another address", "redirected") from None
        received = {str(name).lower(): str(value) for name, value in told.items()}
        data = _parsed(text)
        if status in _MOVED:
            raise Gone(f"what {what} asks for has moved", "moved")
        if status >= 400:
            error = _error(status, received, data, what)
            if isinstance(error, Unavailable) and status in {403, 429}:
                self._blocked[credential.name] = time.monotonic() + error.retry_after
            raise error
        if text and data is None and text.strip() != "null":
            raise Unavailable(f"GitHub answered {what} with something that is not JSON", OUTAGE_WAIT)
        return Answer(status, received, data)

    def pages(
        self,
        path: str,
        credential: Credential,
        *,
        parameters: Mapping[str, str | int] | None = None,
        key: str = "",
        most: int = 10,
    ) -> Iterator[dict[str, Json]]:
        """The objects of a list, page after page, ``most`` pages at most. ``key`` names the list in the answer."""
        for page in range(1, most + 1):
            asked = {**(parameters or {}), "per_page": PER_PAGE, "page": page}
            answer = self.call("GET", path, credential, parameters=asked)
            found = items(of(answer.data).get(key) if key else answer.data)
            yield from found
            if not (answer.more if "link" in answer.headers else len(found) >= PER_PAGE):
                return


def of(data: Json) -> dict[str, Json]:
    """An object, or an empty one for anything else: answers are read, not believed."""
    return data if isinstance(data, dict) else {}


def items(data: Json) -> list[dict[str, Json]]:
    """The objects of a list."""
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def text_of(data: object) -> str:
    """A text, or an empty one. Half a surrogate pair, which JSON can hold and UTF-8 cannot, becomes a question mark."""
    return data.encode("utf-8", "replace").decode() if isinstance(data, str) else ""


def number_of(data: Json) -> int:
    """A whole number, or 0."""
    return data if isinstance(data, int) and not isinstance(data, bool) else 0


def _parsed(text: str) -> Json:
    try:
        data: Json = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return data


def _error(status: int, headers: Mapping[str, str], data: Json, what: str) -> Unavailable | Refused:
    message = text_of(of(data).get("message"))
    wait = _wait(status, headers, message)
    if wait is not None:
        return Unavailable(f"GitHub's rate limit is used up ({what})", wait)
    if status >= 500 or status == 408:
        return Unavailable(f"GitHub answered {what} with status {status}", _retry_after(headers) or OUTAGE_WAIT)
    if status in {404, 410, 451} or "No commit found for SHA" in message:
        return Gone(f"GitHub does not have (or does not show us) what {what} asks for", "not_found")
    if status == 401:
        return Refused("GitHub does not know these credentials: revoked, expired or mistyped", "bad_credentials")
    if status == 403:
        return _forbidden(headers, message, what)
    return Refused(f"GitHub refused {what} with status {status}: {_quoted(message)}", f"status_{status}")


def _forbidden(headers: Mapping[str, str], message: str, what: str) -> Refused:
    """A 403 in words: GitHub says in headers which permissions or scopes would have done."""
    if "suspended" in message:
        return Refused("the App's installation is suspended: its owner has to lift that", "suspended")
    if "archived" in message:
        return Refused(f"the repository is archived and cannot be written to ({what})", "archived")
    needed = headers.get("x-accepted-github-permissions", "").replace("=", ": ").replace(";", " or")
    if needed:
        return Refused(f"GitHub refused {what}: the permission {needed} is missing", "permission")
    scopes = headers.get("x-accepted-oauth-scopes", "")
    if scopes:
        return Refused(f"GitHub refused {what}: the token needs one of the scopes {scopes}", "permission")
    if "x-github-sso" in headers:
        return Refused(f"GitHub refused {what}: the token has to be authorised for the organisation's SSO", "sso")
    return Refused(f"GitHub refused {what}: {_quoted(message)}", "forbidden")


def _wait(status: int, headers: Mapping[str, str], message: str) -> float | None:
    """Seconds to wait when the answer is a rate limit, else None ("Rate limits for the REST API")."""
    if status not in {403, 429}:
        return None
    asked = _retry_after(headers)
    if asked is not None:
        return asked
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        # Against GitHub's clock, not ours, which may be wrong.
        return min(max(1.0, float(reset) - _date(headers) + 1), MAX_WAIT) if reset.isdecimal() else SECONDARY_WAIT
    limited = status == 429 or Requester.isRateLimitError(message)
    return SECONDARY_WAIT if limited else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after", "")
    return min(float(told), MAX_WAIT) if told.isdecimal() and len(told) < 12 else None


def _date(headers: Mapping[str, str]) -> float:
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return time.time()


def _quoted(message: str) -> str:
    return "".join(c if c.isprintable() else " " for c in message)[:200] or "no reason given"
