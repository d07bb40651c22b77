"""Whether a sentence in an alert's section is about that alert: another alert, another queue or a remark is not.

The heading says whose section it is; a sentence may still compare with a sibling ("unlike QueueLagCritical, which
fires after 5m") or speak of a part that the alert does not watch ("on the shadow queue").
"""

from __future__ import annotations

import re

from analyzers.model import Fact
from analyzers.patterns import regex
from analyzers.vocabulary import words
from runbooks.lexicon import PRODUCTS
from runbooks.lines import Line
from runbooks.phrases import HARMLESS, WORD
from runbooks.terms import joined, singular

_CAMEL = regex(r"(?<![\w.-])[A-Z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*(?![\w-])")
_OTHER = regex(
    r"\b(?:unlike|other|another|sibling|siblings|whereas|compared?|similar|twin|companion|instead|versus|vs|related|"
    r"second|former|latter|older|both)\b",
    re.IGNORECASE,
)
_KIND = regex(r"([A-Za-z][\w-]*)[`*_]*\s+(?:alerts?|alarms?|rules?|warnings?|pagers?)\b", re.IGNORECASE)
_PLAIN = frozenset(
    "the this that an a our its it same paging prometheus grafana alertmanager alerting and or of per new".split()
)
"""Words that stand before *alert* and tell none from another."""
_STOP = regex(r"[.!?;][`'\")*_]*\s")
_GOES_ON = regex(r"\W*(?:it|this|that|they|which|these)\b", re.IGNORECASE)
_FINE = regex(
    r"\b(?:fine|normal|ok|okay|harmless|expected|acceptable|healthy|safe|ignored?|benign|usual|tolerable|no (?:cause|"
    r"reason|problem|alert))\b",
    re.IGNORECASE,
)
_FIRING = frozenset(
    singular(word)
    for word in (
        "fail fails failed failing error errors "
        "fire fires fired firing trigger triggers triggered alert alerts alerting page pages paged threshold "
        "means indicates raised raises goes off when whenever if once while above over more than greater higher "
        "larger longer exceed exceeds exceeded exceeding least reach reaches reached pass passes passed below "
        "under less lower fewer smaller shorter drop drops dropped most at metric rate ratio number count value "
        "level total average mean median p50 p90 p95 p99 percentile high low too has have been stays remains "
        "grows rises falls gets becomes warning critical severity oncall on call somebody someone something "
        "measured sustained current last past condition rule expression query summary description meaning cause "
        "trigger what impact share percentage there already longer time prometheus"
    ).split()
)
"""Words by which a sentence says when an alert fires."""
_WHERE = regex(r"\b(?:on|in|at|from|of|for|across|within|by)\s+([^,;:()]{1,80})", re.IGNORECASE)


def of_another_alert(fact: Fact, line: Line, start: int) -> bool:
    """Whether the sentence of the value at ``start``, or the one that it goes on from, may be about another alert."""
    sentence, before = _sentence(line, start)
    text = f"{before} {sentence}" if _GOES_ON.match(sentence) else sentence
    own = _own(fact)
    for found in _CAMEL.finditer(text):
        if joined(found.group()) != joined(fact.key) and found.group() not in PRODUCTS and not _of_metric(found, fact):
            return True
    if _OTHER.search(text):
        return True
    known = own | _PLAIN
    return any(not known.issuperset(map(singular, words(found[1]))) for found in _KIND.finditer(text))


def of_another_subject(fact: Fact, line: Line, start: int, end: int) -> bool:
    """Whether the sentence of a threshold from ``start`` to ``end`` holds a subject that the alert's name and its
    expression know nothing of, or says that nothing is wrong."""
    sentence, _ = _sentence(line, start)
    if of_another_alert(fact, line, start) or _FINE.search(sentence):
        return True
    known = _own(fact) | HARMLESS | _FIRING
    lead = line.text[:start]
    lead = _STOP.split(lead)[-1]
    if any(not _known(word, known) for word in WORD.findall(lead)):
        return True
    behind = _STOP.split(line.text[end:] + " ")[0]
    for found in _WHERE.finditer(behind):
        if any(not _known(word, known) for word in WORD.findall(found[1])[:4] if not word[0].isdigit()):
            return True
    return False


def _own(fact: Fact) -> frozenset[str]:
    told = f"{fact.key} {fact.value.text} {fact.scope}"
    return frozenset(singular(word) for word in words(told))


def _known(word: str, known: frozenset[str]) -> bool:
    if word[0].isdigit():
        return True
    plain = word.removesuffix("'s").removesuffix("’s")
    return known.issuperset(part for part in map(singular, words(plain)) if not part.isdigit())


def _of_metric(found: re.Match[str], fact: Fact) -> bool:
    return found.group() in fact.value.text


def _sentence(line: Line, start: int) -> tuple[str, str]:
    """The sentence of a line, or of the lines over which it is wrapped, around ``start``; and the one before it."""
    text, place = line.text, start
    if line.around:
        stripped = line.text.strip()
        shift = line.around.find(stripped)
        if shift >= 0:
            text, place = line.around, shift + start - (len(line.text) - len(line.text.lstrip()))
    begin, previous = 0, ""
    for found in _STOP.finditer(text):
        if found.end() > place:
            return text[begin : found.start()], previous
        begin, previous = found.end(), text[begin : found.start()]
    return text[begin:], previous
