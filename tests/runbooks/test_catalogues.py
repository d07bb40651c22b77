"""Service catalogues as teams write them, and as strangers break them."""

from __future__ import annotations

import pytest

from runbooks.catalogues import Problem, described
from runbooks.config import Config
from runbooks.model import Owner, OwnerKind, Service
from runbooks.services import catalogue_problems, services_from


def only(path: str, text: str) -> Service:
    (found,) = described(path, text.encode())
    assert isinstance(found, Service)
    return found


def problem(path: str, text: str) -> str:
    (found,) = described(path, text.encode())
    assert isinstance(found, Problem)
    return found.text


def test_datadog_with_team_channel_and_a_runbook_in_this_repository() -> None:
    text = """
schema-version: v2.2
dd-service: payments
team: money
contacts:
  - type: email
    contact: money@acme.example
  - type: slack
    contact: https://acme.slack.com/archives/C0MONEY
links:
  - name: Runbook
    type: runbook
    url: https://github.example/acme/shop/blob/main/docs/runbooks/pay%20ments.md#restart
  - name: Wiki
    type: doc
    url: https://wiki.example/payments
"""
    assert only("services/payments/service.datadog.yaml", text) == Service(
        "payments", ("/services/payments/",), ("/docs/runbooks/pay\\ ments.md",),
        (Owner("money", OwnerKind.TEAM, "Datadog"),), "C0MONEY", "Datadog",
    )  # fmt: skip


def test_a_datadog_entity_names_its_paths_and_owners() -> None:
    text = """
apiVersion: v3
kind: service
metadata:
  name: payments
  owner: money
  additionalOwners: [{name: risk, type: operator}]
datadog:
  codeLocations:
    - repositoryURL: https://github.example/acme/shop.git
      paths: ["services/payments/**"]
"""
    found = only("entity.datadog.yaml", text)
    assert (found.name, found.paths) == ("payments", ("services/payments/**",))
    assert [owner.handle for owner in found.owners] == ["money", "risk"]


def test_opslevel() -> None:
    text = """
version: 1
service:
  name: payments
  owner: money
  tools:
    - {name: Ops runbook, category: runbooks, url: "https://gitlab.example/a/b/-/blob/main/ops/pay.md"}
  repositories:
    - {name: acme/shop, path: services/payments}
"""
    assert only("opslevel.yml", text) == Service(
        "payments", ("/services/payments/",), ("/ops/pay.md",), (Owner("money", OwnerKind.TEAM, "OpsLevel"),), "",
        "OpsLevel",
    )  # fmt: skip


def test_cortex() -> None:
    text = """
openapi: 3.0.1
info:
  title: Payments
  x-cortex-tag: payments
  x-cortex-owners:
    - {type: group, name: money, provider: OKTA}
    - {type: email, email: ann@acme.example}
  x-cortex-git: {github: {repository: acme/shop, basepath: services/payments}}
  x-cortex-slack: {channels: [{name: payments-alerts, notificationsEnabled: true}]}
"""
    found = only("cortex.yaml", text)
    assert (found.paths, found.channel) == (("/services/payments/",), "#payments-alerts")
    assert [owner.kind for owner in found.owners] == [OwnerKind.TEAM, OwnerKind.EMAIL]


@pytest.mark.parametrize(("path", "text", "word"), [
    ("catalog-info.yaml", "kind: Component\nmetadata: {}\n", "metadata.name"),
    ("service.datadog.yaml", "team: x\n", "dd-service"),
    ("opslevel.yml", "service: {owner: x}\n", "service.name"),
    ("cortex.yaml", "info: [1]\n", "x-cortex-tag"),
    ("cortex.yaml", "- a\n", "a mapping is expected"),
    ("opslevel.yml", "a: [\n", "cannot be read as YAML"),
    ("opslevel.yml", "a: &a [1]\nb: *a\n", "aliases"),
    ("opslevel.yml", "", "empty"),
    ("opslevel.yml", "a" * 300_000, "larger than"),
])  # fmt: skip
def test_a_bad_file_says_what_is_wrong_with_it(path: str, text: str, word: str) -> None:
    assert word in problem(path, text)


def test_a_bad_file_does_not_take_the_others_with_it_and_the_better_source_wins() -> None:
    files = {
        "a/cortex.yaml": b"info: {x-cortex-tag: payments, x-cortex-owners: [{name: late}]}",
        "b/opslevel.yml": b"service: {name: payments, owner: early}",
        "c/service.datadog.yaml": b"]",
    }
    (service,) = services_from(Config(), files)
    assert (service.source, [owner.handle for owner in service.owners]) == ("OpsLevel", ["early"])
    assert [skipped.path for skipped in catalogue_problems(files)] == ["c/service.datadog.yaml"]


def test_what_a_description_of_something_else_says_is_no_service() -> None:
    assert list(described("catalog-info.yaml", b"kind: Group\nmetadata: {name: sre}\n")) == []
    assert list(described("cortex.yaml", b"info: {x-cortex-tag: t, x-cortex-type: team}\n")) == []
