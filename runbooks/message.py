"""What a branch's commits say of themselves, as a hint at what the change is about.

People name in the subject what they would look up in a runbook ("allow an endpoint suffix in object storage"). Only the
order of sections and their alert hang on it: a message makes no finding, and no message makes a change silent. Lines
that speak of documents are left out, because a check must answer as if no runbook had been changed yet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from runbooks.board import Board
from runbooks.index import Index, saturation
from runbooks.terms import terms

MAX_CHARACTERS = 6000
"""Read of all messages together, newest first."""

_OF_DOCUMENTS = re.compile(
    r"\b(?:docs?|documentation|readme|runbooks?|changelog|playbooks?|guides?|typos?)\b|\.mdx?\b", re.IGNORECASE
)
_TRAILER = re.compile(
    r"(?:signed-off-by|co-authored-by|reviewed-|change-id|acked|cc:|merge (?:branch|remote|pull request))",
    re.IGNORECASE,
)


def subject_matter(messages: Iterable[str]) -> str:
    """The messages' lines without trailers, git's own merge lines, and lines that speak of documents."""
    lines: list[str] = []
    left = MAX_CHARACTERS
    for message in messages:
        for line in message.splitlines():
            if left > 0 and not _TRAILER.match(line.lstrip()) and not _OF_DOCUMENTS.search(line):
                lines.append(line[:left])
                left -= len(line) + 1
    return "\n".join(lines)


def add_signals(text: str, index: Index, board: Board) -> None:
    """Names and words that a section shares with the messages, BM25-like; and how much of what
    its heading and its runbook's title are about the messages speak of."""
    if not text:
        return
    names, plain = terms(text)
    for name in names:
        rarity = index.name_rarity(name)
        for place in index.by_name.get(name, ()):
            section = index.sections[place]
            weight = rarity * saturation(section.names.get(name, 1), section.length, index.average_length)
            board.add("message_names", place, weight * (1.3 if name in section.coded else 1.0), name)
    for word, count in plain.items():
        places = index.by_word.get(word, ())
        if not places or len(places) > 0.5 * len(index.sections) + 5:
            continue
        rarity = index.word_rarity(word) * min(2.0, 1 + math.log(count))
        for place in places:
            section = index.sections[place]
            weight = rarity * saturation(section.words[word], section.length, index.average_length)
            board.add("message_words", place, weight, word)
    for signal, place, weight, word in _covered(frozenset(plain), index):
        board.add(signal, place, weight, word)


def _covered(spoken: frozenset[str], index: Index) -> Iterator[tuple[str, int, float, str]]:
    for document in index.documents:
        weight, example = index.cover(document.path_words, spoken)
        for place in document.sections:
            if weight:
                yield "message_document", place, weight, example
            own, word = index.cover(index.sections[place].title_words, spoken)
            if own:
                yield "message_cover", place, own, word
