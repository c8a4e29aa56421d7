"""What the models of a block predicted, and of which rows: nobody is asked to predict, what the block does is looked at.

In a cell the calls of ``predict`` and ``predict_proba`` are handed through :func:`note_prediction`; in a script those are known
whose results have a name of their own. Of long ones 4,000 values spread over them are kept.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbops.capture.analysis import Analysis
from nbops.capture.frames import is_frame
from nbops.capture.profiling import Counted, spread_rows
from nbops.redaction import Redactor

LABELS, SHARES = "predict", "predict_proba"
OUTPUT, SCORE = "output", "score"
_ROWS, _FEWEST, _CLASSES = 4000, 30, 20
# To look labels up in a longer frame takes long; there names alone tell rows apart.
_LOOKED_AT, _LOOKED_UP = 100, 200_000


@dataclass(frozen=True, slots=True)
class Predicted:
    """The last predictions of a name in the code: of which name's rows, how many there were, and the values kept."""

    model: weakref.ref[Any]
    given: str
    rows: int
    values: Any


# By the name of the model and the method.
noted: dict[tuple[str, str], Predicted] = {}


def note_prediction(value: Any, model: Any, name: str, method: str, given: str) -> Any:
    """Note what a model predicted and give it back untouched."""
    try:
        kept = _kept(value)
        if kept is not None:
            noted[name, method] = Predicted(weakref.ref(model), given, len(value), kept)
    except Exception:  # nothing may come between the user's call and its result
        pass
    return value


class Outputs:
    """Tells what a fitted model predicted of rows that it was not fitted on.

    Parameters
    ----------
    analysis, namespace
        Of the block.
    cell
        Whether calls were handed through :func:`note_prediction`.
    """

    def __init__(self, analysis: Analysis, namespace: Mapping[str, Any], *, cell: bool) -> None:
        self._namespace = namespace
        self._found = {} if not cell else dict(noted)
        for target, (name, method, given) in analysis.predicted.items():
            model: Any = namespace.get(name)
            value: Any = namespace.get(target)
            if (name, method) not in self._found and target not in analysis.mutated and model is not None:
                kept = _kept(value)
                if kept is not None:
                    self._found[name, method] = Predicted(weakref.ref(model), given, len(value), kept)
        self._found = {key: one for key, one in self._found.items() if key[0] not in analysis.refitted}

    def of(self, model: Any, fitted_on: str, task: str, redactor: Redactor) -> dict[str, Any]:
        """Give the profile of the outputs, and of which name's rows; nothing where none are known that the fit did not see.

        On the rows that it was fitted on a model is surer than it will ever be again, so that those are no reference.
        """
        mine = {
            method: one
            for (_, method), one in self._found.items()
            if one.model() is model and one.rows >= _FEWEST and self._others(one.given, fitted_on)
        }
        pandas = sys.modules.get("pandas")
        if not fitted_on or not mine or pandas is None:
            return {}
        # One of both tells on which rows; the other counts where it is of the same.
        first = mine.get(LABELS) or mine[SHARES]
        same = {m: one for m, one in mine.items() if (one.given, one.rows) == (first.given, first.rows)}
        columns = _columns(same, model, task)
        if not columns:
            return {}
        sampled = max(len(values) for values in columns.values())
        frame = pandas.DataFrame(columns)
        return {
            "name": first.given,
            "rows": first.rows,
            "sampled": sampled,
            "profile": Counted(frame, tuple(columns)).told(redactor),
        }

    def _others(self, given: str, fitted_on: str) -> bool:
        """Whether a name stands for rows that the fit did not see; what is made of them in the call is not known."""
        rows, trained = self._namespace.get(given), self._namespace.get(fitted_on)
        return given != fitted_on and rows is not trained and is_frame(rows) and not _overlap(rows, trained)


def labels(values: Any) -> Any:
    """Give predicted classes as texts, of which 1, 1.0 and "1" are the same."""
    import numpy as np

    from nbops.data.values import word_of

    return np.array([word_of(value) for value in values.tolist()], dtype=object)


def _overlap(rows: Any, trained: Any) -> bool:
    """Whether rows of one frame are rows of the other: of a hundred more than a tenth with the same label and values."""
    if not all(hasattr(frame, "iloc") and frame.ndim == 2 for frame in (rows, trained)) or len(trained) > _LOOKED_UP:
        return False
    columns = [name for name in trained.columns if name in rows.columns]
    some = rows[columns].iloc[spread_rows(len(rows), _LOOKED_AT)]
    if not columns or not trained.index.is_unique or trained.index.nlevels != some.index.nlevels:
        return False
    places = trained.index.get_indexer_for(some.index)
    there = places >= 0
    mine, theirs = some[there].astype(str).to_numpy(), trained[columns].iloc[places[there]].astype(str).to_numpy()
    same = int((mine == theirs).all(axis=1).sum())
    return 10 * same > len(some)


def _columns(mine: Mapping[str, Predicted], model: Any, task: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if LABELS in mine and mine[LABELS].values.ndim == 1:
        values = mine[LABELS].values
        found[OUTPUT] = labels(values) if task == "classification" else values
    shares = mine[SHARES].values if SHARES in mine else None
    if shares is None or shares.ndim != 2 or shares.dtype.kind != "f":
        return found
    if shares.shape[1] == 2:
        return {**found, SCORE: shares[:, 1]}
    classes = _classes(model)
    if classes is None or not len(classes) == shares.shape[1] <= _CLASSES:
        return found
    return {**found, **{f"{SCORE}_{name}": shares[:, i] for i, name in enumerate(classes.tolist())}}


def _classes(model: Any, depth: int = 0) -> Any:
    """Give the classes in their order; what stands in an object is read, because a property may run a person's code."""
    own = getattr(model, "__dict__", {})
    if own.get("classes_") is not None or depth > 3:
        return own.get("classes_")
    steps = own.get("steps")
    inner = steps[-1][1] if isinstance(steps, list) and steps else own.get("best_estimator_")
    return None if inner is None else _classes(inner, depth + 1)


def _kept(value: Any) -> Any:
    """Give a copy of values, or of some spread over them: the block may change them in place later."""
    kind = type(value)
    if kind.__module__.partition(".")[0] not in {"numpy", "pandas"} or getattr(value, "ndim", 0) not in (1, 2):
        return None
    array = value.to_numpy() if hasattr(value, "to_numpy") else value
    if not hasattr(array, "dtype") or not len(array):
        return None
    return array[spread_rows(len(array), _ROWS)] if len(array) > _ROWS else array.copy()
