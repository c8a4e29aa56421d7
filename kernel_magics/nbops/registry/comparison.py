"""A model that is not registered yet against the version now held, on the same rows, as the gate ``champion`` does it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from nbops.errors import DataError
from nbops.records import ModelVersion
from nbops.registry.gates import scores
from nbops.registry.gates.sample import Contender, Sample, outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the same rows say of two models.

    ``gain`` is how much better the challenger is (positive is better), ``low`` to ``high`` its interval; ``better`` whether all
    of the interval is above 0 and the gain at least what was asked for.
    """

    metric: str
    rows: int
    challenger: float
    champion: float
    gain: float
    low: float
    high: float
    confidence: float
    method: str
    better: bool

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return asdict(self)


def compare(
    held: ModelVersion,
    champion: tuple[Any, pd.DataFrame],
    challenger: tuple[Any, pd.DataFrame],
    truth: pd.Series,
    metric: str,
    *,
    positive: Any = None,
    confidence: float = 0.95,
    min_gain: float = 0.0,
) -> Comparison:
    """Compare two models on the same rows by a paired interval: DeLong's for the ROC-AUC, else a bootstrap over rows.

    Parameters
    ----------
    held
        The version that ``champion`` is.
    champion, challenger
        Each a fitted model, and the rows as it takes them; both of the same length and order.
    truth
        The true values, shape ``(rows,)``.
    metric
        As in a gate; ``roc_auc`` of more than two classes is the mean of each against the rest.
    min_gain
        Least gain that counts.

    Raises
    ------
    DataError
        There are no rows, or a model does not give what the metric needs.
    UsageError
        There is no such metric.
    """
    if not len(truth):
        raise DataError("There are no labelled rows to compare the models on.")
    several = len(getattr(challenger[0], "classes_", ())) > 2
    chosen = scores.metric_named("roc_auc_ovr" if metric in {"roc_auc", "auc"} and several else metric)
    found = []
    for model, rows in (challenger, champion):
        version = replace(held, features=tuple(str(name) for name in rows.columns))
        # Without a name, lest a column of the rows that has it were taken for the truth.
        sample = Sample(rows.reset_index(drop=True), truth.reset_index(drop=True).rename(None), "")
        found.append(outcome(chosen, sample, Contender(version, model), positive))
    (actual, new), (_, old) = found
    try:
        gain = scores.difference(chosen, actual, new, old, confidence)
        figures = float(chosen.function(actual, new)), float(chosen.function(actual, old))
    except ValueError as error:
        raise DataError(f"{metric} of these {len(truth)} rows is not defined: {error}") from error
    certain = math.isfinite(gain.low) and gain.low > 0
    return Comparison(
        metric=metric,
        rows=len(truth),
        challenger=figures[0],
        champion=figures[1],
        gain=gain.value,
        low=gain.low,
        high=gain.high,
        confidence=confidence,
        method=f"bootstrap of {gain.repeats} resamples" if gain.repeats else "DeLong",
        better=certain and gain.value >= min_gain,
    )
