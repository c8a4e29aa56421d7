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
FEWEST = 30
_ROWS, _CLASSES = 4000, 20
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
            if one.model() is model and one.rows >= FEWEST and self._others(one.given, fitted_on)
        }
        if not fitted_on or not mine or "pandas" not in sys.modules:
            return {}
        # One of both tells on which rows; the other counts where it is of the same.
        first = mine.get(LABELS) or mine[SHARES]
        same = {m: one for m, one in mine.items() if (one.given, one.rows) == (first.given, first.rows)}
        values = {method: one.values for method, one in same.items()}
        columns = columns_of(values.get(LABELS), values.get(SHARES), _classes(model), task)
        return told_outputs(first.given, first.rows, columns, redactor) if columns else {}

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


def columns_of(said: Any, shares: Any, classes: Any, task: str) -> dict[str, Any]:
    """Give predictions as the log of predictions has them: ``output``, and ``score`` or a ``score_<class>`` each.

    Parameters
    ----------
    said
        What ``predict`` gave, shape ``(rows,)``; ``None`` if it is not known.
    shares
        What ``predict_proba`` gave, shape ``(rows, classes)``; ``None`` if it is not known.
    classes
        In the order of the shares; ``None`` if they are not known.
    task
        ``classification`` makes texts of the outputs.
    """
    found: dict[str, Any] = {}
    if said is not None and said.ndim == 1:
        found[OUTPUT] = labels(said) if task == "classification" else said
    if shares is None or shares.ndim != 2 or shares.dtype.kind != "f":
        return found
    if shares.shape[1] == 2:
        return {**found, SCORE: shares[:, 1]}
    if classes is None or not len(classes) == shares.shape[1] <= _CLASSES:
        return found
    return {**found, **{f"{SCORE}_{name}": shares[:, i] for i, name in enumerate(classes)}}


def told_outputs(name: str, rows: int, columns: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """Give the profile of predictions as it is kept: of which rows, how many there were, and of how many it is."""
    import pandas as pd

    profile = Counted(pd.DataFrame(columns), tuple(columns)).told(redactor)
    sampled = max(len(values) for values in columns.values())
    return {"name": redactor.text(name), "rows": rows, "sampled": sampled, "profile": profile}


def _classes(model: Any, depth: int = 0) -> Any:
    """Give the classes in their order; what stands in an object is read, because a property may run a person's code."""
    own = getattr(model, "__dict__", {})
    if own.get("classes_") is not None or depth > 3:
        classes: Any = own.get("classes_")
        return classes.tolist() if hasattr(classes, "tolist") else classes
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
