from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.languages import Reading, Side, load
from tests.facts_helper import changes_of, facts_of


def read(text: str, lines: tuple[tuple[int, int], ...] = ((1, 10**6),), path: str = "config.json") -> Reading:
    return load("json").read(Side(path, "after", text.encode(), lines))


CHANGES = [
    ("config.json", '{"server": {"port": 80}}', '{"server": {"port": 81}}', ["modified port server.port: 80 -> 81"]),
    ("config.json", '{"jobs": [{"name": "a", "timeout": "5s"}]}', '{"jobs": [{"name": "a", "timeout": "6s"}]}',
     ["modified limit jobs[a].timeout: 5s -> 6s"]),
    ("config.json", '{"hosts": ["a"]}', '{"hosts": ["a", "b"]}', ["added setting hosts: b"]),
    ("package.json", '{"version": "1.0.0", "scripts": {"start": "node a.js"}}',
     '{"version": "1.0.1", "scripts": {"start": "node b.js"}}', ["modified target start: node a.js -> node b.js"]),
    ("package.json", '{"engines": {"node": "20"}}', '{"engines": {"node": "22"}}',
     ["modified setting engines.node: 20 -> 22"]),
    ("policy.json", '{"Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}]}',
     '{"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}',
     ["modified role_grant statement *: s3:Get* -> s3:*"]),
    ("task.json", '{"containerDefinitions": [{"name": "w", "image": "a/b:1", "environment": '
     '[{"name": "MODE", "value": "x"}]}]}',
     '{"containerDefinitions": [{"name": "w", "image": "a/b:2", "environment": '
     '[{"name": "MODE", "value": "y"}]}]}',
     ["modified env_var MODE: x -> y", "modified image a/b: 1 -> 2"]),
    ("alerts.json", '{"groups": [{"rules": [{"alert": "Down", "expr": "up == 0", "for": "5m"}]}]}',
     '{"groups": [{"rules": [{"alert": "Down", "expr": "up == 0", "for": "10m"}]}]}',
     ["modified alert Down: up == 0 -> up == 0"]),
    ("deploy.json", '{"kind": "Deployment", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {"replicas": 1}}',
     '{"kind": "Deployment", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {"replicas": 2}}',
     ["modified workload spec.replicas: 1 -> 2"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after", "expected"), CHANGES)
def test_changes(path: str, before: str, after: str, expected: list[str]) -> None:
    assert changes_of(path, before, after) == expected


SILENT = [
    ("config.json", '{"a": 1, "b": "x"}', '{\n  "b": "x",\n  "a": 1\n}\n'),
    ("config.json", '{"a": "\\u0078"}', '{"a": "x"}'),
    ("config.json", '{"description": "a"}', '{"description": "b"}'),
    ("tsconfig.json", '{"target": "es5"}', '{"target": "es6"}'),
    ("package.json", '{"dependencies": {"a": "1"}}', '{"dependencies": {"a": "2"}}'),
    ("board.json", '{"panels": [], "schemaVersion": 1}', '{"panels": [1], "schemaVersion": 2}'),
    ("api.json", '{"$schema": "http://json-schema.org/draft-07/schema#", "a": 1}',
     '{"$schema": "http://json-schema.org/draft-07/schema#", "a": 2}'),
    ("i18n/en.json", '{"hello": "Hi"}', '{"hello": "Hello"}'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after"), SILENT)
def test_silent(path: str, before: str, after: str) -> None:
    assert changes_of(path, before, after) == []


def test_comments_are_read_over() -> None:
    assert changes_of("a.jsonc", '{\n// one\n"ttl": 1}', '{\n/* two */\n"ttl": 2}') == ["modified limit ttl: 1 -> 2"]


def test_the_same_rule_gives_the_same_fact_in_every_format() -> None:
    as_yaml = "- alert: Down\n  expr: up == 0\n  for: 60s\n  labels: {severity: page}\n"
    as_json = '[{"alert": "Down", "expr": "up==0", "for": "1m", "labels": {"severity": "page"}}]'
    as_jsonnet = "[{ alert: 'Down', expr: 'up == %d' % 0, 'for': '1m', labels: { severity: 'page' } }]"
    facts = [facts_of("a.yaml", as_yaml), facts_of("a.json", as_json), facts_of("a.jsonnet", as_jsonnet)]
    assert [len(found) for found in facts] == [1, 1, 1]
    assert len({(found[0].kind, found[0].key, found[0].value, found[0].attributes) for found in facts}) == 1


@pytest.mark.parametrize(
    "text", ["[" * 100_000 + "]" * 100_000, "[" * 100_000, '{"a":' * 50_000 + "1" + "}" * 50_000, "\0\1", "{,,,}", ""]
)
def test_hostile_text_is_survived(text: str) -> None:
    started = time.perf_counter()
    read(text)
    assert time.perf_counter() - started < 5


def test_only_changed_lines_of_a_long_file_are_visited() -> None:
    text = "{\n" + ",\n".join(f'"key{i}": {i}' for i in range(100_000)) + "\n}"
    facts = read(text, ((50_000, 50_002),)).facts
    assert [fact.key for fact in facts] == ["key49998", "key49999", "key50000"]


def test_a_rewritten_data_file_is_cut_and_said_to_be() -> None:
    reading = read("{\n" + ",\n".join(f'"key{i}": {i}' for i in range(20_000)) + "\n}")
    assert len(reading.facts) <= 8000
    assert reading.partial == "more than 8,000 changed values"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text("abcde", min_size=1, max_size=4), values, min_size=1, max_size=4))
def test_layout_and_order_say_nothing(document: dict[str, object]) -> None:
    one = read(json.dumps(document)).facts
    two = read(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)).facts
    assert sorted((f.kind, f.key, f.value.text) for f in one) == sorted((f.kind, f.key, f.value.text) for f in two)
