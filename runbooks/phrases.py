"""Words by which :mod:`runbooks.plain` tells a plain statement from one that holds only somewhere or for somebody.

``HARMLESS`` and what goes with it are allow-lists: what is missing costs a finding, never a false one. ``DOUBTS`` is a
list of what makes headings, labels and remarks doubtful, where nothing can be allowed word by word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.patterns import regex
from analyzers.vocabulary import words
from runbooks.terms import singular

WORD = regex(r"[A-Za-z0-9][\w./'’-]*\w|[A-Za-z0-9]")
"""A word of prose, a number or a name as one token."""

_TRIGGERS = frozenset(
    "in on at for during before after until till while when whenever if unless from since with without under over by "
    "within inside outside via per against across between throughout towards among amid as "
    "beyond near off through where wherever except besides despite depending".split()
)

_CONDITIONS = frozenset("when whenever if unless while until till".split())
"""Those after which no word is harmless: what they say may or may not be so."""

HARMLESS = frozenset(
    singular(word)
    for word in (
        "the a an this that these those our your its it is are be been both own single same whole we you i "
        "default defaults value values current currently now today presently always normally setting settings option "
        "options parameter parameters variable variables env environment key keys field property properties flag flags "
        "config configs configuration configurations file files code source repository yaml json toml section block "
        "process memory named called used uses use set sets fixed configured defined production prod live main global "
        "everywhere all every each any and of to which note also therefore here there not no longer still only just "
        "time duration period length number count size amount second seconds minute minutes hour hours day days "
        "millisecond milliseconds ms byte bytes kb mb gb kib mib gib percent character characters line lines unit "
        "respectively important remember attempts tries times request requests session sessions following "
        "below above table list name names deployment deployed service".split()
    )
)
"""Words, in the singular, that restrict no statement."""
QUANTIFIERS = frozenset("all every each any both".split())
QUANTIFIED = frozenset(
    singular(word)
    for word in (
        "regions clusters environments customers users tenants accounts nodes instances services gateways replicas "
        "pods teams deployments sessions requests components processes workers hosts machines queries other of the "
        "our your".split()
    )
)
"""What is meant as a whole after all, every, each or any."""
JOINING = frozenset("and but so because which that whose yet hence thus".split())
"""Words that go on with something else behind a value."""
_BOUNDS = (
    "max maximum maximally min minimum minimally tops most least limit ceiling floor cap capped longer shorter less "
    "more fewer higher lower greater smaller bigger larger later earlier sooner ish roughly approximately about around "
    "nearly almost perhaps maybe sometimes plus minus possible allowed valid accepted supported permitted"
).split()
BOUNDS = frozenset(_BOUNDS) | {singular(word) for word in _BOUNDS}
"""Words of a value that is a bound, an offset or a guess."""
DOUBTS = frozenset(
    singular(word)
    for word in (
        "rollback rollbacks revert reverting workaround workarounds emergency emergencies override overrides "
        "overriding disaster postmortem postmortems retrospective legacy old older former previous previously "
        "deprecated obsolete retired archive archived appendix proposed proposal proposals planned upcoming roadmap "
        "draft drafts recommendation recommendations recommended recommend suggested suggestion suggestions tuning "
        "limit limits "
        "limitation limitations maximum minimum example examples sample samples demo tutorial tutorials quickstart "
        "customer customers partner partners vendor upstream corp corporation inc ltd gmbh llc plc temporary "
        "temporarily experiment experiments experimental trial hypothetical ideal todo allowed possible valid accepted "
        "drill drills gameday competitor competitors laptop minikube staging".split()
    )
)
"""Words, in the singular, of headings and remarks under which a value is not the one that holds."""
SOFT = frozenset(
    "limit limitation maximum minimum tuning override experiment experimental example sample tutorial quickstart "
    "allowed valid".split()
) | {singular(word) for word in "recommendations recommended recommend suggested suggestion accepted possible".split()}
"""Those of them that are none for a value that is called a default."""
EPISODES = DOUBTS | frozenset(
    singular(word)
    for word in (
        "mitigation mitigations mitigate mitigating incident incidents outage outages tenant tenants backup backups "
        "maintenance recovery failover deploy deploys migration migrations upgrade upgrades client clients admin "
        "admins site sites secondary standby mirror benchmark benchmarks target targets range ranges release releases "
        "version versions weekday weekdays weekend weekends night nights test tests".split()
    )
)
"""Words of labels that do the same, and that restrict an adjunct though a heading of the page has them."""

PLACES = frozenset(
    "cluster clusters env environment environments region site tenant customer namespace stage location datacenter dc "
    "cell zone account team plan edition platform provider cloud country instance host client user audience "
    "component service application app product where who whom".split()
)
"""Words of columns that say for where, whom or what a row holds."""

_NOT_THERE = (
    r"(?:not\s+(?:set|given|specified|defined|present|configured|provided)|unset|omitted|absent|missing|empty|"
    r"otherwise|overridden|set|configured|specified|changed|you\s+(?:change|set|override)|nothing\s+else|none\s+is)"
)
UNSET = regex(
    rf"(?:if|when|unless|where)\s+(?:(?:it|this|that|the\s+\w+|they)\s+)?(?:is\s+|are\s+)?{_NOT_THERE}\b"
    r"|(?:in|after|during|within|for|before|over|at|from|by|until|per)\s+(?:which|whose)\b|(?:in|by)\s+(?:default|turn)\b"
    r"|per\s+[\w-]+\W*\Z|as\s+(?:shown|illustrated|described|defined|documented|noted|follows|well|above|below|it|this)\b",
    re.IGNORECASE,
)
"""Remarks behind a value that say when it is the default, or go on about it."""

_TELL = (
    r"(?:set|use|apply|add|change|configure|adjust|try|override|increase|decrease|export|run|put|paste|create|make|"
    r"ensure|keep|pass|give|enable|disable|turn|switch|start|stop|restart|deploy|redeploy|edit|update|write|specify|"
    r"define|provide|choose|pick|select|enter|copy|modify|replace|roll|revert|restore|go|bump|raise|lower|reduce|tune|"
    r"pin|force|leave|check|verify|confirm|wait|do|don't|allow|install|patch|scale|begin|follow|include|append|insert|"
    r"supply|fill|flip|toggle|drop|cut|cap|extend|shorten|double|halve|consider|prefer|want)"
)
TOLD = regex(
    rf"(?:\A\W*(?:\d+\W+)?|[,;:—–]\s+|[.!?]\s+|\b(?:and|then|to|please|must|should|can|may|could|or|now|first|next|instead|"
    rf"simply|just|you)\s+){_TELL}\b|\b(?:by|try|consider|before|after)\s+(?:setting|using|making|adding|passing|"
    rf"changing|configuring|editing|applying|running|raising|lowering|turning|switching|rolling)\b"
    r"|\b(?:example|sample|e\.g\.|for instance)",
    re.IGNORECASE,
)
"""An instruction, at the beginning of a clause."""
UPSTREAM = regex(
    r"\b(?:upstream|vendors?'?s?|we\s+overr\w+|ships?|shipped|stock|e\.g\.|for\s+(?:example|instance))(?!\w)", re.I
)
"""Somebody else's value, or an example."""
USES = regex(
    r"\b(?:runs?|ran|running|(?<!in )uses?|using|has|have|sets|keeps?|deploys?|configures?|requires?|wants?|overrides?|"
    r"chose|chooses?|picks?|prefers?|specif(?:y|ies)|gives?|provides?|comes?|offers?|supports?|gets?|sees?|goes)\b",
    re.IGNORECASE,
)
"""A verb whose subject has a value of its own."""


VERSION = regex(r"\bv\d+\b|\b\d+\.\d+\b", re.IGNORECASE)
"""A version: what leads to a name with one speaks of that version."""
GUESS = regex(
    r"\bor\s+(?:so|more|less|thereabouts)\b|\bgive\s+or\s+take\b|-ish\b|\bif\s+(?:any|at\s+all)\b"
    r"|\b(?:as|so)\s+long\s+as\b|\bprovided\b|\bassuming\b|\bonly\s+(?:when|if|while|after|before|during)\b",
    re.IGNORECASE,
)
"""What makes the value before it a rough one, or one with a condition."""
_CODE = regex(r"[_/.]|[a-z][A-Z]")
_DATED = regex(
    r"\b20\d\d\b|(?<=[\w)] )v?\d+\.\d|\A\W*(?:if|when|whenever|while|until|unless|during|next|after|before)\s"
    r"|\bideas?\b|\bpost-mortem\b|\broll(?:ing)? back\b|\bbreak[- ]glass\b|\bwhat[- ]if\b",
    re.IGNORECASE,
)


def is_trigger(word: str) -> bool:
    """Whether a word, in lower case, begins an adjunct: a preposition or a conjunction of time or condition."""
    return word in _TRIGGERS


def after_trigger(text: str, *, first_only: bool = False) -> Iterator[list[str]]:
    """The words of each adjunct of a text without the word it begins with; with ``first_only`` only of the one that the
    text begins with. What follows a relative clause's beginning is no adjunct; a condition has a word that is never
    harmless."""
    phrase: list[str] | None = None
    for place, word in enumerate(WORD.findall(text)):
        lower = word.lower()
        if lower in JOINING and phrase is not None:
            if lower in {"which", "that", "whose", "because", "so"}:
                break
            yield phrase
            phrase = None
        elif lower in _TRIGGERS:
            if phrase is not None:
                yield phrase
                if first_only:
                    return
            elif first_only and place:
                return
            phrase = ["0"] if lower in _CONDITIONS else []
        elif phrase is not None:
            phrase.append(word)
    if phrase is not None:
        yield phrase


def prose(text: str) -> frozenset[str]:
    """The words of a text in the singular, those of names in code aside."""
    return frozenset(singular(part) for word in WORD.findall(text) if not _CODE.search(word) for part in words(word))


def doubtful_title(text: str, own: frozenset[str], doubts: frozenset[str] = DOUBTS) -> bool:
    """Whether a heading or a label is of something that does not hold, or holds for others; words that the changed file
    shares (``own``) are its subject."""
    found = prose(text)
    return not (found & doubts).issubset(own) or _DATED.search(text) is not None
