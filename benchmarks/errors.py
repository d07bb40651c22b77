"""The worst misses of a predictions file, per kind, with what a person needs to improve rules.

    python -m benchmarks.errors --mirrors DIR --manifests DIR --predictions FILE [--kind risk] [--most 10]

cosmetic: commits without behaviour that got a finding. risk: labelled changes without a finding in their area.
cochange: strong co-changes whose edited sections rank lowest. ordinary: commits with the highest alert.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.fit import relevance
from benchmarks.processes import git
from benchmarks.records import KINDS, mirror

Row = dict[str, Any]

EXCERPT_LINES = 24


def misses(kind: str, rows: list[tuple[Row, Row]]) -> list[tuple[float, Row, Row, str]]:
    """Misses of one kind, worst first: badness, record, prediction, and what went wrong in words."""
    found: list[tuple[float, Row, Row, str]] = []
    for record, prediction in rows:
        findings = prediction["findings"]
        if prediction["error"]:
            found.append((1e9, record, prediction, f"error: {prediction['error']}"))
        elif kind == "cosmetic" and findings:
            told = ", ".join(sorted({f"{f['rule']} {f['subject']}" for f in findings})[:4])
            found.append((float(len(findings)), record, prediction, f"{record['tier']}: {told}"))
        elif kind == "risk" and record["category"] not in {f["area"] for f in findings}:
            weight = 0.0 if record.get("weight") == "minor" else 1.0
            others = ", ".join(sorted({f["rule"] for f in findings})) or "nothing"
            found.append((weight, record, prediction, f"{record['category']} expected, found {others}"))
        elif kind == "cochange" and record["evidence"] == "strong":
            ranks = [i for i, m in enumerate(prediction["matches"], 1) if relevance(record, m) == 2]
            edited = [h for hs in record["changed_headings"].values() for h in hs if h["kind"] == "edit"]
            place = ranks[0] if ranks else 999
            if edited and place > 3:
                instead = "; ".join(f"{m['runbook']}#{m['headings'][-1]}" for m in prediction["matches"][:3])
                wanted = "; ".join(f"{p}#{h['path'][-1]}" for p, hs in record["changed_headings"].items() for h in hs)
                found.append((place, record, prediction, f"rank {place} of {wanted[:200]}; instead {instead}"))
        elif kind == "ordinary" and not record.get("enclosing_pr_touches_md") and prediction["alert"] > 0:
            first = prediction["matches"][0] if prediction["matches"] else {"runbook": "?", "headings": ["?"]}
            found.append(
                (prediction["alert"], record, prediction, f"alert on {first['runbook']}#{first['headings'][-1]}")
            )
    return sorted(found, key=lambda item: (-item[0], item[1]["repo"], item[1]["sha"]))


def excerpt(mirrors: Path, record: Row) -> Iterator[str]:
    """The first changed lines of the record's code files."""
    where = mirror(mirrors, record["repo"])
    if where is None:
        return
    files = record.get("code_files") or record.get("files_not_equal") or []
    try:
        text = git(where, "diff", "-U0", record["parent"], record["sha"], "--", *files[:6])
    except (subprocess.CalledProcessError, UnicodeDecodeError):
        return
    lines = [line[:160] for line in text.splitlines() if line[:1] in "+-@" and not line.startswith(("+++", "---"))]
    yield from lines[:EXCERPT_LINES]


def main() -> None:
    """Print the misses; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", required=True, type=Path)
    parser.add_argument("--manifests", required=True, type=Path)
    parser.add_argument("--predictions", required=True, type=Path)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--most", type=int, default=10)
    parser.add_argument("--quiet", action="store_true", help="no diff excerpts")
    a = parser.parse_args()
    predictions = {}
    for line in a.predictions.read_text(encoding="utf-8").splitlines():
        prediction = json.loads(line)
        predictions[prediction["repo"], prediction["sha"]] = prediction
    for kind in (a.kind,) if a.kind else KINDS:
        text = (a.manifests / f"{kind}.jsonl").read_text(encoding="utf-8")
        records = [json.loads(line) for line in text.splitlines() if line.strip()]
        rows = [(r, predictions[r["repo"], r["sha"]]) for r in records if (r["repo"], r["sha"]) in predictions]
        found = misses(kind, rows)
        print(f"## {kind}: {len(found)} of {len(rows)}\n")
        for _badness, record, _prediction, words in found[: a.most]:
            print(f"{record['repo']} {record['sha'][:10]} {record['message'].splitlines()[0][:90]}\n  {words}")
            for line in () if a.quiet else excerpt(a.mirrors, record):
                print(f"    {line}")
            print()


if __name__ == "__main__":
    main()
