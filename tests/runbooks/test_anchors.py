"""What sections mention, where, and with which value; what is ordinary English stays out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzers.model import Unit
from runbooks.index import section_terms
from runbooks.model import Anchor, AnchorKind, Place
from runbooks.parse import parse, skim


def anchors(text: str, path: str = "docs/runbooks/queue.md") -> list[Anchor]:
    return [a for s in parse(path, text.encode(), revision="abc").sections for a in s.anchors]


def named(text: str) -> list[tuple[str, str]]:
    return [(a.kind.value, a.target) for a in anchors(text) if a.kind is not AnchorKind.VALUE]


def values(text: str) -> dict[str, str]:
    """Each name with the value that is said of it."""
    kinds = (AnchorKind.NAME, AnchorKind.FLAG, AnchorKind.ENV_VAR)
    return {a.target: a.value.text for a in anchors(text) if a.value is not None and a.kind in kinds}


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("deploy/app.yaml", ("path", "deploy/app.yaml")),
        ("./deploy/app.yaml:12", ("path", "deploy/app.yaml")),
        ("/var/queue/wal", ("path", "/var/queue/wal")),
        ("Dockerfile", ("path", "Dockerfile")),
        ("--retention-days", ("flag", "--retention-days")),
        ("-server.http-port", ("flag", "-server.http-port")),
        ("SESSION_TTL", ("env_var", "SESSION_TTL")),
        ("$SESSION_TTL", ("env_var", "SESSION_TTL")),
        ("/api/v1/jobs", ("route", "/api/v1/jobs")),
        ("POST /login", ("route", "POST /login")),
        ("/jobs/{id}?all=1", ("route", "/jobs/{id}")),
        ("localhost:3100", ("port", "3100")),
        (":9090", ("port", "9090")),
        ("Queue.flush", ("name", "Queue.flush")),
        ("flush()", ("name", "flush")),
        ("queue-worker", ("name", "queue-worker")),
        ("queue_lag_seconds", ("name", "queue_lag_seconds")),
        ("ingester", ("name", "ingester")),
        ("example/queue:2.3.0", ("name", "example/queue")),
        ("rate(queue_lag_seconds[5m]) > 0", ("name", "queue_lag_seconds")),
        ("no room left for jobs", ("name", "no room left for jobs")),
    ],
)
def test_a_code_span_names_one_thing(span: str, expected: tuple[str, str]) -> None:
    assert named(f"See `{span}` now.") == [expected]


@pytest.mark.parametrize("span", ["true", "null", "yes", "x", "the", "2026-10-01", "1f3a9bc", "string", "", "JSON"])
def test_weak_code_spans_name_nothing(span: str) -> None:
    assert named(f"See `{span}` now.") == []


def test_a_symbol_in_a_file_names_both() -> None:
    assert named("`pkg/queue.go::Flush`") == [("path", "pkg/queue.go"), ("name", "Flush")]


def test_a_command_names_itself_and_its_parts() -> None:
    found = named("Run `kubectl -n jobs rollout restart deploy/queue-worker --timeout=90s`.")
    assert found == [
        ("command", "kubectl -n jobs rollout restart deploy/queue-worker --timeout=90s"),
        ("name", "queue-worker"),
        ("flag", "--timeout"),
    ]
    assert values("`worker --retention-days 30`") == {"--retention-days": "30"}
    assert ("port", "3100") in named("`kubectl port-forward svc/queue 8080:3100`")


def test_assignments_in_code_spans_carry_their_value() -> None:
    assert values("`ttl_seconds: 60` `SESSION_TTL=1h` `max_jobs = 5` `--ttl=5m`") == {
        "ttl_seconds": "60",
        "SESSION_TTL": "1h",
        "max_jobs": "5",
        "--ttl": "5m",
    }


def test_prose_is_read_only_where_it_is_spelt_like_code() -> None:
    text = (
        "The QueueLagHigh alert reads max_jobs from app.yaml or MAX_JOBS, passed as --max-jobs, "
        "and/or read/write via GitHub, PostgreSQL, e.g. on S3/GCS. See config/app.toml."
    )
    assert named(text) == [
        ("name", "QueueLagHigh"),
        ("name", "max_jobs"),
        ("path", "app.yaml"),
        ("env_var", "MAX_JOBS"),
        ("flag", "--max-jobs"),
        ("path", "config/app.toml"),
    ]


def test_ports_in_prose_and_urls() -> None:
    text = "It listens on port 3100 and 9095. Ask http://queue:8080/ready or https://docs.example.com/a/b."
    assert named(text) == [("port", "3100"), ("port", "9095"), ("port", "8080"), ("route", "/ready")]


def test_headings_name_alerts_and_settings() -> None:
    found = anchors("## QueueLagHigh\n\n## Changing `ttl_seconds`\n\n## Overview of things\n")
    assert [(a.target, a.place) for a in found] == [("QueueLagHigh", Place.HEADING), ("ttl_seconds", Place.HEADING)]


def test_relative_links_are_paths_from_the_root_of_the_repository() -> None:
    text = "[a](../deploy/app.yaml#L3) [b](/src/x.py) [c](https://x.example/y) [d](#e) ![f](g.png) [g](mailto:a@b.c)"
    found = [(a.target, a.place) for a in anchors(text, "docs/queue.md")]
    assert found == [("deploy/app.yaml", Place.LINK), ("src/x.py", Place.LINK)]
    blob = "[code](https://forge.example/org/repo/blob/main/pkg/queue.go#L10-L12)"
    assert [a.target for a in anchors(blob)] == ["pkg/queue.go"]
    assert [a.target for a in anchors("[r]: ../../deploy/b.yaml\n")] == ["deploy/b.yaml"]
    assert anchors("[up](../../../../etc/passwd)") == []


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("`ttl_seconds` is 60.", {"ttl_seconds": "60"}),
        ("`ttl_seconds` (default: 60) is read at start.", {"ttl_seconds": "60"}),
        ("The `session_ttl` controls sessions, by default 30 minutes.", {"session_ttl": "30 minutes"}),
        ("`session_ttl` limits sessions. It defaults to `30m`.", {"session_ttl": "30m"}),
        (
            "`session_ttl` defaults to 5m and `refresh_ttl` defaults to 10m.",
            {"session_ttl": "5m", "refresh_ttl": "10m"},
        ),
        ("30s for `--scrape-timeout`", {"--scrape-timeout": "30s"}),
        ("`a_ttl` and `b_ttl` default to 5m.", {"a_ttl": "5m", "b_ttl": "5m"}),
        ("`a_ttl` and `b_ttl` are 5m and 1h respectively.", {"a_ttl": "5m", "b_ttl": "1h"}),
        ("Set `auth_enabled` to `false`.", {"auth_enabled": "false"}),
        ("`store_type` sets the store (default `boltdb`).", {"store_type": "boltdb"}),
        ("SESSION_TTL is 60 minutes.", {"SESSION_TTL": "60 minutes"}),
        ("`session_ttl` is `30` minutes.", {"session_ttl": "30 minutes"}),
    ],
)
def test_a_value_belongs_to_the_name_it_is_said_of(sentence: str, expected: dict[str, str]) -> None:
    assert values(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "`session_ttl` must be at least 24h.",
        "`queue_lag` is greater than 3 days.",
        "If `max_jobs` is set to 10, nothing starts.",
        "See `max_jobs` in step 4.",
        "`max_jobs` limits jobs. Wait 5 minutes.",
        "Pods with `ingester` in zone a restart 3 times.",
        "`jobs_per_second` is how many start in a second.",
        "`a_ttl` and `b_ttl` are one of 5m, 6m and 7m.",
    ],
)
def test_doubt_binds_nothing(sentence: str) -> None:
    assert values(sentence) == {}


def test_values_are_anchors_with_unit_and_line() -> None:
    (value,) = anchors("Tokens live\nfor 30 minutes.\n")
    assert (value.kind, value.target, value.span.start_line) == (AnchorKind.VALUE, "30 minutes", 2)
    assert value.value is not None
    assert (value.value.number, value.value.unit) == (1800.0, Unit.SECONDS)


def test_a_code_span_over_two_lines_stands_at_its_first() -> None:
    (command, *_) = anchors("Run `kubectl rollout\nrestart`.\n")
    assert (command.target, command.span.start_line) == ("kubectl rollout restart", 1)


def test_rows_tie_values_to_the_name_in_the_first_cell() -> None:
    text = (
        "| Setting | Required | Default (seconds) | Meaning |\n|---|---|---|---|\n"
        "| `session_ttl` | yes | 60 | see `refresh_ttl` |\n| `auth_enabled` | no | `true` | 5 ways |\n"
    )
    found = [(a.target, a.value) for a in anchors(text) if a.kind is AnchorKind.NAME and a.value]
    assert [(target, value.text, value.unit) for target, value in found] == [
        ("session_ttl", "60", Unit.SECONDS),
        ("auth_enabled", "true", Unit.NONE),
    ]
    assert all(a.place is Place.TABLE for a in anchors(text))


def test_yaml_fences_state_keys_and_dotted_paths_at_their_lines() -> None:
    text = "```yaml\nstorage:\n  pool:\n    queue_depth: 100  # default 10000\n    port: 3100\n```\n"
    found = [(a.target, a.value.text if a.value else "", a.span.start_line) for a in anchors(text)]
    assert found == [
        ("queue_depth", "100", 4),
        ("storage.pool.queue_depth", "100", 4),
        ("queue_depth", "10000", 4),
        ("storage.pool.queue_depth", "10000", 4),
        ("port", "3100", 5),
        ("3100", "3100", 5),
        ("storage.pool.port", "3100", 5),
    ]
    assert {a.place for a in anchors(text)} == {Place.FENCE}


def test_reference_style_defaults_are_read() -> None:
    assert values("```yaml\n# CLI flag: -queue.ttl\n[ttl: <duration> | default = 30s]\n```\n") == {"ttl": "30s"}


def test_shell_fences_give_commands_flags_and_variables_line_by_line() -> None:
    text = (
        "```sh\nexport SESSION_TTL=5m\n# restart --now-please\nqueuectl start \\\n  --max-jobs 7 \\\n  --dry-run\n```\n"
    )
    found = [(a.kind.value, a.target, a.value.text if a.value else "", a.span.start_line) for a in anchors(text)]
    assert found == [
        ("env_var", "SESSION_TTL", "5m", 2),
        ("flag", "--now-please", "", 3),
        ("command", "queuectl start", "", 4),
        ("flag", "--max-jobs", "7", 5),
        ("flag", "--dry-run", "", 6),
    ]


def test_a_prompt_marks_commands_and_the_rest_is_output() -> None:
    assert named("```console\n$ queuectl status\nlag_seconds 12\n```\n")[0] == ("command", "queuectl status")


def test_removed_lines_of_a_diff_fence_are_not_read() -> None:
    assert values("```diff\n-ttl_seconds: 60\n+ttl_seconds: 30\n```\n") == {"ttl_seconds": "30"}


def test_comments_and_tags_are_not_prose() -> None:
    assert named("Text <!-- set max_jobs --> <a href='x/y.py'>z</a>") == []


def test_anchors_are_in_document_order_and_number_their_block() -> None:
    found = anchors("# T\n\n`b_c`\n\n`a_b` and `a_b`\n")
    assert [(a.target, a.block) for a in found] == [("b_c", 1), ("a_b", 2)]


@pytest.mark.parametrize(
    "text",
    [
        "# `a.b_c` and port 3200 `:3200`\n\nThe `http_port` is 3200, and `http_port` of [x](../a/b.md) too.\n",
        "Set max_lag to 5m; `max_lag` is 5m, and `max_lag` is 6m. See port 9090, `:9090`, src/queue.py.\n",
        "| a | b | c |\n| --- | --- | --- |\n| `grpc_port` | 9095 | `9095` |\n| port 80 | `:80` | 10 (d) |\n",
        "| `x_port` | required |\n| --- | --- |\n| `x_port`, `y.z` | 8080 |\n",
        '```yaml\nserver:\n  http_port: 3200 # default 3100\n  path: "/var/x"\n```\n\n    kubectl get --timeout=5s\n',
        "<a href='b'>c_d</a> every 5 minutes `GET /api/v1` and `error: could not reach` --flag.x=1 https://h:81/x_y\n",
    ],
)
def test_skimming_finds_the_names_of_the_anchors(text: str) -> None:
    full = parse("docs/a.md", text.encode(), revision="head")
    runbook, named = skim("docs/a.md", text.encode(), revision="head")
    assert section_terms(runbook, named) == tuple(
        replace(terms, section=replace(terms.section, anchors=())) for terms in section_terms(full)
    )


def test_skimming_agrees_with_parsing_on_the_project_s_own_documents() -> None:
    for page in sorted(Path(__file__).parents[2].glob("docs/**/*.md")):
        full = section_terms(parse("a.md", page.read_bytes(), revision="head"))
        short = section_terms(*skim("a.md", page.read_bytes(), revision="head"))
        assert [(t.coded, t.paths) for t in full] == [(t.coded, t.paths) for t in short]
