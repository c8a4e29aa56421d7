"""The metrics of a finished block: computed floats, the value shown, calls recorded on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from nbops.capture.analysis import Analysis
from nbops.capture.values import as_metric


def find_metrics(
    analysis: Analysis,
    namespace: Mapping[str, Any],
    *,
    functions: Mapping[str, str],
    recorded: Mapping[str, float],
    shown: Any = None,
    forced: Collection[str] = (),
    excluded: Collection[str] = (),
) -> tuple[dict[str, float], dict[str, str]]:
    """Give the metrics by name, and for each the ``sklearn.metrics`` function that made it, where known.

    Parameters
    ----------
    functions
        Dotted names in the code that mean functions of ``sklearn.metrics``.
    recorded
        Results of such calls that the code did not keep.
    shown
        Value of the last expression.
    forced, excluded
        Names that are metrics whatever they look like, or are none.
    """
    metrics: dict[str, float] = {}
    made_by: dict[str, str] = {}
    for name in analysis.computed:
        function = functions.get(analysis.functions.get(name, ""))
        value = as_metric(namespace.get(name), forced=function is not None)
        if value is not None and not name.startswith("_"):
            metrics[name] = value
            if function is not None:
                made_by[name] = function
    for name, value in recorded.items():
        if name not in metrics:
            metrics[name] = value
            made_by[name] = name.rstrip("0123456789").rstrip("_") if name not in functions.values() else name
    value = as_metric(shown)
    if value is not None and analysis.shown and analysis.shown not in metrics:
        metrics[analysis.shown] = value
    for name in forced:
        value = as_metric(namespace.get(name), forced=True)
        if value is not None:
            metrics[name] = value
    for name in excluded:
        metrics.pop(name, None)
        made_by.pop(name, None)
    return metrics, made_by
