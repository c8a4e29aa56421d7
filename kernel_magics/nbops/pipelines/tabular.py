"""What the templates share for a table with a column to predict: task, metrics, resampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

REGRESSION, CLASSIFICATION = "regression", "classification"
_MOST_CLASSES = 20


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: the task it is for, scikit-learn's name of its scorer, and whether more is better."""

    name: str
    task: str
    scorer: str
    more_is_better: bool


METRICS = {
    metric.name: metric
    for metric in (
        Metric("mae", REGRESSION, "neg_mean_absolute_error", False),
        Metric("rmse", REGRESSION, "neg_root_mean_squared_error", False),
        Metric("r2", REGRESSION, "r2", True),
        Metric("roc_auc", CLASSIFICATION, "roc_auc_ovr", True),
        Metric("accuracy", CLASSIFICATION, "accuracy", True),
        Metric("f1_macro", CLASSIFICATION, "f1_macro", True),
        Metric("log_loss", CLASSIFICATION, "neg_log_loss", False),
    )
}


def task_of(target: pd.Series, wanted: str = "auto") -> str:
    """Give ``regression`` for more than 20 different numbers, else ``classification``.

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
    numbers = pd.api.types.is_numeric_dtype(target) and target.nunique() > _MOST_CLASSES
    return REGRESSION if numbers else CLASSIFICATION


def metric_of(task: str, wanted: str = "auto") -> Metric:
    """Give a metric by name; ``auto`` is the mean absolute error, or the area under the ROC curve.

    Raises
    ------
    UsageError
        There is no such metric for the task.
    """
    name = wanted if wanted != "auto" else "mae" if task == REGRESSION else "roc_auc"
    found = METRICS.get(name)
    if found is None or found.task != task:
        known = ", ".join(metric.name for metric in METRICS.values() if metric.task == task)
        raise UsageError(f"There is no metric {wanted!r} for {task}.", hint=f"There are {known}.")
    return found


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says about rows: ``truth`` and ``predicted`` of shape ``(rows,)``.

    ``shares`` has shape ``(rows, classes)``; none for a regression, or a classifier that gives no probabilities.
    """

    task: str
    truth: np.ndarray[Any, Any]
    predicted: np.ndarray[Any, Any]
    classes: tuple[Any, ...] = ()
    shares: np.ndarray[Any, Any] | None = None

    def at(self, rows: np.ndarray[Any, Any]) -> Predictions:
        """Give some of the rows, by position; a row may come several times."""
        shares = None if self.shares is None else self.shares[rows]
        return Predictions(self.task, self.truth[rows], self.predicted[rows], self.classes, shares)


def predict(model: Any, rows: pd.DataFrame, truth: pd.Series, task: str) -> Predictions:
    """Ask a fitted model about rows whose truth is known."""
    import numpy as np

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


def measure(predictions: Predictions) -> dict[str, float]:
    """Give every metric of the task that these rows allow: an area under the ROC curve needs two classes."""
    return {
        name: value
        for name, metric in METRICS.items()
        if metric.task == predictions.task and (value := score(predictions, name)) is not None
    }


def score(predictions: Predictions, metric: str) -> float | None:
    """Give one metric; nothing where the rows do not allow it.

    Raises
    ------
    UsageError
        There is no such metric.
    """
    if metric not in _FUNCTIONS:
        raise UsageError(f"There is no metric {metric!r}.", hint=f"There are {', '.join(_FUNCTIONS)}.")
    return _FUNCTIONS[metric](predictions)


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
    import pandas as pd

    def plain(frame: pd.DataFrame) -> pd.Series:
        numbers = [pd.api.types.is_numeric_dtype(learnt[name]) for name in columns]
        found = {
            name: pd.to_numeric(frame[name], errors="coerce").astype(float) if number else frame[name].astype(str)
            for name, number in zip(columns, numbers, strict=True)
        }
        return pd.util.hash_pandas_object(pd.DataFrame(found, index=frame.index), index=False)

    return ~plain(later).isin(plain(learnt)).to_numpy()


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


def _mae(p: Predictions) -> float:
    return float(abs(p.truth - p.predicted).mean())


def _rmse(p: Predictions) -> float:
    return float(((p.truth - p.predicted) ** 2).mean() ** 0.5)


def _r2(p: Predictions) -> float | None:
    spread = float(((p.truth - p.truth.mean()) ** 2).sum())
    return 1 - float(((p.truth - p.predicted) ** 2).sum()) / spread if spread else None


def _accuracy(p: Predictions) -> float:
    return float((p.truth == p.predicted).mean())


def _f1_macro(p: Predictions) -> float:
    from sklearn.metrics import f1_score

    # Numbers for the classes, because the truth may hold text where the model knows numbers; 1 and 1.0 are one.
    codes: dict[Any, int] = {}
    truth, predicted = ([codes.setdefault(one, len(codes)) for one in side] for side in (p.truth, p.predicted))
    return float(f1_score(truth, predicted, average="macro", zero_division=0.0))


def _log_loss(p: Predictions) -> float | None:
    from sklearn.metrics import log_loss

    if p.shares is None or not set(p.truth) <= set(p.classes):
        return None
    return float(log_loss(list(p.truth), p.shares, labels=list(p.classes)))


def _roc_auc(p: Predictions) -> float | None:
    import numpy as np
    from sklearn.metrics import roc_auc_score

    seen = set(p.truth)
    if p.shares is None or len(seen) < 2:
        return None
    columns = range(1, 2) if len(p.classes) == 2 else range(len(p.classes))
    areas = [roc_auc_score(p.truth == p.classes[i], p.shares[:, i]) for i in columns if p.classes[i] in seen]
    return float(np.mean(areas)) if areas else None


_FUNCTIONS: dict[str, Callable[[Predictions], float | None]] = {
    "mae": _mae,
    "rmse": _rmse,
    "r2": _r2,
    "roc_auc": _roc_auc,
    "accuracy": _accuracy,
    "f1_macro": _f1_macro,
    "log_loss": _log_loss,
}
