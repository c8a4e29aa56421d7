"""A performance report that shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from nbops.monitoring.performance import PERFORMANCE_MIME, PerformanceReport
from nbops.monitoring.performance import performance as measure
from nbops.monitoring.predictions.entries import times
from nbops.views.performance import performance_html, performance_text
from nbops.workspace import Workspace, find_workspace


class ShownPerformanceReport(PerformanceReport):
    """A performance report that a notebook, a static page and a terminal can show."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        data = self.to_dict()
        return {PERFORMANCE_MIME: data, "text/html": performance_html(data), "text/plain": performance_text(data)}

    def _repr_html_(self) -> str:
        return performance_html(self.to_dict())

    def __str__(self) -> str:
        return performance_text(self.to_dict())


def performance(
    model: str,
    *,
    window: str = "1d",
    as_of: Any = None,
    start: Any = None,
    end: Any = None,
    newest: int | None = None,
    by: str | None = None,
    metric: str | None = None,
    version: int | None = None,
    positive: Any = None,
    costs: Mapping[Any, Any] | None = None,
    workspace: Workspace | None = None,
) -> ShownPerformanceReport:
    """Measure a model by the labels that have arrived; see :func:`nbops.monitoring.performance.performance`.

    Parameters
    ----------
    model
        Registered name.
    window
        ``1d``, ``12h``, ``1 month``, ``1000 rows`` or ``all``.
    as_of, start, end
        As known then, and predictions of which time: dates, or seconds since the epoch.
    newest
        Of windows of rows only so many of the newest.
    by
        A column: figures for each of its values too.
    metric
        Accuracy of classes and the mean absolute error of numbers by default.
    version
        Only predictions of this version.
    positive
        The positive one of two classes; the second by default.
    costs
        What outcomes cost: ``{"fp": 1, "fn": 20}``, or ``{right: {said: cost}}``; below zero for a gain.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    UsageError
        Something does not fit the predictions.
    DataError
        A date is none, or a file of the log is damaged.
    """
    found = measure(
        workspace or find_workspace(),
        model,
        window=window,
        as_of=_moment(as_of),
        start=_moment(start),
        end=_moment(end),
        newest=newest,
        by=by,
        metric=metric,
        version=version,
        positive=positive,
        costs=costs,
    )
    return ShownPerformanceReport(**{field.name: getattr(found, field.name) for field in fields(found)})


def _moment(value: Any) -> float | None:
    return None if value is None else float(times(value, 1)[0])
