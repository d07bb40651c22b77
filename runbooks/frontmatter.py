"""The front matter of a Markdown file: the keys that runbook-drift knows, and sentences about those it cannot read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from runbooks import plainyaml
from runbooks.handles import as_owner
from runbooks.model import Owner

MAX_CHARACTERS = 64_000
"""Characters of front matter that are read; site generators' own pages stay below 4,000."""

_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7, "m": 30, "month": 30, "q": 90, "quarter": 90, "y": 365, "year": 365}
_PERIOD = re.compile(r"\s*(\d{1,5})\s*([a-z]+?)s?\s*\Z", re.IGNORECASE)

_FIRST_YEAR, _LAST_YEAR = 1970, 2999
"""Years of a date that anybody means; with a century added it is still a date."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the keys of design section 6 said; empty where they said nothing. ``review_every`` is in days."""

    title: str = ""
    service: str = ""
    owners: tuple[Owner, ...] = ()
    covers: tuple[str, ...] = ()
    review_every: int | None = None
    last_reviewed: date | None = None


def read(text: str, problems: list[str]) -> tuple[FrontMatter, int]:
    """The front matter and the number of lines it takes. TOML front matter (``+++``) is passed over, not read."""
    fence = text[:3]
    if fence not in ("---", "+++") or text[3 : text.find("\n", 3)].strip():
        return FrontMatter(), 0
    closing = re.compile(
        rf"^(?:{re.escape(fence)}|{re.escape('...' if fence == '---' else fence)})[ \t]*$", re.MULTILINE
    )
    found = closing.search(text, 4)
    if found is None:
        return FrontMatter(), 0
    lines = text.count("\n", 0, found.end()) + 1
    inner = text[text.find("\n") + 1 : found.start()]
    # A rule (---) opens many plain documents; without a key it is no front matter.
    if fence == "+++":
        return FrontMatter(), lines
    if not re.search(r"^[\w\"'-]+\s*:", inner, re.MULTILINE):
        return FrontMatter(), lines if not inner.strip() else 0
    try:
        data = _load(inner)
    except ValueError as error:
        problems.append(f"the front matter cannot be read: {error}")
        return FrontMatter(), lines
    if not isinstance(data, Mapping):
        problems.append("the front matter is not a list of keys and values")
        return FrontMatter(), lines
    return _front(data, problems), lines


def _load(text: str) -> object:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"it is longer than {MAX_CHARACTERS:,} characters")
    plain = plainyaml.mapping(text)
    if plain is not None:
        return plain
    from runbooks.boundedyaml import load_all  # PyYAML costs 15 ms that plain Markdown need not pay

    documents = load_all(text)
    return documents[0] if documents else {}


def _front(data: Mapping[object, object], problems: list[str]) -> FrontMatter:
    handles = [*_texts(data, "owner", problems), *_texts(data, "owners", problems)]
    owners = tuple(dict.fromkeys(as_owner(handle, "front matter") for handle in handles))
    service = _texts(data, "service", problems)
    title = data.get("title")
    return FrontMatter(
        title=title.strip() if isinstance(title, str) else "",
        service=service[0] if service else "",
        owners=owners,
        covers=tuple(_texts(data, "covers", problems)),
        review_every=_days(data.get("review_every"), problems),
        last_reviewed=_date(data.get("last_reviewed"), problems),
    )


def _texts(data: Mapping[object, object], key: str, problems: list[str]) -> list[str]:
    raw = data.get(key)
    items = raw if isinstance(raw, list) else [] if raw is None else [raw]
    texts = [item.strip() for item in items if isinstance(item, str) and item.strip()]
    if len(texts) != len(items):
        problems.append(f"front matter key `{key}` must be a text or a list of texts")
    if key.startswith("owner"):
        return [handle for text in texts for handle in re.split(r"[,\s]+", text) if handle][:50]
    return texts[:200]


def _days(raw: object, problems: list[str]) -> int | None:
    if raw is None:
        return None
    days = raw if isinstance(raw, int) and not isinstance(raw, bool) else None
    if isinstance(raw, str) and (found := _PERIOD.match(raw)) and found[2].lower() in _DAYS:
        days = int(found[1]) * _DAYS[found[2].lower()]
    if days is None or not 1 <= days <= 36_500:
        problems.append(f"front matter key `review_every` is `{str(raw)[:40]}`; write a period such as `90d` or `12w`")
        return None
    return days


def _date(raw: object, problems: list[str]) -> date | None:
    if raw is None:
        return None
    try:
        day = raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip()[:10])
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        problems.append(f"front matter key `last_reviewed` is `{str(raw)[:40]}`; write a date such as `2026-10-01`")
        return None
    return day.date() if isinstance(day, datetime) else day
