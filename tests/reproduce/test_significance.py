"""Differences against SciPy's tests, Holm's example by hand, and how often chance is called significant."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from selfsup_segmentation.reproduce.tables.significance import LEVEL, Difference, difference, significant

value = st.floats(0, 1).map(lambda x: round(x, 6))
samples = st.lists(value, min_size=2, max_size=6).filter(lambda x: max(x) > min(x))


def by_seed(values, first=0):
    return dict(enumerate(values, start=first))


@settings(deadline=None)
@given(samples, samples, st.floats(-0.1, 0.1))
def test_students_tests_of_scipy(left, right, by):
    pairs = list(zip(left, right, strict=False))
    paired = [np.array(side) for side in zip(*pairs, strict=True)]
    assume(np.ptp(paired[0] - paired[1]) > 1e-6)
    for found, expected in (
        (difference(*map(by_seed, paired), by), stats.ttest_rel(paired[0] - by, paired[1])),
        (
            difference(by_seed(left), by_seed(right, 10), by),
            stats.ttest_ind(np.array(left) - by, right, equal_var=False),
        ),
    ):
        low, high = expected.confidence_interval(0.95)
        assert found.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
        assert found.half == pytest.approx((high - low) / 2, rel=1e-6)
        assert found.mean - by == pytest.approx((high + low) / 2, abs=1e-9)


def test_pairs_are_matched_by_seed_and_not_by_place():
    left, right = {0: 0.1, 1: 0.2, 2: 0.3}, {2: 0.29, 0: 0.091, 1: 0.19}
    assert difference(left, right).p == pytest.approx(
        stats.ttest_rel([0.1, 0.2, 0.3], [0.091, 0.19, 0.29]).pvalue
    )
    assert difference(left, {0: 0.091, 1: 0.19}).p > 0.2  # not all are shared: Welch


@pytest.mark.parametrize(
    ("left", "right"), [((0.5,), (0.1,)), ((0.5, 0.6), (0.1,)), ((0.5,), (0.1, 0.1, 0.1)), ((0.5,), None)]
)
def test_one_seed_tells_nothing(left, right):
    found = difference(by_seed(left), 0.1 if right is None else by_seed(right, 7))
    assert (found.p, found.half) == (None, None)
    assert found.mean == pytest.approx(sum(left) / len(left) - 0.1)
    assert significant([found]) == [False]


@pytest.mark.parametrize(
    ("left", "right", "p"),
    [
        ([0.5] * 3, [0.4] * 3, 2 / 8),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], 2 / 64),  # equal but for rounding
        ([0.1, 0.2], [0.1, 0.2], 1.0),
        ([0.5] * 2, [0.5] * 3, 1.0),
        ([0.5] * 4, [0.4] * 3, 2 / 35),
    ],
)
def test_without_a_spread_permutations_decide(left, right, p):
    with warnings.catch_warnings(action="error"):
        found = difference(by_seed(left), by_seed(right))
    assert found.p == pytest.approx(p)
    assert found.half is None and math.isfinite(found.mean)


def test_a_rounded_number_is_known_to_half_a_unit():
    left = {0: 0.57, 1: 0.572, 2: 0.568}
    assert difference(left, 0.56, rounding=0.005).p == pytest.approx(
        stats.ttest_1samp(list(left.values()), 0.565).pvalue
    )
    assert difference(left, 0.566, rounding=0.005).p == 1.0


def test_holm_by_hand():
    """0.01 ≤ 0.05/4 and 0.015 ≤ 0.05/3, but 0.03 > 0.05/2: it and all that are larger remain chance."""
    p_values = [0.015, 0.04, 0.01, 0.03]
    found = [Difference(0.1, p=p) for p in p_values]
    assert significant(found) == [True, False, True, False]
    assert significant(found, family=5) == [False, False, True, False]  # 0.01 ≤ 0.05/5, 0.015 > 0.05/4
    assert significant([*found, Difference(0.1)]) == [False, False, True, False, False]
    assert significant([]) == []


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_of_twelve_differences_by_chance_any_is_called_significant_in_at_most_5_percent(paired, seeds):
    """And a single interval holds the true difference in 95 %."""
    rng, trials = np.random.default_rng(seeds), 400
    wrong, uncorrected, covered = 0, 0, 0
    for _ in range(trials):
        left, right = rng.normal(0.3, 0.01, (2, 12, seeds))
        found = [
            difference(by_seed(x), by_seed(y, 0 if paired else 9)) for x, y in zip(left, right, strict=True)
        ]
        wrong += any(significant(found))
        uncorrected += any(one.p < LEVEL for one in found)
        covered += sum(abs(one.mean) <= one.half for one in found)
    limit = 3 * math.sqrt(LEVEL * (1 - LEVEL) / trials)
    assert wrong / trials <= LEVEL + limit < 0.1 < uncorrected / trials
    assert covered / trials / 12 >= 1 - LEVEL - limit / math.sqrt(12)
