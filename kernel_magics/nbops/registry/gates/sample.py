"""The rows a gate looks at, and what a model says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import DataError
from nbops.records import ModelVersion
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.rows import Rows
from nbops.registry.gates.scores import Array, Metric

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Contender:
    """A loaded model and its version."""

    version: ModelVersion
    model: Any


@dataclass(frozen=True, slots=True)
class Sample:
    """Held-out rows. ``truth`` holds the target column; ``fingerprint`` is empty where the rows have none."""

    frame: pd.DataFrame
    truth: pd.Series
    fingerprint: str

    def features(self, contender: Contender) -> Any:
        """Give what the model takes of these rows, as a copy: its columns by name, else all but the target in order.

        Raises
        ------
        DataError
            A column is missing.
        """
        names = contender.version.features
        rest = self.frame.drop(columns=[self.truth.name], errors="ignore")
        if not names or all(name == f"x{i}" and name not in rest.columns for i, name in enumerate(names)):
            if names and len(names) != rest.shape[1]:
                raise DataError(f"the model takes {len(names)} columns, the data have {rest.shape[1]}")
            return rest.to_numpy(copy=True)
        by_text = {str(column): column for column in rest.columns}
        missing = [name for name in names if name not in by_text]
        if missing:
            raise DataError(f"the data lack {', '.join(missing[:5])}, which the model takes")
        return rest[[by_text[name] for name in names]].copy(deep=True)


def sample_of(rows: Rows, check: Check) -> Sample:
    """Give the rows of a check with their truth.

    Raises
    ------
    DataError
        There are no rows, they lack the target, or some are without it.
    """
    frame = rows.frame
    if check.target not in frame.columns:
        raise DataError(f"{check.data} has no column {check.target!r}")
    if frame.empty:
        raise DataError(f"{check.data} has no rows")
    truth = frame[check.target]
    if truth.isna().any():
        raise DataError(f"{int(truth.isna().sum())} rows of {check.data} have no {check.target!r}")
    return Sample(frame, truth, rows.fingerprint)


def outcome(metric: Metric, sample: Sample, contender: Contender, positive: Any = None) -> tuple[Array, Array]:
    """Give truth and prediction in the form that ``metric`` needs, one entry a row.

    Raises
    ------
    DataError
        The model does not give what the metric needs, or gives something that is not finite.
    """
    model, given = contender.model, sample.features(contender)
    truth = sample.truth.to_numpy()
    if metric.needs == "value":
        return finite(truth.astype(float)), finite(np.asarray(model.predict(given), dtype=float).ravel())
    _check_classes(model, truth)
    if metric.needs == "label":
        return _labels(truth, np.asarray(model.predict(given)).ravel())
    if metric.needs == "probabilities":
        return _class_indices(model, truth), finite(_probabilities(model, given))
    chosen = positive_class(model, truth, positive)
    positives = truth == chosen
    if metric.needs == "binary":
        return positives, np.asarray(model.predict(given)).ravel() == chosen
    return positives, scores(model, given, chosen)


def scores(model: Any, given: Any, chosen: Any) -> Array:
    """Give the probability (else the decision value) of a class.

    Raises
    ------
    DataError
        The model has neither, or not of that class.
    """
    if hasattr(model, "predict_proba"):
        column = np.flatnonzero(np.asarray(model.classes_) == chosen)
        if len(column) != 1:
            raise DataError(f"the model knows no class {chosen!r}")
        return finite(np.asarray(model.predict_proba(given), dtype=float)[:, column[0]])
    if hasattr(model, "decision_function"):
        found = np.asarray(model.decision_function(given), dtype=float)
        if found.ndim == 1:
            return finite(found if chosen == model.classes_[1] else -found)
    raise DataError("the model gives neither probabilities nor one decision value")


def positive_class(model: Any, truth: Array, positive: Any) -> Any:
    """Give the class that counts as positive: the one named, else the second of two.

    Raises
    ------
    DataError
        There are not two classes and none is named, or the named one does not exist.
    """
    _check_classes(model, truth)
    classes = list(getattr(model, "classes_", np.unique(truth)))
    if positive is not None:
        if positive not in classes:
            raise DataError(f"there is no class {positive!r}, only {', '.join(map(repr, classes[:5]))}")
        return positive
    if len(classes) != 2:
        raise DataError(f"the model has {len(classes)} classes: say which is positive")
    return classes[1]


def _probabilities(model: Any, given: Any) -> Array:
    if not hasattr(model, "predict_proba"):
        raise DataError("the model gives no probabilities")
    return np.asarray(model.predict_proba(given), dtype=float)


def _class_indices(model: Any, truth: Array) -> Array:
    index = {label: position for position, label in enumerate(model.classes_)}
    unknown = [label for label in np.unique(truth) if label not in index]
    if unknown:
        raise DataError(f"the model does not know the class {unknown[0]!r}")
    return np.array([index[label] for label in truth])


def _labels(truth: Array, predicted: Array) -> tuple[Array, Array]:
    if truth.dtype == object or predicted.dtype == object:
        return truth.astype(str), predicted.astype(str)
    return truth, predicted


def _check_classes(model: Any, truth: Array) -> None:
    # Numbers against texts that look like them would never match, and a rate of nothing may be within its limit.
    classes = getattr(model, "classes_", None)
    if classes is None:
        return
    known, wanted = _labels(np.asarray(classes).ravel(), np.unique(truth))
    if not set(known.tolist()) & set(wanted.tolist()):
        raise DataError(f"the model knows {known[:3].tolist()}, the data hold {wanted[:3].tolist()}")


def finite(values: Array) -> Array:
    """Give the values back if all are finite.

    Raises
    ------
    DataError
        Some are not.
    """
    if not np.isfinite(values).all():
        raise DataError(f"{int((~np.isfinite(values)).sum())} values are not finite")
    return values
