"""Services from the configuration and Backstage descriptors, and which service a file or runbook belongs to."""

from __future__ import annotations

from runbooks.config import Config, ServiceSettings
from runbooks.model import OwnerKind, Runbook
from runbooks.services import is_catalogue, service_of, service_of_runbook, services_from

CATALOGUE = b"""\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: queue
spec:
  owner: group:default/sre
"""
OTHER_KINDS = b"kind: System\nmetadata: {name: platform}\n---\nkind: Component\nmetadata: {name: mail}\n"


def runbook(path: str, service: str = "") -> Runbook:
    return Runbook(path, "", service, (), None, None, (), ())


def test_configured_services_come_first_and_win_their_name() -> None:
    config = Config(services=(ServiceSettings("queue", paths=("q/**",), owners=("@jane",), channel="#queue"),))
    (queue, mail) = services_from(config, {"queue/catalog-info.yaml": CATALOGUE, "m/catalog-info.yml": OTHER_KINDS})
    assert (queue.name, queue.paths, queue.channel, queue.source) == ("queue", ("q/**",), "#queue", "configuration")
    assert [(o.handle, o.kind, o.source) for o in queue.owners] == [("@jane", OwnerKind.USER, "configuration")]
    assert (mail.name, mail.owners, mail.source) == ("mail", (), "Backstage")


def test_a_component_owns_the_directory_of_its_descriptor() -> None:
    services = services_from(Config(), {"services/queue/catalog-info.yaml": CATALOGUE})
    assert [(o.handle, o.kind, o.source) for o in services[0].owners] == [("sre", OwnerKind.TEAM, "Backstage")]
    assert service_of("services/queue/src/a.py", services) == services[0]
    assert service_of("services/mail/src/a.py", services) is None
    assert service_of("x/services/queue/a.py", services) is None


def test_a_descriptor_at_the_top_claims_what_nobody_else_does() -> None:
    services = services_from(Config(), {"catalog-info.yaml": CATALOGUE, "mail/catalog-info.yaml": OTHER_KINDS})
    assert {s.name for s in services} == {"queue", "mail"}
    assert (found := service_of("src/a.py", services)) is not None
    assert found.name == "queue"
    assert (found := service_of("mail/a.py", services)) is not None
    assert found.name == "mail"


def test_a_descriptor_of_several_components_claims_no_directory() -> None:
    two = CATALOGUE + b"---\n" + CATALOGUE.replace(b"queue", b"mail")
    services = services_from(Config(), {"a/catalog-info.yaml": two})
    assert [s.name for s in services] == ["queue", "mail"]
    assert service_of("a/x.py", services) is None


def test_hostile_descriptors_describe_nothing() -> None:
    hostile = {
        "a/catalog-info.yaml": b"a: &a [1]\nb: *a\n",
        "b/catalog-info.yaml": b"[" * 10_000,
        "c/catalog-info.yaml": b"kind: Component\nmetadata: [1]\n",
        "d/catalog-info.yaml": b"kind: Component\nmetadata: {name: 3}\n",
        "e/catalog-info.yaml": b"!!python/object:os.system x\n",
        "f/catalog-info.yaml": b"\xff\xfe\x00",
        "g/other.yaml": CATALOGUE,
    }
    assert services_from(Config(), hostile) == ()
    assert is_catalogue("g/catalog-info.yaml")
    assert not is_catalogue("g/other.yaml")


def test_the_most_exact_pattern_wins() -> None:
    config = Config(
        services=(
            ServiceSettings("all", paths=("svc/**",)),
            ServiceSettings("queue", paths=("svc/queue/**",)),
        )
    )
    services = services_from(config, {})
    assert (found := service_of("svc/queue/a.py", services)) is not None
    assert found.name == "queue"


def test_front_matter_decides_the_service_of_a_runbook() -> None:
    config = Config(
        services=(
            ServiceSettings("queue", runbooks=("docs/runbooks/queue*.md",)),
            ServiceSettings("mail", paths=("mail/**",)),
        )
    )
    services = services_from(config, {})
    names = {
        path: (found.name if (found := service_of_runbook(runbook(path, service), services)) else None)
        for path, service in [
            ("docs/runbooks/queue-lag.md", ""),
            ("docs/runbooks/queue.md", "Mail"),
            ("mail/runbook.md", ""),
            ("x/runbook.md", ""),
            ("mail/other.md", "unheard-of"),
        ]
    }
    assert names == {
        "docs/runbooks/queue-lag.md": "queue",
        "docs/runbooks/queue.md": "mail",
        "mail/runbook.md": "mail",
        "x/runbook.md": None,
        "mail/other.md": None,
    }
