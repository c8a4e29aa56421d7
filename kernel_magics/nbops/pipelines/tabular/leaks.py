"""What makes a model look better than it is: columns that give the target away, rows that are on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.randomness import kept_random
from nbops.data.typed import as_numbers, as_times, as_words, kind_of
from nbops.pipelines.tabular.metrics import REGRESSION
from nbops.pipelines.tabular.splitting import folds_of
from nbops.pipelines.tabular.task import unseen

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _COLUMNS = 2000, 200
_SURE = 0.99
# A class this frequent is guessed right without looking.
_FREQUENT = 0.97


def leaking_columns(frame: pd.DataFrame, target: str, task: str, *, seed: int = 0) -> dict[str, float]:
    """Give columns that alone tell the target almost without error, with how well: accuracy, or R².

    A shallow tree on one column is cross-validated on 2,000 rows at most, over 200 columns at most. Such a column is mostly
    made from the target, or written down after it was known.

    Parameters
    ----------
    frame
        Settled rows with the target.
    """
    with kept_random():
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    rows = frame.dropna(subset=[target])
    rows = rows.sample(min(len(rows), _ROWS), random_state=seed).reset_index(drop=True)
    truth = rows[target]
    if len(rows) < 20 or truth.nunique() < 2:
        return {}
    regression = task == REGRESSION
    if not regression and float(truth.value_counts(normalize=True).max()) > _FREQUENT:
        return {}
    y = as_numbers(truth).to_numpy() if regression else as_words(truth).to_numpy()
    folds = folds_of(truth, task, 2, seed=seed)
    make: Any = DecisionTreeRegressor if regression else DecisionTreeClassifier
    found = {}
    for name in [name for name in rows.columns if name != target][:_COLUMNS]:
        x = _codes(rows[name])
        said = np.empty(len(y), dtype=y.dtype)
        for learn, judge in folds:
            said[judge] = (
                make(max_depth=8, min_samples_leaf=2, random_state=seed).fit(x[learn], y[learn]).predict(x[judge])
            )
        right = 1 - ((y - said) ** 2).sum() / ((y - y.mean()) ** 2).sum() if regression else (y == said).mean()
        if right >= _SURE:
            found[str(name)] = float(right)
    return found


def rows_on_both_sides(train: pd.DataFrame, other: pd.DataFrame) -> int:
    """Count the rows of one data set that are also in another, all common columns alike."""
    columns = [name for name in train.columns if name in other.columns]
    return int((~unseen(other, train, columns)).sum()) if columns and len(train) and len(other) else 0


def _codes(values: pd.Series) -> np.ndarray[Any, Any]:
    import pandas as pd

    kind = kind_of(values)
    if kind == "number":
        found = as_numbers(values)
    elif kind == "time":
        found = (as_times(values) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    else:
        found = pd.Series(pd.factorize(as_words(values), sort=True)[0], index=values.index).astype(float)
    return found.fillna(-1e9).to_numpy(dtype=float).reshape(-1, 1)
