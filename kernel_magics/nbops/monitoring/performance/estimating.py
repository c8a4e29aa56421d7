"""Estimates by window, each from labelled predictions of before it, and how far they have been from what was realised.

An estimate is made from the labels that were known when its window closed, as it would have been made then: what came later
would flatter it. Where those are too few it is made in hindsight, says so, and does not tell how good estimates are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.monitoring.performance import confidence, losses
from nbops.monitoring.performance.known import Known
from nbops.monitoring.performance.outcomes import Outcomes
from nbops.monitoring.performance.realised import Figure
from nbops.registry.gates.scores import Metric

if TYPE_CHECKING:
    import pandas as pd

    from nbops.monitoring.performance.report import PerformanceWindow

# Labelled predictions of before a window without which nothing is estimated, and how much more of them make it learn anew.
LEAST, _GROWTH = 200, 1.2
# Of errors, the newest labelled rows that say how far what was learnt is off.
_RECENT = 500
# The newest labelled rows that are learnt from.
MOST = 50_000
# Labels without which a window does not tell how good an estimate was.
_TELLING, _TELLING_SHARE = 50, 0.5
HINDSIGHT = "from labels that came after it had closed"


@dataclass(frozen=True, slots=True)
class Estimates:
    """Figures by name, or in ``note`` why there are none; ``hindsight`` where labels that came later were needed."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    note: str = ""
    hindsight: bool = False


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What was learnt from ``count`` rows, the last of them numbered ``last``, from what was known at ``moment``."""

    model: Any
    count: int
    last: int
    moment: float


class Estimator:
    """Estimates the performance of rows from labelled rows before them, of the same version.

    Parameters
    ----------
    found
        All predictions, oldest first.
    versions
        The version of each.
    metric
        What to estimate above all.
    known
        Which labels were known when.
    as_of
        What arrived later is not known at all, in seconds since the epoch.
    inputs
        The inputs of the predictions, for the errors of numbers; ``None`` where they are not kept.
    """

    def __init__(
        self,
        found: Outcomes,
        versions: Any,
        metric: Metric,
        known: Known,
        as_of: float,
        inputs: pd.DataFrame | None = None,
    ) -> None:
        self._found, self._versions, self._metric, self._inputs = found, versions, metric, inputs
        self._known, self._as_of = known, as_of
        self._scored = np.isfinite(found.scores).all(axis=1) if found.scores is not None else np.ones(len(found), bool)
        self._learnt: dict[Any, _Learnt] = {}

    @property
    def method(self) -> str:
        """How estimates are made, empty where they cannot be."""
        if self._found.kind.is_classifier:
            return confidence.METHOD if self._found.scores is not None else ""
        known = self._inputs is not None and self._inputs.shape[1] and self._metric.name in losses.KNOWN
        return losses.METHOD if known else ""

    @property
    def impossible(self) -> str:
        """Why nothing can be estimated, empty where it can."""
        if self.method:
            return ""
        if self._found.kind.is_classifier:
            return "no probabilities are logged"
        return (
            "inputs are not kept"
            if self._inputs is None or not self._inputs.shape[1]
            else f"{self._metric.name} cannot be"
        )

    def __call__(self, rows: Any, closed: float | None = None) -> Estimates:
        """Estimate for rows, given by their sorted numbers, of a window that closed at a time; ``None`` if it has not."""
        if not self.method or not len(rows):
            return Estimates(note=self.impossible)
        moment = self._as_of if closed is None else min(closed, self._as_of)
        version = _most_frequent(self._versions[rows])
        known, before = self._before(rows[0], version, moment)
        hindsight = False
        if len(before) < LEAST and moment < self._as_of:
            moment, hindsight = self._as_of, True
            known, before = self._before(rows[0], version, moment)
        if len(before) < LEAST:
            return Estimates(note=f"{len(before)} labelled predictions of before it are too few to estimate from")
        figures = self._figures(rows, before, known, self._fit((version, hindsight), before, known, moment))
        return Estimates(figures, HINDSIGHT if hindsight else "", hindsight)

    def _before(self, row: int, version: Any, moment: float) -> tuple[Outcomes, Any]:
        """Give what was known at a time, and the numbers of the rows before one that can be learnt from."""
        known = self._known.at(moment, row)
        usable = known.known & (self._versions[:row] == version) & self._scored[:row]
        usable &= (known.truth >= 0) if known.kind.is_classifier else np.isfinite(known.said)
        return known, np.flatnonzero(usable)

    def _figures(self, rows: Any, before: Any, known: Outcomes, learnt: Any) -> dict[str, Figure]:
        held = self._found.rows(rows)
        if held.kind.is_classifier:
            return confidence.expected(held, learnt, self._metric)
        assert self._inputs is not None
        recent = before[-max(_RECENT, len(rows)) :][-len(before) // 2 :]
        then = known.rows(recent)
        missed = learnt.missed(self._inputs.iloc[recent], then.said, then.truth)
        figure = losses.expected_loss(learnt, self._inputs.iloc[rows], held.said, self._metric.name, missed)
        return {} if figure is None else {self._metric.name: figure}

    def _fit(self, key: Any, before: Any, known: Outcomes, moment: float) -> Any:
        had = self._learnt.get(key)
        # A model of errors takes longer to fit than curves, and its level follows the newest rows anyway.
        growth = _GROWTH if known.kind.is_classifier else 2 * _GROWTH
        # What was learnt from later rows, or labels that came later, is not for this window.
        earlier = had is not None and had.last <= before[-1] and had.moment <= moment
        if had is not None and earlier and len(before) < had.count * growth:
            return had.model
        chosen = before[-MOST:]
        held = known.rows(chosen)
        model: Any
        if held.kind.is_classifier:
            model = confidence.calibrated(held)
        else:
            assert self._inputs is not None
            model = losses.fitted(self._inputs.iloc[chosen], held.said, held.truth, losses.KNOWN[self._metric.name])
        self._learnt[key] = _Learnt(model, len(before), int(before[-1]), moment)
        return model


def own_error(method: str, why_not: str, windows: Sequence[PerformanceWindow]) -> dict[str, Any]:
    """Say how far estimates were from what was realised, over windows where both are known."""
    if not method:
        return {"method": "", "sentence": f"Nothing is estimated: {why_not}." if why_not else ""}
    pairs = [
        (window.estimated, window.realised)
        for window in windows
        if window.estimated is not None and window.realised is not None and not window.hindsight
        if window.labelled >= _TELLING and window.labelled >= _TELLING_SHARE * window.rows
    ]
    errors = [abs(estimated.value - real.value) for estimated, real in pairs]
    within = [
        real.value
        for estimated, real in pairs
        if estimated.low is not None and estimated.high is not None and estimated.low <= real.value <= estimated.high
    ]
    if not errors:
        return {"method": method, "windows": 0, "sentence": f"Estimates by {method} could not be checked yet."}
    mean = float(np.mean(errors))
    of = f"on average over {len(errors)} windows, by {max(errors):.2g} at most" if len(errors) > 1 else "in one window"
    said = f"Estimates by {method} were off by {mean:.2g} {of}."
    return {
        "method": method,
        "windows": len(errors),
        "error": mean,
        "worst": max(errors),
        "within": len(within) / len(errors),
        "sentence": said,
    }


def version_numbers(frame: pd.DataFrame) -> Any:
    """Give the version of each prediction, -1 where it is not known."""
    if "version" not in frame.columns:
        return np.full(len(frame), -1)
    return frame["version"].astype(float).fillna(-1).to_numpy().astype(int)


def _most_frequent(values: Any) -> Any:
    found, counts = np.unique(values, return_counts=True)
    return found[int(np.argmax(counts))]
