"""What names mean: splitting identifiers into words, and the area a setting belongs to by the words of its name.

The word lists are the field's own terms (OWASP ASVS for sessions and credentials, Prometheus and Kubernetes
documentation for operations); they were written from those sources and widened by reading real diffs.
"""

from __future__ import annotations

import re
from functools import lru_cache

from analyzers.model import FactKind, Unit, Value

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

_SECRETISH = frozenset("secret password passwd passphrase token apikey credential credentials privatekey".split())
_CREDENTIAL = _SECRETISH | frozenset(
    "session sessions cookie jwt otp refresh login certificate cert certs access bearer oauth key keys sso".split()
)
_LIFETIME = frozenset(
    "ttl lifetime expiry expire expires expired expiration validity valid duration age timeout rotation".split()
)
_RETENTION = frozenset("retention retain purge prune cleanup archive ttl expire expiry lifecycle".split())
_CRYPTO = frozenset(
    "algorithm algorithms cipher ciphers tls ssl bcrypt pbkdf2 argon2 scrypt hmac rsa aes rounds iterations "
    "insecure encryption encrypt encrypted hasher hashers hashing signing".split()
)
_VERIFYING = frozenset(
    "verify verified skip no disable peer host hostname cert certs certificate certificates signature x509 ca".split()
)
"""Words of a name in which *verify* is about certificates and signatures, and not about an e-mail address."""
_ACCESS = frozenset(
    "cors csrf samesite httponly hsts csp cookie cookies clickjacking allowlist whitelist denylist blocklist acl acls "
    "rbac permission permissions scopes".split()
)
_ADMITTED = frozenset(
    "host hosts origin origins referrer ip ips cidr cidrs role roles scope user users group groups domain domains "
    "policy policies network networks account accounts email emails ranges".split()
)
_ADMITTING = frozenset(
    "allow allowed allows trusted trust permitted deny denied block blocked forbidden security access auth oauth oidc "
    "iam admin admins anonymous public frame referrer privileged grant granted".split()
)
"""Words that make a name about whom to let in, together with one of ``_ADMITTED`` (``allowed_hosts``)."""
_NO_ACCESS = frozenset(
    "size max limit retry restart pull dns update eviction termination replication rollout stabilization scaling cache "
    "topology preemption deletion reclaim sampling naming concurrency lifecycle overflow".split()
)
"""Words that make a policy, role or scope one of something else: ``imagePullPolicy``, ``restart_policy``."""
_BACKUP = frozenset("backup backups snapshot snapshots restore pitr wal barman".split())
_STORE = frozenset("bucket buckets topic topics queue queues stream streams database dataset keyspace".split())
_LIMIT = frozenset(
    "timeout timeouts retry retries limit limits max min maximum minimum concurrency workers pool backoff rate "
    "threshold batch interval delay deadline size capacity quota burst ttl period window wait attempts parallelism "
    "replicas shards budget buffer throttle cooldown grace poll keepalive idle".split()
)
_SCHEDULE = frozenset("schedule schedules cron crontab".split())
_FEATURE = frozenset("feature features flag flags toggle experimental".split())


@lru_cache(maxsize=50_000)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of an identifier: ``sessionTTLSeconds`` → ``session ttl seconds``."""
    return tuple(word.lower() for word in _WORD.findall(name))


def leaf(key: str) -> str:
    """The last part of a dotted or slashed key: ``Config.session_ttl`` → ``session_ttl``."""
    return key.replace("/", ".").rsplit(".", 1)[-1]


_DESCRIBING = frozenset("usage description help title label kind message error example placeholder tooltip".split())
"""Last words of names that hold a text about a thing or its kind, not the thing: ``PasswordUsage``, ``BackupKind``."""


def _about_access(found: frozenset[str], pairs: set[tuple[str, str]]) -> bool:
    if found & _NO_ACCESS or {"blocklist", "poll"} <= found:  # a list of blocks, as storage engines poll it
        return False
    admits = found & _ADMITTED and found & _ADMITTING and len(found & (_ADMITTED | _ADMITTING)) > 1
    return bool(found & _ACCESS or admits) or ("http", "only") in pairs or ("same", "site") in pairs


@lru_cache(maxsize=50_000)
def _name_kind(name: str) -> FactKind | None:
    parts = words(name)
    if parts and parts[-1] in _DESCRIBING:
        return None
    found = frozenset(parts)
    pairs = set(zip(words(name), words(name)[1:], strict=False))
    if found & _CREDENTIAL and found & _LIFETIME and not found & {"cache", "lock"}:
        return FactKind.CREDENTIAL_LIFETIME
    if found & _SCHEDULE:
        return FactKind.SCHEDULE
    if "port" in found or "ports" in found:
        return FactKind.PORT
    if found & {"retention", "retain", "purge", "prune"} or ("keep", "days") in pairs or ("lifecycle", "days") in pairs:
        return FactKind.RETENTION
    if found & _BACKUP:
        return FactKind.BACKUP
    if (found & _CRYPTO or ("verify" in found and not found - _VERIFYING)) and "timeout" not in found:
        return FactKind.CRYPTO
    if _about_access(found, pairs):
        return FactKind.ACCESS_POLICY
    if found & _LIMIT:
        return FactKind.LIMIT
    if found & _SECRETISH or ("api", "key") in pairs or ("private", "key") in pairs:
        return FactKind.SECRET
    if found & _STORE:
        return FactKind.STORAGE_NAME
    if found & _FEATURE:
        return FactKind.FEATURE_FLAG
    return None


_KEEPING = frozenset({"ttl", "expire", "expires", "expiry", "expiration"})
_KEPT = 7 * 86400
"""Seconds from which on a time to live is about keeping data; shorter ones are those of caches."""


def setting_kind(name: str, value: Value) -> FactKind:
    """The most telling fact kind for a setting of that name and value.

    A port must be a number from 1 to 65535 (or unknown), a limit must be a quantity, a storage name must not be one;
    otherwise the plain kind ``setting`` is right.
    """
    kind = _name_kind(name)
    number = value.number
    if kind is FactKind.PORT:
        plausible = number is None or (value.unit in {Unit.NONE, Unit.COUNT} and 0 < number < 65536)
        return kind if plausible else FactKind.SETTING
    if kind in {FactKind.LIMIT, FactKind.CREDENTIAL_LIFETIME} and number is None:
        return FactKind.SETTING if kind is FactKind.LIMIT else kind
    if kind is FactKind.LIMIT and value.unit is Unit.SECONDS and number is not None and number >= _KEPT:
        return FactKind.RETENTION if _KEEPING & set(words(name)) else kind
    if kind is FactKind.STORAGE_NAME and value.text.casefold() in {"true", "false", "yes", "no", "on", "off"}:
        return FactKind.SETTING
    if kind is FactKind.STORAGE_NAME and number is not None:
        return FactKind.LIMIT
    return kind or FactKind.SETTING


_AUTH_WORDS = frozenset(
    "auth authn authz authenticate authenticated authentication authenticator authorize authorized authorization "
    "authorizer login logout signin signout oauth oauth2 oidc saml sso jwt jwks token tokens session sessions "
    "password passwords credential credentials permission permissions role roles rbac acl csrf cors cookie cookies "
    "secret secrets certificate certificates tls mfa totp otp principal identity impersonate impersonation "
    "privilege privileged scope scopes policy allowed forbidden unauthorized security sanitize escape xss ssrf "
    "authorise authorised authenticates passwd xsrf pkce grant grants privileges trusted untrusted traversal unsafe "
    "signature verify verifier crypto hmac encrypt decrypt keystore apikey access".split()
)
_DATA_WORDS = frozenset(
    "migration migrations schema schemas table tables column columns index indexes database db sql query queries "
    "model models repository store stores storage persist persistence retention purge delete deletion backup backups "
    "restore archive export import bucket s3 gcs blob dump pii gdpr anonymize redact redacted logging logger payload "
    "backfill migrate prune truncate drop insert upsert redaction personal "
    "record records dataset transaction transactions replication compaction compactor tombstone vacuum".split()
)


def auth_weight(text: str) -> int:
    """How many distinct words of ``text`` belong to authentication, authorization or cryptography."""
    return len(frozenset(words(text)) & _AUTH_WORDS)


def data_weight(text: str) -> int:
    """How many distinct words of ``text`` belong to storing, moving, keeping or deleting data."""
    return len(frozenset(words(text)) & _DATA_WORDS)


def area_words(text: str) -> list[str]:
    """The words of ``text`` that belong to the areas auth or data, in order, repeated as they are repeated."""
    return [word for word in words(text) if word in _AUTH_WORDS or word in _DATA_WORDS]
