"""Predictions of the product's own pipeline for every record of the ground truth, in the scorer's format.

    python -m benchmarks.accuracy --mirrors DIR --manifests DIR --out predictions.jsonl

Base is the record's parent, head its commit, answered with ``without_doc_changes``; the runbooks are those that
``repos.json`` names. The functions are those that ``check`` calls: ``workspace.gather``, ``check.map_sections``,
``check.judge``. Labels are not read. A record that fails is written with its error; the run goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import FrameType

from analyzers.git import Repository
from benchmarks.records import KINDS, Patterns, Record, mirror, records, runbook_patterns
from runbooks import check, mapping, workspace
from runbooks.config import Config
from runbooks.model import Status
from runbooks.shelf import Library

MATCHES_KEPT = 80
CONTRADICTION_ALERT = 1.0


class RecordTimeoutError(Exception):
    """A record took longer than its limit."""


def predict(repository: Repository, record: Record, patterns: Patterns | None, library: Library) -> dict[str, object]:
    """The prediction for one record. ``features`` (not part of the scorer's format) lets ``fit.py`` learn from it."""
    started = time.perf_counter()
    inputs = workspace.gather(
        repository,
        record.parent,
        record.sha,
        config=Config(),
        policy_revision=record.parent,
        as_of=date(2026, 1, 1),
        library=library,
        without_doc_changes=True,
        find=lambda paths: sorted(path for path in paths if patterns is not None and patterns.match(path)),
    )
    mapped = check.map_sections(inputs)
    report = check.judge(inputs, mapped)
    false_lines = [v for v in report.verdicts if v.status is Status.CONTRADICTED]
    alert = max((ranked.alert for ranked in mapped.ranked), default=0.0)
    seconds = time.perf_counter() - started
    return {
        "repo": record.repo,
        "sha": record.sha,
        "kind": record.kind,
        "findings": [{"area": f.area.value, "rule": f.rule, "subject": f.subject} for f in mapped.analysis.findings],
        "matches": [
            {"runbook": r.section.path, "headings": list(r.section.written) or ["(preamble)"], "score": r.score}
            for r in mapped.ranked[:MATCHES_KEPT]
        ],
        "alert": CONTRADICTION_ALERT if false_lines else round(alert * 0.999, 6),
        "contradicted": [
            {"runbook": v.evidence.span.path, "line": v.evidence.span.start_line, "quote": v.evidence.quote,
             "reason": v.reason, "suggestion": v.suggestion.after if v.suggestion else None,
             "code": [f"{e.span.path}:{e.span.start_line}: {e.quote}" for e in v.finding.evidence]}
            for v in false_lines if v.evidence
        ],
        "features": [dict(r.candidate.values) for r in mapped.ranked[:MATCHES_KEPT]],
        "diff": mapping.features_of_diff(mapped.analysis),
        "plain": len(mapped.analysis.plain),
        "skipped": [f"{s.path}: {s.reason}" for s in report.skipped[:5]],
        "seconds": round(seconds, 4),
        "error": None,
    }  # fmt: skip


def _expired(number: int, frame: FrameType | None) -> None:
    raise RecordTimeoutError


def run_repository(
    job: tuple[str, list[Record], Path, Patterns | None, float],
) -> list[dict[str, object]]:
    """All records of one repository in one process, so that its runbooks are parsed once."""
    repo, todo, mirrors, patterns, limit = job
    where = mirror(mirrors, repo)
    done: list[dict[str, object]] = []
    repository = None
    problem = "no mirror" if where is None else ""
    if where is not None:
        try:
            repository = Repository.open(str(where), trust_owner=True)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    library = Library()
    signal.signal(signal.SIGALRM, _expired)
    for record in todo:
        if repository is None:
            done.append(_failed(record, problem, None))
            continue
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, limit)
        try:
            done.append(predict(repository, record, patterns, library))
        except RecordTimeoutError:
            done.append(_failed(record, f"longer than {limit:g} s", time.perf_counter() - started))
            repository = Repository.open(str(where), trust_owner=True)
        except Exception as error:
            done.append(_failed(record, f"{type(error).__name__}: {error}"[:300], time.perf_counter() - started))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return done


def _failed(record: Record, problem: str, seconds: float | None) -> dict[str, object]:
    return {
        "repo": record.repo, "sha": record.sha, "kind": record.kind, "findings": [], "matches": [], "alert": 0.0,
        "seconds": round(seconds, 4) if seconds is not None else None, "error": problem,
    }  # fmt: skip


def _jobs(
    arguments: argparse.Namespace, done: set[tuple[str, str]]
) -> Iterator[tuple[str, list[Record], Path, Patterns | None, float]]:
    patterns = runbook_patterns(arguments.manifests)
    by_repo: dict[str, dict[str, Record]] = {}
    count = 0
    for record in records(arguments.manifests, arguments.kind, frozenset(arguments.repos)):
        if (record.repo, record.sha) in done or record.sha in by_repo.get(record.repo, {}):
            continue
        if arguments.limit and count >= arguments.limit:
            break
        by_repo.setdefault(record.repo, {})[record.sha] = record
        count += 1
    chunk = 25
    for repo, found in sorted(by_repo.items(), key=lambda item: -len(item[1])):
        todo = list(found.values())
        for start in range(0, len(todo), chunk):
            yield repo, todo[start : start + chunk], arguments.mirrors, patterns.get(repo), arguments.seconds


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", required=True, type=Path)
    parser.add_argument("--manifests", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--kind", default=KINDS, type=lambda text: tuple(text.split(",")))
    parser.add_argument("--repos", default=[], type=lambda text: text.split(","))
    parser.add_argument("--limit", default=0, type=int, help="records at most")
    parser.add_argument("--jobs", default=os.cpu_count() or 1, type=int)
    parser.add_argument("--seconds", default=60.0, type=float, help="per record")
    parser.add_argument("--resume", action="store_true", help="keep what --out already has and go on")
    return parser.parse_args()


def main() -> None:
    """Write the predictions; see the module's text."""
    from tqdm import tqdm

    arguments = _parse()
    done: set[tuple[str, str]] = set()
    if arguments.resume and arguments.out.exists():
        for line in arguments.out.read_text(encoding="utf-8").splitlines():
            known = json.loads(line)
            done.add((known["repo"], known["sha"]))
    jobs = list(_jobs(arguments, done))
    total = sum(len(job[1]) for job in jobs)
    with (
        arguments.out.open("a" if arguments.resume else "w", encoding="utf-8") as out,
        multiprocessing.get_context("fork").Pool(arguments.jobs, maxtasksperchild=8) as pool,
        tqdm(total=total, unit="commit", file=sys.stderr, mininterval=5) as bar,
    ):
        for predictions in pool.imap_unordered(run_repository, jobs):
            for prediction in predictions:
                out.write(json.dumps(prediction, sort_keys=True) + "\n")
            out.flush()
            bar.update(len(predictions))


if __name__ == "__main__":
    main()
