"""Whether a line speaks of another component's setting of the same name, of one entry's, or counts something else.

``querier.max_chunk_idle`` is not the ingester's, and neither is a ``max_chunk_idle`` under ``compactor:`` or in a
manifest named ``billing``. A name that qualifies a key has to be of the changed key's own path; a doubt is enough, for
a line that another component bears out is not false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise

from analyzers.model import Fact
from analyzers.patterns import regex
from analyzers.vocabulary import leaf, words
from runbooks.columns import cells
from runbooks.lines import Line
from runbooks.measures import measured_otherwise
from runbooks.mentions import is_value
from runbooks.model import Section
from runbooks.pages import Spot
from runbooks.phrases import HARMLESS
from runbooks.query import names_of
from runbooks.statements import Stated
from runbooks.terms import joined, singular

_GENERAL = frozenset(
    singular(word)
    for word in (
        "config configs configuration conf cfg settings setting options option opts params parameters values value env "
        "environment environ vars variables var variable spec template data args arguments flags flag properties props "
        "defaults default global globals common base main root self this process os app application server service "
        "services api core internal prod production section block structured context current x the"
    ).split()
)
"""Words of qualifiers that tell no component from another."""
_MAPS = frozenset(
    "override tenant customer account client user organization organisation org team partner region cluster "
    "environment env stage profile host site zone plan tier edition".split()
)
"""Words, in the singular, of keys under which each entry has a name and values of its own."""
_TYPES = frozenset(
    "string str int integer number float duration bool boolean list map yes no required optional".split()
)
_PART = regex(r"[./]")
_KEY = regex(
    r"(?P<indent>[\s>]*)(?P<item>-\s+)?[\"']?(?P<key>[A-Za-z_][\w./-]*)[\"']?\s*(?::(?=\s|\Z)|=|\{)\s*(?P<rest>.*)\Z"
)
_TABLE = regex(r"\s*\[{1,2}([\w.\"' -]+)\]{1,2}\s*\Z")
_INLINE = regex(r"([A-Za-z_][\w-]*)[\"']?\s*[:=]\s*\{[^{}]*\Z")
_NAME = regex(r"[\"']?name[\"']?\s*[:=]\s*[\"']?([\w.-]+)")
_METADATA = regex(r"\s*(?:-\s+)?metadata\s*:")
_FENCE = regex(r"[\s>]*(?:`{3,}|~{3,})")
_ITEM = regex(r"(?P<indent>[\s>]*)(?:[-*+]\s+|\d{1,9}[.)]\s+|(?P<term>:\s+))?")
_REMARK = regex(r"\s*(?:#|//|;)+\s*(?:(?:for|of|in)\s+)?(?:the\s+)?([\w-]+(?:\s+[\w-]+)?)\s*:?\s*\Z")
_MOST = 400
"""Lines of a fence above a line that are looked at for what it stands under."""


_NEAR = 30
"""Lines above the item of a list that are looked at for what it is indented under."""


def of_another(fact: Fact, line: Line, section: Section, spots: Sequence[Spot], said: Sequence[Stated]) -> bool:
    """Whether a line that gives the name at ``spots`` the values ``said`` may speak of another component, of another
    entry of a map of names, or count something else."""
    if _local(fact) or any(measured_otherwise(fact, line, value) for value in said):
        return True
    near = [spot for spot in spots if spot.start() < said[-1].end] or spots
    if all(_qualified(fact, spot.group(), section) for spot in near):
        return True
    if _entry(fact) and not _entry(fact) <= _around(line, section):
        return True
    if line.kind == "fence":
        return _under_another(fact, line, section, near[0])
    if line.kind == "row":
        return _beside_another(fact, line, section, near[0])
    return _below_another(fact, line, section)


def _local(fact: Fact) -> bool:
    """Whether the fact is of a local variable, which is nobody's setting: marked so, or keyed by its function."""
    if fact.attribute("local"):
        return True
    symbol = fact.symbol
    if symbol is None or symbol.kind not in {"function", "method"}:
        return False
    declared = re.match(rf"(?:(?:const|let|var|val|final)\s+)?{re.escape(leaf(fact.key))}\s*(?::=|=[^=])", fact.quote)
    return declared is not None or fact.key.startswith(f"{symbol.name} ")


@lru_cache(maxsize=256)
def _own(fact: Fact) -> tuple[frozenset[str], str]:
    """The words of a fact's own path, scope and names, in the singular, and all of them as one string."""
    told = " ".join((fact.span.path, fact.scope, fact.symbol.name if fact.symbol else "", *names_of(fact)))
    return frozenset(singular(word) for word in words(told)), joined(told)


def _is_own(fact: Fact, name: str) -> bool | None:
    """Whether a qualifier is of the fact's own path; None for one that tells no component from another."""
    parts = [singular(word) for word in words(name)]
    telling = [part for part in parts if part not in _GENERAL and not part.isdigit()]
    if not telling:
        return None
    own, whole = _own(fact)
    return all(part in own for part in telling) or (len("".join(telling)) > 4 and joined("".join(telling)) in whole)


def _holds(fact: Fact, parent: str) -> bool:
    """Whether a key farther up is of the fact's own path, in whole or by a word that is a part of the path by itself
    (``query_frontend`` over ``modules/frontend/config.go``)."""
    told = f"{fact.span.path.rpartition('.')[0]}/{fact.scope}/{fact.key}"
    alone = {singular(part.lower()) for part in _PART.split(told)} - _GENERAL
    return bool(_is_own(fact, parent)) or any(singular(word) in alone for word in words(parent))


def _of_page(fact: Fact, name: str, section: Section) -> bool:
    """Whether a qualifier is of the fact's own path, or holds a part of it and is what the page is about."""
    known = _known(fact, section)
    return bool(_is_own(fact, name)) or (_holds(fact, name) and known.issuperset(map(singular, words(name))))


def _qualified(fact: Fact, token: str, section: Section) -> bool:
    """Whether a dotted or slashed token puts the key under something that is not of its own path. The nearest telling
    part decides: what stands before it may be a product's name."""
    if any(joined(token).endswith(joined(name)) for name in names_of(fact) if len(_PART.split(name)) > 1):
        return False
    key = {joined(name) for name in names_of(fact)}
    parts = _PART.split(token.lstrip("-"))
    for cut in range(1, len(parts)):
        if joined("".join(parts)) not in key and joined("".join(parts[cut:])) in key:
            told = [part for part in reversed(parts[:cut]) if _is_own(fact, part) is not None]
            return bool(told) and not _of_page(fact, told[0], section)
    return False


def _entry(fact: Fact) -> frozenset[str]:
    """The words of the entry of a map of names under which the fact stands (``overrides.acme.limit``), if any."""
    parts = _PART.split(fact.key)
    for above, entry in pairwise(parts[:-1]):
        if singular(words(above)[-1] if words(above) else "") in _MAPS:
            return frozenset(singular(word) for word in words(entry)) or frozenset({entry})
    return frozenset()


def _around(line: Line, section: Section) -> frozenset[str]:
    told = " ".join((section.path, *section.headings, line.around or line.text, line.lead, *line.above[-10:]))
    return frozenset(singular(word) for word in words(told))


@lru_cache(maxsize=8)
def _source(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


def _fence_above(line: Line, section: Section) -> Iterator[str]:
    """The lines of a fence above one of its lines, from it upwards, to the document's start in a YAML stream."""
    source = _source(section.text)
    place = min(line.number - section.span.start_line, len(source))
    for text in islice(reversed(source[:place]), _MOST) if place > 0 else reversed(line.above):
        if ("```" in text or "~~~" in text or "---" in text) and (_FENCE.match(text) or text.strip() == "---"):
            return
        yield text


def _parents(line: Line, above: Sequence[str], spot: Spot) -> Iterator[str]:
    """The keys under which a line of a fence stands, the nearest first: by indentation, of a table in brackets, or of a
    map written on its line. An entry of a list is known by its name."""
    inline = _INLINE.search(line.text, 0, spot.start())
    if inline:
        yield inline[1]
    indent = len(line.text) - len(line.text.lstrip(" >"))
    item = indent if line.text.lstrip(" >").startswith("- ") else -1
    for text in above:
        bare = text.lstrip(" >\t")
        if len(text) - len(bare) >= indent and not bare.startswith("["):
            continue
        table = _TABLE.match(text)
        if table:
            yield from reversed(_PART.split(table[1].strip("\"' ")))
            return
        found = _KEY.match(text)
        if found is None:
            continue
        depth = len(found["indent"])
        if found["item"] and depth < indent and item < 0 and found["key"] == "name" and found["rest"]:
            yield found["rest"].strip("\"' ")
        if found["item"] and depth < indent:
            item = depth
        if depth < indent and not found["item"]:
            if not found["rest"] or found["rest"].startswith(("#", "{", "&", "|", ">")):
                yield found["key"]
            indent = depth
        elif found["item"] and depth < indent:
            indent = depth + 1


def _under_another(fact: Fact, line: Line, section: Section, spot: Spot) -> bool:
    """Whether a line of a fence stands under a key, in a manifest or right below a remark that names another thing."""
    above = tuple(_fence_above(line, section))
    parents = [parent for parent in _parents(line, above, spot) if _is_own(fact, parent) is not None]
    if parents and not _of_page(fact, parents[0], section) and not any(_holds(fact, one) for one in parents[1:]):
        return True
    if _manifest(fact, above) is False:
        return True
    remark = _REMARK.match(above[0]) if above else None
    return remark is not None and not _known(fact, section).issuperset(map(singular, words(remark[1])))


def _known(fact: Fact, section: Section) -> frozenset[str]:
    """The words of the fact's own path and of the page, and those that tell nothing."""
    about = frozenset(singular(word) for word in words(" ".join((section.path, *section.headings))))
    return about | _GENERAL | _own(fact)[0] | HARMLESS


def _below_another(fact: Fact, line: Line, section: Section) -> bool:
    """Whether the item of a list, or the term, under which a line is indented is the name of another thing."""
    found = _ITEM.match(line.text)
    if found is None or not (found["indent"] or found["term"]):
        return False
    place = line.number - section.span.start_line
    for text in reversed(_source(section.text)[max(1, place - _NEAR) : max(1, place)]):
        if not text.strip():
            return False
        above = _ITEM.match(text)
        if above is not None and (found["term"] or len(above["indent"]) < len(found["indent"])):
            title = text[above.end() :].strip(" *_`:")
            short = 0 < len(title.split()) <= 2 and not is_value(title)
            return short and not _known(fact, section).issuperset(map(singular, words(title)))
    return False


def _manifest(fact: Fact, above: Sequence[str]) -> bool | None:
    """Whether the object in whose manifest a line stands is the changed one; None where none is named."""
    for place, text in enumerate(above):
        if "metadata" in text and _METADATA.match(text):
            for candidate in (text, *reversed(above[max(0, place - 4) : place])):
                named = _NAME.search(candidate)
                if named:
                    return _is_own(fact, named[1])
            return None
    return None


def _beside_another(fact: Fact, line: Line, section: Section, spot: Spot) -> bool:
    """Whether a cell before the name's own in a row is the name of another thing: a word or two that are neither the
    setting's, nor its file's or the page's."""
    known = _known(fact, section) | _TYPES
    for cell in cells(line.text):
        if cell.end > spot.start():
            return False
        parts = [singular(word) for word in words(cell.text)]
        if 0 < len(cell.text.split()) <= 2 and not is_value(cell.text) and not known.issuperset(parts):
            return True
    return False
