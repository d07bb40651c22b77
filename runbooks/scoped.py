"""Statements that hold only somewhere, for somebody or for a time: "in staging", "for the EU region", "last week".

Such a line is not false because a value changed elsewhere. What restricts is compared with the words of the changed
file's own path and scope: a line about India is about the file of India. A hint suffices to be silent, because a
reader cannot tell the tool that its staging cluster still runs with the value before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.model import Fact
from analyzers.patterns import regex
from analyzers.vocabulary import words
from runbooks.lines import Line
from runbooks.model import Section
from runbooks.terms import singular

LESSER = frozenset(
    "staging stage dev development test testing tests qa uat sandbox preprod preproduction preview local demo ci "
    "canary nonprod nonproduction lab perf".split()
)
"""Words for environments other than the one that serves users."""

REGIONS = frozenset(
    "eu us usa uk apac emea latam europe asia india japan germany america australia canada brazil china ireland france "
    "frankfurt london singapore sydney tokyo oregon virginia".split()
)
"""Words for regions of the world as people name deployments after them."""

_GENERAL = frozenset(
    "all every each any this our your the a an its production prod live main default same whole entire both single own "
    "new other these those whatever multi".split()
)
_LESSER = r"(?:dev|development|tests?|testing|local|demo|preview|ci|canary|stage|lab|perf|load[- ]tests?)"
_SET = r"(?:environments?|envs?|clusters?|deployments?|namespaces?|instances?|installations?|machines?|setups?|mode)"
_STRONG = regex(r"\b(?:staging|pre-?prod(?:uction)?|uat|qa|sandbox(?:es)?|non-?prod(?:uction)?)\b", re.IGNORECASE)
_WEAK = regex(
    rf"\b(?:in|on|for|at|within|under)\s+(?:(?:the|our|your|any|all|a|an|each|every)\s+)?[`*\"']*({_LESSER})[`*\"']*"
    rf"(?=\s*(?:[,.:;)|]|\Z|(?:and|or)\s|{_SET}\b))|\b({_LESSER})\s+{_SET}\b|\A\W*({_LESSER})\W*:",
    re.IGNORECASE,
)
_TITLE = regex(
    rf"\A\W*(?:in |on |for )?(?:the )?({_LESSER}|(?:{'|'.join(sorted(REGIONS))}))"
    rf"(?: (?:regions?|{_SET}|values|settings|configuration))?\W*\Z",
    re.IGNORECASE,
)
_CODE = regex(
    r"\b(?:[a-z]{2}-(?:gov-)?(?:(?:north|south)(?:east|west)?|east|west|central)-?\d\w?"
    r"|(?:us|europe|asia|australia|africa|me|northamerica|southamerica)-[a-z]{4,12}\d)\b"
)
"""Names of regions of cloud providers."""
_REGION = regex(
    r"\b(?:[Ii]n|[Ff]or|[Oo]n|[Aa]cross)\s+(?:(?:the|our)\s+)?"
    rf"(EU|USA?|UK|APAC|EMEA|LATAM|{'|'.join(sorted(r.capitalize() for r in REGIONS if len(r) > 4))})\b"
    r"|\A\W*(EU|USA?|UK|APAC|EMEA|LATAM)\W*:"
)
_GROUP = regex(
    r"\b(?:in|for|on|at|of)\s+((?:(?!in\b|for\b|on\b|at\b|of\b)[\w-]+\s+){1,3})"
    r"(?:regions?|clusters?|environments?|datacent(?:er|re)s?|sites?|tenants?|editions?|plans?|tiers?|subscriptions?"
    r"|customers?|cells?)\b",
    re.IGNORECASE,
)
_WHOM = regex(
    r"\bonly\s+(?:[\w-]+\s+){0,3}?(?:customers|users|tenants|accounts|clients|organi[sz]ations|orgs|teams|projects|"
    r"regions?|clusters?|environments?)\b|\bonly\s+(?:in|on|for)\b"
    r"|\bfor\s+(?:[\w-]+\s+){1,3}only\b|\b(?:at|for|on|in)\s+(?:customer|tenant|client|site|region|cluster)\s+[`*]*[A-Z][\w-]*"
    r"|\b(?:customers|users|tenants|accounts|clients|organi[sz]ations|teams)\s+(?:with|on|who|whose|having|in|under)\b"
    r"|\b(?:enterprise|premium|free|trial|paid|business|gold|silver|platinum|starter)\s+"
    r"(?:plan|tier|edition|customer|tenant|user|account|subscription)s?\b",
    re.IGNORECASE,
)
_MONTH = r"(?:January|February|March|April|June|July|August|September|October|November|December)"
_WHEN = regex(
    r"\b(?:last|past|previous)\s+(?:week|month|night|year|quarter|spring|summer|autumn|fall|winter|sprint|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|\byesterday\b|\bback then\b|\bat (?:the|that) time\b|\bran with\b"
    r"|\b(?:days?|weeks?|months?|years?) ago\b|\btemporar(?:y|ily)\b|\bfor now\b|\buntil further notice\b"
    rf"|\b(?:in|on|during|by) (?:20\d\d|{_MONTH})\b|\b20\d\d-\d\d-\d\d\b|\bblack friday\b|\b(?:at night|on weekends)\b"
    r"|\bunder (?:heavy |high |full )?load\b|\bat peaks?\b"
    r"|\bduring\s+(?:(?:the|that|this|an|a|last|our)\s+)?(?:[\w'-]+\s+){0,2}?(?:incident|outage|migration|maintenance|"
    r"peak|holidays?|sale|launch|load test|freeze|upgrade|rollout)\b"
    r"|\b(?:incident|outage|post-?mortem)\s+(?:of|on|from|report|review|timeline|#)|\bincident\s*#?\d|\bINC-?\d+"
    r"|\b(?:the|that|this)\s+(?:[\w'-]+\s+){0,2}?(?:incident|outage)\s+(?:\w+\s+){0,2}?(?:ran|had|used|started|began)\b",
    re.IGNORECASE,
)
_KEY = regex(rf"\s*[#-]*\s*[\"']?({_LESSER}|staging|qa|uat|sandbox|preprod)[\"']?\s*[:{{]", re.IGNORECASE)
_NEAREST = 3
"""Lines of a fence above a line of which a remark may still be about it."""


def elsewhere(fact: Fact, line: Line, section: Section) -> bool:
    """Whether a line, what it stands under or a heading of it restricts the statement to an environment, a region, a
    group of customers, an incident or a time that is not the changed file's own."""
    own = frozenset(singular(word) for word in words(" ".join((fact.span.path, fact.scope, fact.key))))
    about = frozenset(singular(word) for word in words(" ".join((section.path, *section.headings))))
    if any(_restricts(text, own, about) for text in (line.around or line.text, line.governs)):
        return True
    if any(_restricts(heading, own, frozenset()) for heading in section.headings):
        return True
    if any(_not_own(found, own) for heading in section.headings for found in _found(_TITLE, heading)):
        return True
    if any(_not_own(found.group(), own) for found in _STRONG.finditer(section.path)):
        return True
    if line.kind != "fence":
        return False
    keys = (found.group(1) for text in line.above if (found := _KEY.match(text)))
    remarks = (text for text in line.above[-_NEAREST:] if text.lstrip().startswith(("#", "//")))
    return any(_not_own(key, own) for key in keys) or any(_restricts(text, own, about) for text in remarks)


def _restricts(text: str, own: frozenset[str], about: frozenset[str]) -> bool:
    """Whether a text restricts itself; ``about`` are the words of the page's subject, which restrict nothing further
    ("the ledger cluster" on the ledger's page)."""
    if not text:
        return False
    if any(_not_own(found, own) for pattern in (_STRONG, _WEAK, _CODE, _REGION) for found in _found(pattern, text)):
        return True
    for found in _GROUP.finditer(text):
        named = {singular(word) for word in words(found.group(1))} - _GENERAL
        if named and not named <= own | about:
            return True
    return any(_not_own(found, own) for pattern in (_WHOM, _WHEN) for found in _found(pattern, text))


def _found(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        yield next((group for group in found.groups() if group), found.group())


def _not_own(text: str, own: frozenset[str]) -> bool:
    """Whether none of the words is among the changed file's own."""
    return own.isdisjoint(singular(word) for word in words(text))
