"""Rows to learn from and rows that judge, taken from a source."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nbops.errors import DataError
from nbops.scheduling.retraining.gathering import gather

HOUR, START = 3600.0, 1_760_000_000.0


def test_rows_with_gaps_and_lists_are_gathered_and_none_judges_that_is_learnt_from(alone, declare):
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.normal(size=400), "w": ["x", None, "z", "x"] * 100, "y": [0, 1] * 200})
    frame.loc[::7, "a"] = np.nan
    frame["v"] = [[one, 1.0] for one in random.normal(size=400)]
    frame.iloc[390:] = frame.iloc[:10]
    frame.to_parquet(alone.root / "rows.parquet")
    policy = declare(alone, source="rows.parquet", label="y", window="all")
    gathered = gather(alone, policy, START, alone.root / "out")
    assert (gathered.facts["learn_rows"], gathered.facts["judge_rows"]) == (300, 90)


def test_rows_of_few_different_values_can_judge(alone, declare):
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"w": random.choice(["x", "y"], 400), "y": random.choice([0, 1], 400)})
    frame.to_parquet(alone.root / "rows.parquet")
    policy = declare(alone, source="rows.parquet", label="y", window="all")
    assert gather(alone, policy, START, alone.root / "out").facts["judge_rows"] == 100
    twice = pd.DataFrame({"a": [*random.normal(size=200)] * 2, "y": [0, 1] * 200})
    twice.to_parquet(alone.root / "rows.parquet")
    with pytest.raises(DataError, match="Only 0 of the newest rows"):
        gather(alone, policy, START, alone.root / "out")


@pytest.mark.parametrize("kind", ["seconds", "texts", "years"])
def test_times_of_a_source_are_read_as_everywhere_else(alone, kind, declare):
    hours = np.arange(400)
    at = {
        "seconds": START + HOUR * hours,
        "texts": pd.to_datetime(START + HOUR * hours, unit="s").astype(str),
        "years": 1600 + hours,
    }[kind]
    frame = pd.DataFrame({"a": hours / 7.0, "y": [0, 1] * 200, "at": at})
    frame.loc[0, "y"] = None
    frame.sample(frac=1, random_state=1).to_parquet(alone.root / "rows.parquet")
    policy = declare(alone, source="rows.parquet", label="y", time="at", window="200 rows")
    gathered = gather(alone, policy, START, alone.root / "out")
    assert gathered.facts["learn_rows"] + gathered.facts["judge_rows"] == 200
    assert gathered.judge["a"].min() > pd.read_parquet(gathered.learn)["a"].max()
