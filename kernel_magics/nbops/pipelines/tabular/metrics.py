"""Metrics of a table with a column to predict, by name, from what a model says about rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

REGRESSION, CLASSIFICATION = "regression", "classification"


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
        Metric("median_absolute_error", REGRESSION, "neg_median_absolute_error", False),
        Metric("roc_auc", CLASSIFICATION, "roc_auc_ovr", True),
        Metric("average_precision", CLASSIFICATION, "average_precision", True),
        Metric("accuracy", CLASSIFICATION, "accuracy", True),
        Metric("balanced_accuracy", CLASSIFICATION, "balanced_accuracy", True),
        Metric("f1_macro", CLASSIFICATION, "f1_macro", True),
        Metric("log_loss", CLASSIFICATION, "neg_log_loss", False),
    )
}


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
    return _FUNCTIONS[metric](predictions) if len(predictions.truth) else None


def _mae(p: Predictions) -> float:
    return float(abs(p.truth - p.predicted).mean())


def _rmse(p: Predictions) -> float:
    return float(((p.truth - p.predicted) ** 2).mean() ** 0.5)


def _median(p: Predictions) -> float:
    import numpy as np

    return float(np.median(abs(p.truth - p.predicted)))


def _r2(p: Predictions) -> float | None:
    spread = float(((p.truth - p.truth.mean()) ** 2).sum())
    return 1 - float(((p.truth - p.predicted) ** 2).sum()) / spread if spread else None


def _accuracy(p: Predictions) -> float:
    return float((p.truth == p.predicted).mean())


def _balanced(p: Predictions) -> float:
    import numpy as np

    right = p.truth == p.predicted
    return float(np.mean([right[p.truth == label].mean() for label in set(p.truth)]))


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
    from sklearn.metrics import roc_auc_score

    return _over_classes(p, roc_auc_score)


def _average_precision(p: Predictions) -> float | None:
    from sklearn.metrics import average_precision_score

    return _over_classes(p, average_precision_score)


def _over_classes(p: Predictions, function: Callable[[Any, Any], Any]) -> float | None:
    """Give the mean over the classes that are there, each against the rest; of two classes, the figure of the second."""
    import numpy as np

    seen = set(p.truth)
    if p.shares is None or len(seen) < 2:
        return None
    columns = range(1, 2) if len(p.classes) == 2 else range(len(p.classes))
    found = [function(p.truth == p.classes[i], p.shares[:, i]) for i in columns if p.classes[i] in seen]
    return float(np.mean(found)) if found else None


_FUNCTIONS: dict[str, Callable[[Predictions], float | None]] = {
    "mae": _mae,
    "rmse": _rmse,
    "median_absolute_error": _median,
    "r2": _r2,
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced,
    "f1_macro": _f1_macro,
    "log_loss": _log_loss,
}
