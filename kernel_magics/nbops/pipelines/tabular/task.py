"""What the templates share for a table with a column to predict: task, metrics, resampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbops.data.typed import conform
from nbops.errors import UsageError
from nbops.pipelines.tabular.metrics import (
    CLASSIFICATION,
    METRICS,
    REGRESSION,
    Metric,
    Predictions,
    measure,
    metric_of,
    score,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = [
    "CLASSIFICATION",
    "METRICS",
    "REGRESSION",
    "Metric",
    "Predictions",
    "alike",
    "importance",
    "interval",
    "keys_of",
    "measure",
    "metric_of",
    "predict",
    "require",
    "resample",
    "score",
    "task_of",
    "unseen",
]
_MOST_CLASSES = 20


def task_of(target: pd.Series, wanted: str = "auto") -> str:
    """Give ``regression`` for more than 20 different numbers, or any that is not whole, else ``classification``.

    Parameters
    ----------
    target
        The column to predict, shape ``(rows,)``.
    wanted
        ``auto``, or the answer.

    Raises
    ------
    UsageError
        ``wanted`` is something else.
    """
    import pandas as pd

    if wanted in {REGRESSION, CLASSIFICATION}:
        return wanted
    if wanted != "auto":
        raise UsageError(f"The task is regression, classification or auto, not {wanted!r}.")
    if not pd.api.types.is_numeric_dtype(target) or pd.api.types.is_bool_dtype(target):
        return CLASSIFICATION
    known = target.dropna()
    return REGRESSION if known.nunique() > _MOST_CLASSES or bool((known % 1 != 0).any()) else CLASSIFICATION


def predict(model: Any, rows: pd.DataFrame, truth: pd.Series, task: str) -> Predictions:
    """Ask a fitted model about rows whose truth is known; columns that it does not know do not reach it."""
    import numpy as np

    known = [name for name in getattr(model, "feature_names_in_", ()) if name in rows.columns]
    rows = rows[known] if known else rows
    shares = np.asarray(model.predict_proba(rows)) if hasattr(model, "predict_proba") else None
    if task == REGRESSION:
        return Predictions(task, np.asarray(truth, dtype=float), np.asarray(model.predict(rows), dtype=float))
    return Predictions(
        task,
        np.asarray(truth, dtype=object),
        np.asarray(model.predict(rows), dtype=object),
        tuple(model.classes_),
        shares,
    )


def alike(frame: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Give rows with the columns of known kinds made what they are there; those that are missing stay so.

    Parameters
    ----------
    kinds
        As :func:`nbops.data.typed.settle` found them in the rows to learn from.
    """
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    found, _ = conform(frame, {name: kind for name, kind in kinds.items() if name in frame.columns})
    return found


def require(several: Mapping[str, Predictions], metric: str) -> None:
    """Check that a metric can be told of every one of several predictions.

    Raises
    ------
    UsageError
        It cannot: there is one class only, or there are no probabilities.
    """
    for name, predictions in several.items():
        if score(predictions, metric) is None:
            raise UsageError(
                f"{metric} cannot be told of these {len(predictions.truth)} rows for {name!r}.",
                hint="It needs two classes, or probabilities, or classes that were learnt; choose another metric.",
            )


def unseen(later: pd.DataFrame, learnt: pd.DataFrame, columns: Sequence[str]) -> np.ndarray[Any, Any]:
    """Give which rows, shape ``(rows,)``, are not among those a model learnt from; numbers of other widths are alike."""
    return ~keys_of(later, learnt, columns).isin(keys_of(learnt, learnt, columns)).to_numpy()


def keys_of(frame: pd.DataFrame, learnt: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Give a number of 64 bits for each row, the same for the same values; ``learnt`` says which columns are numbers."""
    import pandas as pd

    numbers = [pd.api.types.is_numeric_dtype(learnt[name]) for name in columns]
    found = {
        name: pd.to_numeric(frame[name], errors="coerce").astype(float) if number else frame[name].astype(str)
        for name, number in zip(columns, numbers, strict=True)
    }
    return pd.util.hash_pandas_object(pd.DataFrame(found, index=frame.index), index=False)


def importance(
    model: Any, rows: pd.DataFrame, truth: pd.Series, task: str, metric: Metric, *, seed: int = 0
) -> dict[str, float]:
    """Give how much worse a model is without each column (permutation), the largest first; nothing if it cannot be told."""
    from sklearn.inspection import permutation_importance

    def judged(fitted: Any, given: Any, wanted: Any) -> float:
        found = score(predict(fitted, given, wanted, task), metric.name)
        return float("nan") if found is None else found if metric.more_is_better else -found

    if score(predict(model, rows, truth, task), metric.name) is None:
        return {}
    known = [name for name in getattr(model, "feature_names_in_", ()) if name in rows.columns]
    rows = rows[known] if known else rows
    found = permutation_importance(model, rows, truth, scoring=judged, n_repeats=3, random_state=seed)
    pairs = zip(rows.columns.astype(str), map(float, found.importances_mean), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def resample(
    several: Mapping[str, Predictions], metric: str, *, repeats: int = 500, seed: int = 0
) -> dict[str, np.ndarray[Any, Any]]:
    """Give the metric of several models on the same bootstrap resamples of the rows.

    Parameters
    ----------
    several
        Predictions of each model for the same rows, by name.
    repeats
        How many resamples (Efron and Tibshirani 1993, chapter 13, for the percentile interval taken from them).

    Returns
    -------
    dict
        Name to values of shape ``(repeats,)``; a resample that does not allow the metric is drawn anew.
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    count = len(next(iter(several.values())).truth)
    found: dict[str, list[float]] = {name: [] for name in several}
    for _ in range(2 * repeats):
        rows = draw.integers(0, count, count)
        values = {name: score(predictions.at(rows), metric) for name, predictions in several.items()}
        if all(value is not None for value in values.values()):
            for name, value in values.items():
                found[name].append(float(value or 0.0))
        if len(next(iter(found.values()))) == repeats:
            break
    return {name: np.asarray(values) for name, values in found.items()}


def interval(values: np.ndarray[Any, Any], level: float = 0.95) -> tuple[float, float]:
    """Give the percentile interval of resampled values."""
    import numpy as np

    if not len(values):
        return (float("nan"), float("nan"))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return (float(low), float(high))
