"""What is promised of false alarms and of what is found, in little; ``benchmarks/false_alarms.py`` measures it at length."""

from collections import Counter

import numpy as np
import pandas as pd
from scipy.stats import binom

from nbops.data.compact import compact, expanded
from nbops.data.profile import profile_frame
from nbops.monitoring.drift import drift

REPORTS = 30


def _zipf(random, count, rows):
    share = 1 / np.arange(1, count + 1)
    return pd.Series(random.choice(count, rows, p=share / share.sum())).astype(str).radd("c")


def _frame(random, rows, shift=0.0, nulls=0.05, fresh=0.0):
    numbers = {
        "normal": random.normal(shift, 1, rows),
        "lognormal": random.lognormal(1.5 * shift, 1.5, rows),
        "t3": random.standard_t(3, rows) + 1.73 * shift,
        "zeros": np.where(random.random(rows) < 0.7 - 0.4 * shift, 0.0, random.gamma(2, 2, rows)),
        "nulls": np.where(random.random(rows) < nulls, np.nan, random.normal(size=rows)),
    }
    words = {f"c{count}": _zipf(random, count, rows) for count in (5, 200, 2000)}
    few = np.where(random.random(rows) < fresh, "unseen", random.choice(list("abc"), rows))
    return pd.DataFrame({**numbers, **words, "few": few})


def test_nothing_changed_and_hardly_a_report_says_so():
    random = np.random.default_rng(8)
    reports, columns = Counter(), Counter()
    for _ in range(REPORTS):
        before = profile_frame(_frame(random, 2000))
        after = profile_frame(_frame(random, 500), before)
        for name, reference in (("rows", before), ("stored profile", expanded(compact(before)))):
            named = sum(column.status != "steady" for column in drift(reference, after).columns)
            reports[name] += bool(named)
            columns[name] += named
    assert max(reports.values()) <= binom.ppf(0.999, REPORTS, 0.05)
    assert max(columns.values()) <= binom.ppf(0.999, REPORTS * 9, 0.01)


def test_what_changed_is_found():
    random = np.random.default_rng(9)
    reference = profile_frame(_frame(random, 10_000))
    found = dict.fromkeys((column.name for column in reference.columns), 0)
    for _ in range(20):
        report = drift(reference, _frame(random, 1000, shift=0.2, nulls=0.1, fresh=0.02))
        for column in report.columns:
            found[column.name] += column.status != "steady"
    # 95 of 100 shifts of 0.2 sigma, 99 of 100 of the others, each within what 20 draws can show.
    assert all(found[name] >= binom.ppf(0.001, 20, 0.95) for name in ("normal", "lognormal", "t3", "zeros"))
    assert found["nulls"] >= 19 and found["few"] >= 19
