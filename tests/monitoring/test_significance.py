"""p-values: those of scipy where it has them, and never smaller than chance makes them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from nbops.monitoring import comparing, significance

few = st.integers(0, 40)


@given(hits=few, misses=few, other_hits=few, other_misses=few)
def test_fisher_as_scipy_has_it(hits, misses, other_hits, other_misses):
    n, m = hits + misses, other_hits + other_misses
    if n and m:
        truth = stats.fisher_exact([[hits, misses], [other_hits, other_misses]]).pvalue
        assert significance.fisher(hits, n, other_hits, m) == pytest.approx(truth, abs=1e-9)


def test_ranks_as_mann_and_whitney_have_them_ties_included():
    random = np.random.default_rng(1)
    for high in (3, 9, 10_000):
        a, b = random.integers(0, high, 400), random.integers(0, high, 300)
        p, q = (np.bincount(x, minlength=high).astype(float) for x in (a, b))
        truth = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic").pvalue
        assert significance.rank_tests(p, q)[0] == pytest.approx(truth)


def test_spread_as_mood_has_it():
    random = np.random.default_rng(2)
    a, b = random.normal(size=700), random.normal(0, 1.15, 500)
    order = np.argsort(np.concatenate([a, b]))
    p = (order < 700).astype(float)
    truth = stats.mood(a, b).pvalue
    assert significance.rank_tests(p, 1 - p)[1] == pytest.approx(truth, rel=1e-6)


def test_weighted_holm_is_holms_where_weights_are_equal():
    values = dict(zip("abcd", (0.01, 0.04, 0.03, 0.005), strict=True))
    found = significance.weighted_holm({name: (p, 2.0) for name, p in values.items()})
    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 5)), min_size=1, max_size=9), st.floats(0.001, 0.2))
def test_weighted_holm_is_no_stricter_than_bonferroni(tests, alpha):
    adjusted = significance.weighted_holm(dict(enumerate(tests)))
    whole = sum(weight for _, weight in tests)
    for key, (p, weight) in enumerate(tests):
        assert adjusted[key] <= min(1.0, p / weight * whole) + 1e-12
        assert adjusted[key] >= min(1.0, p) - 1e-12


def test_rare_words_are_new_by_chance_and_raise_no_alarm():
    random = np.random.default_rng(3)
    share = 1 / np.arange(1, 2001)
    below = 0
    for _ in range(300):
        p, q = (np.bincount(random.choice(2000, n, p=share / share.sum()), minlength=2000) for n in (2000, 500))
        below += significance.novelty_test(p.astype(float), q.astype(float)) < 0.01
    assert below <= stats.binom.ppf(0.999, 300, 0.01)


@pytest.mark.parametrize("fresh", [[20.0], [1.0] * 40, [2.0] * 15])
def test_what_is_really_new_is_found(fresh):
    p = np.array([5000.0, 3000, 1990, 10, *[0.0] * len(fresh)])
    q = np.array([500.0, 300, 179, 1, *fresh])
    assert significance.novelty_test(p, q) < 1e-6
    assert significance.novelty_test(p, p) == 1.0


def test_shares_that_are_rare_are_judged_exactly():
    assert significance.share_test(1, 1000, 4, 900) == pytest.approx(stats.fisher_exact([[1, 999], [4, 896]]).pvalue)
    assert significance.rank_tests(np.array([4990.0, 10]), np.array([31.0, 1]))[0] == pytest.approx(
        stats.fisher_exact([[10, 4990], [1, 31]]).pvalue
    )


def test_tests_of_the_same_ranks_are_fooled_together():
    """What a report of 20 columns allows them is more than each could have if they were fooled one by one."""
    random = np.random.default_rng(0)
    shares = comparing.number_tests(dict.fromkeys(("ks_p", "rank_p", "spread_p", "range_p"), 1.0), 1.0)
    level, fooled, looks = 0.05, 0, 0
    middle = np.arange(1, 128) / 128
    for _ in range(10):
        walk = np.cumsum(random.standard_normal((10_000, 128), dtype=np.float32) / np.sqrt(128), axis=1)
        bridge = walk[:, :-1] - walk[:, -1:] * middle
        # Of two large samples KS, ranks and spread are these of a Brownian bridge; the grid misses some of its height.
        p = {
            "ks": special.kolmogorov(np.abs(bridge).max(axis=1) + 0.58 / np.sqrt(128)),
            "rank": 2 * special.ndtr(-np.abs(bridge.sum(axis=1) / 128 * np.sqrt(12))),
            "spread": 2 * special.ndtr(-np.abs((2 * (middle - 0.5) * bridge).sum(axis=1) / 128 * np.sqrt(180))),
        }
        # number_tests makes p-values smaller by what they have in common.
        hits = [p[name] * shares[name][0] <= level * shares[name][1] for name in p]
        fooled, looks = fooled + int(np.any(hits, axis=0).sum()), looks + len(walk)
    assert fooled / looks <= level * sum(shares[name][1] for name in p)
