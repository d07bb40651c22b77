"""Fitting weights: the signal that tells the right section gets the weight."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration  # fitting needs numpy and scipy, which a check never does


def test_the_telling_signal_gets_the_weight() -> None:
    import numpy as np

    from benchmarks import listwise

    rng = np.random.default_rng(1)
    lists = []
    for _ in range(60):
        x = rng.random((8, 3))
        right = int(rng.integers(8))
        x[right, 0] += 1.0  # tells
        x[right, 2] = 0.0  # tells against: weights stay at zero
        relevance = np.zeros(8, dtype=int)
        relevance[right] = 2
        lists.append((x, relevance))
    weights = listwise.fit(lists, 1e-3)
    assert weights[0] > 10 * max(weights[1], weights[2])
    assert (weights >= 0).all()
    assert all(int(np.argmax(x @ weights)) == int(np.argmax(relevance)) for x, relevance in lists)


def test_lists_without_a_right_section_teach_nothing() -> None:
    import numpy as np

    from benchmarks import listwise

    taught = (np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([2, 0]))
    idle = (np.ones((3, 2)), np.zeros(3, dtype=int))
    assert listwise.fit([taught, idle], 1e-2) == pytest.approx(listwise.fit([taught], 1e-2), rel=1e-3)
