"""From a table to a model by name: what is learnt from, feature steps, preparation by type, estimator and its settings."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.data.profile import profile_frame
from nbops.errors import DataError, UsageError
from nbops.features.plan import suggested
from nbops.pipelines.tabular.metrics import CLASSIFICATION, REGRESSION
from nbops.pipelines.tabular.preparation import preparation

if TYPE_CHECKING:
    import pandas as pd

_FEW_ROWS = 1000
CALIBRATIONS = ("", "sigmoid", "isotonic")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A scikit-learn estimator by name, with the settings it usually gets here and a space to search in."""

    name: str
    task: str
    path: str
    usual: Mapping[str, Any]
    space: Mapping[str, Any]


_FOREST = {"n_estimators": 200, "min_samples_leaf": 3}
_FOREST_SPACE = {
    "max_depth": [None, 6, 10, 16],
    "min_samples_leaf": {"low": 1, "high": 20, "log": True},
    "max_features": [0.3, 0.6, 1.0, "sqrt"],
}
_BOOSTING_SPACE = {
    "learning_rate": {"low": 0.02, "high": 0.3, "log": True},
    "max_leaf_nodes": {"low": 7, "high": 63, "log": True},
    "min_samples_leaf": {"low": 5, "high": 60, "log": True},
    "l2_regularization": {"low": 1e-3, "high": 10.0, "log": True},
}
_NEAR_SPACE = {"n_neighbors": {"low": 3, "high": 60, "log": True}, "weights": ["uniform", "distance"]}
_STRENGTH = {"low": 1e-3, "high": 1e3, "log": True}

ALGORITHMS: dict[str, dict[str, Algorithm]] = {REGRESSION: {}, CLASSIFICATION: {}}
for _found in (
    Algorithm("ridge", REGRESSION, "sklearn.linear_model:Ridge", {}, {"alpha": _STRENGTH}),
    Algorithm("linear_regression", REGRESSION, "sklearn.linear_model:LinearRegression", {}, {}),
    Algorithm("random_forest", REGRESSION, "sklearn.ensemble:RandomForestRegressor", _FOREST, _FOREST_SPACE),
    Algorithm("extra_trees", REGRESSION, "sklearn.ensemble:ExtraTreesRegressor", _FOREST, _FOREST_SPACE),
    Algorithm(
        "hist_gradient_boosting", REGRESSION, "sklearn.ensemble:HistGradientBoostingRegressor", {}, _BOOSTING_SPACE
    ),
    Algorithm("nearest_neighbors", REGRESSION, "sklearn.neighbors:KNeighborsRegressor", {}, _NEAR_SPACE),
    Algorithm(
        "logistic_regression",
        CLASSIFICATION,
        "sklearn.linear_model:LogisticRegression",
        {"max_iter": 2000},
        {"C": _STRENGTH},
    ),
    Algorithm("random_forest", CLASSIFICATION, "sklearn.ensemble:RandomForestClassifier", _FOREST, _FOREST_SPACE),
    Algorithm("extra_trees", CLASSIFICATION, "sklearn.ensemble:ExtraTreesClassifier", _FOREST, _FOREST_SPACE),
    Algorithm(
        "hist_gradient_boosting",
        CLASSIFICATION,
        "sklearn.ensemble:HistGradientBoostingClassifier",
        {},
        _BOOSTING_SPACE,
    ),
    Algorithm("nearest_neighbors", CLASSIFICATION, "sklearn.neighbors:KNeighborsClassifier", {}, _NEAR_SPACE),
):
    ALGORITHMS[_found.task][_found.name] = _found


def algorithm_of(task: str, wanted: str, rows: int) -> Algorithm:
    """Give an algorithm by name; ``auto`` is a linear model below 1,000 rows and gradient boosting from there on.

    Raises
    ------
    UsageError
        There is none of that name for the task.
    """
    known = ALGORITHMS[task]
    if wanted == "auto":
        wanted = "hist_gradient_boosting" if rows >= _FEW_ROWS else next(iter(known))
    if wanted not in known:
        raise UsageError(f"There is no algorithm {wanted!r} for {task}.", hint=_meant(wanted, known))
    return known[wanted]


def own_of(algorithm: str, declared: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Give what is declared for one algorithm: everything, or what stands under its name where tables stand under names.

    Raises
    ------
    UsageError
        Names of algorithms and of settings are mixed.
    """
    names = {name for known in ALGORITHMS.values() for name in known}
    tables = {key for key, value in declared.items() if key in names and isinstance(value, Mapping)}
    if not tables:
        return dict(declared)
    if len(tables) < len(declared):
        other = next(key for key in declared if key not in tables)
        raise UsageError(f"{what} has a table for {min(tables)!r}, and {other!r} beside it.", hint="Write one kind.")
    return dict(declared.get(algorithm, {}))


def learnable(
    frame: pd.DataFrame, *, drop: Iterable[str] = (), keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out what nothing can be learnt from: columns without a value, or that merely name the rows.

    Parameters
    ----------
    frame
        Settled columns, without the target.
    drop
        Columns to leave out in any case; those that do not exist are not missed.
    keep
        Columns to keep in any case.

    Returns
    -------
    tuple
        The columns to learn from, and in words what was left out and why.

    Raises
    ------
    DataError
        No column is left.
    """
    dropped, kept = set(drop), set(keep)
    profile = profile_frame(frame)
    notes, columns = [], []
    for column in profile.columns:
        why = {"empty": "has no value", "identifier": "only names the rows"}.get(column.kind, "")
        if column.name in dropped:
            continue
        if why and column.name not in kept:
            notes.append(f"{column.name} {why}")
            continue
        columns.append(column.name)
    if not columns:
        raise DataError("No column is left to learn from.", hint="; ".join(notes) or "Leave fewer out.")
    return frame[columns], notes


def build(
    X: pd.DataFrame,  # noqa: N803 - scikit-learn's name
    y: pd.Series,
    task: str,
    algorithm: Algorithm,
    *,
    settings: Mapping[str, Any] | None = None,
    class_weight: str = "",
    transformer: Any = None,
    calibrate: str = "",
    seed: int = 0,
) -> Any:
    """Give an unfitted model that takes the columns as they are: steps, preparation by type, estimator.

    Parameters
    ----------
    X, y
        What it will learn from, to look at the types.
    settings
        Of the estimator, over the usual ones.
    class_weight
        ``balanced`` weighs classes by how rare they are.
    transformer
        Feature steps to begin with; by default those that dates and columns of many categories ask for, if there are any.
    calibrate
        ``sigmoid`` or ``isotonic`` calibrates the probabilities on folds of the rows to learn from.

    Raises
    ------
    UsageError
        The estimator has no such setting, no class weights or no probabilities.
    """
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    steps = transformer if transformer is not None else _suggested(X, task)
    ready = clone(steps).fit_transform(X, y) if steps is not None else X
    estimator = _estimator(algorithm, settings or {}, class_weight, seed)
    parts: list[tuple[str, Any]] = [("preparation", preparation(ready)), ("model", estimator)]
    if steps is not None:
        parts.insert(0, ("features", clone(steps)))
    return _calibrated(Pipeline(parts), task, calibrate, y)


def _suggested(frame: pd.DataFrame, task: str) -> Any:
    from nbops.features.steps import FeatureSteps

    steps = suggested(frame)
    return FeatureSteps(steps, task=task) if steps else None


def _estimator(algorithm: Algorithm, settings: Mapping[str, Any], class_weight: str, seed: int) -> Any:
    module, _, name = algorithm.path.partition(":")
    estimator = getattr(importlib.import_module(module), name)()
    known = estimator.get_params()
    for key in settings:
        if key not in known:
            raise UsageError(f"{algorithm.name} has no setting {key!r}.", hint=_meant(key, known))
    given = {**algorithm.usual, **settings}
    if class_weight:
        if class_weight != "balanced":
            raise UsageError(
                f"class_weight is balanced or empty, not {class_weight!r}.", hint="Weights go into settings."
            )
        if "class_weight" not in known:
            raise UsageError(f"{algorithm.name} has no class weights.", hint="Choose another algorithm.")
        given.setdefault("class_weight", class_weight)
    if "random_state" in known:
        given.setdefault("random_state", seed)
    return estimator.set_params(**given)


def _calibrated(model: Any, task: str, calibrate: str, y: pd.Series) -> Any:
    if calibrate not in CALIBRATIONS:
        raise UsageError(f"calibrate is sigmoid, isotonic or empty, not {calibrate!r}.")
    if not calibrate:
        return model
    if task == REGRESSION:
        raise UsageError("Only probabilities can be calibrated, and a regression has none.")
    from sklearn.calibration import CalibratedClassifierCV

    smallest = int(y.value_counts().min())
    if smallest < 2:
        raise UsageError(f"The class {y.value_counts().idxmin()!r} has one row, so nothing can be calibrated.")
    return CalibratedClassifierCV(model, method=calibrate, cv=min(5, smallest))


def _meant(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
