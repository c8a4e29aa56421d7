"""What a model of the reference leaves unexplained, on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.randomness import kept_random
from nbops.errors import UsageError
from nbops.monitoring.matrix import Floats, Matrix

if TYPE_CHECKING:
    import pandas as pd

_FOLDS = 3
_MOST_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Residuals:
    """Target minus prediction, shapes ``(rows, outputs)``: one of a number or of the second of two classes, else one a class.

    ``scale`` is the target's standard deviation in the reference by output, ``labels`` what each output is called.
    """

    reference: Floats
    current: Floats
    scale: Floats
    labels: tuple[str, ...]
    classes: bool


def residuals(
    whole: Matrix, reference: pd.Series, current: pd.Series, *, numeric: bool, name: str, seed: int = 0
) -> Residuals:
    """Fit the reference in three folds and give residuals of rows that the models have not seen.

    Parameters
    ----------
    whole
        The features of both sides.
    reference, current
        Their targets, none missing.
    numeric
        Whether the target is a number, else it is a class.
    name
        Of the target.
    seed
        Of folds and models.

    Raises
    ------
    UsageError
        There is one class only, or more than ten.
    """
    from threadpoolctl import threadpool_limits

    if numeric:
        truth = [side.to_numpy(dtype=float, na_value=np.nan)[:, None] for side in (reference, current)]
        labels: tuple[str, ...] = (name,)
    else:
        texts = [side.astype(str).to_numpy() for side in (reference, current)]
        known = sorted(set(texts[0]))
        if not 2 <= len(known) <= _MOST_CLASSES:
            raise UsageError(
                f"{name} has {len(known)} classes in the reference; a relation to 2 to {_MOST_CLASSES}, or to a number, can be told."
            )
        shown = known[1:] if len(known) == 2 else known
        truth = [np.column_stack([side == label for label in shown]).astype(float) for side in texts]
        labels = tuple(f"{name}={label}" for label in shown)
    fold = np.random.default_rng(seed).permutation(len(truth[0])) % _FOLDS
    left = np.empty_like(truth[0]), truth[1].copy()
    # One thread: on a busy machine those of OpenMP wait for each other longer than they work.
    with threadpool_limits(1):
        for number in range(_FOLDS):
            held = fold == number
            for at in range(len(labels)):
                model = _model(whole, numeric, seed)
                model.fit(whole.reference[~held], truth[0][~held, at])
                left[0][held, at] = truth[0][held, at] - _said(model, whole.reference[held], numeric)
                left[1][:, at] -= _said(model, whole.current, numeric) / _FOLDS
    scale = np.maximum(truth[0].std(axis=0), 1e-12)
    return Residuals(left[0], left[1], scale, labels, not numeric)


def _model(whole: Matrix, numeric: bool, seed: int) -> Any:
    with kept_random():
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if numeric else HistGradientBoostingClassifier
    return kind(
        max_iter=60,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        early_stopping=False,
        categorical_features=whole.categories,
        random_state=seed,
    )


def _said(model: Any, values: Floats, numeric: bool) -> Floats:
    if numeric:
        return np.asarray(model.predict(values), float)
    said = model.predict_proba(values)
    # A fold may lack a rare class.
    return np.asarray(said[:, 1] if said.shape[1] > 1 else np.full(len(values), float(model.classes_[0])), float)
