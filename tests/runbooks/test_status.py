"""``runbook-drift status``: what a person sees of services in a terminal, and a program as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runbooks.cli import main
from tests.repositories import TempRepo

FILES: dict[str, str | bytes | None] = {
    ".runbook-drift.toml": '[services.payments]\npaths = ["pay/**"]\nrunbooks = ["docs/runbooks/pay*.md"]\n'
    'owners = ["@acme/money"]\nchannel = "C0MONEY"\n',
    "search/service.datadog.yaml": "schema-version: v2.2\ndd-service: search\nteam: finders\n",
    "broken/cortex.yaml": "info: [\n",
    "docs/runbooks/payments.md": "---\nreview_every: 90d\nlast_reviewed: 2026-06-01\n---\n"
    "# Payments\n\n## Restart\n\nx\n",
    "docs/runbooks/lost.md": "# Lost\n\ny\n",
    "search/runbook.md": "# Search\n\nz\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> TempRepo:
    made = TempRepo(tmp_path / "shop")
    made.commit(FILES)
    return made


def run(capsys: pytest.CaptureFixture[str], repository: TempRepo, *arguments: str) -> tuple[int, str, str]:
    code = main(["status", "--repo", str(repository.root), "--as-of", "2026-11-23", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_all_services_their_runbooks_owners_and_what_is_due(
    capsys: pytest.CaptureFixture[str], repository: TempRepo
) -> None:
    code, out, _ = run(capsys, repository)
    assert code == 0
    assert out == (
        "payments (configuration): @acme/money (configuration), C0MONEY\n"
        "  docs/runbooks/payments.md: @acme/money (configuration), 2 sections, last reviewed 2026-06-01, "
        "review was due 2026-08-30\n"
        "\n"
        "search (Datadog): finders (Datadog)\n"
        "  search/runbook.md: finders (Datadog), 1 section\n"
        "\n"
        "runbooks of no known service\n"
        "  docs/runbooks/lost.md: owner unknown, 1 section\n"
        "\n"
        "not read: broken/cortex.yaml: cannot be read as YAML: did not find expected node content (line 2)\n"
        "2 services, 3 runbooks, 1 due for review\n"
        "dead references and alerts without a section: not audited yet\n"
    )


def test_what_the_configuration_says_of_reviews_counts_where_a_runbook_says_nothing(
    capsys: pytest.CaptureFixture[str], repository: TempRepo
) -> None:
    policy = str(FILES[".runbook-drift.toml"])
    asked = policy + '[services.payments.reminders]\nreview_every = "30d"\n[reminders]\nreview_every = "7d"\n'
    repository.write({
        ".runbook-drift.toml": asked, "docs/runbooks/pay-more.md": "---\nlast_reviewed: 2026-11-22\n---\n# More\n",
        "docs/runbooks/lost.md": "---\nlast_reviewed: 2999-12-31\nreview_every: 100y\n---\n# Lost\n",
    })  # fmt: skip
    _, out, _ = run(capsys, repository)
    assert "docs/runbooks/payments.md: @acme/money (configuration), 2 sections, last reviewed 2026-06-01, " in out
    assert "review was due 2026-08-30" in out, "its own interval"
    assert "last reviewed 2026-11-22, review due 2026-12-22" in out, "its service's"
    assert "search/runbook.md: finders (Datadog), 1 section, never reviewed" in out, "everybody's"
    assert "review due 3099-12-07" in out


def test_one_service_whatever_its_case(capsys: pytest.CaptureFixture[str], repository: TempRepo) -> None:
    _, out, _ = run(capsys, repository, "Search")
    assert out.startswith("search (Datadog)")
    assert "payments" not in out


def test_an_unknown_service_names_the_nearest(capsys: pytest.CaptureFixture[str], repository: TempRepo) -> None:
    code, _, err = run(capsys, repository, "paymnets")
    assert code == 2
    assert "the nearest are payments" in err


def test_json_is_the_same_each_time_and_of_a_revision(capsys: pytest.CaptureFixture[str], repository: TempRepo) -> None:
    first = run(capsys, repository, "--format", "json", "--rev", "HEAD")
    repository.write({"docs/runbooks/new.md": "# New\n"})
    assert run(capsys, repository, "--format", "json", "--rev", "HEAD") == first
    told = json.loads(first[1])
    assert [service["name"] for service in told["services"]] == ["payments", "search"]
    assert told["services"][0]["runbooks"][0]["due"] == "2026-08-30"


def test_a_bare_repository_wants_a_revision(
    capsys: pytest.CaptureFixture[str], repository: TempRepo, tmp_path: Path
) -> None:
    repository.git("clone", "--quiet", "--bare", str(repository.root), str(tmp_path / "bare"))
    assert main(["status", "--repo", str(tmp_path / "bare")]) == 2
    assert "--rev" in capsys.readouterr().err
