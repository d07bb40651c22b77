"""All accuracy figures of a predictions file as the tables of ``benchmarks/README.md``.

    python -m benchmarks.report --manifests DIR --predictions FILE [--write]

The scorer's own figures (``score.py`` of the manifests) and those it does not print: formatter runs by language, recall
in languages that are built, the share of ordinary commits with a finding per area, ranking by main language.
``--write`` puts the tables between the markers of the README and adds a row to its history.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- begin: accuracy -->", "<!-- end: accuracy -->"
HISTORY = "<!-- history: newest last -->"
BUILT = frozenset({"Python", "Go", "YAML", "Jsonnet", "JSON", "Dockerfile", "TOML", "INI", "Dotenv"})
"""Languages of the manifests that have a reader of their own; the rest is read as plain text."""


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _share(hits: float, total: float) -> str:
    return f"{hits / total:.1%} ({hits:.0f}/{total:.0f})" if total else "–"


def formatters(manifests: Path, predictions: dict[tuple[str, str], Row]) -> list[tuple[str, str]]:
    """Share of formatter runs without a finding, by the language that most of the files are in."""
    hits: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for record in _rows(manifests / "cosmetic.jsonl"):
        prediction = predictions.get((record["repo"], record["sha"]))
        if record["kind"] != "formatting" or not record.get("languages"):
            continue
        language = max(record["languages"], key=lambda name: record["languages"][name])
        totals[language] += 1
        hits[language] += prediction is not None and not prediction["error"] and not prediction["findings"]
    return [(f"formatter runs silent, {name}", _share(hits[name], totals[name])) for name, _ in totals.most_common(8)]


def risk(manifests: Path, predictions: dict[tuple[str, str], Row]) -> list[tuple[str, str]]:
    """Recall in the labelled area over records of which every second code file or more is in a built language."""
    found = []
    for area in ("auth", "data", "ops"):
        hits = total = 0
        for record in _rows(manifests / "risk.jsonl"):
            languages = record.get("languages") or {}
            built = sum(count for name, count in languages.items() if name in BUILT)
            if record["category"] != area or record.get("weight") == "minor" or 2 * built < sum(languages.values()):
                continue
            prediction = predictions.get((record["repo"], record["sha"]))
            total += 1
            hits += prediction is not None and area in {f["area"] for f in prediction["findings"]}
        found.append((f"risk recall, {area}, built languages", _share(hits, total)))
    return found


def ordinary(manifests: Path, predictions: dict[tuple[str, str], Row]) -> list[tuple[str, str]]:
    """Share of ordinary commits with a finding, per area: what recall costs."""
    rows = [predictions.get((r["repo"], r["sha"])) for r in _rows(manifests / "ordinary.jsonl")]
    known = [row for row in rows if row is not None]
    return [
        (f"ordinary commits with a finding, {area}",
         _share(sum(area in {f["area"] for f in row["findings"]} for row in known), len(known)))
        for area in ("auth", "data", "ops")
    ]  # fmt: skip


def scored(manifests: Path, predictions: Path) -> Row:
    """The scorer's own figures."""
    command = [sys.executable, str(manifests / "score.py"), "--manifests", str(manifests), "--json"]
    done = subprocess.run([*command, "--predictions", str(predictions)], check=True, capture_output=True, text=True)
    figures: Row = json.loads(done.stdout)
    return figures


def by_language(manifests: Path, predictions: dict[tuple[str, str], Row]) -> list[str]:
    """Ranking figures by the main language of the repository: the one of most files over its co-changes."""
    from benchmarks.fit import rank_figures  # SciPy, which only the figures of ranking need

    strong = [row for row in _rows(manifests / "cochange.jsonl") if row["evidence"] == "strong"]
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for record in strong:
        files[record["repo"]].update(record.get("languages") or {})
    groups: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for record in strong:
        prediction = predictions.get((record["repo"], record["sha"])) or {"matches": []}
        language = min(files[record["repo"]].items(), key=lambda item: (-item[1], item[0]), default=("?", 0))[0]
        groups[language].append((record, prediction))
    lines = ["| main language | repositories | n | file R@1 | R@3 | section R@1 | R@3 |", "| --- " * 7 + "|"]
    for language, data in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        order: dict[str, list[tuple[float, Row, Row]]] = {}
        order |= {r["sha"]: [(m["score"], m, {}) for m in p.get("matches", ())] for r, p in data}
        figures = rank_figures(data, order)
        cells = [figures.get(name, "–") for name in ("file R@1", "file R@3", "section R@1", "section R@3")]
        repositories = len({record["repo"] for record, _ in data})
        lines.append(f"| {language} | {repositories} | {len(data)} | " + " | ".join(map(str, cells)) + " |")
    return lines


def table(rows: list[tuple[str, str]]) -> str:
    """A Markdown table of figures."""
    return "\n".join(["| figure | value |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _held_out() -> list[tuple[str, str]]:
    weights = Path(__file__).parent.parent / "runbooks" / "weights.toml"
    found = tomllib.loads(weights.read_text(encoding="utf-8"))
    return [(f"{name}, held-out repositories", str(value)) for name, value in found.get("cross_validated", {}).items()]


def tables(manifests: Path, path: Path) -> tuple[str, list[tuple[str, str]]]:
    """The Markdown of all tables, and the rows of the first."""
    predictions = {(row["repo"], row["sha"]): row for row in _rows(path)}
    figures = scored(manifests, path)
    cosmetic, alert, seconds = figures["cosmetic"], figures.get("alert", {}), figures["seconds"]
    main = [
        ("cosmetic commits silent (proved labels)", f"{cosmetic['silent']:.2%} of {cosmetic['n']}"),
        ("cosmetic commits silent (the project's word)", f"{cosmetic['soft_silent']:.2%} of {cosmetic['soft_n']}"),
        *formatters(manifests, predictions),
        *risk(manifests, predictions),
        *ordinary(manifests, predictions),
        *_held_out(),
        ("alert > 0: ordinary", str(alert.get("ordinary with alert > 0"))),
        ("alert > 0: co-changes", str(alert.get("co-change with alert > 0"))),
        ("seconds a commit: median, p95, max", " / ".join(str(seconds[k]) for k in ("median", "p95", "max"))),
        ("records with an error", str(sum(1 for row in predictions.values() if row["error"]))),
    ]  # fmt: skip
    kinds = ["| document kind | n | file R@1 | R@3 | section R@1 | R@3 |", "| --- | --- | --- | --- | --- | --- |"]
    for name, row in figures["cochange"].items():
        cells = (row["n"], row["file R@1"], row["file R@3"], row["section R@1"], row["section R@3"])
        kinds.append(f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |")
    text = (
        table(main) + "\n\nBy kind of document, with the shipped weights (fitted on these records: not held out):\n\n"
    )
    languages = "\n".join(by_language(manifests, predictions))
    return f"{text}{chr(10).join(kinds)}\n\nBy main language of the repository, likewise:\n\n{languages}", main


def between(page: str, begin: str, end: str, text: str) -> str:
    """The page with ``text`` between two markers instead of what stood there. Raises ``ValueError`` without them."""
    if begin not in page or end not in page:
        raise ValueError(f"no {begin} … {end} in the page")
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{text}\n{end}{tail}"


def write(text: str, rows: list[tuple[str, str]]) -> None:
    """Put the tables into the README and add a line to its history."""
    commit = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], check=True, capture_output=True, text=True)
    page = README.read_text(encoding="utf-8")
    today = datetime.now(UTC).date()
    page = between(page, BEGIN, END, f"{today}, at {commit.stdout.strip()}:\n\n{text}")
    known = dict(rows)
    wanted = ("cosmetic commits silent (proved labels)", "file R@1, held-out repositories",
              "file R@3, held-out repositories", "section R@1, held-out repositories",
              "section R@3, held-out repositories", "ROC area, held-out repositories",
              "recall at 5%, held-out repositories")  # fmt: skip
    line = f"| {today} | {commit.stdout.strip()} | " + " | ".join(known.get(name, "–") for name in wanted) + " |"
    page = page.replace(HISTORY, f"{line}\n{HISTORY}")
    README.write_text(page, encoding="utf-8")


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifests", required=True, type=Path)
    parser.add_argument("--predictions", required=True, type=Path)
    parser.add_argument("--write", action="store_true")
    a = parser.parse_args()
    text, rows = tables(a.manifests, a.predictions)
    if a.write:
        write(text, rows)
    print(text)


if __name__ == "__main__":
    main()
