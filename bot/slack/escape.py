"""Text of strangers made safe to show in Slack.

Titles, paths, runbook lines and names are hostile: they may hold ``<!channel>``, formatting, backticks, direction
marks, control characters, and any length. Each function takes raw text and returns text that is escaped, of one line
where that matters, and bounded after escaping, in the units that Slack counts (UTF-16). Slack's own escapes are
``&amp; &lt; &gt;`` and no others (docs.slack.dev, "Formatting message text"): what formats is therefore replaced by a
character that looks like it. Slack-side parsing of bare ``@here`` and URLs is off besides (``verbatim``,
``parse=none``).
"""

from __future__ import annotations

import re

from runbooks.formats import printable

ELLIPSIS = "…"
MAX_INPUT = 10_000
"""Characters of any one text that are looked at."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BROADCAST = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_SPAN = re.compile(r"`(?! +`)([^`]+)`")
_EDGE = re.compile(r"(?<!\w)_|_(?!\w)")
_LOOKALIKE = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})


def clean(text: str) -> str:
    """One line: white space folded, and what hides or steers (control, direction, zero width) made visible."""
    return printable(" ".join(text[:MAX_INPUT].split()))


def width(text: str) -> int:
    """The length of text as Slack counts it: UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def fit(text: str, limit: int) -> str:
    """The beginning of raw text whose escaped form has at most ``limit`` units, with ``…`` where it was cut."""
    if sum(width(_ENTITIES.get(char, char)) for char in text) <= limit:
        return text
    kept, used = 0, 1
    for char in text:
        used += width(_ENTITIES.get(char, char))
        if used > limit:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS if limit > 0 else ""


def escape(text: str) -> str:
    """Slack's three entities, and nothing that calls a whole channel."""
    return _BROADCAST.sub("@\u2060", "".join(_ENTITIES.get(char, char) for char in text))


def plain(text: str, limit: int) -> str:
    """Text for ``plain_text`` objects and for fallbacks, in which Slack does look for code spans."""
    return escape(fit(clean(text).replace("`", "ˋ"), _room(text, limit)))


def prose(text: str, limit: int) -> str:
    """Text for ``mrkdwn`` objects: nothing in it formats, but code spans that a writer closed stay code spans."""
    parts = _SPAN.split(fit(clean(text), _room(text, limit)))
    # ``split`` with one group gives prose and code in turn.
    return "".join(_span(part) if odd % 2 else _bare(part) for odd, part in enumerate(parts))


def label(text: str, limit: int) -> str:
    """Text inside a link: as ``prose``, without code spans, and without the bar that ends a link's address."""
    return _bare(fit(clean(text), _room(text, limit))).replace("|", "∣")


def code(text: str, limit: int) -> str:
    """A code span, or nothing for empty text. A backtick inside becomes its look-alike."""
    kept = fit(clean(text), limit - 2)
    return _span(kept) if kept.strip() else ""


def fence(lines: list[str], limit: int) -> str:
    """A code block of lines, each cut to its share of ``limit``. Single backticks are literal in it, three are not;
    blanks inside a line stay as they are."""
    share = (limit - 8) // max(len(lines), 1) - 1
    shown = [_fenced(fit(printable(line[:MAX_INPUT].replace("\n", " ")), share)) for line in lines]
    return "\n".join(["```", *shown, "```"])


def path(text: str, limit: int) -> str:
    """A path for a link's label: its end is what tells files apart, so it is cut at the beginning."""
    cleaned = clean(text)
    kept = fit(cleaned[::-1], limit)[::-1]  # the ellipsis of the cut comes first
    return _bare(kept).replace("|", "∣")


def _room(text: str, limit: int) -> int:
    """The limit less what breaking up broadcasts adds, one unit each."""
    return limit - len(_BROADCAST.findall(text[:MAX_INPUT]))


def _bare(text: str) -> str:
    return escape(_EDGE.sub("ˍ", text.translate(_LOOKALIKE)))


def _span(text: str) -> str:
    return "`" + "".join(_ENTITIES.get(char, char) for char in text.replace("`", "ˋ").strip()) + "`"


def _fenced(text: str) -> str:
    return "".join(_ENTITIES.get(char, char) for char in text.replace("```", "ˋˋˋ"))
