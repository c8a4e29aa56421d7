"""What was predicted beside what was right, in one form whatever the types they came in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import UsageError
from nbops.monitoring.predictions.entries import SCORE

if TYPE_CHECKING:
    import pandas as pd

_MOST_CLASSES = 100
# Numbers of so few different values that are whole are classes, where nothing else says what they are.
_FEW = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """What a model predicts: ``classes`` as text in order, none for a number. ``positive`` is one of two, else empty."""

    classes: tuple[str, ...] = ()
    positive: str = ""

    @property
    def is_classifier(self) -> bool:
        """Whether it predicts classes."""
        return bool(self.classes)


@dataclass(frozen=True)
class Outcomes:
    """Rows of a frame of predictions with ``label``; ``truth`` is meaningful where ``known``.

    For classes ``truth`` and ``said`` are their numbers in ``kind.classes`` (-1 for one that is none of them), and ``scores`` has
    shape ``(n, classes)``, or is ``None``; for numbers they are floats.
    """

    kind: Kind
    truth: Any
    said: Any
    known: Any
    scores: Any = None

    def __len__(self) -> int:
        return len(self.said)

    @cached_property
    def labelled(self) -> Outcomes:
        """The rows whose label is known."""
        return self.rows(np.flatnonzero(self.known))

    def rows(self, chosen: Any) -> Outcomes:
        """Give some rows, by a slice or indices."""
        scores = None if self.scores is None else self.scores[chosen]
        return Outcomes(self.kind, self.truth[chosen], self.said[chosen], self.known[chosen], scores)

    @property
    def score(self) -> Any:
        """Probability of the positive class, ``None`` where there is none."""
        if self.scores is None or not self.kind.positive:
            return None
        return self.scores[:, self.place]

    @property
    def place(self) -> int:
        """Number of the positive class."""
        return self.kind.classes.index(self.kind.positive)


def outcomes(frame: pd.DataFrame, task: str = "", positive: Any = None) -> Outcomes:
    """Read outcomes from a frame of predictions with ``label``.

    Parameters
    ----------
    frame
        As :func:`nbops.monitoring.predictions.labelled_predictions` gives it.
    task
        ``classification`` or ``regression``; found from the values if empty.
    positive
        Which of two classes is the positive one; the second in order by default.

    Raises
    ------
    UsageError
        There is no such class, or there are more than 100.
    """
    known = frame["label"].notna().to_numpy()
    if not _classifies(frame, task):
        truth, is_known = truth_of(frame["label"], Kind())
        return Outcomes(Kind(), truth, _floats(frame["output"]), is_known)
    truth, said = texts(frame["label"]), texts(frame["output"])
    columns = {
        text_of(name.removeprefix(f"{SCORE}_")): name
        for name in map(str, frame.columns)
        if name.startswith(f"{SCORE}_")
    }
    seen = {*truth[known], *said[frame["output"].notna().to_numpy()], *columns}
    if len(seen) > _MOST_CLASSES:
        raise UsageError(
            f"There are {len(seen):,} different classes.", hint="If it predicts numbers, say task regression."
        )
    classes = tuple(sorted(seen, key=_order)) or ("0",)
    kind = Kind(classes, _positive(classes, positive))
    return Outcomes(kind, _numbered(truth, classes), _numbered(said, classes), known, _scores(frame, columns, kind))


def truth_of(labels: pd.Series, kind: Kind) -> tuple[Any, Any]:
    """Give labels as the ``truth`` of :class:`Outcomes`, and which of them are any."""
    there = labels.notna().to_numpy()
    if kind.is_classifier:
        return _numbered(texts(labels), kind.classes), there
    truth = _floats(labels)
    # Text among the labels of a number is no label.
    return truth, there & np.isfinite(truth)


def texts(values: pd.Series) -> Any:
    """Give values as text that is equal where the values are: ``1``, ``1.0``, ``True`` and ``"1"`` are one class."""
    codes, distinct = values.factorize()
    named = np.array([*(text_of(value) for value in distinct), ""], dtype=object)
    return named[codes]


def text_of(value: Any) -> str:
    """Give a value as text; see :func:`texts`."""
    if isinstance(value, (bool, np.bool_)) or value in ("True", "False", "true", "false"):
        return "1" if str(value).lower() == "true" else "0"
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value)
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else text


def _classifies(frame: pd.DataFrame, task: str) -> bool:
    import pandas as pd

    if task:
        return task.startswith(("classif", "binary", "multi"))
    if any(str(name) == SCORE or str(name).startswith(f"{SCORE}_") for name in frame.columns):
        return True
    output = frame["output"].dropna()
    if pd.api.types.is_bool_dtype(output.dtype) or not pd.api.types.is_numeric_dtype(output.dtype):
        return True
    found = output.unique()
    return len(found) <= _FEW and bool(np.all(found == np.floor(found)))


def _order(name: str) -> tuple[int, float, str]:
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def _positive(classes: tuple[str, ...], positive: Any) -> str:
    if positive is not None and text_of(positive) not in classes:
        raise UsageError(f"There is no class {positive!r}.", hint=f"There are {', '.join(classes[:8])}.")
    if positive is not None:
        return text_of(positive)
    return classes[1] if len(classes) == 2 else "1" if classes == ("1",) else ""


def _numbered(values: Any, classes: tuple[str, ...]) -> Any:
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places.get(value, -1) for value in values], dtype=np.int64)


def _scores(frame: pd.DataFrame, columns: dict[str, str], kind: Kind) -> Any:
    two, found = len(kind.classes) == 2, None
    if columns and set(columns) >= set(kind.classes):
        found = np.column_stack([_floats(frame[columns[name]]) for name in kind.classes])
    elif two and kind.positive in columns:
        score = _floats(frame[columns[kind.positive]])
        found = np.column_stack([1 - score, score] if kind.positive == kind.classes[1] else [score, 1 - score])
    if two and SCORE in frame.columns:
        # It is that of the second class. Some rows may have been logged with one score, others with one for each class.
        second = _floats(frame[SCORE])
        alone = np.column_stack([1 - second, second])
        found = alone if found is None else np.where(np.isnan(found), alone, found)
    return found


def _floats(values: pd.Series) -> Any:
    import pandas as pd

    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
