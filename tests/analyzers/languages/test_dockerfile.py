from __future__ import annotations

import pytest

from analyzers.model import FactKind
from tests.facts_helper import changes_of, facts_of

CHANGES = [
    ("FROM python:3.11\n", "FROM python:3.12\n", ["modified image python: 3.11 -> 3.12"]),
    ("FROM reg:5000/a/b:1 AS x\n", "FROM reg:5000/a/b:2 AS x\n", ["modified image reg:5000/a/b: 1 -> 2"]),
    ("FROM a@sha256:11\n", "FROM a@sha256:22\n", ["modified image a: sha256:11 -> sha256:22"]),
    ("FROM a:${VERSION}-slim\n", "FROM a:${VERSION}-full\n", ["modified image a: ${VERSION}-slim -> ${VERSION}-full"]),
    ("FROM a\nEXPOSE 80\n", "FROM a\nEXPOSE 8080/tcp\n", ["modified port EXPOSE: 80 -> 8080"]),
    ("ENV WORKERS=2\n", "ENV WORKERS=4\n", ["modified env_var WORKERS: 2 -> 4"]),
    ("ENV A=1\n", "ENV A=1 LOG_LEVEL=debug\n", ["added env_var LOG_LEVEL: debug"]),
    ("ARG GO=1.21\n", "ARG GO=1.22\n", ["modified setting GO: 1.21 -> 1.22"]),
    ("USER root\n", "USER app\n", ["modified workload USER: root -> app"]),
    ("CMD app\n", "CMD app serve\n", ["modified target CMD: app -> app serve"]),
    (
        'ENTRYPOINT ["/app", "--workers=2"]\n',
        'ENTRYPOINT ["/app", "--workers=8"]\n',
        ["modified cli_flag workers: 2 -> 8", "modified target ENTRYPOINT: /app --workers=2 -> /app --workers=8"],
    ),
    (
        "HEALTHCHECK --interval=30s CMD curl -f http://localhost/\n",
        "HEALTHCHECK --interval=5s CMD curl -f http://localhost/\n",
        ["modified limit HEALTHCHECK interval: 30s -> 5s"],
    ),
    ("VOLUME /data\n", 'VOLUME ["/var/lib/app"]\n', ["modified storage_name VOLUME: /data -> /var/lib/app"]),
]

SILENT = [
    ("CMD app -v\n", 'cmd ["app", "-v"]\n'),
    ("ENV A 1\n", 'ENV A="1"\n'),
    ("RUN a && b\n", "RUN a \\\n    # why\n\n    && b\n"),
    ("RUN a && b\n", "RUN a   &&   b\n"),
    ("FROM a\n", "# syntax=docker/dockerfile:1\nFROM a\n"),
    ("LABEL a=b\n", "LABEL a=c\n"),
    ("ENV PATH=/a\n", "ENV PATH=/b\n"),
    (
        "FROM a AS build\nFROM scratch\nCOPY --from=build / /\n",
        "FROM a AS build\n\nFROM scratch\nCOPY --from=build / /\n",
    ),
    ("EXPOSE 80 443\n", "EXPOSE 443\nEXPOSE 80\n"),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_changes(before: str, after: str, expected: list[str]) -> None:
    assert changes_of("Dockerfile", before, after) == expected


@pytest.mark.parametrize(("before", "after"), SILENT)
def test_silent(before: str, after: str) -> None:
    assert changes_of("Dockerfile", before, after) == []


def test_a_build_step_is_behaviour() -> None:
    (change,) = changes_of("Dockerfile", "FROM a\nRUN make\n", "FROM a\nRUN make all\n")
    assert change.startswith("modified behaviour RUN")


def test_stages_are_no_images() -> None:
    facts = facts_of("Dockerfile", "FROM golang:1 AS build\nFROM build AS test\nFROM scratch\n")
    assert [(f.key, f.scope) for f in facts if f.kind is FactKind.IMAGE] == [("golang", "build")]


def test_a_here_document_belongs_to_its_step() -> None:
    text = "FROM a\nRUN <<EOF\nUSER root\nEOF\nUSER app\n"
    assert [f.value.text for f in facts_of("Dockerfile", text) if f.key == "USER"] == ["app"]


def test_the_escape_directive_is_honoured() -> None:
    text = "# escape=`\nFROM a\nRUN dir C:\\\nUSER app\n"
    assert [f.value.text for f in facts_of("x.dockerfile", text) if f.key == "USER"] == ["app"]


@pytest.mark.parametrize(
    "text", ["", "\\", "RUN <<EOF\nnever closed", "ENV", "FROM", 'CMD ["a', "CMD 'a", "EXPOSE x/y/z"]
)
def test_broken_files_are_read_as_far_as_possible(text: str) -> None:
    facts_of("Dockerfile", text)
