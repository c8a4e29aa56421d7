"""The frame that the benchmarks read: 200,000 rows, 20 mixed columns, seeded."""

import numpy as np
import pandas as pd


def mixed_frame(rows: int = 200_000, seed: int = 0) -> pd.DataFrame:
    """Give 16 float columns and one each of int, bool, datetime and string."""
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {f"f{i}": random.random(rows) for i in range(16)}
    columns["k"] = random.integers(0, 99, rows)
    columns["b"] = random.random(rows) > 0.5
    columns["t"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 10**6, rows), unit="s")
    columns["s"] = np.array(["red", "green", "blue"])[random.integers(0, 3, rows)]
    return pd.DataFrame(columns)
