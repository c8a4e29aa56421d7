"""What models predict of rows that they were not fitted on: it goes with a registered version, and monitors compare with it.

Never of rows that a model has learnt from: of those it is surer than it ever is again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.capture.judged import note_judged
from nbops.capture.predicted import FEWEST, columns_of, told_outputs
from nbops.capture.profiling import spread_rows
from nbops.pipelines.tabular.metrics import Predictions
from nbops.pipelines.tabular.task import keys_of, predict
from nbops.redaction import Redactor

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 4000
# As capture has it of frames: a tenth may be alike by chance.
_BY_CHANCE = 0.1


@dataclass(frozen=True, slots=True)
class Apart:
    """Rows to judge on, by what they are called; ``rows`` are the positions of those that are not among ``learnt`` other rows."""

    name: str
    learnt: int
    rows: np.ndarray[Any, Any] = field(repr=False)


def apart(judged: pd.DataFrame, learnt: pd.DataFrame, name: str) -> Apart:
    """Tell which rows to judge on are apart from those that were learnt from.

    All of them, where they are found among the others no more often than those are found among each other: rows of few different values
    are alike by nature, in use too. Otherwise some are the same, and only those count that are not found there, provided that
    values tell rows apart.

    Parameters
    ----------
    judged, learnt
        Both with the truth, and with columns of the same kinds.
    name
        What the rows to judge on are called.
    """
    columns = [column for column in judged.columns if column in learnt.columns]
    if not columns or not len(learnt):
        return Apart(name, len(learnt), np.arange(0))
    mine, theirs = (keys_of(frame, learnt, columns) for frame in (judged, learnt))
    seen, alike = mine.isin(theirs).to_numpy(), float(theirs.duplicated(keep=False).mean())
    if len(mine) == len(theirs) and (np.sort(mine.to_numpy()) == np.sort(theirs.to_numpy())).all():
        return Apart(name, len(learnt), np.arange(0))
    if len(seen) and seen.mean() <= alike + _BY_CHANCE:
        return Apart(name, len(learnt), np.arange(len(judged)))
    return Apart(name, len(learnt), np.flatnonzero(~seen) if alike <= _BY_CHANCE else np.arange(0))


def keep(rows: Apart, several: Mapping[str, Predictions]) -> None:
    """Keep with the run of this block what models predicted of the rows that are apart, by the digests of their bytes."""
    some = rows.rows[spread_rows(len(rows.rows), _ROWS)]
    for digest, predictions in several.items():
        note_judged(digest, rows.name, len(rows.rows), rows.learnt, _columns(predictions.at(some)))


def outputs(model: Any, rows: pd.DataFrame, task: str, name: str, learnt: int) -> dict[str, Any]:
    """Ask a model about rows that it was not fitted on; give the profile, as :func:`nbops.registry.register` takes it.

    Parameters
    ----------
    rows
        As the model takes them; of fewer than 30 there is none.
    task
        ``regression`` or ``classification``.
    name
        What the rows are called.
    learnt
        How many other rows they are known not to be among: those that the model was fitted on.
    """
    if len(rows) < FEWEST:
        return {}
    import pandas as pd

    # About all of them: a step that looks back needs the rows between. Nobody asks what is true.
    told = predict(model, rows, pd.Series(0.0, index=rows.index), task)
    columns = _columns(told.at(spread_rows(len(rows), _ROWS)))
    return {"learnt": learnt, **told_outputs(name, len(rows), columns, Redactor())} if columns else {}


def _columns(told: Predictions) -> dict[str, Any]:
    return columns_of(told.predicted, told.shares, told.classes, told.task)
