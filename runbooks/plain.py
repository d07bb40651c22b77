"""Whether a line that gives a name a value says plainly that this value holds.

Lists of words that restrict a statement ("in staging", "last week") always have holes. So the reading is turned round:
what stands before the name and behind the value has to be known to be harmless; a label, an adjunct, a second value or
an instruction that is not makes the line doubtful, and its section stays *suspect*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers.model import Fact
from analyzers.patterns import regex
from analyzers.values import Quantity
from analyzers.vocabulary import words
from runbooks.alternatives import CLOSED, alternative
from runbooks.columns import cells
from runbooks.lines import Line
from runbooks.model import Section
from runbooks.pages import Spot
from runbooks.phrases import (
    BOUNDS,
    DOUBTS,
    EPISODES,
    GUESS,
    HARMLESS,
    JOINING,
    PLACES,
    QUANTIFIED,
    QUANTIFIERS,
    SOFT,
    TOLD,
    UNSET,
    UPSTREAM,
    USES,
    VERSION,
    WORD,
    after_trigger,
    doubtful_title,
    is_trigger,
    prose,
)
from runbooks.statements import Stated
from runbooks.terms import singular

_MARKUP = "`*_\"' \t"
_SENTENCE = regex(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\betc)[.!?][`'\")*_]*\s")
_MARKER = regex(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(?:\[[ xX]\]\s+)?")
_BOLD = regex(r"[\s>]*(?:[-*+]\s+|\d{1,9}[.)]\s+)?(?:\*\*|__)([^*_]{1,60})(?:\*\*|__)")
_LABEL = regex(r"([^:;—–]{1,80}?)(?::(?!/)|—|–|\s-)\s")
_SEGMENT = regex(r"[,()\[\]:—–]|\s-\s")
_ALONE = regex(r"[\s,.;:)(|!?#\]}<—–]|\\?\Z")
_DEFAULT = regex(r"\bdefaults?\b", re.IGNORECASE)
_BY_DEFAULT = regex(r"[`'\"*_)]*\s*\(?(?:by default\b|default\b)\)?", re.IGNORECASE)
_MODAL = regex(r"\b(?:should|must|ought|shall|could|might|may|would|can|needs?|please|let)\b", re.IGNORECASE)
_FINAL = 4
"""Words that a label has at most; what is longer is a sentence."""
_GLOSS = 2
"""Words of a remark in brackets that may be a place or a time; more words explain something."""
_COMMENTS = ("#", "//", ";")
_NEAREST = 3
"""Lines of a fence above a line of which a remark may still be about it."""


def doubtful(
    fact: Fact, line: Line, section: Section, spots: Sequence[Spot], found: Sequence[Quantity], said: Sequence[Stated]
) -> bool:
    """Whether anything about a line, what it stands under or a heading of it leaves open that the values ``said`` of
    the name at ``spots`` hold here and now for the changed file; ``found`` are the line's quantities."""
    own = _singular(f"{fact.span.path} {fact.scope} {fact.key}")
    named = _DEFAULT.search(line.text) is not None or _DEFAULT.search(line.header) is not None
    excused = own | SOFT if named else own
    if line.diff or any(doubtful_title(heading, excused) for heading in section.headings):
        return True
    known = own | (_singular(f"{section.path} {' '.join(section.headings)}") - EPISODES) | HARMLESS
    if _governed(line, section, excused, known, named=named) or any(alternative(line, found, value) for value in said):
        return True
    if line.kind == "fence":
        return _remarked(line, said, excused, named=named)
    return any(_loose(line, spots, value, own, known) for value in said)


def _singular(text: str) -> frozenset[str]:
    return frozenset(singular(word) for word in words(text))


def _governed(line: Line, section: Section, own: frozenset[str], known: frozenset[str], *, named: bool) -> bool:
    """Whether a list, table or fence stands under an instruction, or under what restricts it; a default that is called
    so (``named``) is none because of the instruction."""
    leads = [line.governs]
    if line.kind == "fence":
        leads.append(line.lead.removesuffix(f" ({section.title})"))
    for lead in dict.fromkeys(text[_MARKER.match(text).end() :] for text in leads if text):  # type: ignore[union-attr]
        if not named and TOLD.search(lead):
            return True
        plain = lead.strip(f"{_MARKUP}:")
        short = len(plain.split()) <= _FINAL
        if UPSTREAM.search(plain) or (short and doubtful_title(plain, own, EPISODES)):
            return True
        if not named and len(plain.split()) <= _GLOSS and not any(_known(word, known) for word in plain.split()):
            return True
        last = _SENTENCE.split(plain)[-1]
        uses = USES.search(last)
        if uses and not named and not _harmless(WORD.findall(last[: uses.start()]), known):
            return True
        if not lead.rstrip(f"{_MARKUP}").endswith(":"):
            continue
        if not all(_adjuncts(last, known, leading=named)):
            return True
        first = WORD.search(last)
        if line.kind == "fence" and not named and first is not None and _bare(first.group(), known):
            return True
    return False


def _remarked(line: Line, said: Sequence[Stated], own: frozenset[str], *, named: bool) -> bool:
    """Whether a comment behind or right above a line of a fence says that its value is not the one that holds; what
    stands above a default that is called so (``named``) only describes the setting."""
    remarks = [line.text[said[0].end :]]
    indent = len(line.text) - len(line.text.lstrip())
    for above in () if named else reversed(line.above[-_NEAREST:]):
        bare = above.lstrip()
        if bare.startswith(_COMMENTS):
            remarks.append(above)
        elif len(above) - len(bare) >= indent:  # another key; what is indented less is the one above
            break
    if any(_DEFAULT.search(remark) for remark in remarks):
        return False
    return any((prose(remark) - own) & DOUBTS for remark in remarks if any(mark in remark for mark in _COMMENTS))


def _loose(line: Line, spots: Sequence[Spot], value: Stated, own: frozenset[str], known: frozenset[str]) -> bool:
    """Whether the words around a name and its value, in its sentence or its cells, restrict the statement."""
    spot = max((s for s in spots if s.end() <= value.start), key=lambda s: s.end(), default=spots[0])
    between = line.text[spot.end() : value.start]
    before, behind = line.text[: spot.start()], line.text[value.end :]
    if line.kind == "row":
        places = cells(line.text)
        name = next((cell for cell in places if cell.start <= spot.start() < cell.end), None)
        cell = next((cell for cell in places if cell.start <= value.start < cell.end), None)
        if name is None or cell is None or _placed(line, spot, value, known):
            return True
        before, behind = line.text[name.start : spot.start()], line.text[value.end : cell.end]
        if name != cell:
            between = f"{line.text[spot.end() : name.end]} {line.text[cell.start : value.start]}"
    elif line.around:
        stripped = line.text.strip()
        place = max(0, line.around.find(stripped))
        before = line.around[:place] + before.lstrip()
        behind = behind.rstrip() + line.around[place + len(stripped) :]
    label = _BOLD.match(line.text)
    if label and label.end() <= spot.start() and (_singular(label.group(1)) - own) & EPISODES:
        return True
    marked = _MARKER.match(before)
    if marked and "[" in marked.group():  # something to be done
        return True
    asked = _SENTENCE.search(behind + " ")
    if asked and asked.group().startswith("?"):
        return True
    before = _SENTENCE.split(before[marked.end() if marked else 0 :])[-1].rpartition("; ")[2]
    behind = _SENTENCE.split(behind + " ")[0]
    default = bool(_DEFAULT.search(before[-60:]) or _DEFAULT.search(between) or _BY_DEFAULT.match(behind))
    if any(pattern.search(text) for pattern, text in ((UPSTREAM, before), (UPSTREAM, behind), (VERSION, before))):
        return True
    if GUESS.search(behind) or (not default and (prose(before) - own) & BOUNDS):
        return True
    if not all(_adjuncts(between, known, leading=True)) or not _begins(before.strip(), known, default=default):
        return True
    inside, closed, outside = behind.partition(")")
    opened = before + between
    if closed and opened.rfind("(") > opened.rfind(")"):
        # "`x` (30m) says how long": what the sentence goes on with is said of the name.
        if not default and not all(_adjuncts(outside, known, leading=True)):
            return True
        behind = inside
    called = _BY_DEFAULT.match(behind)
    if called:
        return not all(_adjuncts(behind[called.end() :], known, leading=True))
    return not _ends(behind, known, own)


def _placed(line: Line, spot: Spot, value: Stated, known: frozenset[str]) -> bool:
    """Whether another cell of a row says that it holds for a place, a customer or a component that is not known to be
    the changed file's own."""
    titles = cells(line.header) if line.header else ()
    for title, cell in zip(titles, cells(line.text), strict=False):
        if cell.start <= spot.start() < cell.end or cell.start <= value.start < cell.end:
            continue
        where = prose(title.text) & PLACES or (not title.text and cell.end <= spot.start())
        if where and not _harmless(WORD.findall(cell.text), known):
            return True
    return False


def _begins(text: str, known: frozenset[str], *, default: bool) -> bool:
    """Whether what leads to a name in its sentence restricts nothing. A named default is one wherever it is mentioned
    (``default``); only what the sentence begins with can restrict it."""
    plain = text.strip(_MARKUP)
    if not all(_adjuncts(text, known, leading=default)):
        return False
    if not plain:
        return True
    if any(_whose(word) and not _known(_whose(word), known) for word in WORD.findall(plain)):
        return False
    label = _LABEL.match(f"{plain} ")
    said = WORD.findall(label.group(1)) if label else []
    if label and said and len(said) <= _FINAL:
        named = not default or _DEFAULT.search(label.group(1))
        odd = any(word[0].isdigit() or singular(word.lower()) in EPISODES for word in said)
        if odd or (named and not _harmless(said, known)):
            return False
    uses = USES.search(plain)
    whose = plain[: uses.start()] if uses else ""
    if not _harmless(WORD.findall(whose), known) and (not default or prose(whose) & EPISODES):
        return False
    if default:
        return True
    if TOLD.search(plain) or _MODAL.search(plain):
        return False
    first = WORD.match(plain.lstrip("(["))
    return first is None or not _bare(first.group(), known)


def _whose(word: str) -> str:
    """The owner that a possessive names, or an empty text."""
    return word[:-2] if word.endswith(("'s", "’s")) else ""


def _bare(word: str, known: frozenset[str]) -> bool:
    """Whether the first word of a sentence may be a verb that tells somebody what to do, an adverb or a proper name:
    what is left are words of the subject, plurals and verbs of the third person."""
    lower = word.lower()
    if singular(lower) in known or lower in known or is_trigger(lower):
        return False
    return not (lower.endswith("s") and not lower.endswith("ss")) and len(words(word)) < 2


def _ends(text: str, known: frozenset[str], own: frozenset[str]) -> bool:
    """Whether what stands behind a value in its sentence leaves it the value of the name: a unit or a word of the
    subject, a harmless adjunct, a remark after punctuation."""
    closed = CLOSED.match(text)
    rest = text[closed.end() :] if closed else text
    if not _ALONE.match(rest):
        return False
    rest = rest.partition("; ")[0]
    for place, segment in enumerate(_SEGMENT.split(rest)):
        said = WORD.findall(segment)
        if not said:
            continue
        first = said[0].lower()
        if first == "or" or (first in BOUNDS - own and not any(word[0].isdigit() for word in said[:4])):
            return False
        joined = first in JOINING and len(said) > 1 and is_trigger(said[1].lower())
        if is_trigger(first) or joined:
            if not all(_adjuncts(segment, known)):
                return False
        elif (
            text.startswith("(", max(0, text.find(segment) - 1)) and len(said) <= _GLOSS and not _harmless(said, known)
        ):
            if not any(word[0].isdigit() for word in said):
                return False
        elif place == 0 and first not in JOINING and not _subject(segment, known, own):
            return False
    return True


def _subject(segment: str, known: frozenset[str], own: frozenset[str]) -> bool:
    """Whether the words right behind a value up to the next adjunct are of the subject ("5 retries", "5 attempts per
    call"), and the adjuncts harmless."""
    for word in WORD.findall(segment):
        lower = word.lower()
        if is_trigger(lower) or lower in JOINING:
            break
        if singular(lower) not in known or lower in BOUNDS:
            return False
    return all(_adjuncts(segment, known))


def _adjuncts(text: str, known: frozenset[str], *, leading: bool = False) -> Iterator[bool]:
    """For each adjunct of a text whether it is harmless; with ``leading`` only for those a segment begins with."""
    for segment in _SEGMENT.split(text):
        if not UNSET.match(segment.strip(_MARKUP)):
            yield from (_harmless(phrase, known) for phrase in after_trigger(segment, first_only=leading))


def _harmless(phrase: Sequence[str], known: frozenset[str]) -> bool:
    """Whether the words of an adjunct or a label are all of the subject, or general ("in production", "for every
    customer"); a number, which may be a version or a time, is not."""
    plain = [word.lower() for word in phrase]
    if plain and plain[0] in QUANTIFIERS and all(singular(word) in known | QUANTIFIED for word in plain[1:]):
        return True
    return all(_known(word, known) for word in phrase)


def _known(word: str, known: frozenset[str]) -> bool:
    parts = words(word)
    return bool(parts) and all(singular(part) in known and not part.isdigit() for part in parts)
