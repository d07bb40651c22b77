"""What a section mentions: from blocks of Markdown to anchors, each with its line, its place and the value beside it.

Reading is by shape only and never asks the code: mapping drops names that are nothing in the code. Which value belongs
to which name is decided here, cautiously (:func:`_bind`): a value that could belong to two names belongs to none,
because *contradicted* is built on it.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from analyzers.values import parse_value, quantities

from analyzers.model import Span, Value
from runbooks import fences
from runbooks.binding import NAMES, Found, bind
from runbooks.lexicon import SWITCHES
from runbooks.mentions import LONGEST, Mention, bare, blob_path, in_code, in_prose, is_value
from runbooks.model import Anchor, AnchorKind, Place


class Piece(NamedTuple):
    """A block as the Markdown parser hands it over.

    ``kind`` as in :class:`runbooks.model.Block`; ``line`` is the 1-based line of the first line of ``text`` (for a
    fence: of its first content line); ``block`` its index in the section; ``info`` a fence's language; ``cells`` and
    ``header`` are a table row's.
    """

    kind: str
    line: int
    text: str
    block: int
    info: str = ""
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


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
_PORTS = re.compile(r"\bports?\b[\s:=]{0,3}(?:numbers?\s)?(\d{2,5})((?:\s?(?:,|and|or|/)\s?\d{2,5}){0,5})", re.I)
_NUMBER = re.compile(r"\d+")
_BREAK = re.compile(r"\n")
_HINT = re.compile(r"[_/]|\.[A-Za-z]|[a-z\d][A-Z]|:\d|--[a-z]|-[a-z]\w*\.")
_DIGIT = re.compile(r"\d")
_UNIT_WORD = re.compile(
    r"\b(milliseconds?|ms|seconds?|secs?|minutes?|mins?|hours?|days?|bytes?|kib|mib|gib|kb|mb|gb)\b", re.I
)


def anchors_of(pieces: Iterable[Piece], path: str, revision: str) -> tuple[Anchor, ...]:
    """The anchors of one section's blocks, in document order, each distinct mention of a line once."""
    builder = _Builder(path, revision)
    for piece in pieces:
        if piece.kind == "fence":
            for line, mention in fences.mentions(piece.text, piece.info):
                builder.add(piece.line + line, piece.block, mention, mention.value, Place.FENCE)
        elif piece.kind == "row":
            _row(builder, piece)
        else:
            place = Place.HEADING if piece.kind == "heading" else Place.PROSE
            _prose(builder, piece.text, piece.line, piece.block, place)
    return tuple(sorted(builder.anchors, key=lambda anchor: (anchor.block, anchor.span.start_line)))


class _Builder:
    """Collects anchors of a section; spans are shared per line, repeated mentions of a line are dropped."""

    def __init__(self, path: str, revision: str) -> None:
        self.anchors: list[Anchor] = []
        self.path = path
        self._revision = revision
        self._spans: dict[int, Span] = {}
        self._seen: set[tuple[int, Mention, str, int]] = set()

    def add(self, line: int, block: int, mention: Mention, value: str | Value, place: Place) -> None:
        """Keep a mention. ``value`` is a text to normalise with the name's hint, or an already normalised value."""
        kind, target, _ = mention
        text = value if isinstance(value, str) else value.text
        key = (line, mention, text, block)
        if key in self._seen:
            return
        self._seen.add(key)
        span = self._spans.get(line)
        if span is None:
            span = self._spans[line] = Span(self._revision, self.path, line, line)
        if isinstance(value, Value):
            parsed: Value | None = value
        else:
            parsed = parse_value(value, target if kind in NAMES else "") if value else None
        self.anchors.append(Anchor(kind, target, parsed, span, place, block))
        if kind in NAMES and target[-4:].lower() == "port" and text.isdigit() and 2 <= len(text) <= 5:
            self.add(line, block, Mention(AnchorKind.PORT, text, text), text, place)


def _prose(builder: _Builder, text: str, line: int, block: int, place: Place, key: str = "") -> list[Found]:
    """Read a text with inline markup; add its anchors; return what was found (a table row looks at its first cell).

    ``key`` is a name that the context gives to values without a name (a row's first cell).
    """
    found, masked = _scan(text, builder.path, place)
    values: list[tuple[int, int, Value]] = []
    if _DIGIT.search(masked):
        flat = masked.replace("\n", " ")
        values = [(q.start, q.end, q.value) for q in quantities(flat)]
        found.extend(_ports(flat))
    if not found and not values:
        return found
    values = _with_spans(values, found)
    found = [f for f in found if f.mention.kind is not AnchorKind.VALUE]
    found.sort(key=_offset)
    bound = bind(found, values, text)
    starts = [m.end() for m in _BREAK.finditer(text)] if "\n" in text else []
    for index, (start, _, mention, where) in enumerate(found):
        value = bound.get(index) or mention.value
        builder.add(line + bisect_right(starts, start), block, mention, value, where)
    for start, _, value in values:
        if value.text.lower() not in SWITCHES:
            at = line + bisect_right(starts, start)
            builder.add(at, block, Mention(AnchorKind.VALUE, value.text), value, place)
            if key:
                builder.add(at, block, Mention(AnchorKind.NAME, key), value, place)
    return found


def _offset(found: Found) -> int:
    return found.start


def _with_spans(values: list[tuple[int, int, Value]], found: Sequence[Found]) -> list[tuple[int, int, Value]]:
    """Quantities of the text and those of code spans that the text's reading has not covered already, in order."""
    starts = [start for start, _, _ in values]
    more: list[tuple[int, int, Value]] = []
    for start, end, mention, _ in found:
        if mention.kind is AnchorKind.VALUE:
            near = bisect_right(starts, end)
            if not near or values[near - 1][1] <= start:
                more.append((start, end, parse_value(mention.value)))
    return sorted((*values, *more), key=lambda value: value[0]) if more else values


def _scan(text: str, path: str, place: Place) -> tuple[list[Found], str]:
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
        edge = " " * ((end - start - len(content)) // 2)
        parts += (text[done:start], edge, content if plain else " " * len(content), edge)
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


def _ports(text: str) -> Iterator[Found]:
    if "ort" not in text and "ORT" not in text:
        return
    for match in _PORTS.finditer(text):
        for number in _NUMBER.finditer(match[0]):
            if len(number[0]) >= 2 and int(number[0]) <= 65_535:
                start = match.start() + number.start()
                yield Found(start, start + len(number[0]), Mention(AnchorKind.PORT, number[0], number[0]), Place.PROSE)


def _row(builder: _Builder, piece: Piece) -> None:
    """A table row: every cell is read; cells that are a value belong to the name in the row's first cell."""
    if not piece.cells:
        return
    first = _prose(builder, piece.cells[0], piece.line, piece.block, Place.TABLE)
    names = [f.mention for f in first if f.mention.kind in NAMES and not f.mention.value]
    for index, cell in enumerate(piece.cells[1:], start=1):
        text = bare(cell.strip().strip("*_ ")).strip("`")
        if not names or not text or len(text) > LONGEST or not is_value(text):
            _prose(builder, cell, piece.line, piece.block, Place.TABLE)
            continue
        unit = _UNIT_WORD.search(piece.header[index]) if index < len(piece.header) else None
        for name in names:
            value = parse_value(text, f"{name.target}_{unit[0]}" if unit and text[-1].isdigit() else name.target)
            builder.add(piece.line, piece.block, name, value, Place.TABLE)
        if text.lower() not in SWITCHES:
            builder.add(piece.line, piece.block, Mention(AnchorKind.VALUE, text), parse_value(text), Place.TABLE)
