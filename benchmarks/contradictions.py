"""How often a line called *contradicted* is really false: a random draw to judge, and the score of judged draws.

    python -m benchmarks.contradictions predictions.jsonl            # up to 100 lines at random, for a person to judge
    python -m benchmarks.contradictions predictions.jsonl --score    # precision by the verdicts in contradictions.jsonl

Predictions are those of ``benchmarks.accuracy`` over co-change and ordinary commits, answered without the commits' own
documentation changes. ``contradictions.jsonl`` holds what a person decided with the code and the runbook at hand:
repository, commit, runbook, line (as it stood before), the reason given, true or false, and a phrase why. *True* means
that somebody on call would agree that the line is false after the commit, had nobody touched the runbook.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

VERDICTS = Path(__file__).with_name("contradictions.jsonl")
SEED = 20260101
COUNT = 100
KINDS = frozenset({"cochange", "ordinary"})

Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Claim:
    """One line that the product called contradicted."""

    repo: str
    sha: str
    runbook: str
    line: int
    reason: str
    quote: str
    code: tuple[str, ...]
    suggestion: str

    @property
    def key(self) -> Key:
        """What a verdict is joined by; ten digits of the commit suffice."""
        return (self.repo, self.sha[:10], self.runbook, self.line)


def claims(predictions: Path) -> Iterator[Claim]:
    """Every contradiction of a predictions file over co-change and ordinary commits."""
    for text in predictions.read_text(encoding="utf-8").splitlines():
        record = json.loads(text)
        if record["kind"] not in KINDS:
            continue
        for found in record.get("contradicted") or ():
            yield Claim(
                record["repo"], record["sha"], found["runbook"], found["line"], found["reason"], found["quote"],
                tuple(found["code"]), found["suggestion"] or "",
            )  # fmt: skip


def draw(found: Iterable[Claim], count: int, seed: int) -> list[Claim]:
    """``count`` claims at random, all when there are fewer, in a fixed order for one seed and one set of claims."""
    unique = sorted({claim.key: claim for claim in found}.values(), key=lambda claim: claim.key)
    return sorted(random.Random(seed).sample(unique, min(count, len(unique))), key=lambda claim: claim.key)


def verdicts(path: Path = VERDICTS) -> dict[Key, bool]:
    """The committed verdicts by claim."""
    judged: dict[Key, bool] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        if text.strip():
            entry = json.loads(text)
            judged[(entry["repo"], entry["sha"][:10], entry["runbook"], entry["line"])] = entry["true"]
    return judged


def score(found: Iterable[Claim], judged: dict[Key, bool]) -> str:
    """Precision over lines and over commits (a commit counts as right when all its judged lines are), the false lines
    by name, and how many lines nobody has judged."""
    unique = {claim.key: claim for claim in found}
    right = Counter(judged.get(key) for key in unique)
    known = right[True] + right[False]
    commits: dict[tuple[str, str], bool] = {}
    for key in unique:
        if key in judged:
            commits[key[:2]] = commits.get(key[:2], True) and judged[key]
    lines = [
        f"lines    {right[True]} of {known} right" + (f" ({right[True] / known:.1%})" if known else ""),
        f"commits  {sum(commits.values())} of {len(commits)} right",
        f"unjudged {right[None]}",
    ]
    lines += [
        f"false    {c.repo} {c.sha[:10]} {c.runbook}:{c.line}" for k, c in unique.items() if judged.get(k) is False
    ]
    lines += [f"unjudged {c.repo} {c.sha[:10]} {c.runbook}:{c.line}" for k, c in unique.items() if k not in judged]
    return "\n".join(lines)


def main() -> None:
    """Print a draw, or the score; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    found = list(claims(arguments.predictions))
    if arguments.score:
        print(score(found, verdicts()))
        return
    for claim in draw(found, arguments.count, arguments.seed):
        print(f"{claim.repo} {claim.sha[:10]} {claim.runbook}:{claim.line}\n  says    {claim.quote}")
        print(f"  because {claim.reason}", *(f"  code    {line}" for line in claim.code), sep="\n")
        if claim.suggestion:
            print(f"  better  {claim.suggestion.strip()}")


if __name__ == "__main__":
    main()
