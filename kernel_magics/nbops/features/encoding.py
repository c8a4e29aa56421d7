"""Steps that put numbers in place of words: how often a value comes, and what the target is where it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.typed import as_numbers, as_words

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, Any]
State = dict[str, Any]
Array = np.ndarray[Any, Any]

_MISSING = "\x00missing"
_MOST_CLASSES = 20
_SEED = 0


def learn_frequency(frame: pd.DataFrame, options: Options, target: Any, task: str) -> tuple[State, pd.DataFrame]:
    """Learn the share of each value among all rows."""
    state: State = {}
    for name in options["columns"]:
        counted = _words(frame, name).value_counts()
        state[name] = {str(word): int(count) / max(len(frame), 1) for word, count in counted.items()}
    return state, frequency(frame, options, state)


def frequency(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give the share of each value, 0 for one that was never seen."""
    import pandas as pd

    shares = {name: _words(frame, name).map(state[name]).astype(float).fillna(0.0) for name in options["columns"]}
    return pd.DataFrame({f"{name}_share": found for name, found in shares.items()}, index=frame.index)


def learn_target(
    frame: pd.DataFrame, options: Options, target: pd.Series | None, task: str
) -> tuple[State, pd.DataFrame]:
    """Learn the encoding on all rows; encode each of them by what the folds know that it is not in.

    A category of n rows with mean target a is encoded as (n a + m b) / (n + m), b the mean of all and m the option
    ``smooth``. Classes are encoded as the share of each class, of two classes the second. scikit-learn's TargetEncoder is
    not used because it draws its folds otherwise from version to version, and needs every class in every fold.
    """
    assert target is not None
    truth, labels = _truth(target, task)
    given = {name: _words(frame, name) for name in options["columns"]}
    state: State = {"labels": labels, "columns": _means(given, truth, np.arange(len(frame)), options["smooth"])}
    encoded = _encoded(given, state, np.arange(len(frame)))
    for rest in _folds(target, labels, options["folds"]):
        learnt = np.setdiff1d(np.arange(len(frame)), rest)
        known = {"labels": labels, "columns": _means(given, truth, learnt, options["smooth"])}
        for name, values in _encoded(given, known, rest).items():
            encoded[name][rest] = values
    return state, _made(frame, encoded)


def target(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give the encoding of other rows; a value that was never seen gets the mean of all."""
    given = {name: _words(frame, name) for name in options["columns"]}
    return _made(frame, _encoded(given, state, np.arange(len(frame))))


def _means(given: Mapping[str, pd.Series], truth: Array, rows: Array, smooth: int) -> State:
    import pandas as pd

    overall = truth[rows].mean(axis=0) if len(rows) else np.zeros(truth.shape[1])
    found: State = {}
    for name, column in given.items():
        groups = pd.DataFrame(truth[rows]).groupby(column.to_numpy()[rows], sort=True)
        sums, counts = groups.sum(), groups.size().to_numpy()[:, None]
        shrunk = (sums.to_numpy() + smooth * overall) / (counts + smooth)
        found[name] = {"words": [str(word) for word in sums.index], "means": shrunk, "overall": overall}
    return found


def _encoded(given: Mapping[str, pd.Series], state: State, rows: Array) -> dict[str, Array]:
    import pandas as pd

    found: dict[str, Array] = {}
    for name, column in given.items():
        learnt = state["columns"][name]
        place = pd.Index(learnt["words"], dtype=object).get_indexer(column.to_numpy()[rows])
        table = np.vstack([learnt["means"].reshape(-1, len(learnt["overall"])), learnt["overall"]])
        values = table[place]  # -1, a word that is not known, is the last line
        for position, label in enumerate(state["labels"] or [""]):
            found[f"{name}_target{f'_{label}' if label else ''}"] = values[:, position].copy()
    return found


def _truth(target: pd.Series, task: str) -> tuple[Array, list[str]]:
    """Give the target as numbers, shape ``(rows, figures)``, and the labels of several figures."""
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(target.dtype) and not pd.api.types.is_bool_dtype(target.dtype)
    if task == "regression" or (task == "auto" and numeric and target.nunique() > _MOST_CLASSES):
        values = as_numbers(target)
        return values.fillna(values.mean()).to_numpy()[:, None], []
    said = as_words(target).fillna(_MISSING)
    classes = sorted(said.unique())
    shown = classes[1:] if len(classes) == 2 else classes
    return np.column_stack([(said == label).to_numpy(float) for label in shown]), shown if len(shown) > 1 else []


def _folds(target: pd.Series, labels: list[str], folds: int) -> Iterator[Array]:
    """Give the rows of each fold, drawn alike from every class and the same for the same rows; none for fewer than four."""
    if len(target) < 4:
        return
    draw = np.random.default_rng(_SEED)
    order = draw.permutation(len(target))
    if target.nunique() <= _MOST_CLASSES:
        order = order[np.argsort(target.astype(str).to_numpy()[order], kind="stable")]
    count = min(folds, len(target) // 2)
    for fold in range(count):
        yield np.sort(order[fold::count])


def _words(frame: pd.DataFrame, name: str) -> pd.Series:
    return as_words(frame[name]).fillna(_MISSING)


def _made(frame: pd.DataFrame, found: Mapping[str, Array]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(dict(found), index=frame.index)
