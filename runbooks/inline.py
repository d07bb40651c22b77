"""Inline Markdown without a parser: code spans, links, comments and code-like words of one block's text.

Every pass is linear in the text, and blanks what it has read with spaces, so that offsets stay true for the next.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import unquote

from runbooks.binding import Found
from runbooks.lexicon import SWITCHES
from runbooks.mentions import Mention, blob_path, in_code, in_prose
from runbooks.model import AnchorKind, Place

_TICKS = re.compile(r"`+")
_LINK = re.compile(
    r"(!?)\[([^\[\]]{0,300})\]\(\s*<?([^\s()<>]{1,400})>?(?:\s[^()]{0,200})?\)|^\[[^\]]{1,100}\]:\s*(\S{1,400})", re.M
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_NOT_BREAK = re.compile(r"[^\n]")
# A word that holds something no English word holds: an underscore, a slash, a dot before a letter, a hump, a flag.
_TOKEN = re.compile(
    r"(?<![\w./:@$~{}-])[\w./:@$~{}-]*?(?:[_/]|\.[A-Za-z]|[a-z\d][A-Z]|(?<=-)-[a-z]|-[a-z]\w*[.]|:\d)[\w./:@$~{}=%#-]*"
)
_HINT = re.compile(r"[_/]|\.[A-Za-z]|[a-z\d][A-Z]|:\d|--[a-z]|-[a-z]\w*\.")


def scan(text: str, path: str, place: Place) -> tuple[list[Found], str]:
    """Code spans, links and code-like words of a text, and the text with all of them but plain values blanked.

    The blanked text has the same length, so that offsets stay true.
    """
    found: list[Found] = []
    if "`" in text:
        text = _blank_spans(text, place, found)
    if "<" in text:
        text = _TAG.sub(_blank, _blank_comments(text))
    if "](" in text or "]:" in text:
        for link in _LINK.finditer(text):
            target = link_path(link[3] or link[4], path)
            if target and not link[1]:
                found.append(Found(link.start(), link.end(), Mention(AnchorKind.PATH, target), Place.LINK))
        text = _LINK.sub(_link_text, text)
    if not _HINT.search(text):
        return found, text
    parts: list[str] = []
    done = 0
    for word in _TOKEN.finditer(text):
        token = word[0]
        start, end = word.span()
        mentions = in_prose(token)
        for mention in mentions:
            found.append(Found(start, end, mention, place))
        if mentions or "/" in token or "_" in token:
            parts += (text[done:start], " " * (end - start))
            done = end
    return found, "".join(parts) + text[done:] if parts else text


def _blank_spans(text: str, place: Place, found: list[Found]) -> str:
    in_span = Place.SPAN if place is Place.PROSE else place
    parts: list[str] = []
    done = 0
    for start, end, content in code_spans(text):
        mentions = in_code(" ".join(content.split()) if "\n" in content else content)
        if not mentions and content.strip().lower() in SWITCHES:
            mentions = (Mention(AnchorKind.VALUE, content.strip(), content.strip()),)
        for mention in mentions:
            found.append(Found(start, end, mention, in_span))
        plain = len(mentions) == 1 and mentions[0].kind is AnchorKind.VALUE
        # Moved to the right end, so that "`30` minutes" reads as one quantity.
        parts += (text[done:start], content.strip().rjust(end - start) if plain else " " * (end - start))
        done = end
    return "".join(parts) + text[done:] if parts else text


def _blank_comments(text: str) -> str:
    parts: list[str] = []
    done = 0
    while (start := text.find("<!--", done)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts += (text[done:start], _NOT_BREAK.sub(" ", text[start : end + 3]))
        done = end + 3
    return "".join(parts) + text[done:] if parts else text


def code_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """The code spans of a text as (start, end, content), by CommonMark's rule: a run of backticks is closed by the
    next run of the same length. Linear: runs are indexed by length once."""
    runs = [(m.start(), m.end()) for m in _TICKS.finditer(text)]
    by_length: dict[int, list[int]] = {}
    for start, end in runs:
        by_length.setdefault(end - start, []).append(start)
    done = 0
    for start, end in runs:
        if start < done or (start and text[start - 1] == "\\"):
            continue
        closers = by_length[end - start]
        at = bisect_right(closers, start)
        if at < len(closers):
            done = closers[at] + end - start
            yield start, done, text[end : closers[at]]


def link_path(target: str, path: str) -> str:
    """The repository path a Markdown link of ``path`` leads to, or an empty string (other sites, fragments, mail)."""
    if "://" in target:
        return blob_path(target)
    target = unquote(target.split("#", 1)[0].split("?", 1)[0])
    if not target or ":" in target or target.startswith("{"):
        return ""
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return "" if resolved.startswith("..") or resolved == "." else resolved


def _blank(match: re.Match[str]) -> str:
    return _NOT_BREAK.sub(" ", match[0])


def _link_text(match: re.Match[str]) -> str:
    if match[2] is None:
        return " " * len(match[0])
    start = match.start(2) - match.start()
    return " " * start + match[2] + " " * (len(match[0]) - start - len(match[2]))
