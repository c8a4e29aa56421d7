"""The conclusion on performance in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.monitoring.performance.report import PerformanceWindow


def sentence(model: str, metric: str, total: PerformanceWindow, windows: Sequence[PerformanceWindow]) -> str:
    """Say how good the model is, how much is known, and whether the last window is worse than those before."""
    name = metric.replace("_", " ")
    if not total.rows:
        return f"{model} has no logged predictions here."
    known = f"labels of {total.share or 0:.0%} of {total.rows:,} predictions have arrived"
    if total.realised is None:
        return f"{known[0].upper()}{known[1:]}, too few to say how good {model} is."
    found = total.realised
    interval = f" ({found.low:.4g} to {found.high:.4g})" if found.low is not None and found.high is not None else ""
    return f"{name} of {model} is {found.value:.4g}{interval}; {known}."
