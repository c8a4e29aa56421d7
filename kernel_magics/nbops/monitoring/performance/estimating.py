"""Estimates by window, each from labelled predictions of before it, and how far they have been from what was realised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.monitoring.performance import confidence, losses
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
_MOST = 200_000
# Labels without which a window does not tell how good an estimate was.
_TELLING, _TELLING_SHARE = 50, 0.5
Estimates = tuple[dict[str, Figure], str]


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
    inputs
        The inputs of the predictions, for the errors of numbers; ``None`` where they are not kept.
    """

    def __init__(self, found: Outcomes, versions: Any, metric: Metric, inputs: pd.DataFrame | None = None) -> None:
        self._found, self._versions, self._metric, self._inputs = found, versions, metric, inputs
        usable = found.known & (np.isfinite(found.scores).all(axis=1) if found.scores is not None else True)
        self._usable = usable & ((found.truth >= 0) if found.kind.is_classifier else np.isfinite(found.said))
        self._learnt: dict[Any, tuple[int, Any]] = {}

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

    def __call__(self, rows: Any) -> Estimates:
        """Estimate for rows, given by their sorted numbers; give the figures by name, or why there are none."""
        if not self.method or not len(rows):
            return {}, self.impossible
        version = _most_frequent(self._versions[rows])
        before = np.flatnonzero(self._usable[: rows[0]] & (self._versions[: rows[0]] == version))
        if len(before) < LEAST:
            return {}, f"{len(before)} labelled predictions of before it are too few to estimate from"
        learnt = self._fit(version, before)
        held = self._found.rows(rows)
        if self._found.kind.is_classifier:
            return confidence.expected(held, learnt, self._metric), ""
        assert self._inputs is not None
        recent = before[-max(_RECENT, len(rows)) :][-len(before) // 2 :]
        then = self._found.rows(recent)
        missed = learnt.missed(self._inputs.iloc[recent], then.said, then.truth)
        figure = losses.expected_loss(learnt, self._inputs.iloc[rows], held.said, self._metric.name, missed)
        return ({} if figure is None else {self._metric.name: figure}), ""

    def _fit(self, version: Any, before: Any) -> Any:
        count, learnt = self._learnt.get(version, (0, None))
        # A model of errors takes longer to fit than curves, and its level follows the newest rows anyway.
        growth = _GROWTH if self._found.kind.is_classifier else 2 * _GROWTH
        if learnt is not None and count <= len(before) < count * growth:
            return learnt
        chosen = before[-_MOST:]
        held = self._found.rows(chosen)
        if held.kind.is_classifier:
            learnt = confidence.calibrated(held)
        else:
            assert self._inputs is not None
            power = losses.KNOWN[self._metric.name]
            learnt = losses.fitted(self._inputs.iloc[chosen], held.said, held.truth, power)
        self._learnt[version] = (len(before), learnt)
        return learnt


def own_error(method: str, why_not: str, windows: Sequence[PerformanceWindow]) -> dict[str, Any]:
    """Say how far estimates were from what was realised, over windows where both are known."""
    if not method:
        return {"method": "", "sentence": f"Nothing is estimated: {why_not}." if why_not else ""}
    pairs = [
        (window.estimated, window.realised)
        for window in windows
        if window.estimated is not None and window.realised is not None
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
    said = f"Estimates by {method} were off by {mean:.2g} on average over {len(errors)} windows, by {max(errors):.2g} at most."
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


EstimatesOf = Callable[[Any], Estimates]
