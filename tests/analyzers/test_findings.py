"""What a finding may repeat of the source: never a value that may be a secret."""

from __future__ import annotations

import pytest

from analyzers.findings import confidential, evidence_of, shown
from analyzers.model import Change, ChangeKind, Fact, FactKind, Span, Value
from analyzers.pipeline import analyse
from tests.cases import file_diff

CANARY = "wF7bQpZ2xLr9"


def _fact(key: str, text: str, kind: FactKind = FactKind.SETTING) -> Fact:
    return Fact(kind, key, Value(text), Span("after", "a.py", 1, 1), f'{key} = "{text}"')


@pytest.mark.parametrize("key", ["API_TOKEN", "db.password", "encryptionKey", "smtp-passwd", "client_secret"])
def test_a_value_named_like_a_secret_is_not_repeated(key: str) -> None:
    fact = _fact(key, CANARY)
    assert shown(fact) == "(not shown)"
    (evidence,) = evidence_of(Change(ChangeKind.ADDED, None, fact))
    assert CANARY not in evidence.quote


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("token_path", "/run/token"),
        ("partition_key", "user_id"),
        ("db.password", "${DB_PASSWORD}"),
        ("db.password", "payments-db/password"),
        ("use_token", "true"),
        ("log_level", "info"),
    ],
)
def test_places_switches_and_other_values_are_shown(key: str, text: str) -> None:
    assert not confidential(_fact(key, text))
    assert shown(_fact(key, text)) == text


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("app/a.py", f'API_TOKEN = "{CANARY}"\n'),
        ("app/a.py", f'import os\n\nK = os.environ.get("API_TOKEN", "{CANARY}")\n'),
        ("app/a.go", f'package a\n\nconst APIToken = "{CANARY}"\n'),
        ("deploy/a.yaml", f"a:\n  encryption_key: {CANARY}\n"),
        ("a.toml", f'[a]\napi_token = "{CANARY}"\n'),
        (".env", f"DB_PASSWORD={CANARY}\n"),
    ],
)
@pytest.mark.parametrize("after", ["mT4kVn8sJd1q", ""])
def test_no_language_lets_a_secret_through(path: str, before: str, after: str) -> None:
    analysis = analyse([file_diff(path, before, before.replace(CANARY, after))])
    for finding in analysis.findings:
        said = " ".join([finding.message, finding.subject, *(evidence.quote for evidence in finding.evidence)])
        assert CANARY not in said
        assert not after or after not in said
