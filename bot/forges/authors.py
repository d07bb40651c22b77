"""Who wrote a commit, as GitHub tells of it and as its message names them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.forges.api import Json, number_of, of, text_of
from bot.model import CommitAuthor

_TRAILER = re.compile(r"^co-authored-by:[ \t]*([^<>\n]{0,200})<([^<>\s]{1,320})>[ \t\r]*$", re.I | re.M)
_NOREPLY = re.compile(
    r"(?:(\d{1,18})\+)?([A-Za-z0-9](?:[A-Za-z0-9-]|\[bot\])*)@users\.noreply\.[a-z0-9.-]+", re.IGNORECASE
)


def authors_of(data: dict[str, Json]) -> Iterator[CommitAuthor]:
    """The author of a commit and those its message names."""
    commit = of(data.get("commit"))
    written = of(commit.get("author"))
    email = text_of(written.get("email"))
    account = of(data.get("author"))
    login, number = text_of(account.get("login")), number_of(account.get("id")) or _number_in(email)
    yield CommitAuthor(login or _login_of(email), text_of(written.get("name"))[:200], email[:320], number)
    for name, address in _TRAILER.findall(text_of(commit.get("message"))[:100_000]):
        yield CommitAuthor(_login_of(address), name.strip(), address, _number_in(address))


def _login_of(email: str) -> str:
    """The login in one of GitHub's own no-reply addresses. Anybody can write one into a commit: good enough to
    exclude somebody from deciding, never to let somebody decide."""
    found = _NOREPLY.fullmatch(email)
    return found[2] if found else ""


def _number_in(email: str) -> int:
    """The account's number in such an address (``1234+login@users.noreply.github.com``), else 0."""
    found = _NOREPLY.fullmatch(email)
    return int(found[1]) if found and found[1] else 0
