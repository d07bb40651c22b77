"""Fits ``runbooks/weights.toml`` on predictions of the development half, cross-validated by repository.

    python -m benchmarks.fit --manifests DIR --predictions predictions.jsonl [--write]

Rank: a conditional logit over each commit's sections (``listwise.py``), on strong co-changes only. Alert: logistic
regression of co-change against ordinary commits on the best section's signals and the diff's features. Folds hold whole
repositories out; the figures printed are those of the held-out folds. The shipped table is fitted on all of the corpus.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.model_selection import GroupKFold

from benchmarks import listwise
from runbooks.mapping import ALERT_FEATURES
from runbooks.signals import FEATURES

RANK_FEATURES = FEATURES
FOLDS = 8
SIZES = frozenset({"diff.changes", "diff.files", "diff.findings"})
SUSPECT_RATE = 0.10
"""Share of ordinary commits that may be *suspect*: what a team still reads (the benchmark's higher rate)."""

Row = dict[str, Any]


def _norm(heading: str) -> str:
    return " ".join(heading.replace("`", "").replace("*", "").split()).strip("# ").casefold()


def _load(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def relevance(record: Row, match: Row) -> int:
    """2 for a section that people edited, 1 for another section of a runbook that they edited, else 0."""
    if match["runbook"] not in record["runbook_files"]:
        return 0
    headings = tuple(map(_norm, match["headings"]))
    edited = record["changed_headings"].get(match["runbook"], [])
    return 2 if any(tuple(map(_norm, h["path"])) == headings and h["kind"] == "edit" for h in edited) else 1


def vector(features: Row, names: tuple[str, ...] = RANK_FEATURES) -> list[float]:
    """Signals in the order of ``names``."""
    return [features.get(name, 0.0) for name in names]


def matrix(prediction: Row) -> np.ndarray:
    """Signals of all sections of a prediction, sections by signals; made once."""
    if "matrix" not in prediction:
        rows = [vector(features) for features in prediction["features"]]
        prediction["matrix"] = np.array(rows).reshape(len(rows), len(RANK_FEATURES))
    found: np.ndarray = prediction["matrix"]
    return found


def logistic(
    x: np.ndarray, y: np.ndarray, sample: np.ndarray, penalty: float, floors: list[float | None]
) -> np.ndarray:
    """Weights of a ridge logistic regression without intercept, each at least its floor (None: free). Signals may only
    speak *for* a section: a table in which naming the changed setting counts against it would be nobody's to read."""
    scale = np.maximum(np.abs(x).mean(axis=0), 1e-6)
    scaled = x / scale
    sample = sample / sample.sum()
    signed = np.where(y > 0, 1.0, -1.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = signed * (scaled @ w)
        gradient = -((sample * signed / (1 + np.exp(np.clip(z, -50, 50)))) @ scaled)
        return float(sample @ np.logaddexp(0, -z) + penalty * w @ w), gradient + 2 * penalty * w

    found = minimize(
        loss, np.full(x.shape[1], 0.1), jac=True, method="L-BFGS-B", bounds=[(floor, None) for floor in floors]
    )
    weights: np.ndarray = np.where(np.abs(x).sum(axis=0) > 0, found.x / scale, 0.0)
    return weights


def fit_rank(data: list[tuple[Row, Row]], penalty: float) -> np.ndarray:
    """Weights of the signals, none negative."""
    lists = [(matrix(p), np.array([relevance(r, match) for match in p["matches"]], dtype=int)) for r, p in data]
    return listwise.fit(lists, penalty)


def ranked(prediction: Row, weights: np.ndarray) -> list[tuple[float, Row, Row]]:
    """The prediction's sections by the given weights."""
    scores = (matrix(prediction) @ weights).tolist()
    scored = zip(scores, prediction["matches"], prediction["features"], strict=True)
    return sorted(scored, key=lambda item: -item[0])


def rank_figures(data: list[tuple[Row, Row]], order: dict[str, list[tuple[float, Row, Row]]]) -> dict[str, float]:
    """File and section recall at 1 and 3, as the scorer counts them."""
    hits: dict[str, float] = defaultdict(float)
    sections = 0
    for record, _ in data:
        files: list[str] = []
        seen: list[tuple[str, tuple[str, ...]]] = []
        for _score, match, _ in order[record["sha"]]:
            if match["runbook"] not in files:
                files.append(match["runbook"])
            key = (match["runbook"], tuple(map(_norm, match["headings"])))
            if key not in seen:
                seen.append(key)
        gold = {
            (path, tuple(map(_norm, h["path"])))
            for path, found in record["changed_headings"].items()
            for h in found
            if h["kind"] == "edit"
        }
        sections += bool(gold)
        for k in (1, 3):
            hits[f"file R@{k}"] += any(path in record["runbook_files"] for path in files[:k])
            hits[f"section R@{k}"] += bool(gold) and any(key in gold for key in seen[:k])
    total = len(data)
    return {
        name: round(count / ((sections if name.startswith("section") else total) or 1), 4)
        for name, count in hits.items()
    }


def alert_vector(features: Row, diff: Row) -> list[float]:
    """The alert's features: the best section's signals, the diff's own."""
    values = {f"signal.{k}": v for k, v in features.items()} | {f"diff.{k}": v for k, v in diff.items()}
    return [values.get(name, 0.0) for name in ALERT_FEATURES]


def alert_rows(
    data: list[tuple[Row, int]], order: dict[str, list[tuple[float, Row, Row]]]
) -> tuple[np.ndarray, np.ndarray]:
    """Design matrix and labels; a commit without any section is a row of zeros."""
    x, y = [], []
    for prediction, label in data:
        best = order.get(prediction["sha"]) or []
        row = alert_vector(best[0][2], prediction.get("diff", {})) if best else [0.0] * len(ALERT_FEATURES)
        x.append(row)
        y.append(label)
    return np.array(x), np.array(y)


def fit_alert(x: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Weights and bias, both classes weighing the same; only the sizes of the diff may speak against an alert."""
    sample = np.where(y > 0, 0.5 / max(1, (y > 0).sum()), 0.5 / max(1, (y == 0).sum()))
    floors: list[float | None] = [None if name in SIZES else 0.0 for name in ALERT_FEATURES]
    found = logistic(np.hstack([x, np.ones((len(x), 1))]), y, sample, penalty, [*floors, None])
    return found[:-1], float(found[-1])


def alert_figures(scores: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """ROC area and recall at 5 % and 10 % of ordinary commits."""
    positive, negative = scores[y == 1], np.sort(scores[y == 0])[::-1]
    wins = sum((negative < p).sum() + 0.5 * (negative == p).sum() for p in positive)
    figures = {"ROC area": round(float(wins) / (len(positive) * len(negative)), 4)}
    for rate in (0.05, 0.10):
        threshold = negative[int(len(negative) * rate)]
        figures[f"recall at {rate:.0%}"] = round(float((positive > threshold).mean()), 4)
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifests", required=True, type=Path)
    parser.add_argument("--predictions", required=True, type=Path)
    parser.add_argument("--rank-penalty", default=1e-3, type=float)
    parser.add_argument("--alert-penalty", default=1e-3, type=float)
    parser.add_argument(
        "--without",
        default=(),
        type=lambda text: tuple(text.split(",")),
        help="leave out signals that begin so: message,past",
    )
    parser.add_argument("--write", action="store_true", help="write runbooks/weights.toml")
    return parser.parse_args()


def main() -> None:
    """Print cross-validated figures and, with ``--write``, the table."""
    a = _arguments()
    predictions = {(p["repo"], p["sha"]): p for p in _load(a.predictions) if not p["error"]}
    for prediction in predictions.values() if a.without else ():
        prediction["features"] = [
            {name: value for name, value in features.items() if not name.removeprefix("most_").startswith(a.without)}
            for features in prediction["features"]
        ]
    strong = [r for r in _load(a.manifests / "cochange.jsonl") if r["evidence"] == "strong"]
    data = [(r, predictions[r["repo"], r["sha"]]) for r in strong if (r["repo"], r["sha"]) in predictions]
    ordinary = [r for r in _load(a.manifests / "ordinary.jsonl") if not r.get("enclosing_pr_touches_md")]
    negatives = [predictions[r["repo"], r["sha"]] for r in ordinary if (r["repo"], r["sha"]) in predictions]
    labelled = [(p, 1) for _, p in data] + [(p, 0) for p in negatives]
    order: dict[str, list[tuple[float, Row, Row]]] = {}
    groups = sorted({p["repo"] for p, _ in labelled})
    folds = list(GroupKFold(min(FOLDS, len(groups))).split(groups, groups=groups))
    scores: dict[str, float] = {}
    for train_places, test_places in folds:
        held = {groups[i] for i in test_places}
        del train_places
        weights = fit_rank([(r, p) for r, p in data if r["repo"] not in held], a.rank_penalty)
        local = {p["sha"]: ranked(p, weights) for p, _ in labelled}
        order |= {p["sha"]: local[p["sha"]] for p, _ in labelled if p["repo"] in held}
        x, y = alert_rows([(p, label) for p, label in labelled if p["repo"] not in held], local)
        alert, bias = fit_alert(x, y, a.alert_penalty)
        for p, _ in labelled:
            if p["repo"] in held:
                best = local[p["sha"]]
                row = [np.dot(alert, alert_vector(f, p.get("diff", {}))) + bias for _s, _m, f in best[:10]]
                scores[p["sha"]] = float(max(row)) if row else -math.inf
    print(f"co-changes {len(data)}, ordinary {len(negatives)}, repositories {len(groups)}, folds {len(folds)}")
    print("cross-validated rank", rank_figures(data, order))
    y = np.array([label for _, label in labelled])
    held_scores = np.array([scores[p["sha"]] for p, _ in labelled])
    alerts = alert_figures(np.nan_to_num(held_scores, neginf=-99), y)
    print("cross-validated alert", alerts)
    if a.write:
        _write(a, data, labelled, rank_figures(data, order) | alerts)


def _write(
    a: argparse.Namespace, data: list[tuple[Row, Row]], labelled: list[tuple[Row, int]], figures: dict[str, float]
) -> None:
    weights = fit_rank(data, a.rank_penalty)
    order = {p["sha"]: ranked(p, weights) for p, _ in labelled}
    x, y = alert_rows(labelled, order)
    alert, bias = fit_alert(x, y, a.alert_penalty)
    scores = sorted(
        (
            max(
                (float(np.dot(alert, alert_vector(f, p.get("diff", {}))) + bias) for _s, _m, f in order[p["sha"]][:10]),
                default=-99.0,
            )
            for p, label in labelled
            if not label
        ),
        reverse=True,
    )
    threshold = 1 / (1 + math.exp(-scores[int(len(scores) * SUSPECT_RATE)]))
    lines = [
        "# What turns signals into a score (rank) and a score into an alert; read by runbooks/mapping.py.",
        "# Written by `python -m benchmarks.fit --write`, never by hand. Figures are of held-out repositories.",
        f'fitted = "{datetime.now(UTC).date()}"',
        f'corpus = "{len(data)} co-changes and {len(labelled) - len(data)} ordinary commits of the development half"',
        "",
        "[cross_validated]",
        *(f'"{name}" = {value}' for name, value in figures.items()),
        "",
        "[rank]",
        *(f"{name} = {weight:.4f}" for name, weight in zip(RANK_FEATURES, weights, strict=True) if weight >= 5e-5),
        "",
        "[alert]",
        f"bias = {bias:.4f}",
        *(
            f'"{name}" = {weight:.4f}'
            for name, weight in zip(ALERT_FEATURES, alert, strict=True)
            if abs(weight) >= 5e-5
        ),
        "",
        "[threshold]",
        f"suspect = {threshold:.4f}  # {SUSPECT_RATE:.0%} of ordinary commits are above it",
        "",
    ]
    Path(__file__).parent.parent.joinpath("runbooks", "weights.toml").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
