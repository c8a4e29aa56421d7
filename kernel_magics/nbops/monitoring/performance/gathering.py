"""What a measurement needs of the log, and no more: the windows that were asked for, and what estimates of them are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.monitoring.performance.estimating import LEAST, MOST, version_numbers
from nbops.monitoring.performance.known import Known, known
from nbops.monitoring.performance.outcomes import Outcomes, outcomes
from nbops.monitoring.predictions.labelled import Labels, labels_of, predictions_until, with_labels
from nbops.monitoring.predictions.log import prediction_journal
from nbops.monitoring.predictions.reading import input_names, read_predictions
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Rows before the windows that are looked through for enough labels, in multiples of the labels that are learnt from.
_FAR, _FARTHEST = 4, 16


@dataclass(frozen=True, slots=True)
class Asked:
    """Which predictions of a model: those made until ``as_of``, before ``end``, of ``version``; all by default."""

    workspace: Workspace
    model: str
    as_of: float
    end: float | None = None
    version: int | None = None

    def read(self, start: float | None, inputs: Sequence[str] | None = None) -> pd.DataFrame:
        """Read them from a time on, with all inputs by default."""
        return predictions_until(
            self.workspace, self.model, self.as_of, start=start, end=self.end, inputs=inputs, version=self.version
        )

    @property
    def until(self) -> float:
        """Before when they were made."""
        after = float(np.nextafter(self.as_of, np.inf))
        return after if self.end is None else min(after, self.end)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Predictions with labels, oldest first; those before number ``first`` are only learnt from.

    ``inputs`` are there where estimates are made from them, ``labels`` where all that had arrived were read, of whatever predictions.
    """

    frame: pd.DataFrame
    found: Outcomes
    known: Known
    inputs: pd.DataFrame | None
    first: int
    labels: pa.Table | None


def gathered(
    asked: Asked, start: float | None, newest: int | None, by: str | None, task: str, positive: Any
) -> Gathered:
    """Read predictions and labels.

    Parameters
    ----------
    asked
        Which predictions.
    start
        From when on performance is measured, from the first by default.
    newest
        Only of so many of the newest rows; all by default.
    by, task, positive
        As for :func:`nbops.monitoring.performance.performance`.
    """
    count: int | None = None
    if newest is not None:
        rows = read_predictions(asked.workspace, asked.model, start, asked.until, ["at"], asked.version, newest=newest)
        # Rows of one moment may lie on both sides.
        start, count = (float(rows["at"].iloc[0]) if len(rows) else start), len(rows)
    arrived = Labels(asked.workspace, asked.model, asked.as_of)
    begin = None if start is None else _begin(asked, start, arrived)
    frame = asked.read(begin, [by] if by else [])
    # Those of no prediction are counted where nothing is left out.
    labels = arrived.read(None if start is None else frame["prediction_id"])
    history = labels_of(labels, frame["prediction_id"])
    frame = with_labels(frame, history)
    if not len(frame):
        frame["output"] = frame["output"].astype(float)
    first = 0 if start is None else int(np.searchsorted(frame["at"].to_numpy(dtype=float), start, "left"))
    first = first if count is None else max(first, len(frame) - count)
    found = outcomes(frame, task, positive)
    inputs = None if found.kind.is_classifier or not len(frame) else _inputs(asked, begin, frame)
    return Gathered(frame, found, known(found, frame, history), inputs, first, labels if start is None else None)


def _inputs(asked: Asked, begin: float | None, frame: pd.DataFrame) -> pd.DataFrame:
    whole = asked.read(begin)
    # What was logged since the first look is not in both.
    whole = whole.set_index("prediction_id").reindex(frame["prediction_id"])
    return whole[input_names(whole)]


def _begin(asked: Asked, start: float, arrived: Labels) -> float | None:
    """Give from when on the log holds enough labelled predictions before ``start``; ``None`` for its begin."""
    journal, rows = prediction_journal(asked.workspace, asked.model), MOST
    while (begin := journal.beginning(rows, start)) is not None:
        frame = read_predictions(
            asked.workspace, asked.model, begin, asked.until, ["prediction_id", "at", "version"], asked.version
        )
        if _enough(frame, start, arrived, rows):
            return begin
        rows *= 2
    return None


def _enough(frame: pd.DataFrame, start: float, arrived: Labels, rows: int) -> bool:
    """Whether there are so many labels of each version that is measured; of a version that has hardly any, not without end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if rows >= _FARTHEST * MOST:
        return True
    versions, before = version_numbers(frame), (frame["at"] < start).to_numpy()
    ids = frame["prediction_id"][before]
    has = pc.is_in(pa.array(ids, pa.string()), value_set=arrived.read(ids).column("prediction_id"))
    labelled = np.zeros(len(frame), dtype=bool)
    labelled[before] = has.to_numpy(zero_copy_only=False)
    least = MOST if rows < _FAR * MOST else LEAST
    return all(np.sum(labelled & (versions == one)) >= least for one in np.unique(versions[~before]))
