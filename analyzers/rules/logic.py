"""Which changed bodies take part in authentication or in keeping data, judged by names, paths and changed words.

That a body changed says only that something may behave otherwise, so several signs have to agree. ``vocabulary`` lists
the words of an area; some of them (token, session, store, query) mean other things as often and count less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzers.model import Change
from analyzers.vocabulary import words

ENOUGH = 2
"""Points at which a function counts; chosen on the development corpus so that one ordinary commit in six or fewer has a
finding of an area."""


SEVERAL = 3
"""Different hints on the changed lines that together say as much as one telling word."""


@dataclass(frozen=True)
class Words:
    """An area's words: ``telling`` ones mean it nearly always, ``hints`` often mean something else."""

    telling: frozenset[str]
    hints: frozenset[str]


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

    A telling word in the function's own name is two points, a hint one. One point each for a telling word in the class,
    in the file or folder. A telling word on the changed lines, or ``SEVERAL`` hints there, are two; a single hint is one
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
    if changed & area.telling or len(changed & area.hints) >= SEVERAL:
        return total + 2
    return total + bool(changed & area.hints and own & area.hints)


def _names(key: str, outer_is_type: bool) -> tuple[set[str], set[str]]:
    """The words of the function's own name (with the functions around it) and of the classes around it. What stands
    before the name is a type in Go, and elsewhere when it is written in capitals."""
    *outer, last = key.split(".")
    own, owner = set(words(last)), set[str]()
    for name in outer:
        (owner if outer_is_type or re.match(r"_*[A-Z]", name) else own).update(words(name))
    return own, owner
