"""What a driver's error says, fit to be shown: one line, without any part of the database's address."""

from __future__ import annotations

import re

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_ADDRESS = re.compile(r"\S+://\S+|password\s*=\s*\S+", re.IGNORECASE)
MOST = 300


def reason_of(problem: SQLAlchemyError, url: URL) -> str:
    """The driver's words, at most 300 characters. Never SQLAlchemy's own text, which quotes the statement with its
    parameters. The password and the values of options are blotted out wherever they stand."""
    cause = problem.orig if isinstance(problem, DBAPIError) else None
    if cause is None:
        return "no connection came free in time"
    said = " ".join(str(cause).split())
    for secret in _secrets(url):
        said = said.replace(secret, "…")
    return _ADDRESS.sub("…", said)[:MOST] or type(cause).__name__


def _secrets(url: URL) -> list[str]:
    """Longest first, so that no part of one stays behind."""
    values = [str(url.password)] if url.password else []
    for value in url.query.values():
        values += [value] if isinstance(value, str) else list(value)
    return sorted({value for value in values if value}, key=len, reverse=True)
