"""Statistics computed from profiles are those of scipy on the raw values."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nbops.data.profile import profile_frame
from nbops.monitoring import statistics


def _pair(reference, current):
    before = profile_frame(pd.DataFrame({"x": reference}))
    return before.columns[0], profile_frame(pd.DataFrame({"x": current}), before).columns[0]


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("kind", ["normal", "lognormal", "t", "zeros", "years", "epoch"])
def test_numbers_against_scipy(kind, shift):
    random = np.random.default_rng(1)
    make = {
        "normal": lambda n, s: random.normal(s, 1, n),
        "lognormal": lambda n, s: random.lognormal(s, 1.5, n),
        "t": lambda n, s: random.standard_t(3, n) + s,
        "zeros": lambda n, s: np.where(random.random(n) < 0.5 - 0.4 * s, 0, random.gamma(2, 1, n)),
        "years": lambda n, s: random.integers(2015, 2026 + int(s * 10), n).astype(float),
        "epoch": lambda n, s: 1.76e9 + random.random(n) * 2.6e6 + s * 1e6,
    }[kind]
    a, b = make(8000, 0.0), make(5000, shift)
    found = statistics.numeric(*_pair(a, b))
    assert found["ks"] == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-3)
    assert found["wasserstein"] == pytest.approx(stats.wasserstein_distance(a, b) / a.std(), abs=6e-3, rel=0.01)
    if 1e-12 < found["ks_p"] < 1:
        assert np.log(found["ks_p"]) == pytest.approx(
            np.log(stats.ks_2samp(a, b, method="asymp").pvalue), rel=0.15, abs=0.3
        )


def test_psi_is_the_sum_of_both_relative_entropies():
    random = np.random.default_rng(2)
    a, b = random.normal(0, 1, 20_000), random.normal(0.3, 1.2, 10_000)
    edges = np.quantile(a, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(edges, x), minlength=10) + 0.5 for x in (a, b))
    p, q = p / p.sum(), q / q.sum()
    found = statistics.numeric(*_pair(a, b))
    assert found["psi"] == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), rel=0.02)
    assert found["hellinger"] == pytest.approx(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2), rel=0.02)


def test_categories_against_scipy():
    random = np.random.default_rng(3)
    names = list("abcdef")
    a = random.choice(names, 3000, p=[0.3, 0.25, 0.2, 0.15, 0.05, 0.05])
    b = random.choice(names, 2000, p=[0.25, 0.25, 0.2, 0.15, 0.1, 0.05])
    found = statistics.categorical(*_pair(a, b))
    table = np.array([[np.sum(x == name) for name in names] for x in (a, b)])
    truth = stats.chi2_contingency(table, correction=False)
    assert found["chi2"] == pytest.approx(truth.statistic)
    assert found["chi2_p"] == pytest.approx(truth.pvalue)
    assert found["tv"] == pytest.approx(np.abs(table[0] / 3000 - table[1] / 2000).sum() / 2)
    assert found["cramers_v"] == pytest.approx(np.sqrt(truth.statistic / 5000))


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
@settings(max_examples=60)
def test_nothing_differs_from_itself(values):
    found = statistics.numeric(*_pair(np.array(values), np.array(values)))
    assert (found["ks"], found["wasserstein"], found["psi"], found["jensen_shannon"]) == (0, 0, 0, 0)
    assert found["mean_shift"] == 0


@given(
    a=st.lists(st.integers(-1000, 1000), min_size=5, max_size=60),
    b=st.lists(st.integers(-1000, 1000), min_size=5, max_size=60),
)
@settings(max_examples=100)
def test_whole_numbers_give_the_exact_ks(a, b):
    found = statistics.numeric(*_pair(np.array(a, float), np.array(b, float)))
    # Near the shift every whole number has a bin of its own; far away a bin holds at most 0.8 % of the distance.
    truth = stats.ks_2samp(a, b).statistic
    close = max(map(abs, np.array([*a, *b]) - np.median(a))) < 128
    assert found["ks"] == pytest.approx(truth, abs=1e-9 if close else 1.0)
    assert found["ks"] <= truth + 1e-9


@given(values=st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=12), alpha=st.floats(0.001, 0.2))
def test_holm_rejects_no_more_than_each_test_alone_and_no_less_than_bonferroni(values, alpha):
    rejected = statistics.holm(values, alpha)
    assert rejected <= {key for key, p in values.items() if p <= alpha}
    assert {key for key, p in values.items() if p <= alpha / max(len(values), 1)} <= rejected


def test_shares_against_a_table():
    p = statistics.share_test(30, 100, 60, 120)
    truth = stats.chi2_contingency([[30, 70], [60, 60]], correction=False).pvalue
    assert p == pytest.approx(truth)
    assert statistics.share_test(0, 100, 0, 50) == 1.0
    assert statistics.share_test(0, 0, 5, 50) == 1.0


def test_rare_flags_do_not_raise_false_alarms():
    from nbops.data.profile import profile_frame
    from nbops.monitoring.drift import drift

    reference = pd.DataFrame({"flag": [False] * 4990 + [True] * 10})
    assert not drift(reference, pd.DataFrame({"flag": [False] * 29 + [True]})).drifted
    assert drift(reference, pd.DataFrame({"flag": [False] * 15 + [True] * 15})).drifted
    generator, alarms = np.random.default_rng(5), 0
    for _ in range(100):
        before, after = (pd.DataFrame(generator.random((rows, 10)) < 0.001).astype(str) for rows in (5000, 32))
        alarms += bool(drift(before, after).drifted)
    assert alarms <= 4
    assert profile_frame(reference) is not None


def test_bins_that_both_leave_empty_are_no_difference():
    from nbops.monitoring.drift import drift

    for values in ([1.0], [0.0, 1.0]):
        report = drift(
            pd.DataFrame({"x": values * (10_000 // len(values))}), pd.DataFrame({"x": values * (30 // len(values))})
        )
        (column,) = report.to_dict()["columns"]
        assert column["statistics"].get("psi", 0.0) == pytest.approx(0, abs=1e-3)


def test_nothing_but_infinities_is_compared_by_nulls_only():
    from nbops.monitoring.drift import drift

    inf = pd.DataFrame({"x": [np.inf] * 50})
    for other in (inf, pd.DataFrame({"x": np.arange(50.0)})):
        json.dumps(drift(inf, other).to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("kinds", "rows"), [(2, (200, 200)), (5, (1000, 200)), (2000, (1000, 1000)), (10**6, (500, 400))]
)
def test_what_chance_alone_makes_of_the_total_variation(kinds, rows):
    random = np.random.default_rng(2)
    weights = 1 / np.arange(1, kinds + 1)
    weights /= weights.sum()
    seen, told = [], []
    for _ in range(60):
        p, q = (np.bincount(random.choice(kinds, n, p=weights), minlength=kinds).astype(float) for n in rows)
        seen.append(np.abs(p / rows[0] - q / rows[1]).sum() / 2)
        told.append(statistics.variation_by_chance(p, q))
    assert np.mean(told) == pytest.approx(np.mean(seen), rel=0.1, abs=0.003)
    # Rows that are all different.
    different = np.r_[np.ones(9), np.zeros(9)]
    assert statistics.variation_by_chance(different, different[::-1]) == pytest.approx(1.0)
