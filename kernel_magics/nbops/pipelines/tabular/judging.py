"""What probabilities are worth: whether they are true of held-out rows, and from which one on to say yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbops.errors import UsageError
from nbops.pipelines.tabular.metrics import Predictions

Array = np.ndarray[Any, Any]

CHOICES = ("f1", "balanced_accuracy", "cost")
_MOST_CUTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From which probability of ``positive`` on to say yes.

    ``chosen`` is the figure ``by`` on the rows it was chosen on, and so too good; ``honest`` is what a threshold chosen on one
    half of them is worth on the other; ``half`` is the figure at 0.5. A cost is per row. ``precision`` and ``recall`` are at
    ``value``.
    """

    positive: Any
    by: str
    value: float
    chosen: float
    honest: float
    half: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How true probabilities are: ``error`` is the expected calibration error, ``brier`` the mean squared error.

    ``bins`` tell, of tenths of the probabilities said, how many rows, what was said on average and how often it came true.
    """

    about: str
    error: float
    brier: float
    bins: tuple[Mapping[str, float], ...]


def calibration(predictions: Predictions, bins: int = 10) -> Calibration | None:
    """Judge probabilities: of two classes those of the second, else those of the class that was predicted.

    The expected calibration error is the mean distance between what was said and how often it came true, weighted by
    rows (Naeini, Cooper and Hauskrecht 2015).
    """
    if predictions.shares is None or not len(predictions.truth):
        return None
    if len(predictions.classes) == 2:
        said, true = predictions.shares[:, 1], predictions.truth == predictions.classes[1]
        about = f"probability of {predictions.classes[1]}"
    else:
        best = predictions.shares.argmax(axis=1)
        said = predictions.shares[np.arange(len(best)), best]
        true = predictions.truth == np.asarray(predictions.classes, dtype=object)[best]
        about = "probability of the predicted class"
    said, true = said.astype(float), true.astype(float)
    place = np.minimum((said * bins).astype(int), bins - 1)
    found = [
        {
            "rows": int((place == one).sum()),
            "said": float(said[place == one].mean()),
            "true": float(true[place == one].mean()),
        }
        for one in np.unique(place)
    ]
    error = sum(one["rows"] * abs(one["said"] - one["true"]) for one in found) / len(said)
    return Calibration(about=about, error=error, brier=float(((said - true) ** 2).mean()), bins=tuple(found))


def choose_threshold(
    predictions: Predictions, by: str, *, costs: Mapping[str, float] | None = None, positive: Any = None, seed: int = 0
) -> Threshold:
    """Choose the probability from which on to say yes.

    Parameters
    ----------
    predictions
        Of two classes, for rows whose truth is known.
    by
        ``f1``, ``balanced_accuracy``, or ``cost``: the least mean cost.
    costs
        ``false_positive`` and ``false_negative``, for ``cost``; 1 where not said.
    positive
        The class to say yes for; the second by default.

    Raises
    ------
    UsageError
        There are not two classes with probabilities, both among the rows, or ``by`` or ``costs`` are of no known kind.
    """
    if by not in CHOICES:
        raise UsageError(f"A threshold cannot be chosen by {by!r}.", hint=f"There are {', '.join(CHOICES)}.")
    prices = {"false_positive": 1.0, "false_negative": 1.0, **(costs or {})}
    if len(prices) > 2 or not all(isinstance(price, (int, float)) and price >= 0 for price in prices.values()):
        raise UsageError(f"costs is {costs!r}.", hint='Write {"false_positive": 1, "false_negative": 5}.')
    if predictions.shares is None or len(predictions.classes) != 2:
        raise UsageError("A threshold needs a model of two classes that gives probabilities.")
    names = [str(name) for name in predictions.classes]
    place = 1 if positive in (None, "") else names.index(str(positive)) if str(positive) in names else -1
    if place < 0:
        raise UsageError(f"There is no class {positive!r}.", hint=f"There are {', '.join(names)}.")
    said = predictions.shares[:, place].astype(float)
    true = predictions.truth == predictions.classes[place]
    if true.all() or not true.any():
        raise UsageError("A threshold needs rows of both classes.")
    value, chosen = _best(said, true, by, prices)
    yes = said >= value
    hits = float((yes & true).sum())
    return Threshold(
        positive=predictions.classes[place],
        by=by,
        value=value,
        chosen=chosen,
        honest=_honest(said, true, by, prices, seed),
        half=_figure(said >= 0.5, true, by, prices),
        precision=hits / max(float(yes.sum()), 1.0),
        recall=hits / float(true.sum()),
    )


def _honest(said: Array, true: Array, by: str, prices: Mapping[str, float], seed: int) -> float:
    """Give what thresholds are worth that were chosen on the other half of the rows; halves have classes alike."""
    order = np.random.default_rng(seed).permutation(len(true))
    order = order[np.argsort(true[order], kind="stable")]
    yes = np.zeros(len(true), bool)
    for judge, learn in ((order[::2], order[1::2]), (order[1::2], order[::2])):
        if true[learn].all() or not true[learn].any():
            return float("nan")
        yes[judge] = said[judge] >= _best(said[learn], true[learn], by, prices)[0]
    return _figure(yes, true, by, prices)


def _best(said: Array, true: Array, by: str, prices: Mapping[str, float]) -> tuple[float, float]:
    cuts = np.unique(said)
    if len(cuts) > _MOST_CUTS:
        cuts = np.unique(np.quantile(said, np.linspace(0, 1, _MOST_CUTS)))
    # Between two probabilities that were said: rows to come fall on either side of it. Below all: always yes.
    cuts = np.concatenate([[cuts[0]], (cuts[1:] + cuts[:-1]) / 2])
    figures = np.array([_figure(said >= cut, true, by, prices) for cut in cuts])
    best = int(np.argmin(figures) if by == "cost" else np.argmax(figures))
    return float(cuts[best]), float(figures[best])


def _figure(yes: Array, true: Array, by: str, prices: Mapping[str, float]) -> float:
    hits = float(np.count_nonzero(yes & true))
    false_yes, false_no = float(np.count_nonzero(yes & ~true)), float(np.count_nonzero(~yes & true))
    if by == "cost":
        return (prices["false_positive"] * false_yes + prices["false_negative"] * false_no) / len(true)
    if by == "f1":
        return 2 * hits / max(2 * hits + false_yes + false_no, 1.0)
    negatives = float(np.count_nonzero(~true))
    return (hits / (hits + false_no) + 1 - false_yes / negatives) / 2 if hits + false_no and negatives else float("nan")
