"""The predicate behind *contradicted*: one line names the subject and states the before value, and the after value is
incompatible with it. A predicate, not a score: when in doubt it is silent and the section stays *suspect*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzers import values
from analyzers.model import Change, ChangeKind, Confidence, Fact, FactKind
from analyzers.vocabulary import leaf, words
from runbooks.columns import Origin
from runbooks.corrections import contradiction, edits_of, merged, rendered, rescaled, unless_rescaled
from runbooks.gone import StillDefined, gone_names
from runbooks.index import Index, SectionTerms
from runbooks.lines import Contradiction, Line, advises
from runbooks.others import of_another
from runbooks.pages import Pages, Spot
from runbooks.places import deployed, is_example, of_another_environment
from runbooks.plain import doubtful
from runbooks.ports import moved_ports
from runbooks.query import names_of
from runbooks.scoped import elsewhere
from runbooks.statements import stated
from runbooks.terms import joined, singular
from runbooks.thresholds import changed_thresholds
from runbooks.waits import changed_waits

__all__ = ["Contradiction", "StillDefined", "contradictions"]

OPEN = "it is not certain that the line speaks of this"
"""The doubt about a line that gives the name its before value and is no plain statement."""

_VALUED = frozenset(
    {
        FactKind.SETTING, FactKind.LIMIT, FactKind.PORT, FactKind.ENV_VAR, FactKind.CLI_FLAG, FactKind.RETENTION,
        FactKind.CREDENTIAL_LIFETIME, FactKind.SCHEDULE, FactKind.WORKLOAD, FactKind.FEATURE_FLAG, FactKind.CRYPTO,
        FactKind.ACCESS_POLICY, FactKind.BACKUP, FactKind.STORAGE_NAME,
    }
)  # fmt: skip
_FLAG_COMMENT = re.compile(r"\bflag:? `?-{1,2}([\w.-]+)", re.IGNORECASE)
_ANYWHERE = frozenset(
    "config configuration conf values value default defaults setting settings option options main index src pkg lib "
    "cmd app apps internal common base core server service services deploy deployment deployments kubernetes docs doc "
    "helm charts chart templates template spec container containers env flags limits params constants const vars "
    "variables terraform operations prod production".split()
)
"""Words of paths and prefixes that say nothing about which component a setting belongs to."""

COMMON = 0.25
"""Share of all sections from which on a word (a product's name) no longer tells one component from another."""


def contradictions(changes: Sequence[Change], index: Index, still_defined: StillDefined) -> Iterator[Contradiction]:
    """Every line of the indexed sections that a change has made false, each line once: what several changes say of one
    line is one contradiction with one suggestion. Lines of which that is in doubt are among them, and say so."""
    pages = Pages()
    ambiguous = _ambiguous(changes)
    checks = (
        _by_value(changes, index, ambiguous, pages),
        moved_ports(changes, index, pages),
        changed_waits(changes, index, pages),
        changed_thresholds(changes, index, pages),
        map(unless_rescaled, gone_names(changes, index, still_defined)),
    )
    claims: dict[tuple[str, int], list[Contradiction]] = {}
    for found in (item for check in checks for item in check):
        claims.setdefault((found.section.path, found.line), []).append(found)
    for said in claims.values():
        plain = [claim for claim in said if not claim.doubt]
        yield merged(plain) if plain else said[0]


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


def _by_value(
    changes: Sequence[Change], index: Index, ambiguous: frozenset[str], pages: Pages
) -> Iterator[Contradiction]:
    """Lines that give a changed name its before value. What was found on a line of one name and one pair of values is
    not looked for again: a diff may make the same change in a thousand manifests."""
    seen: set[tuple[str, int, str, str, str]] = set()
    for change in changes:
        before, after = change.before, change.after
        if before is None or after is None or before.kind not in _VALUED or change.kind is ChangeKind.MOVED:
            continue
        if Confidence.LOW in (before.confidence, after.confidence) or values.same(before.value, after.value):
            continue
        if is_example(before.span.path) or not (_literal(before) and _literal(after)):
            continue
        origin = _origin(before)
        for name in _telling_names(before):
            if name in ambiguous:
                continue
            for place in index.by_name.get(name, []):
                for found in _in_section(change, name, index, index.sections[place], pages, origin):
                    key = (found.section.path, found.line, name, before.value.text, after.value.text)
                    if key not in seen:
                        seen.add(key)
                        yield found


def _origin(fact: Fact) -> Origin:
    """What the tables of a runbook are read for: the changed file's own columns."""
    own = frozenset(words(f"{fact.span.path} {fact.scope} {fact.key}"))
    deploys = deployed(fact.span.path)
    return Origin(own, deploys, not deploys or not of_another_environment(fact.span.path, set()))


def _in_section(
    change: Change, name: str, index: Index, terms: SectionTerms, pages: Pages, origin: Origin
) -> Iterator[Contradiction]:
    assert change.before is not None
    assert change.after is not None
    fact, after, section = change.before, change.after.value, terms.section
    page = pages.of(section)
    for place, spots in page.by_name.get(name, {}).items():
        line, found = page.lines[place], page.quantities(place)
        said = stated(line, spots, found, fact.value, after, origin)  # first: most lines give the name no value
        if not said or advises(line) or _about_another(fact, name, line):
            continue
        if not _tied(fact, name, index, terms, page.context(place), spots) or elsewhere(fact, line, section):
            continue
        if of_another(fact, line, section, spots, said):
            continue
        turned = rescaled(change)
        now = rendered(said[0], after, fact.value, rescaled=turned) or after.text
        reason = f"the line says {said[0].text}; the code now says {now}"
        if doubtful(fact, line, section, spots, found, said):
            yield replace(contradiction(change, section, line, reason, ()), doubt=OPEN)
            continue
        edits = edits_of(line, found, said, after, fact.value, rescaled=turned)
        yield contradiction(change, section, line, reason, edits)


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


def _tied(
    fact: Fact, name: str, index: Index, terms: SectionTerms, context: frozenset[str], spots: Sequence[Spot]
) -> bool:
    """Whether a name of only two words is this fact's and not another component's: it is an environment variable, it
    stands there in full (a flag with its dashes), the section also has its full name, or the section, its path or the
    lines above share a telling word with the fact's own surroundings. A word of many sections, such as the product's
    name, tells nothing."""
    if deployed(fact.span.path) and of_another_environment(fact.span.path, set(context)):
        return False
    own = words(leaf(fact.key))
    if fact.kind is FactKind.ENV_VAR or fact.key.isupper() or len(own) > 2:
        return True
    if name == joined(fact.key) and len(words(fact.key)) > 2:
        return True
    if fact.kind is FactKind.CLI_FLAG and any(_in_full(spot.group(), fact.key) for spot in spots):
        return True
    full = {joined(other) for other in names_of(fact) if len(words(other)) > 2}
    if full & terms.names.keys():
        return True
    around = {*words(fact.key), *words(fact.scope), *words(fact.span.path)} - set(own) - _ANYWHERE
    return any(len(word) > 2 and not _common(word, index) for word in around.intersection(context))


def _in_full(token: str, key: str) -> bool:
    """Whether a token is the flag ``key`` with its dashes."""
    return token.startswith("-") and token.lstrip("-") == key.lstrip("-")


def _common(word: str, index: Index) -> bool:
    places = len(index.by_word.get(singular(word), ()))
    return places > max(10, COMMON * len(index.sections))


def _literal(fact: Fact) -> bool:
    """Whether the value is known: a quantity, a truth value, or text that program source holds in quotes. The name of a
    constant of another file (``util.DefaultStrategy``) may well stand for the value that the line states."""
    text = fact.value.text
    if fact.value.number is not None or text.casefold() in {"true", "false"} or deployed(fact.span.path):
        return bool(text)
    return bool(text) and any(f"{mark}{text}{mark}" in fact.quote for mark in "\"'`")
