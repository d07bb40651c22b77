"""The predicate behind *contradicted*: one line names the subject and states the before value, and the after value is
incompatible with it. A predicate, not a score: when in doubt it is silent and the section stays *suspect*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzers import values
from analyzers.model import Change, ChangeKind, Confidence, Fact, FactKind, Value
from analyzers.vocabulary import leaf, words
from runbooks.binding import supposes
from runbooks.gone import StillDefined, gone_names
from runbooks.index import Index
from runbooks.lines import Contradiction, Line, advises, lines_of
from runbooks.model import Section, Suggestion
from runbooks.places import deployed, is_example, of_another_environment
from runbooks.ports import moved_ports
from runbooks.query import names_of
from runbooks.terms import joined, singular, terms
from runbooks.waits import changed_waits

__all__ = ["Contradiction", "StillDefined", "contradictions"]

_VALUED = frozenset(
    {
        FactKind.SETTING, FactKind.LIMIT, FactKind.PORT, FactKind.ENV_VAR, FactKind.CLI_FLAG, FactKind.RETENTION,
        FactKind.CREDENTIAL_LIFETIME, FactKind.SCHEDULE, FactKind.WORKLOAD, FactKind.FEATURE_FLAG, FactKind.CRYPTO,
        FactKind.ACCESS_POLICY, FactKind.BACKUP, FactKind.STORAGE_NAME,
    }
)  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z_$-][A-Za-z0-9_]*(?:[-./][A-Za-z0-9_]+)*")
_FLAG_COMMENT = re.compile(r"\bflag:? `?-{1,2}([\w.-]+)", re.IGNORECASE)
_ANYWHERE = frozenset(
    "config configuration conf values value default defaults setting settings option options main index src pkg lib "
    "cmd app apps internal common base core server service services deploy deployment deployments kubernetes docs doc "
    "helm charts chart templates template spec container containers env flags limits params constants const vars "
    "variables terraform operations prod production".split()
)
"""Words of paths and prefixes that say nothing about which component a setting belongs to."""

NEAR = 60
"""Characters between a name and the value it is said to have, at most; wider and the sentence speaks of two things."""

COMMON = 0.25
"""Share of all sections from which on a word (a product's name) no longer tells one component from another."""


def contradictions(changes: Sequence[Change], index: Index, still_defined: StillDefined) -> Iterator[Contradiction]:
    """Every line of the indexed sections that a change has made false, each line once."""
    seen: set[tuple[str, int]] = set()
    ambiguous = _ambiguous(changes)
    checks = (
        _by_value(changes, index, ambiguous),
        moved_ports(changes, index),
        changed_waits(changes, index),
        gone_names(changes, index, still_defined),
    )
    for found in (item for check in checks for item in check):
        place = (found.section.path, found.line)
        if place not in seen:
            seen.add(place)
            yield found


def _ambiguous(changes: Sequence[Change]) -> frozenset[str]:
    """Names which this diff moves from or to more than one value: no single sentence can be told from them."""
    stated: dict[str, set[tuple[str, str]]] = {}
    for change in changes:
        if change.fact.kind in _VALUED and change.before and change.after:
            pair = (change.before.value.text, change.after.value.text)
            for name in _telling_names(change.before):
                stated.setdefault(name, set()).add(pair)
    return frozenset(name for name, pairs in stated.items() if len(pairs) > 1)


def _telling_names(fact: Fact) -> tuple[str, ...]:
    """The fact's names that cannot be mistaken for another thing, joined: two words or more, or a long upper-case."""
    names = []
    for name in names_of(fact):
        short = name.lstrip("-")
        if len(words(short)) >= 2 and len(joined(short)) >= 8:
            names.append(joined(short))
    return tuple(dict.fromkeys(names))


def _by_value(changes: Sequence[Change], index: Index, ambiguous: frozenset[str]) -> Iterator[Contradiction]:
    for change in changes:
        before, after = change.before, change.after
        if before is None or after is None or before.kind not in _VALUED or change.kind is ChangeKind.MOVED:
            continue
        if Confidence.LOW in (before.confidence, after.confidence) or values.same(before.value, after.value):
            continue
        if is_example(before.span.path) or not (_literal(before) and _literal(after)):
            continue
        for name in _telling_names(before):
            if name in ambiguous:
                continue
            for place in index.by_name.get(name, []):
                yield from _in_section(change, name, index, index.sections[place].section)


def _in_section(change: Change, name: str, index: Index, section: Section) -> Iterator[Contradiction]:
    assert change.before is not None
    assert change.after is not None
    fact, after = change.before, change.after.value
    for line in lines_of(section):
        spot = _stated(line, name, fact.value, after)  # first: most lines do not name the fact at all
        if spot is None or advises(line) or _about_another(fact, name, line):
            continue
        if not _tied(fact, name, index, line, section):
            continue
        written = line.text[slice(*spot)]
        rendered = values.render_like(written, after) if after.number is not None else after.text
        reason = f"the line says {written}; the code now says {rendered or after.text}"
        suggestion = None
        if rendered and rendered != written:
            corrected = line.text[: spot[0]] + rendered + line.text[spot[1] :]
            suggestion = Suggestion(section.path, line.number, line.text, corrected)
        yield Contradiction(change, section, line.number, line.text.strip(), reason, suggestion)


def _about_another(fact: Fact, name: str, line: Line) -> bool:
    """Whether the comment right above a key in a reference listing says that it is another flag's."""
    if line.kind != "fence":
        return False
    for above in reversed(line.above[-3:]):
        if not above.lstrip().startswith(("#", "//", ";")):
            return False
        found = _FLAG_COMMENT.search(above)
        if found:
            flags = {joined(n) for n in names_of(fact) if "." in n or "-" in n}
            return bool(flags) and joined(found.group(1)) not in flags and joined(found.group(1)) != name
    return False


def _tied(fact: Fact, name: str, index: Index, line: Line, section: Section) -> bool:
    """Whether a name of only two words is this fact's and not another component's: it is an environment variable, it
    stands there in full, the section also has its full name, or the section, its path or the lines above share a
    telling word with the fact's own surroundings. A word of many sections, such as the product's name, tells nothing.
    """
    context = words(" ".join((section.path, *section.headings, *line.above, line.text)))
    if deployed(fact.span.path) and of_another_environment(fact.span.path, set(context)):
        return False
    own = words(leaf(fact.key))
    if fact.kind is FactKind.ENV_VAR or fact.key.isupper() or len(own) > 2:
        return True
    if name == joined(fact.key) and len(words(fact.key)) > 2:
        return True
    full = {joined(other) for other in names_of(fact) if len(words(other)) > 2}
    if full & terms(section.text)[0].keys():
        return True
    around = {*words(fact.key), *words(fact.scope), *words(fact.span.path)} - set(own) - _ANYWHERE
    return any(len(word) > 2 and not _common(word, index) for word in around.intersection(context))


def _common(word: str, index: Index) -> bool:
    places = len(index.by_word.get(singular(word), ()))
    return places > max(10, COMMON * len(index.sections))


def _stated(line: Line, name: str, before: Value, after: Value) -> tuple[int, int] | None:
    """Where the line gives the before value to the name, or None."""
    text = line.text
    spots = [m for m in _TOKEN.finditer(text) if _is_name(m.group(), name) and not _given(text, m)]
    if not spots:
        return None
    if before.number is None:
        return _beside(text, spots, before.text, after.text)
    found = values.quantities(text)
    if any(values.same(q.value, after) and not values.same(q.value, before) for q in found):
        return None
    for quantity in found:
        if not values.same(quantity.value, before) or not values.incompatible(quantity.value, after):
            continue
        if any(_belongs(text, line.kind, spot, quantity.start, quantity.text) for spot in spots):
            return quantity.start, quantity.end
    return None


def _given(text: str, spot: re.Match[str]) -> bool:
    """Whether the line gives a flag or a variable a value (``--retries=5``, ``RETRIES=5``): a command says what to set,
    not what holds without it, unless it speaks of a default."""
    if not text.startswith("=", spot.end()) or "default" in (text[: spot.start()] + text[spot.end() + 40 :]).lower():
        return False
    return spot.group().startswith("-") or spot.group().isupper()


def _is_name(token: str, name: str) -> bool:
    parts = re.split(r"[./]", token)
    return joined(token) == name or joined(parts[-1]) == name or joined("".join(parts[-2:])) == name


def _belongs(line: str, kind: str, spot: re.Match[str], start: int, text: str) -> bool:
    """Whether the quantity at ``start`` is said of the name at ``spot``: right after it, in its table row, or called
    its default."""
    between = line[spot.end() : start]
    if start < spot.end() or (len(between) > NEAR and kind != "row"):
        return False
    if kind != "row" and supposes(line, spot.start(), spot.end(), start):
        return False
    if re.fullmatch(r"[`'\"\])}]*\s*(?:[:=]|is|of|to|\(|defaults? to|\(default:?)\s*[`'\"]*", between.strip() or ":"):
        return True
    bare = re.fullmatch(r"\d{1,2}", text) is not None
    if re.search(r"default", line[max(0, spot.start() - 40) : start], re.IGNORECASE):
        return ". " not in between
    if kind != "row" or between.count("|") > 3 or ("|" not in between and ". " in between):
        return False
    cell = line[line.rfind("|", 0, start) + 1 :].split("|", 1)[0]
    return not bare or cell.strip(" `*") == text


def _literal(fact: Fact) -> bool:
    """Whether the value is known: a quantity, a truth value, or text that program source holds in quotes. The name of a
    constant of another file (``util.DefaultStrategy``) may well stand for the value that the line states."""
    text = fact.value.text
    if fact.value.number is not None or text.casefold() in {"true", "false"} or deployed(fact.span.path):
        return bool(text)
    return bool(text) and any(f"{mark}{text}{mark}" in fact.quote for mark in "\"'`")


def _beside(line: str, spots: Sequence[re.Match[str]], before: str, after: str) -> tuple[int, int] | None:
    """The place of a literal value set beside the name (``NAME=value``, ``name: value``, default `value`)."""
    if len(before) < 2 or len(before) > 80 or "\n" in before or before.casefold() == after.casefold():
        return None
    plain = re.fullmatch(r"[\w./:@-]+", before)
    if not plain or not re.fullmatch(r"[\w./:@ -]+", after):
        return None
    for spot in spots:
        rest = line[spot.end() :]
        found = re.match(
            r"[`'\"\])}]*\s*(?:[:=]|is|defaults? to|\((?:the )?default(?: is|:)?)\s*[`'\"]*("
            + re.escape(before)
            + r")(?![\w./-])",
            rest,
            re.IGNORECASE,
        )
        if found and not supposes(line, spot.start(), spot.end(), spot.end() + found.start(1)):
            return spot.end() + found.start(1), spot.end() + found.end(1)
    return None
