"""Switches that verify something: certificates, host names, signatures, the origin of a request."""

from __future__ import annotations

from analyzers.model import Fact, FactKind
from analyzers.rules.guards import is_forgery_protection
from analyzers.rules.wording import switch
from analyzers.vocabulary import leaf, words

_VERBS = frozenset("verify verification verified verifying validate validation check checks".split())
_THINGS = frozenset(
    "ssl tls https cert certs certificate certificates hostname host peer signature signatures csrf xsrf x509".split()
)
_NEGATED = frozenset("insecure skip disable disabled no exempt ignore bypass without unverified".split())
_PLAIN = frozenset({"insecure", "unverified"})


def verifies(fact: Fact | None) -> bool | None:
    """Whether a fact states that something is verified (True) or not (False); None when it is about something else.

    ``verify=False``, ``ssl_verify: off``, ``InsecureSkipVerify: true``, ``--insecure``, a guard ``csrf_exempt``.
    """
    if fact is None:
        return None
    if fact.kind is FactKind.GUARD:
        if not is_forgery_protection(fact):
            return None
        return not set(words(fact.attribute("name") or fact.value.text)) & (_NEGATED | {"null"})
    found = set(words(leaf(fact.key)))
    if not _about(found):
        return None
    on = switch(fact)
    if on is None:
        # ssl.CERT_NONE and OpenSSL's VERIFY_NONE are the constants for it.
        return False if fact.value.text.casefold().endswith(("cert_none", "verify_none")) else None
    return not on if found & _NEGATED else on


def leaves_plain(fact: Fact) -> bool:
    """Whether the switch speaks of security as a whole (``insecure``), not of a verification."""
    found = set(words(leaf(fact.key)))
    return bool(found & _PLAIN) and not found & _VERBS


def _about(found: set[str]) -> bool:
    if found & _PLAIN:
        return True
    rest = found - _VERBS - _NEGATED
    telling = found & _VERBS - {"check", "checks", "validate", "validation"}
    return bool(found & _VERBS) and bool(rest & _THINGS or (telling and not rest))
