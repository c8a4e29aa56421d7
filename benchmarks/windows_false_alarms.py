"""How often windows, segments, the columns together and the relation to a target name something when nothing has changed.

Eight columns: normal, correlated, lognormal, Student's t with 3 degrees of freedom, 3 and up to 200 categories, and a target; 2,000
rows a side. ``python benchmarks/windows_false_alarms.py 120`` takes the number of repetitions; each has windows of 100 rows against
the reference, the first and the previous one. Everything is at 1 in 100, as shipped.
"""

import sys
from collections import Counter

import numpy as np
import pandas as pd

from nbops.data.profile import profile_frame
from nbops.monitoring.concept import concept_drift
from nbops.monitoring.multivariate import multivariate
from nbops.monitoring.segments import segment_tree
from nbops.monitoring.window_profiles import profiled
from nbops.monitoring.windows import drift_by_window

ROWS, RANDOM = 2_000, np.random.default_rng(7)


def rows() -> pd.DataFrame:
    """Draw one side."""
    x = RANDOM.normal(size=(ROWS, 5))
    x[:, 1] += x[:, 0]
    x[:, 2] = np.exp(x[:, 2])
    x[:, 3] = RANDOM.standard_t(3, ROWS)
    frame = pd.DataFrame(x, columns=list("abcde")).assign(g=RANDOM.choice(list("uvw"), ROWS))
    frame["h"] = np.minimum(RANDOM.zipf(1.6, ROWS), 200).astype(str)
    return frame.assign(y=frame.a + np.where(frame.g == "u", frame.b, 0) + RANDOM.normal(size=ROWS))


def look(named: Counter[str], seed: int) -> None:
    """Look once at two sides of one population."""
    reference, current = rows(), rows()
    before = profile_frame(reference)
    after = profile_frame(current, before)
    for against in ("reference", "first", "previous"):
        found = drift_by_window(before, profiled(before, current, "100 rows"), against=against)
        named["windows looked at"] += len(found["labels"])
        named["windows named"] += sum(map(any, zip(found["drifted"], found["quality"], strict=True)))
        named["onsets"] += bool(found["onset"])
    sides = before, after, reference, current
    named["segments"] += any(node["drifted"] for node in segment_tree(*sides, seed=seed)["nodes"])
    together = multivariate(*sides, seed=seed)
    named["classifier, significant"] += together["classifier"]["p"] <= 0.01
    named["classifier, drift"] += together["classifier"]["drifted"]
    named["components, significant"] += together["pca"]["p"] <= 0.01
    named["components, drift"] += together["pca"]["drifted"]
    relation = concept_drift(*sides, "y", seed=seed)
    named["relation"] += any(column["drifted"] for column in relation["columns"])
    named["level"] += relation["level"]["drifted"]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    total: Counter[str] = Counter()
    for repetition in range(count):
        look(total, repetition)
    print(f"{count} repetitions of {ROWS} rows a side without drift")
    for name, times in total.items():
        print(f"{name:26} {times}")
