"""Distances from the profiles of a million rows are those of scipy on the rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nbops.data.profile import profile_frame
from nbops.monitoring import statistics

ROWS = 1_000_000
DRAWN = {
    "normal": lambda g, n, s: g.normal(s, 1, n),
    "lognormal": lambda g, n, s: g.lognormal(s, 1, n),
    "t3": lambda g, n, s: g.standard_t(3, n) + s,
    "zero-inflated": lambda g, n, s: np.where(g.random(n) < 0.7 - 0.4 * s, 0.0, g.gamma(2, 2, n)),
    "offset": lambda g, n, s: 1e6 + g.normal(s, 1, n),
    "epoch seconds": lambda g, n, s: 1.76e9 + g.random(n) * 2.6e6 + s * 1e6,
    "integers": lambda g, n, s: g.integers(0, 100_000 + int(s * 1e5), n).astype(float),
    "years": lambda g, n, s: g.integers(1950, 2020 + int(s * 100), n).astype(float),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_million_numbers_against_scipy(kind):
    random = np.random.default_rng(11)
    a, b = DRAWN[kind](random, ROWS, 0.0), DRAWN[kind](random, ROWS, 0.1)
    reference = profile_frame(pd.DataFrame({"x": a}))
    found = statistics.numeric(reference.columns[0], profile_frame(pd.DataFrame({"x": b}), reference).columns[0])
    # What scipy does, with each side sorted once for all three.
    a, b = np.sort(a), np.sort(b)
    values = np.concatenate([a, b])
    values.sort(kind="stable")
    apart = np.searchsorted(a, values, "right") / len(a) - np.searchsorted(b, values, "right") / len(b)
    gaps = np.diff(values)
    assert found["ks"] == pytest.approx(np.abs(apart).max(), abs=1e-4)
    assert found["wasserstein"] == pytest.approx((np.abs(apart[:-1]) * gaps).sum() / a.std(), abs=1e-3)
    assert found["energy"] == pytest.approx(np.sqrt(2 * (apart[:-1] ** 2 * gaps).sum() / a.std()), abs=1e-3)


def test_what_a_million_are_compared_with_is_what_scipy_does():
    random = np.random.default_rng(12)
    a, b = random.normal(size=20_000), random.normal(0.1, 1, 9_000)
    reference = profile_frame(pd.DataFrame({"x": a}))
    found = statistics.numeric(reference.columns[0], profile_frame(pd.DataFrame({"x": b}), reference).columns[0])
    assert found["ks"] == pytest.approx(stats.ks_2samp(a, b).statistic, abs=3e-4)
    assert found["wasserstein"] == pytest.approx(stats.wasserstein_distance(a, b) / a.std(), abs=1e-3)
    assert found["energy"] == pytest.approx(stats.energy_distance(a, b) / np.sqrt(a.std()), abs=1e-3)
