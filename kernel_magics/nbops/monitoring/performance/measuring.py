"""Performance of a model by windows of its predictions, as known at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import NbopsError, UsageError
from nbops.monitoring import arguments
from nbops.monitoring.performance.arrival import arrival
from nbops.monitoring.performance.calibration import calibration
from nbops.monitoring.performance.costs import cost_report
from nbops.monitoring.performance.estimating import Estimator, own_error, version_numbers
from nbops.monitoring.performance.gathering import Asked, gathered
from nbops.monitoring.performance.outcomes import Outcomes
from nbops.monitoring.performance.realised import chosen_metric, realised
from nbops.monitoring.performance.report import PerformanceReport, PerformanceWindow
from nbops.monitoring.performance.segments import segments_of
from nbops.monitoring.performance.windows import length_of, parts
from nbops.monitoring.performance.wording import sentence
from nbops.monitoring.predictions.entries import moment
from nbops.monitoring.predictions.labelled import unknown_labels
from nbops.registry import get_model
from nbops.registry.gates.scores import Metric
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


def performance(
    workspace: Workspace,
    model: str,
    *,
    as_of: float | None = None,
    window: str = "1d",
    start: float | None = None,
    end: float | None = None,
    newest: int | None = None,
    by: str | None = None,
    metric: str | None = None,
    version: int | None = None,
    positive: Any = None,
    task: str = "",
    costs: Mapping[Any, Any] | None = None,
) -> PerformanceReport:
    """Measure a model by the labels that had arrived at a time.

    The answer for a time that has passed is always the same, as long as nothing is logged with an earlier time.

    Parameters
    ----------
    workspace, model
        Whose predictions.
    as_of
        As known then, in seconds since the epoch: predictions made and labels arrived until then; now by default.
    window
        ``1d``, ``12h``, ``2 weeks``, ``1 month``, ``1000 rows`` or ``all``.
    start, end
        Predictions from ``start`` until before ``end``. Of those before ``start`` only as many days are read as estimates
        need.
    newest
        Of windows of rows only so many of the newest, which end with the newest prediction; what is older is not read.
    by
        A column of the inputs, ``version`` or ``output``: figures for each of its values too.
    metric
        Name as in scikit-learn; accuracy for classes and the mean absolute error for numbers by default.
    version
        Only predictions of this version.
    positive
        The positive one of two classes; the second by default.
    task
        ``classification`` or ``regression``; that of the registered model, else found from the values, by default.
    costs
        What an outcome costs (below zero for a gain): ``tp``, ``fp``, ``fn``, ``tn``, or by class that is right and class that was
        said.

    Returns
    -------
    PerformanceReport
        By window, by segment and over all.

    Raises
    ------
    UsageError
        ``window``, ``metric``, ``by``, ``positive`` or ``costs`` does not fit.
    UsageError
        No model can have that name.
    DataError
        A file of the log is damaged.
    """
    known, start, end = moment(as_of), moment(start), moment(end)
    as_of = time.time() if known is None else known
    for option, given, example in (("window", window, "7d"), ("by", by, "plan"), ("metric", metric, "accuracy")):
        if given is not None:
            arguments.text(given, option, example)
    asked = Asked(workspace, model, as_of, end, version)
    rows = _newest_rows(window, newest)
    held = gathered(asked, start, rows, by, task or _task(workspace, model), positive)
    frame, found, first = held.frame, held.found, held.first
    chosen = chosen_metric(found, metric)
    at = frame["at"].to_numpy(dtype=float)
    estimator = Estimator(found, version_numbers(frame), chosen, held.known, as_of, held.inputs)
    measure = _measurer(frame, found, chosen, estimator)
    windows = tuple(
        measure(part.label, part.start, part.end, first + np.arange(part.first, part.last), part.closed)
        for part in parts(at[first:], window, start, end, from_end=newest is not None)
    )
    total = measure("all", *_span(at[first:], start, end), np.arange(first, len(frame)), end is not None)
    shown = found.rows(slice(first, None))
    return PerformanceReport(
        model=model,
        task="classification" if found.kind.is_classifier else "regression",
        metric=chosen.name,
        greater_is_better=chosen.greater_is_better,
        as_of=as_of,
        window=window,
        total=total,
        windows=windows,
        by=by or "",
        segments=_segments(frame, by, first, measure, total, end is not None) if by else (),
        versions=tuple(int(one) for one in np.unique(version_numbers(frame)[first:]) if one >= 0),
        unknown_labels=None if start is not None or newest else unknown_labels(workspace, model, as_of, held.labels),
        sentence=sentence(model, chosen.name, chosen.greater_is_better, total, windows),
        positive=found.kind.positive,
        estimate=own_error(estimator.method, estimator.impossible if len(found) else "", windows),
        arrival=arrival(shown) if len(shown) else {},
        calibration=calibration(shown),
        costs=cost_report(shown, costs) if costs else {},
    )


def _measurer(
    frame: pd.DataFrame, found: Outcomes, metric: Metric, estimator: Estimator
) -> Callable[..., PerformanceWindow]:
    delay = (frame["label_at"] - frame["at"]).to_numpy(dtype=float)

    def measure(label: str, start: float, end: float, rows: Any, closed: bool) -> PerformanceWindow:
        held = found.rows(rows)
        waited = delay[rows][held.known]
        # A label from before its prediction was no label that came late.
        waited = waited[waited >= 0]
        figures = realised(held, metric)
        estimates = estimator(rows, end if closed else None)
        return PerformanceWindow(
            label=label,
            start=start,
            end=end,
            rows=len(rows),
            labelled=int(held.known.sum()),
            delay_median=float(np.median(waited)) if len(waited) else None,
            delay_p90=float(np.quantile(waited, 0.9)) if len(waited) else None,
            realised=figures.get(metric.name),
            estimated=estimates.figures.get(metric.name),
            metrics=figures,
            estimates=estimates.figures,
            note=estimates.note,
            hindsight=estimates.hindsight,
        )

    return measure


def _segments(
    frame: pd.DataFrame,
    by: str,
    first: int,
    measure: Callable[..., PerformanceWindow],
    total: PerformanceWindow,
    closed: bool,
) -> tuple[PerformanceWindow, ...]:
    if by not in frame.columns:
        names = ", ".join(map(str, [*frame.columns][:12]))
        raise UsageError(f"There is no column {by!r} to part by.", hint=f"There are {names}.")
    found = segments_of(frame[by].iloc[first:])
    return tuple(measure(name, total.start, total.end, first + rows, closed) for name, rows in found)


def _newest_rows(window: str, newest: int | None) -> int | None:
    rows = length_of(window).rows
    if newest is None:
        return None
    if arguments.count(newest, "newest") and not rows:
        raise UsageError("newest counts windows of rows.", hint="Write window='1000 rows', newest=30, or give start.")
    return newest * rows


def _span(at: Any, start: float | None, end: float | None) -> tuple[float, float]:
    first = start if start is not None else float(at[0]) if len(at) else 0.0
    return first, end if end is not None else float(at[-1]) if len(at) else first


def _task(workspace: Workspace, model: str) -> str:
    try:
        versions: Sequence[Any] = get_model(workspace, model).versions
    except NbopsError:
        return ""
    return next((one.task for one in versions if one.task in {"classification", "regression"}), "")
