"""Declared feature steps as one scikit-learn transformer of frames.

It is part of the model's pipeline, so that training, evaluation, scoring and serving compute the same features, and so that
a cross-validation learns each step anew on the rows of its fold: nothing of a held-out row, of its truth or of a later row
reaches a feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from nbops.errors import DataError, UsageError
from nbops.features.declaration import checked
from nbops.features.kinds import KINDS

if TYPE_CHECKING:
    import pandas as pd


class FeatureSteps(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Steps applied in their order; what a step adds, later ones may use, and what one replaces goes when all are done.

    Parameters
    ----------
    steps
        Each a mapping with ``step`` (the kind, see :mod:`nbops.features.kinds`) and its options.
    task
        ``regression`` or ``classification``, for steps that look at the target; ``auto`` takes more than 20 different numbers
        for a regression.

    Attributes
    ----------
    states_ : list of dict
        What each step has learnt.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Columns of the frame it was fitted on.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]] = (), task: str = "auto") -> None:
        self.steps = steps
        self.task = task

    def fit(self, X: pd.DataFrame, y: Any = None) -> FeatureSteps:  # noqa: N803 - scikit-learn's name
        """Learn every step; see :meth:`fit_transform`."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **_: Any) -> pd.DataFrame:  # noqa: N803
        """Learn every step and give the features of the rows it learnt from.

        Those are not what :meth:`transform` would give for the same rows where a step looks at the target: each row is
        encoded by what the other folds know.

        Parameters
        ----------
        X
            Shape ``(rows, columns)``.
        y
            Target, shape ``(rows,)``; only for steps that look at it.

        Raises
        ------
        UsageError
            A step is declared wrongly, or needs a target and there is none.
        """
        frame = _frame(X)
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        target = None if y is None else _target(y, frame)
        self.states_ = []
        for number, declared in enumerate(self.steps, 1):
            options = checked(declared, frame.columns, number)
            kind = KINDS[options["step"]]
            if kind.looks_at_target and target is None:
                raise UsageError(f"Step {number} ({kind.name}) learns from the target, and there is none.")
            state, added = kind.learn(frame, options, target, self.task)
            self.states_.append({"options": options, "learnt": state})
            frame = _with(frame, added)
        frame = frame.drop(columns=self._replaced())
        self.names_out_ = np.asarray(frame.columns, dtype=object)
        return frame

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Give the features of other rows.

        Raises
        ------
        DataError
            A column that the steps were fitted with is missing.
        """
        frame = _frame(X)
        missing = [name for name in self.feature_names_in_ if name not in frame.columns]
        if missing:
            raise DataError(f"The data lack {', '.join(map(repr, missing[:5]))}, which the features were made of.")
        frame = frame[list(self.feature_names_in_)]
        for state in self.states_:
            options = state["options"]
            kind = KINDS[options["step"]]
            frame = _with(frame, kind.apply(frame, options, state["learnt"]))
        return frame[list(self.names_out_)]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray[Any, Any]:
        """Give the names of the columns that come out."""
        return self.names_out_

    @property
    def looks_back(self) -> bool:
        """Whether a row's features depend on earlier rows, so that rows scored apart may get others."""
        return any(KINDS[str(step.get("step"))].looks_back for step in self.steps if step.get("step") in KINDS)

    def _replaced(self) -> list[str]:
        gone = [state["options"] for state in self.states_ if KINDS[state["options"]["step"]].replaces]
        return list(dict.fromkeys(name for options in gone if not options.get("keep") for name in options["columns"]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


def _frame(given: Any) -> pd.DataFrame:
    if not hasattr(given, "columns") or not hasattr(given, "iloc"):
        raise DataError(f"Feature steps take a DataFrame, not a {type(given).__name__}.")
    return given.set_axis([str(name) for name in given.columns], axis=1)  # type: ignore[no-any-return]


def _target(y: Any, frame: pd.DataFrame) -> pd.Series:
    import pandas as pd

    return pd.Series(np.asarray(y), index=frame.index)


def _with(frame: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    kept = frame[[name for name in frame.columns if name not in added.columns]]
    return pd.concat([kept, added], axis=1)
