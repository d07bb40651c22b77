"""Which functions take part in authentication or in keeping data, judged by their names and paths.

A body that changed says only that something may behave otherwise, so the names have to be telling. ``vocabulary`` lists
the words of an area; some of them (token, session, store, query) mean other things as often, and count only together.
"""

from __future__ import annotations

import re

from analyzers.model import Fact
from analyzers.vocabulary import words

ENOUGH = 2
"""Weight at which a function counts: one telling word in its name, or two words of which none is telling alone."""

AUTH_TELLING = frozenset(
    "auth authn authz authenticate authenticated authenticates authentication authenticator authorize authorized "
    "authorization authorizer authorise authorised login logout signin signout oauth oauth2 oidc saml sso jwt jwks "
    "password passwords passwd credential credentials permission permissions rbac acl csrf xsrf cors mfa totp otp pkce "
    "impersonate impersonation privilege privileges privileged unauthorized forbidden xss ssrf apikey".split()
)
AUTH_HINTS = frozenset(
    "token tokens session sessions cookie cookies role roles secret secrets certificate certificates cert certs tls "
    "identity principal scope scopes policy policies allowed security secure sanitize sanitizer escape signature "
    "verify verifier verification crypto hmac encrypt decrypt keystore access user users grant grants guard "
    "trusted origin tenant signing".split()
)
DATA_TELLING = frozenset(
    "migration migrations migrate backfill retention purge prune tombstone tombstones vacuum compactor backup backups "
    "restore anonymize anonymise redact redacted pii gdpr schema erase archive".split()
)
DATA_HINTS = frozenset(
    "delete deletes deleted deletion remove drop cleanup clean table tables column columns index indexes database db "
    "sql query model models repository store stores storage persist persistence export import bucket s3 gcs blob dump "
    "record records dataset transaction transactions replication compaction compact expire expired ttl save insert "
    "upsert update row rows data logging logger payload snapshot snapshots flush block blocks write writer".split()
)
_PARTS = re.compile(r"[/.]")


def weight(fact: Fact, telling: frozenset[str], hints: frozenset[str]) -> int:
    """How strongly a definition belongs to an area. In its own name a telling word weighs 2 and a hint 1; so do they,
    once and at most 1, in the name of its class, its file and its folder."""
    parts = [part for part in _PARTS.split(fact.key) if part]
    name = set(words(parts[-1])) if parts else set()
    around = {word for part in parts[:-1] for word in words(part)}
    pieces = fact.span.path.split("/")
    around |= {word for piece in pieces[-2:] for word in words(piece.split(".")[0])}
    own = 2 * len(name & telling) + min(1, len(name & hints))
    if own >= ENOUGH or not own:
        return max(own, ENOUGH if around & telling and _only_purpose(around, telling) else 0)
    return own + bool((around - name) & telling)


def _only_purpose(around: set[str], telling: frozenset[str]) -> bool:
    return len(around & telling) >= 2
