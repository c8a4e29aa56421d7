"""What a regressor's errors must be if they depend on the inputs as they did, before any label has arrived.

A second model learns the size of the error from the inputs and the prediction, on earlier predictions of the same version whose
labels are known. Source: NannyML's "direct loss estimation". It sees a change in the inputs towards those that are harder, and
is blind to one in what the inputs mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.randomness import kept_random
from nbops.monitoring.performance.realised import Figure

if TYPE_CHECKING:
    import pandas as pd

METHOD = "model of the error"
_Z = NormalDist().inv_cdf(0.975)
_MOST_ROWS, _HELD_OUT, _SEED = 50_000, 0.25, 0
KNOWN = {"mae": 1, "mse": 2, "rmse": 2}


@dataclass(frozen=True, slots=True)
class LossModel:
    """Expects the absolute error to a power."""

    model: Any
    codes: Mapping[str, Any]
    power: int

    def missed(self, frame: pd.DataFrame, said: Any, truth: Any) -> Any:
        """Give by how much each error is larger than expected."""
        return np.abs(said - truth) ** self.power - self.model.predict(_matrix(frame, said, self.codes))


def fitted(frame: pd.DataFrame, said: Any, truth: Any, power: int) -> LossModel:
    """Fit a model of the errors of rows in the order of time, without the newest quarter, which tells how far it is off."""
    with kept_random():
        from sklearn.ensemble import HistGradientBoostingRegressor

    first = max(0, len(frame) - _MOST_ROWS)
    frame, said, truth = frame.iloc[first:], said[first:], truth[first:]
    codes = {str(name): _codes(frame[name]) for name in frame.columns}
    given, loss = _matrix(frame, said, codes), np.abs(said - truth) ** power
    until = int(len(loss) * (1 - _HELD_OUT))
    model = HistGradientBoostingRegressor(
        max_iter=60, min_samples_leaf=max(5, min(200, until // 50)), random_state=_SEED
    )
    model.fit(given[:until], loss[:until])
    return LossModel(model, codes, power)


def expected_loss(learnt: LossModel, frame: pd.DataFrame, said: Any, name: str, missed: Any) -> Figure | None:
    """Give the expected ``mae``, ``mse`` or ``rmse`` of rows, with the interval in which the realised one will lie.

    ``missed`` is by how much errors of rows shortly before were larger than expected: the level follows them.
    """
    usable = np.isfinite(said)
    if not usable.any():
        return None
    losses = learnt.model.predict(_matrix(frame, said, learnt.codes)[usable])
    value = max(0.0, float(losses.mean() + missed.mean()))
    reach = _Z * float(missed.std()) * math.sqrt(1 / len(losses) + 1 / len(missed))
    low, high = max(0.0, value - reach), value + reach
    if name == "rmse":
        value, low, high = math.sqrt(value), math.sqrt(low), math.sqrt(high)
    return Figure(value, low, high, len(losses), METHOD)


def _codes(values: pd.Series) -> Any:
    """Give the categories of a column that is no number, in the order of their frequency."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return None
    return pd.Index(values.astype(str).value_counts().index[:200])


def _matrix(frame: pd.DataFrame, said: Any, codes: Mapping[str, Any]) -> Any:
    import pandas as pd

    columns = [np.where(np.isfinite(said), said, np.nan)]
    for name, known in codes.items():
        if name not in frame.columns:
            columns.append(np.full(len(frame), np.nan))
        elif known is not None:
            place = known.get_indexer(frame[name].astype(str)).astype(float)
            columns.append(np.where(place < 0, np.nan, place))
        elif pd.api.types.is_datetime64_any_dtype(frame[name].dtype):
            columns.append(frame[name].astype("int64").to_numpy(dtype=float))
        else:
            columns.append(pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan))
    return np.column_stack(columns)
