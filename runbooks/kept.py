"""Places at head that still state the before value: where two places state one setting, no single line is false.

Two services that both set ``SESSION_TTL``, a class for production and one for development, a deployment's values beside
the default in the code: the diff changes one of them, and nobody can tell from the diff alone which of them the runbook
speaks of. Its line is then at most *suspect*, and the other place is named. What is left contradicted all the same is
what a person tied to the changed place: ``covers``, the service's paths, or the words around the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from analyzers import values
from analyzers.findings import shown
from analyzers.model import Change, Fact, FactKind
from analyzers.pipeline import facts_on
from analyzers.scope import set_aside
from analyzers.vocabulary import leaf, words
from runbooks.lines import Contradiction
from runbooks.model import Section
from runbooks.pages import TOKEN, spellings
from runbooks.places import is_example
from runbooks.query import names_of
from runbooks.terms import joined, singular

MAX_NAMES = 60
"""Changed names that are looked for; a diff that makes more lines false than that rewrote a whole reference."""

MAX_FILES = 60
"""Files with such a name that are read for what they state."""

NEAREST = 3
"""Lines right above a line of a fence that may say what it is about (a comment, the key that it stands under)."""

MAX_LINES = 200
"""Lines of one file that are read; a name on more lines than that is an ordinary word there."""

_ALIKE: Mapping[str, str] = {"production": "prod", "development": "dev", "stage": "staging"}
_GENERAL = frozenset(
    "api app apps base class cmd common conf config configs configuration configurations const constants core default "
    "defaults deploy deployment deployments env environment environments go helm chart charts index internal json lib "
    "libs limits main mod module modules option options package packages param params pkg py root server service "
    "services setting settings shared spec src template templates toml values var variables vars yaml yml".split()
)
"""Words of paths and scopes that many components have in theirs, so that they tie a runbook to none of them."""


Naming = Callable[[Sequence[str]], Iterable[tuple[str, int, str]]]
"""The lines of the tree at head that hold one of the names as a whole word: path, number from 1, text."""


@dataclass(frozen=True)
class Head:
    """The code after the diff. ``changed`` holds the after sides of changed paths (None: deleted), ``naming`` searches
    the tree, ``read`` gives the bytes of an unchanged path, ``claims`` tells whether a section's runbook or service
    claims a path."""

    changed: Mapping[str, bytes | None]
    naming: Naming
    read: Callable[[str], bytes | None]
    claims: Callable[[Section, str], bool]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One change behind a contradiction: the joined name by which its line speaks, and the words of that name."""

    change: Change
    name: str
    parts: tuple[str, ...]


def kept_places(found: Sequence[Contradiction], head: Head) -> dict[int, str]:
    """By number of the contradiction: the first other place that still states the before value, as ``path:line still
    says value``. Contradictions without one are not in the answer."""
    asked = {number: tuple(_asked(item)) for number, item in enumerate(found)}
    forms: dict[str, None] = {}
    for parts in islice(dict.fromkeys(a.parts for several in asked.values() for a in several), MAX_NAMES):
        forms.update(dict.fromkeys(_forms(parts)))
    if not forms:
        return {}
    facts = tuple(_facts(tuple(forms), head))
    places: dict[int, str] = {}
    for number, several in asked.items():
        for one, fact in ((one, fact) for one in several for fact in facts):
            if _still_states(one, fact) and not _tied(found[number], one.change, fact, head):
                places[number] = f"{fact.span.path}:{fact.span.start_line} still says {_said(one.change, fact)}"
                break
    return places


def _asked(found: Contradiction) -> Iterator[_Asked]:
    """The changes of a contradiction that give a telling name another value. The name is the longest that the line has:
    where it says ``server.read_timeout`` in full, the ``read_timeout`` of a client is another thing."""
    tokens = {name for token in TOKEN.findall(found.quote) for name in spellings(token)}
    for change in (found.change, *found.also):
        if change.before is None or change.after is None:
            continue
        names = [name for name in names_of(change.before) if _telling(name)]
        if change.before.kind is FactKind.PORT and not _telling(leaf(change.before.key)):
            continue
        in_line = sorted((name for name in names if joined(name) in tokens), key=lambda name: -len(joined(name)))
        # The section of an alert has its name as the heading, and so has no line to show it.
        name = next(iter(in_line or names), "")
        parts = tuple(words(leaf(name)))
        if name and len("".join(parts)) >= 4:
            yield _Asked(change, joined(name), parts)


def _telling(name: str) -> bool:
    return len(words(name)) >= 2 and len(joined(name)) >= 8


def _forms(parts: tuple[str, ...]) -> tuple[str, ...]:
    """A name as code may spell it: ``session_ttl``, ``SESSION_TTL``, ``session-ttl``, ``sessionTtl``, ``SessionTTL``
    …"""
    capital = [part.capitalize() for part in parts]
    last = parts[-1].upper()
    camel = ("".join(capital), "".join([*capital[:-1], last]), "".join([parts[0].upper(), *capital[1:]]))
    lower = tuple(parts[0] + form[len(parts[0]) :] for form in camel[:2])
    flat = "".join(parts)
    return ("_".join(parts), "_".join(parts).upper(), "-".join(parts), *camel, *lower, flat, flat.upper())


def _facts(forms: tuple[str, ...], head: Head) -> Iterator[Fact]:
    """What the lines with one of the names state, in path order; of files that can state something for a system in
    operation."""
    by_path: dict[str, set[int]] = {}
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(forms)))})\b".encode())
    for path, data in head.changed.items():
        if data is not None and named.search(data):
            lines = enumerate(data.split(b"\n"), start=1)
            by_path[path] = {number for number, line in lines if named.search(line)}
    for path, number, _ in head.naming(forms):
        if path not in head.changed:
            by_path.setdefault(path, set()).add(number)
    read = 0
    for path in sorted(by_path):
        if is_example(path) or set_aside(path):
            continue
        if read >= MAX_FILES:
            return
        numbers = sorted(by_path[path])[:MAX_LINES]
        data = head.changed[path] if path in head.changed else head.read(path)
        if data is not None:
            read += 1
            yield from facts_on(path, data, tuple((number, number) for number in numbers), "head")


def _still_states(asked: _Asked, fact: Fact) -> bool:
    """Whether a fact of head gives the name the value that the change took away from it."""
    before, after = asked.change.before, asked.change.after
    assert before is not None
    assert after is not None
    if fact.attribute("local") or (fact.kind is FactKind.ALERT) != (before.kind is FactKind.ALERT):
        return False
    if (fact.span.path, fact.span.start_line) == (after.span.path, after.span.start_line):
        return False
    if asked.name not in {joined(name) for name in names_of(fact)}:
        return False
    if not values.same(before.value, after.value):
        return bool(fact.value.text) and values.same(fact.value, before.value)
    other = [
        name for name, _ in (*before.attributes, *after.attributes) if before.attribute(name) != after.attribute(name)
    ]
    return bool(other) and all(fact.attribute(name) == before.attribute(name) for name in other)


def _said(change: Change, fact: Fact) -> str:
    """What the other place says: its value, or of an alert how long it waits."""
    assert change.before is not None
    assert change.after is not None
    if (
        fact.kind is FactKind.ALERT
        and fact.attribute("for")
        and change.before.attribute("for") != change.after.attribute("for")
    ):
        return fact.attribute("for")
    return shown(fact)


def _tied(found: Contradiction, change: Change, fact: Fact, head: Head) -> bool:
    """Whether the runbook speaks of the changed place and not of the other: it or its service claims the one path
    alone, or the words around the line are those of the one place alone."""
    after = change.after
    assert after is not None
    here, there = after.span.path, fact.span.path
    if here != there and head.claims(found.section, here) and not head.claims(found.section, there):
        return True
    around = _words(found.section.path, *found.section.headings, *_around(found))
    mine, other = (
        _words(f.span.path, f.scope, f.key, f.symbol.name if f.symbol else "") - _GENERAL for f in (after, fact)
    )
    return bool((mine - other) & around) and not (other - mine) & around


def _around(found: Contradiction) -> Sequence[str]:
    """The lines that say what a line is about: its paragraph; of a fence or table the comment or row right above."""
    block = next((b for b in found.section.blocks if b.start_line <= found.line <= b.end_line), None)
    if block is None:
        return (found.quote,)
    lines = block.text.split("\n")
    if block.kind == "paragraph":
        return lines
    place = found.line - block.start_line
    return lines[max(0, place - NEAREST) : place + 1]


def _words(*texts: str) -> frozenset[str]:
    found = (singular(word) for text in texts for word in words(text))
    return frozenset(_ALIKE.get(word, word) for word in found if len(word) > 2)
