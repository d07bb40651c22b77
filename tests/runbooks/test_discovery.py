"""Which files are runbooks, by convention and by configuration."""

from __future__ import annotations

import pytest

from runbooks.config import Config, Selection, ServiceSettings
from runbooks.discovery import discover, is_runbook


@pytest.mark.parametrize(
    "path",
    [
        "runbooks/queue.md",
        "services/queue/runbooks/lag.markdown",
        "docs/runbooks/queue.md",
        "playbooks/failover.md",
        "mixin/runbook.md",
        "docs/RUNBOOK-queue.md",
        "queue-playbook.mdx",
        "docs/troubleshooting.md",
        "TROUBLESHOOTING.md",
        "src/queue/troubleshooting.md",
        "operations/README.md",
        "docs/operations/releases-and-rollbacks/index.md",
        "docs/on-call.md",
        "docs/incident-response/severities.md",
        "docs/deployment.md",
        "documentation/backup/restore.md",
        "docs/operator-manual/metrics.md",
        "docs/how-to-rotate-secrets.md",
        "DEPLOYMENT.md",
    ],
)
def test_conventions_find(path: str) -> None:
    assert is_runbook(path, Config())


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "CHANGELOG.md",
        "docs/release-notes.md",
        "LICENSE.md",
        "docs/index.md",
        "docs/tutorial/getting-started.md",
        "vendor/x/runbooks/a.md",
        "web/node_modules/x/docs/troubleshooting.md",
        "third_party/x/runbook.md",
        "pkg/testdata/runbook.md",
        ".github/ISSUE_TEMPLATE/incident.md",
        "docs/adr/0002-deployment.md",
        "docs/proposals/backup.md",
        "docs/developer/deployment.md",
        "src/deployment/notes.md",
        "runbooks/queue.py",
        "runbooks/CHANGELOG.md",
    ],
)
def test_conventions_leave_out(path: str) -> None:
    assert not is_runbook(path, Config())


def test_include_replaces_the_conventions_and_exclude_wins() -> None:
    config = Config(runbooks=Selection(include=("handbook/**",), exclude=("handbook/drafts/",)))
    assert is_runbook("handbook/queue.md", config)
    assert not is_runbook("runbooks/queue.md", config)
    assert not is_runbook("handbook/drafts/queue.md", config)
    assert not is_runbook("handbook/queue.txt", config)


def test_exclude_alone_keeps_the_conventions() -> None:
    config = Config(runbooks=Selection(exclude=("runbooks/retired/",)))
    assert is_runbook("runbooks/queue.md", config)
    assert not is_runbook("runbooks/retired/queue.md", config)


def test_a_services_runbooks_are_runbooks() -> None:
    config = Config(services=(ServiceSettings("queue", runbooks=("wiki/queue-*.md",)),))
    assert is_runbook("wiki/queue-lag.md", config)
    assert not is_runbook("wiki/other.md", config)


def test_discover_sorts_and_drops_doubles() -> None:
    assert discover(["runbooks/b.md", "a.py", "runbooks/a.md", "runbooks/b.md"], Config()) == [
        "runbooks/a.md",
        "runbooks/b.md",
    ]
