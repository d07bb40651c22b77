"""The golden-case machinery itself: fences, cases, diffs, and writing expectations back."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.model import FileStatus, Hunk
from tests.cases import Case, cases_of, fences_of, file_diff, update_expect

DOCUMENT = """# guard removed

Prose.

## First

```python before
a = 1
```

```python after path=app/other.py
a = 2
```

```expect
auth/x high | a | A.
```

## Second

````yaml before
key: |
  ```
  ## not a title
  ```
````

```expect
```
"""


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    file = tmp_path / "python.md"
    file.write_text(DOCUMENT)
    return cases_of(file)


def test_a_title_starts_a_case_and_a_longer_fence_may_hold_a_shorter_one(cases: list[Case]) -> None:
    assert [case.title for case in cases] == ["First", "Second"]
    assert cases[1].diffs[0].before == b"key: |\n  ```\n  ## not a title\n  ```\n"


def test_paths_come_from_the_info_string_or_the_language(cases: list[Case]) -> None:
    assert [(diff.path, diff.status) for diff in cases[0].diffs] == [
        ("app/service.py", FileStatus.DELETED),
        ("app/other.py", FileStatus.ADDED),
    ]


def test_expected_lines_are_read_and_rewritten_in_place(cases: list[Case]) -> None:
    assert cases[0].expected == ["auth/x high | a | A."]
    update_expect(cases[0], ["one", "two"])
    update_expect(cases[1], ["three"])
    assert [case.expected for case in cases_of(cases[0].file)] == [["one", "two"], ["three"]]
    assert "Prose." in cases[0].file.read_text()


def test_an_unclosed_fence_is_an_error() -> None:
    with pytest.raises(AssertionError, match="never closed"):
        list(fences_of(["```python before", "a = 1"]))


@pytest.mark.parametrize(
    ("before", "after", "hunk"),
    [
        ("a\nb\nc\n", "a\nx\nc\n", Hunk(2, 1, 2, 1)),
        ("a\nc\n", "a\nb\nc\n", Hunk(1, 0, 2, 1)),
        ("a\nb\nc\n", "a\nc\n", Hunk(2, 1, 1, 0)),
        (None, "a\n", Hunk(0, 0, 1, 1)),
        ("a\n", None, Hunk(1, 1, 0, 0)),
    ],
)
def test_hunks_follow_the_convention_of_git(before: str | None, after: str | None, hunk: Hunk) -> None:
    assert file_diff("x.py", before, after).hunks == (hunk,)
