"""What was known of predictions at a time: the labels that had arrived by then, as they stood then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.monitoring.performance.outcomes import Outcomes, truth_of

if TYPE_CHECKING:
    import pandas as pd


class Known:
    """Tells which labels of predictions were known at a time, and what they said.

    Parameters
    ----------
    found
        The predictions, with the labels that count in the end.
    arrived
        When the first label of each arrived, in seconds since the epoch; NaN where none did.
    places
        Numbers in ``found``, one for each of ``changes``.
    changes
        All labels, in the order of their arrival (``at``, ``label``), of those predictions that have several.
    """

    def __init__(self, found: Outcomes, arrived: Any, places: Any, changes: pd.DataFrame) -> None:
        self._found, self._arrived, self._places = found, arrived, places
        self._truth, self._is_known = truth_of(changes["label"], found.kind)
        self._at = changes["at"].to_numpy(dtype=float)

    def at(self, moment: float, rows: int) -> Outcomes:
        """Give the first ``rows`` predictions with what was known of them then."""
        found = self._found.rows(slice(rows))
        known = found.known & (self._arrived[:rows] <= moment)
        truth = found.truth
        among = self._places < rows
        if among.any():
            truth = truth.copy()
            known[self._places[among]] = False
            then = among & (self._at <= moment)
            # Of several the last to have arrived stays.
            truth[self._places[then]] = self._truth[then]
            known[self._places[then]] = self._is_known[then]
        return Outcomes(found.kind, truth, found.said, known, found.scores)


def known(found: Outcomes, frame: pd.DataFrame, history: pd.DataFrame) -> Known:
    """Tell what was known of predictions.

    Parameters
    ----------
    found
        The predictions.
    frame
        The same, with ``prediction_id`` and ``label_at``.
    history
        All their labels, as :func:`nbops.monitoring.predictions.labelled.labels_of` gives them.
    """
    import pandas as pd

    changes = history[history["repeated"]]
    places = np.zeros(0, dtype=np.int64)
    if len(changes):
        places = pd.Index(frame["prediction_id"]).get_indexer(changes["prediction_id"])
        changes, places = changes[places >= 0], places[places >= 0]
    return Known(found, frame["label_at"].to_numpy(dtype=float), places, changes)
