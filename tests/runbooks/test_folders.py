"""Folders that stand for many paths."""

from __future__ import annotations

import pytest

from runbooks.folders import folders_of, places, spread


@pytest.mark.parametrize(
    ("paths", "most", "expected"),
    [
        ([], 3, []),
        (["a.py"], 3, [""]),
        (["a/b/c.py", "a/b/d.py"], 3, ["a/b", "a/b"]),
        (["a/b/1/x", "a/b/2/x", "a/b/3/x", "c/x"], 2, ["a/b", "a/b", "a/b", "c"]),
        (["a/b/1/x", "a/c/2/x"], 2, ["a/b/1", "a/c/2"]),
        (["a/x", "b/x", "c/x"], 2, ["a", "b", "c"]),
    ],
)
def test_folders_are_as_deep_as_leaves_a_few(paths: list[str], most: int, expected: list[str]) -> None:
    found = folders_of(paths, most)
    assert [found[path] for path in paths] == expected


def test_each_folder_has_its_worst_before_one_has_more() -> None:
    paths = ["a/1", "a/2", "a/3", "b/1", "a/4", "c/1"]
    assert spread(paths, 4, 2, 3) == ([0, 1, 3, 5], "2 in a/")
    assert spread(paths, 5, 2, 3) == ([0, 1, 2, 3, 5], "1 in a/")
    assert spread(["a/1", "a/2", "a/3"], 2, 1, 3) == ([0, 1], "")
    assert spread(paths, 6, 2, 3) == ([0, 1, 2, 3, 4, 5], "")


def test_the_fullest_folders_are_named() -> None:
    assert places(["a", "b", "b", ""], 2) == "2 in b/, 1 in a/ …"
