from __future__ import annotations

import time

import pytest

from analyzers.languages import Side, load
from analyzers.model import FactKind
from tests.facts_helper import changes_of, facts_of

MIXIN = """local wait = '10m';
{
  _config+:: {
    port: 3100,
    replicas: 3,
    alerts: { max_lag_seconds: 30 },
  },
  prometheusAlerts+:: {
    groups+: [
      {
        name: 'app',
        rules: [
          {
            alert: 'QueueLagHigh',
            'for': wait,
            expr: |||
              sum by (%s) (lag_seconds{namespace=~"%s"})
                > %d
            ||| % [
              $._config.group_by,
              $._config.namespace,
              $._config.alerts.max_lag_seconds,
            ],
            labels: { severity: 'critical' },
            annotations: {
              message: 'Lag of %s is high.' % $._config.job,
              runbook_url: 'https://wiki/runbook#' + 'QueueLagHigh',
            },
          },
        ],
      },
    ],
  },
}
"""

LIBRARY = """{
  local target = 'reader',
  reader_container::
    container.new('reader', 'example/reader:1.0') +
    container.withPorts([containerPort.newNamed('http', 3100)]) +
    container.withArgs(['-target=' + target, '-config.file=/etc/a.yaml']) +
    container.withEnvMap({ LOG_LEVEL: 'info' }) +
    k.util.resourcesRequests('500m', '1Gi') +
    $.util.readinessProbe,
  reader_deployment:
    deployment.new('reader', 2, [$.reader_container]) +
    deployment.mixin.spec.strategy.rollingUpdate.withMaxSurge(0) +
    deployment.mixin.spec.withReplicas(3) +
    deployment.mixin.metadata.withLabels({ app: 'reader' }),
  reader_service: service.withPorts(servicePort.newNamed(name='http', port=80, targetPort=8080)),
  reader_config: configMap.new('reader') + configMap.withData({
    'reader.yaml': k.util.manifestYaml({ server: { http_listen_port: $._config.port }, retention: '24h' }),
  }),
}
"""

EDITS = [
    (MIXIN, "port: 3100", "port: 3200", ["modified port _config.port: 3100 -> 3200"]),
    (MIXIN, "max_lag_seconds: 30", "max_lag_seconds: 60", [
        "modified limit _config.alerts.max_lag_seconds: 30 -> 60"]),
    (MIXIN, "lag_seconds{namespace", "lag_ms{namespace", [
        'modified alert QueueLagHigh: sum by ($._config.group_by) (lag_seconds{namespace=~"$._config.namespace"}) > '
        "$._config.alerts.max_lag_seconds -> "
        'sum by ($._config.group_by) (lag_ms{namespace=~"$._config.namespace"}) > $._config.alerts.max_lag_seconds',
    ]),
    (MIXIN, "              $._config.namespace,\n", "              $._config.cluster,\n", [
        'modified alert QueueLagHigh: sum by ($._config.group_by) (lag_seconds{namespace=~"$._config.namespace"}) > '
        "$._config.alerts.max_lag_seconds -> "
        'sum by ($._config.group_by) (lag_seconds{namespace=~"$._config.cluster"}) > $._config.alerts.max_lag_seconds',
    ]),
    (MIXIN, "Lag of %s is high.", "%s is far behind.", []),
    (MIXIN, "name: 'app'", "name: 'application'", []),
    (LIBRARY, "3100", "3200", ["modified port reader_container http: 3100 -> 3200"]),
    (LIBRARY, "reader:1.0", "reader:1.1", ["modified image example/reader: 1.0 -> 1.1"]),
    (LIBRARY, "/etc/a.yaml", "/etc/b.yaml", ["modified cli_flag config.file: /etc/a.yaml -> /etc/b.yaml"]),
    (LIBRARY, "LOG_LEVEL: 'info'", "LOG_LEVEL: 'debug'", ["modified env_var LOG_LEVEL: info -> debug"]),
    (LIBRARY, "'1Gi'", "'2Gi'", [
        "modified workload reader_container.resources.requests.memory: 1Gi -> 2Gi"]),
    (LIBRARY, "'reader', 2,", "'reader', 4,", ["modified workload reader_deployment.replicas: 2 -> 4"]),
    (LIBRARY, "withReplicas(3)", "withReplicas(5)", ["modified limit reader_deployment.spec.replicas: 3 -> 5"]),
    (LIBRARY, "MaxSurge(0)", "MaxSurge(1)", [
        "modified limit reader_deployment.spec.strategy.rollingUpdate.maxSurge: 0 -> 1"]),
    (LIBRARY, "app: 'reader'", "app: 'read'", []),
    (LIBRARY, "port=80", "port=81", ["modified port reader_service http: 80 -> 81"]),
    (LIBRARY, "'24h'", "'48h'", ["modified retention reader_config.data.reader.yaml.retention: 24h -> 48h"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "was", "now", "expected"), EDITS)
def test_an_edit_changes_one_statement(document: str, was: str, now: str, expected: list[str]) -> None:
    assert was in document
    assert changes_of("lib/app.libsonnet", document, document.replace(was, now)) == expected


SILENT = [
    ("{ a: 1, b: 'x' }", '// note\n{\n  b: "x",\n  a: 1,\n}\n'),
    ("{ 'for': 1 }", '{ "for": 1, }'),
    ("{ a: (1) }", "{ a: 1 }"),
    ("{ a: 'x' + 'y' }", "{ a: 'xy' }"),
    ("{ a: '%s-b' % 'x' }", "{ a: 'x-b' }"),
    ("{ a: '%(k)s-b' % { k: 'x' } }", "{ a: 'x-b' }"),
    ("{ a: |||\n  x\n||| }", "{ a: 'x' }"),
    ("local k = import 'k.libsonnet'; { a: 1 }", "local lib = import 'k.libsonnet';\n{ a: 1 }"),
    ("local f(x) = x + 1; { a: f(1) }", "local f(value) = value + 1;\n{ a: f(1) }"),
    ("{ a: std.max(1, 2) }", "{ a: std.max(\n  1,\n  2,\n) }"),
    ("{ a: 1 } + { b: 2 }", "{ a: 1, b: 2 }"),
    ("base { a: 1 }", "base + { a: 1 }"),
    ("{ description: 'a' }", "{ description: 'b' }"),
    ("{ a: error 'must be given' }", "{ a: error 'is required' }"),
]


@pytest.mark.parametrize(("before", "after"), SILENT)
def test_silent(before: str, after: str) -> None:
    assert changes_of("lib/app.libsonnet", before, after) == []


def test_an_alert_carries_what_the_runbook_needs() -> None:
    (alert,) = [fact for fact in facts_of("mixin/alerts.libsonnet", MIXIN) if fact.kind is FactKind.ALERT]
    assert alert.attribute("for") == "10m"
    assert alert.attribute("severity") == "critical"
    assert alert.attribute("runbook_url") == "https://wiki/runbook#QueueLagHigh"
    assert alert.quote == "alert: 'QueueLagHigh',"


def test_a_text_block_with_a_file_in_it_keeps_its_lines() -> None:
    text = "{\n  data: {\n    'app.yaml': |||\n      server:\n        port: 80\n    |||,\n  },\n}\n"
    (port,) = facts_of("app.jsonnet", text)
    assert (port.key, port.value.text, port.span.start_line) == ("app.yaml: server.port", "80", 5)


def test_dashboards_say_nothing() -> None:
    assert facts_of("mixin/dashboards/app.libsonnet", "{ title: 'x', height: 3 }") == []


@pytest.mark.parametrize(
    "text",
    [
        "{a:" + "1+" * 20_000 + "1}",
        "local a = 1;\n" * 20_000 + "{ a: 1 }",
        "{a:" + "(" * 20_000 + "1" + ")" * 20_000 + "}",
        "{a:" + "if a then " * 10_000 + "1 }",
        "{a:" * 20_000 + "1" + "}" * 20_000,
        "{a: '" + "%s" * 20_000 + "' % [" + "1," * 20_000 + "]}",
        "{a: " + "f(" * 10_000 + "1" + ")" * 10_000 + "}",
        "{a: f" + "(1)" * 10_000 + "}",
        "{a: |||\n" + " " * 50_000 + "x\n|||}",
        "{" * 20_000,
        "\0\1",
    ],
    ids=range(11),
)
def test_hostile_text_is_survived(text: str) -> None:
    started = time.perf_counter()
    load("jsonnet").read(Side("a.jsonnet", "after", text.encode(), ((1, 10**6),)))
    assert time.perf_counter() - started < 5
