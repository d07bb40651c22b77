"""Which changed bodies take part in authentication or in keeping data, judged by names, paths and changed words.

That a body changed says only that something may behave otherwise, so several signs have to agree. ``vocabulary`` lists
the words of an area; some of them (token, session, store, query) mean other things as often and count less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzers.model import Change
from analyzers.rules.wording import listed
from analyzers.vocabulary import words

ENOUGH = 2
"""Points at which a function counts; chosen on the development corpus so that one ordinary commit in six or fewer has a
finding of an area."""


@dataclass(frozen=True)
class Words:
    """An area's words: ``telling`` ones mean it nearly always, ``hints`` often mean something else. So many different
    hints on the changed lines as ``several`` says are worth a telling word (0: never, where hints are everyday words).
    """

    telling: frozenset[str]
    hints: frozenset[str]
    several: int = 0


AUTH = Words(
    frozenset(
        "auth authn authz authenticate authenticated authenticates authentication authenticator authorize authorized "
        "authorization authorizer authorise authorised login logout signin signout oauth oauth2 oidc saml sso jwt jwks "
        "password passwords passwd credential credentials permission permissions rbac acl csrf xsrf cors mfa totp otp "
        "pkce grant grants impersonate impersonation privilege privileges privileged unauthorized forbidden xss ssrf "
        "apikey".split()
    ),
    frozenset(
        "token tokens session sessions cookie cookies role roles secret secrets certificate certificates cert certs "
        "tls identity principal scope scopes policy policies allowed security secure sanitize sanitizer escape "
        "signature verify verifier verification crypto hmac encrypt decrypt keystore access trusted untrusted tenant "
        "signing unsafe traversal".split()
    ),
    several=3,
)
DATA = Words(
    frozenset(
        "migration migrations migrate backfill retention purge prune tombstone tombstones vacuum compactor backup "
        "backups restore anonymize anonymise redact redacted redaction pii gdpr schema erase truncate deletion".split()
    ),
    frozenset(
        "delete deletes deleted remove drop cleanup clean table tables column columns index indexes database db sql "
        "query model models repository store stores storage persist persistence export import bucket s3 gcs blob dump "
        "record records dataset transaction transactions replication compaction compact expire expired ttl save insert "
        "upsert update row rows data logging logger payload snapshot snapshots flush block blocks write writer".split()
    ),
)


def points(change: Change, area: Words) -> int:
    """How many signs say that a changed body belongs to the area.

    A telling word in the function's own name is two points, a hint one. One point each for a telling word in the class
    and in the file or folder. A telling word on the changed lines, or several hints there, are two; fewer hints are one
    where the function's name has a hint too.
    """
    fact = change.fact
    own, owner = _names(fact.key, fact.span.path.endswith(".go"))
    pieces = fact.span.path.split("/")
    around = {word for piece in pieces[-2:] for word in words(piece.split(".")[0])}
    changed = {word for word in fact.attribute("mentions").split(",") if word}
    total = 2 * bool(own & area.telling) or bool(own & area.hints)
    total += bool(owner & area.telling)
    total += bool(around & area.telling)
    if changed & area.telling:
        return total + 2
    if area.several and changed & area.hints:
        # A word that only repeats the function's name says nothing more.
        total += 2 if len(changed & area.hints) >= area.several else bool(own & area.hints and changed - own)
    return total


def sentence(change: Change, area: Words, does: str) -> str:
    """What to say: that the body works differently, and what the name says it ``does`` or what its changed lines speak
    of."""
    own, owner = _names(change.fact.key, change.fact.span.path.endswith(".go"))
    changed = sorted(set(change.fact.attribute("mentions").split(",")) & (area.telling | area.hints))
    key = change.fact.key
    name = f"The top level of {change.path.rsplit('/', 1)[-1]}" if key == "<module>" else key
    if (own | owner) & area.telling or not changed:
        return f"{name} works differently; by its name it {does}."
    return f"{name} works differently; the changed lines speak of {listed(changed, 3)}."


def _names(key: str, outer_is_type: bool) -> tuple[set[str], set[str]]:
    """The words of the function's own name (with the functions around it) and of the classes around it. What stands
    before the name is a type in Go, and elsewhere when it is written in capitals."""
    *outer, last = key.split(".")
    own, owner = set(words(last)), set[str]()
    for name in outer:
        (owner if outer_is_type or re.match(r"_*[A-Z]", name) else own).update(words(name))
    return own, owner
