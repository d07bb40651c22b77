from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.languages import Reading, Side, load
from analyzers.model import Confidence, Fact, FactKind
from tests.facts_helper import changes_of, facts_of

RULES = """groups:
  - name: app
    rules:
      - alert: QueueLagHigh
        expr: |
          sum by (queue) (
            lag_seconds{env="prod"}
          ) > 30
        for: 10m
        labels:
          severity: page
        annotations:
          description: Lag is high
          runbook_url: https://wiki/runbook#QueueLagHigh
"""

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  labels:
    app: api
spec:
  replicas: 3
  template:
    spec:
      serviceAccountName: api
      containers:
        - name: web
          image: registry.example.com:5000/team/api:v1.2
          args:
            - --timeout=30s
            - --workers
            - "4"
          env:
            - name: LOG_LEVEL
              value: info
            - name: DB_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: db
                  key: password
          ports:
            - name: http
              containerPort: 3100
          resources:
            limits:
              memory: 1Gi
          readinessProbe:
            httpGet:
              port: 3100
          securityContext:
            runAsNonRoot: true
"""

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: app
data:
  LOG_LEVEL: info
  app.yaml: |
    server:
      http_listen_port: 3100
    limits:
      retention: 24h
  app.ini: |
    [session]
    timeout = 30
"""

WORKFLOW = """name: Deploy
on:
  push:
    branches: [main]
  schedule:
    - cron: "0 3 * * *"
permissions:
  contents: read
jobs:
  ship:
    runs-on: ubuntu-latest
    environment: staging
    env:
      REGION: eu-west-1
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 1
      - name: Ship it
        run: |
          # deploy
          ./deploy.sh --wait
        env:
          TOKEN: ${{ secrets.DEPLOY_TOKEN }}
"""

COMPOSE = """services:
  redis:
    image: redis:7.0
    ports:
      - "6379:6379"
    environment:
      - MODE=fast
    command: redis-server --maxmemory 100mb
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
"""


EDITS = [
    # path, document, was, now, expected
    ("rules.yaml", RULES, "> 30", "> 60", [
        'modified alert QueueLagHigh: sum by (queue) (lag_seconds{env="prod"}) > 30 -> '
        'sum by (queue) (lag_seconds{env="prod"}) > 60',
    ]),
    ("rules.yaml", RULES, "lag_seconds{env", "lag_ms{env", [
        'modified alert QueueLagHigh: sum by (queue) (lag_seconds{env="prod"}) > 30 -> '
        'sum by (queue) (lag_ms{env="prod"}) > 30',
    ]),
    ("rules.yaml", RULES, "Lag is high", "The lag is far too high", []),
    ("rules.yaml", RULES, "for: 10m", "for: 600s", []),
    ("rules.yaml", RULES, "name: app", "name: application", []),
    ("deploy.yaml", DEPLOYMENT, "replicas: 3", "replicas: 5", ["modified workload spec.replicas: 3 -> 5"]),
    ("deploy.yaml", DEPLOYMENT, "api:v1.2", "api:v1.3", [
        "modified image registry.example.com:5000/team/api: v1.2 -> v1.3"]),
    ("deploy.yaml", DEPLOYMENT, "30s", "1m", ["modified cli_flag timeout: 30s -> 1m"]),
    ("deploy.yaml", DEPLOYMENT, "30s", "30000ms", []),
    ("deploy.yaml", DEPLOYMENT, '- "4"', '- "8"', ["modified cli_flag workers: 4 -> 8"]),
    ("deploy.yaml", DEPLOYMENT, "value: info", "value: debug", ["modified env_var LOG_LEVEL: info -> debug"]),
    ("deploy.yaml", DEPLOYMENT, "key: password", "key: pass", [
        "renamed secret db/password => db/pass: environment variable DB_PASSWORD -> environment variable DB_PASSWORD"]),
    ("deploy.yaml", DEPLOYMENT, "containerPort: 3100", "containerPort: 3200", [
        "modified port Deployment/api/web http: 3100 -> 3200"]),
    ("deploy.yaml", DEPLOYMENT, "  port: 3100", "  port: 3200", [
        "modified port readinessProbe.httpGet.port: 3100 -> 3200"]),
    ("deploy.yaml", DEPLOYMENT, "memory: 1Gi", "memory: 2Gi", [
        "modified workload resources.limits.memory: 1Gi -> 2Gi"]),
    ("deploy.yaml", DEPLOYMENT, "memory: 1Gi", "memory: 1024Mi", []),
    ("deploy.yaml", DEPLOYMENT, "runAsNonRoot: true", "runAsNonRoot: false", [
        "modified access_policy securityContext.runAsNonRoot: true -> false"]),
    ("deploy.yaml", DEPLOYMENT, "    app: api", "    app: api\n    team: core", []),
    ("config.yaml", CONFIG_MAP, "3100", "3200", [
        "modified port app.yaml: server.http_listen_port: 3100 -> 3200"]),
    ("config.yaml", CONFIG_MAP, "24h", "1d", []),
    ("config.yaml", CONFIG_MAP, "24h", "48h", ["modified retention app.yaml: limits.retention: 24h -> 48h"]),
    ("config.yaml", CONFIG_MAP, "timeout = 30", "timeout = 60", [
        "modified credential_lifetime app.ini: session.timeout: 30 -> 60"]),
    ("config.yaml", CONFIG_MAP, "LOG_LEVEL: info", "LOG_LEVEL: warn", ["modified env_var LOG_LEVEL: info -> warn"]),
    (".github/workflows/deploy.yml", WORKFLOW, "0 3", "0 4", [
        "modified schedule deploy schedule: 0 3 * * * -> 0 4 * * *"]),
    (".github/workflows/deploy.yml", WORKFLOW, "contents: read", "contents: write", [
        "modified role_grant permissions contents: read -> write"]),
    (".github/workflows/deploy.yml", WORKFLOW, "staging", "production", [
        "modified ci_job deploy/ship environment: staging -> production"]),
    (".github/workflows/deploy.yml", WORKFLOW, "Ship it", "Deploy", []),
    (".github/workflows/deploy.yml", WORKFLOW, "# deploy", "# ship", []),
    (".github/workflows/deploy.yml", WORKFLOW, "--wait", "--now", [
        "modified ci_job deploy/ship run: ./deploy.sh --wait -> ./deploy.sh --now"]),
    (".github/workflows/deploy.yml", WORKFLOW, "checkout@v4", "checkout@v5", [
        "modified ci_job deploy/ship uses actions/checkout: v4 -> v5"]),
    (".github/workflows/deploy.yml", WORKFLOW, "fetch-depth: 1", "fetch-depth: 0", [
        "modified ci_job deploy/ship uses actions/checkout with.fetch-depth: 1 -> 0"]),
    ("docker-compose.yml", COMPOSE, "6379:6379", "6380:6380", ["modified port services.redis.ports: 6379 -> 6380"]),
    ("docker-compose.yml", COMPOSE, "redis:7.0", "redis:7.2", ["modified image redis: 7.0 -> 7.2"]),
    ("docker-compose.yml", COMPOSE, "MODE=fast", "MODE=slow", ["modified env_var MODE: fast -> slow"]),
    ("docker-compose.yml", COMPOSE, "100mb", "200mb", ["modified cli_flag maxmemory: 100mb -> 200mb"]),
    ("docker-compose.yml", COMPOSE, '["CMD", "redis-cli", "ping"]', "redis-cli ping", []),
    ("docker-compose.yml", COMPOSE, "      - MODE=fast", "      MODE: fast", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "document", "was", "now", "expected"), EDITS)
def test_an_edit_changes_one_statement(path: str, document: str, was: str, now: str, expected: list[str]) -> None:
    assert was in document
    assert changes_of(path, document, document.replace(was, now)) == expected


CHANGES = [
    ("values.yaml", "image:\n  repository: a/b\n  tag: v1\n", "image:\n  repository: a/b\n  tag: v2\n",
     ["modified image a/b: v1 -> v2"]),
    ("app.yaml", "cors:\n  enabled: true\n", "cors:\n  enabled: false\n",
     ["modified access_policy cors.enabled: true -> false"]),
    ("app.yaml", "jobs:\n  - name: a\n    ttl: 5m\n  - name: b\n    ttl: 5m\n",
     "jobs:\n  - name: a\n    ttl: 5m\n  - name: b\n    ttl: 9m\n", ["modified limit jobs[b].ttl: 5m -> 9m"]),
    ("app.yaml", "hosts:\n  - a\n  - b\n", "hosts:\n  - a\n  - b\n  - c\n", ["added setting hosts: c"]),
    ("app.yaml", "a: 1\n---\nb: 2\n", "a: 1\n---\nb: 3\n", ["modified setting b: 2 -> 3"]),
    ("app.yaml", "a: [1, 2]\n", "a: [1, 3]\n", ["modified setting a: 2 -> 3"]),
    ("db.yaml", "password: hunter2\n", "password: hunter3\n", []),
    ("role.yaml",
     "kind: Role\napiVersion: rbac/v1\nmetadata: {name: r}\nrules:\n- resources: [pods]\n  verbs: [get]\n",
     "kind: Role\napiVersion: rbac/v1\nmetadata: {name: r}\nrules:\n- resources: [pods]\n  verbs: [get, delete]\n",
     ["modified role_grant Role/r pods: get -> delete, get"]),
    ("svc.yaml",
     "kind: Service\napiVersion: v1\nmetadata: {name: s}\nspec:\n  ports:\n  - name: http\n    port: 80\n",
     "kind: Service\napiVersion: v1\nmetadata: {name: s}\nspec:\n  ports:\n  - name: http\n    port: 81\n",
     ["modified port Service/s http: 80 -> 81"]),
    ("cron.yaml",
     "kind: CronJob\napiVersion: batch/v1\nmetadata: {name: c}\nspec:\n  schedule: '0 1 * * *'\n",
     "kind: CronJob\napiVersion: batch/v1\nmetadata: {name: c}\nspec:\n  schedule: '0 2 * * *'\n",
     ["modified schedule spec.schedule: 0 1 * * * -> 0 2 * * *"]),
    ("ing.yaml",
     "kind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: {name: i}\nspec:\n  rules:\n  - host: a.example.com\n"
     "    http:\n      paths:\n      - path: /x\n        backend: {service: {name: s, port: {number: 80}}}\n",
     "kind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: {name: i}\nspec:\n  rules:\n  - host: a.example.com\n"
     "    http:\n      paths:\n      - path: /x\n        backend: {service: {name: t, port: {number: 80}}}\n",
     ["modified route ANY a.example.com/x: s:80 -> t:80"]),
    ("openapi.yaml", "openapi: 3.0.0\npaths:\n  /users:\n    get:\n      operationId: listUsers\n",
     "openapi: 3.0.0\npaths:\n  /users:\n    get:\n      operationId: listUsers\n    post:\n"
     "      operationId: addUser\n", ["added route POST /users: addUser"]),
    (".gitlab-ci.yml", "deploy:\n  script:\n    - ./ship a\n", "deploy:\n  script:\n    - ./ship b\n",
     ["modified ci_job gitlab-ci/deploy script: ./ship a -> ./ship b"]),
    ("roles/x/tasks/main.yml", "- name: Install\n  apt:\n    name: nginx\n    state: present\n",
     "- name: Install it\n  apt:\n    name: nginx\n    state: present\n", []),
    ("rules.yml", "groups:\n- rules:\n  - record: a:b\n    expr: sum(x)\n",
     "groups:\n- rules:\n  - record: a:b\n    expr: sum(y)\n", ["modified metric a:b: recording -> recording"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after", "expected"), CHANGES)
def test_changes(path: str, before: str, after: str, expected: list[str]) -> None:
    assert changes_of(path, before, after) == expected


SILENT = [
    ("app.yaml", "a: 1\nb: two\n", "b: 'two'\n# note\na:   1\n"),
    ("app.yaml", "a:\n  - x\n  - y: 1\n    z: 2\n", "a: [x, {z: 2, y: 1}]\n"),
    ("app.yaml", "a:\n- x\n- y\n", "---\na:\n    - x\n    - y\n"),
    ("app.yaml", "a: |\n  one\n  two\n", 'a: "one\\ntwo\\n"\n'),
    ("app.yaml", "a: >-\n  one\n  two\n", "a: one two\n"),
    ("app.yaml", "a: one\n  two\n", "a: 'one two'\n"),
    ("app.yaml", "a: 5\nb: 5\n", "a: &x 5\nb: *x\n"),
    ("app.yaml", "base: &b {x: 1}\nc:\n  y: 2\n", "base: &b {x: 1}\nc:\n  <<: *b\n  y: 2\n"),
    ("app.yaml", "a: {{ .Values.x }}\n", "a: {{- .Values.x -}}\n"),
    ("app.yaml", "a: 1\n{{- if .x }}\nb: 2\n{{- end }}\n", "a: 1\n{{- if .y }}\nb: 2\n{{- end }}\n"),
    ("app.yaml", "description: old words\n", "description: other words\n"),
    (".pre-commit-config.yaml", "repos:\n- rev: a\n", "repos:\n- rev: b\n"),
    (".github/dependabot.yml", "updates:\n- interval: daily\n", "updates:\n- interval: weekly\n"),
    ("config/locales/en.yml", "en:\n  hello: Hi\n", "en:\n  hello: Hello\n"),
    ("Chart.yaml", "name: x\nversion: 1.0.0\n", "name: x\nversion: 1.0.1\n"),
    ("crd.yaml", "kind: CustomResourceDefinition\napiVersion: v1\nspec: {a: 1}\n",
     "kind: CustomResourceDefinition\napiVersion: v1\nspec: {a: 2}\n"),
    ("secrets.yaml", "key: ENC[AES256,abc]\nsops:\n  mac: a\n", "key: ENC[AES256,xyz]\nsops:\n  mac: b\n"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after"), SILENT)
def test_silent(path: str, before: str, after: str) -> None:
    assert changes_of(path, before, after) == []


def test_a_change_in_an_expression_shows_the_whole_rule() -> None:
    (alert,) = [fact for fact in facts_of("rules.yaml", RULES) if fact.kind is FactKind.ALERT]
    assert alert.attribute("for") == "10m"
    assert alert.attribute("severity") == "page"
    assert alert.attribute("runbook_url") == "https://wiki/runbook#QueueLagHigh"
    assert (alert.span.start_line, alert.quote) == (4, "- alert: QueueLagHigh")


def test_lines_of_an_embedded_file_are_the_outer_files() -> None:
    port = next(fact for fact in facts_of("config.yaml", CONFIG_MAP) if fact.kind is FactKind.PORT)
    assert (port.span.start_line, port.quote, port.scope) == (9, "http_listen_port: 3100", "ConfigMap/app")


def test_helm_template_is_read_around_its_actions() -> None:
    text = (
        'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include "x.fullname" . }}-web\nspec:\n'
        '  {{- with .Values.svc }}\n  type: {{ .type | default "ClusterIP" }}\n  {{- end }}\n'
        "  ports:\n    - name: http\n      port: 8080\n"
    )
    shown = {(fact.kind.value, fact.key, fact.value.text) for fact in facts_of("chart/templates/svc.yaml", text)}
    assert ("port", "Service/*-web http", "8080") in shown
    assert ("workload", "spec.type", '{{ .type | default "ClusterIP" }}') in shown


def test_secrets_leave_neither_value_nor_quote() -> None:
    text = (
        "api_token: s3cr3tvalue\nenv:\n  - name: DB_PASSWORD\n    value: s3cr3tvalue\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  any: s3cr3tvalue\n"
    )
    facts = facts_of("deploy.yaml", text)
    assert len(facts) >= 3
    assert not any("s3cr3tvalue" in fact.value.text + fact.quote for fact in facts)


def test_what_the_grammar_cannot_read_gets_a_second_opinion() -> None:
    # a quoted text whose second line stands at the key's own column: loaders take it, the grammar does not
    before = "job:\n  text: '{\n  x\n  }'\n  timeout: 5s\n"
    assert changes_of("app.yaml", before, before.replace("5s", "9s")) == ["modified limit job.timeout: 5s -> 9s"]


def test_unreadable_text_is_said_to_be_partial() -> None:
    assert read("a: [1, 2\nb: {{{\n: : :\n").partial.startswith("syntax errors near line")


def read(text: str, lines: tuple[tuple[int, int], ...] = ((1, 10**6),)) -> Reading:
    return load("yaml").read(Side("app.yaml", "after", text.encode(), lines))


@pytest.mark.parametrize(
    "text",
    [
        "a:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 600)),
        "a:\r" + "".join(" " * depth + "a:\r" for depth in range(1, 600)),
        "- " * 3000 + "x",
        "? " * 3000 + "x",
        "[" * 20_000 + "]" * 20_000,
        "[" * 20_000,
        '{"a":' * 10_000,
        "{{ " * 50_000,
        '{{ "a' * 50_000,
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
        "\0" * 1000,
        "a: *a\n" * 2000,
    ],
    ids=range(12),
)
def test_hostile_text_is_survived(text: str) -> None:
    started = time.perf_counter()
    assert len(read(text).facts) <= 8000
    assert time.perf_counter() - started < 5


def test_cost_grows_with_the_change() -> None:
    text = "".join(f"key{i}:\n  name: n{i}\n  value: {i}\n" for i in range(4000))
    facts = read(text, ((6000, 6003),)).facts
    assert {fact.span.start_line for fact in facts} <= set(range(5998, 6006))


scalars = st.one_of(
    st.integers(-5, 10**6).map(str),
    st.sampled_from(["a b", "x: y", "true", "- z", "#no", "it's", 'say "hi"', "5m", "long " * 30]),
    st.text(alphabet="abcxyz0189/._ -", min_size=1, max_size=12),
)
keys = st.text(alphabet="abcdefg_", min_size=1, max_size=6)
documents = st.dictionaries(
    keys,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(documents, st.sampled_from([None, True, False]), st.sampled_from([None, '"', "'"]), st.sampled_from([30, 1000]))
def test_layout_quotes_and_order_say_nothing(
    document: dict[str, object], flow: bool | None, style: str, width: int
) -> None:
    plain = yaml.safe_dump(document, sort_keys=False, default_flow_style=False)
    other = yaml.safe_dump(
        document, sort_keys=True, default_flow_style=flow, default_style=style, width=width, explicit_start=True
    )
    assert stated(read(plain).facts) == stated(read(other).facts)


def stated(facts: tuple[Fact, ...]) -> list[tuple[str, str, str, Confidence]]:
    return sorted((fact.kind.value, fact.key, fact.value.text, fact.confidence) for fact in facts)
