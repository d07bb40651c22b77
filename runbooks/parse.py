"""Markdown to runbooks: headings, blocks, directives and front matter, with the lines they stand on.

Only markdown-it's block rules run (the inline rules are half of its time); inline markup is read by
:mod:`runbooks.anchors`. :func:`parse` is pure, so a caller may keep its answers by blob id. Everything in a file is
hostile: sizes, nesting and aliases are bounded, and what was cut off is said in :attr:`Runbook.problems`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import PurePosixPath
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzers.model import Span
from runbooks import frontmatter
from runbooks.anchors import Piece, anchors_of, named_in
from runbooks.headings import plain_heading, slug_of, unique
from runbooks.inline import code_spans
from runbooks.model import Anchor, Block, Directive, DirectiveKind, Runbook, Section
from runbooks.named import Named

MAX_BYTES = 2_000_000
"""Bytes of one Markdown file that are read; the rest is left out and said so. Hand-written pages stay far below."""
MAX_LINES = 40_000
"""Lines that are read; markdown-it takes 50 µs for a line that is a block of its own."""
MAX_DIRECTIVES = 100
"""Directives of one section that are read."""
MAX_NESTING = 24
"""Levels of lists and quotes that are followed; markdown-it's time grows with depth times length."""

AnchorsOf = Callable[[Sequence[Piece]], tuple[Anchor, ...]]
"""What makes anchors of a section's blocks."""

_MARK = re.compile(r"<!--\s{0,20}drift:")
_ADMONITION = ("!!!", "???", "===", ":::")


class _Heading(NamedTuple):
    level: int
    text: str
    written: str


def parse(path: str, data: bytes, *, revision: str) -> Runbook:
    """Read a Markdown file. Never raises on content: what could not be read is a sentence in ``problems``.

    ``revision`` names the side for the spans. A file without any heading is one section with an empty heading path.
    """
    return _read(path, data, revision, lambda pieces: anchors_of(pieces, path, revision))


def skim(path: str, data: bytes, *, revision: str) -> tuple[Runbook, tuple[Named, ...]]:
    """The runbook as :func:`parse` reads it, but without anchors, and what each of its sections names: all that a
    check asks of most sections, in half of the time."""
    named: list[Named] = []

    def note(pieces: Sequence[Piece]) -> tuple[Anchor, ...]:
        named.append(named_in(pieces, path))
        return ()

    return _read(path, data, revision, note), tuple(named)


def _read(path: str, data: bytes, revision: str, anchors: AnchorsOf) -> Runbook:
    problems: list[str] = []
    text = _decode(data, problems)
    front, body_line = frontmatter.read(text, problems)
    lines = text.split("\n")
    # Front matter is blanked, not cut, so that line numbers stay those of the file.
    body = "\n" * body_line + "\n".join(lines[body_line:])
    tokens = _markdown().parse(body)
    problems.extend(_too_deep(tokens))
    sections = tuple(_sections(path, revision, lines, body_line, tokens, problems, anchors))
    top = next((s.headings[0] for s in sections if s.headings), "") if _has_h1(body) or not front.title else ""
    return Runbook(
        path=path,
        title=top or front.title or PurePosixPath(path).stem,
        service=front.service,
        owners=front.owners,
        review_every=front.review_every,
        last_reviewed=front.last_reviewed,
        covers=front.covers,
        sections=sections,
        problems=tuple(problems),
    )


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    markdown.core.ruler.disable(["inline", "text_join"])
    # Link definitions stay paragraphs: their targets are read there, and their rule is the slowest of the block rules.
    markdown.block.ruler.disable(["reference"])
    return markdown


def _decode(data: bytes, problems: list[str]) -> str:
    if len(data) > MAX_BYTES:
        problems.append(f"the file has {len(data):,} bytes; only the first {MAX_BYTES:,} were read")
        data = data[:MAX_BYTES]
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = data.decode(encoding, "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    if text.count("\n") > MAX_LINES:
        problems.append(f"the file has more than {MAX_LINES:,} lines; the rest was not read")
        text = "\n".join(text.split("\n", MAX_LINES)[:MAX_LINES]) + "\n"
    return text


def _too_deep(tokens: Sequence[Token]) -> Iterator[str]:
    """What to say of the first quote or list item whose content markdown-it left out for its depth."""
    for token in tokens:
        if token.level >= MAX_NESTING - 1 and token.map and token.type in {"blockquote_open", "list_item_open"}:
            yield f"line {token.map[0] + 1}: lists and quotes are nested too deeply; what stands there was not read"
            return


def _has_h1(body: str) -> bool:
    return re.search(r"^(?:# \S|=+\s*$)", body, re.MULTILINE) is not None


class _Open:
    """A section being read."""

    def __init__(self, headings: tuple[str, ...], slug: str, start: int, written: tuple[str, ...] = ()) -> None:
        self.headings, self.slug, self.start, self.written = headings, slug, start, written
        self.blocks: list[Block] = []
        self.pieces: list[Piece] = []

    def add(self, piece: Piece, start: int, end: int, lines: Sequence[str]) -> None:
        self.blocks.append(Block(piece.kind, start + 1, end, "\n".join(lines[start:end])))
        self.pieces.append(piece)


def _sections(
    path: str,
    revision: str,
    lines: Sequence[str],
    body_line: int,
    tokens: Sequence[Token],
    problems: list[str],
    anchors: AnchorsOf,
) -> Iterator[Section]:
    stack: list[_Heading] = []
    used: dict[str, int] = {}
    current = _Open((), "", body_line)
    marked = any("drift:" in line for line in lines)

    def close(end: int) -> Section | None:
        text = "\n".join(lines[current.start : end])
        if not current.headings and not text.strip():
            return None
        return Section(
            path=path,
            headings=current.headings,
            slug=current.slug,
            span=Span(revision, path, current.start + 1, max(end, current.start + 1)),
            text=text,
            blocks=tuple(current.blocks),
            anchors=anchors(current.pieces),
            directives=tuple(_directives(current, path, revision, problems)) if marked else (),
            written=current.written,
        )

    for token, piece, (start, end) in _pieces(tokens):
        if piece.kind == "heading" and token.level == 0:
            if section := close(start):
                yield section
            level = int(token.tag[1])
            while stack and stack[-1].level >= level:
                stack.pop()
            text, slug = plain_heading(piece.text), unique(slug_of(piece.text), used)
            stack.append(_Heading(level, text, piece.text))
            current = _Open(tuple(h.text for h in stack), slug, start, tuple(h.written for h in stack))
        current.add(piece._replace(block=len(current.blocks)), start, end, lines)
    end = len(lines) - 1 if lines and not lines[-1] else len(lines)
    if section := close(max(end, current.start)):
        yield section


def _pieces(tokens: Sequence[Token]) -> Iterator[tuple[Token, Piece, tuple[int, int]]]:
    """The blocks in document order, each with its opening token and its 0-based half-open line range."""
    header: tuple[str, ...] = ()
    after = ""
    for index, token in enumerate(tokens):
        if token.map is None:
            continue
        start, end = token.map
        kind = token.type
        if kind == "heading_open":
            yield token, Piece("heading", start + 1, tokens[index + 1].content, 0), (start, end)
        elif kind == "paragraph_open":
            after = tokens[index + 1].content
            yield token, Piece("paragraph", start + 1, after, 0), (start, end)
        elif kind == "fence":
            yield token, Piece("fence", start + 2, token.content, 0, token.info), (start, end)
        elif kind == "code_block":
            # What MkDocs indents under an admonition is text, though CommonMark reads code there.
            indented = "paragraph" if after.startswith(_ADMONITION) else "fence"
            yield token, Piece(indented, start + 1, token.content, 0), (start, end)
        elif kind == "html_block":
            yield token, Piece("html", start + 1, token.content, 0), (start, end)
        elif kind == "tr_open":
            cells = _cells(tokens, index)
            header = cells if tokens[index - 1].type == "thead_open" else header
            yield token, Piece("row", start + 1, "", 0, "", cells, header), (start, end)


def _cells(tokens: Sequence[Token], index: int) -> tuple[str, ...]:
    cells: list[str] = []
    while tokens[index].type != "tr_close":
        if tokens[index].type == "inline":
            cells.append(tokens[index].content)
        index += 1
    return tuple(cells)


def _directives(section: _Open, path: str, revision: str, problems: list[str]) -> Iterator[Directive]:
    """The ``<!-- drift: … -->`` comments outside code; a malformed one is a problem and has no effect."""
    for piece in section.pieces:
        if piece.kind not in ("html", "paragraph", "heading") or "drift:" not in piece.text:
            continue
        hidden = [(start, end) for start, end, _ in code_spans(piece.text)]
        for mark in islice(_MARK.finditer(piece.text), MAX_DIRECTIVES):
            before = bisect_right(hidden, (mark.start(), len(piece.text))) - 1
            if before >= 0 and mark.start() < hidden[before][1]:
                continue
            line = piece.line + piece.text.count("\n", 0, mark.start())
            end = piece.text.find("-->", mark.end(), mark.end() + 1_000)
            body = piece.text[mark.end() : end] if end >= 0 else None
            directive = _directive(body, Span(revision, path, line, line))
            if isinstance(directive, Directive):
                yield directive
            else:
                problems.append(f"line {line}: {directive}")


def _directive(body: str | None, span: Span) -> Directive | str:
    if body is None:
        return "the comment `<!-- drift:` is not closed within 1,000 characters"
    word, _, rest = " ".join(body.split()).partition(" ")
    if word not in (DirectiveKind.IGNORE, DirectiveKind.SNOOZE):
        return f"`drift: {word[:40]}` is not a directive; `ignore` and `snooze` are"
    until: date | None = None
    if found := re.search(r"(?:^| )until=\"?([^\s\"]{1,40})\"?", rest):
        rest = (rest[: found.start()] + " " + rest[found.end() :]).strip()
        try:
            until = date.fromisoformat(found[1])
        except ValueError:
            return f"`until={found[1]}` is not a date; write it as `until=2027-01-15`"
    if word == DirectiveKind.SNOOZE and until is None:
        return "`drift: snooze` needs an end, for example `until=2027-01-15`"
    if not rest.startswith("reason=") or not rest.removeprefix("reason=").strip("\"' "):
        return f"`drift: {word}` needs a reason, for example `reason=moves with the next release`"
    return Directive(DirectiveKind(word), rest.removeprefix("reason=").strip("\"' "), until, span)
