"""The conclusion on performance in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.monitoring.performance.realised import Figure
from nbops.monitoring.performance.report import PerformanceWindow


def sentence(
    model: str, metric: str, greater: bool, total: PerformanceWindow, windows: Sequence[PerformanceWindow]
) -> str:
    """Say how good the model is, how much is known, and whether the newest windows are worse than the first.

    A window is worse where its interval lies wholly beyond that of the first window that has one.
    """
    name = metric.replace("_", " ")
    if not total.rows:
        return f"{model} has no logged predictions here."
    known = f"labels of {total.share or 0:.0%} of {total.rows:,} predictions have arrived"
    if total.realised is None:
        return f"{known[0].upper()}{known[1:]}, too few to say how good {model} is."
    found = total.realised
    interval = f" ({found.low:.4g} to {found.high:.4g})" if found.low is not None and found.high is not None else ""
    return f"{name} of {model} is {found.value:.4g}{interval}; {known}.{_worse(greater, windows)}"


def _worse(greater: bool, windows: Sequence[PerformanceWindow]) -> str:
    real = [(window.label, window.realised) for window in windows if window.realised is not None]
    if len(real) > 1 and (gap := _beyond(real[0][1], real[-1][1], greater)):
        return f" It is worse in {real[-1][0]} than in {real[0][0]}: {gap}."
    after = [window for window in windows if window.realised is None and window.estimated is not None]
    if real and after and (gap := _beyond(real[0][1], after[-1].estimated, greater)):
        return f" Without labels yet, {after[-1].label} is estimated worse than {real[0][0]}: {gap}."
    return ""


def _beyond(first: Figure | None, last: Figure | None, greater: bool) -> str:
    if first is None or last is None:
        return ""
    end, start = (last.high, first.low) if greater else (first.high, last.low)
    if end is None or start is None or end >= start:
        return ""
    return f"{last.value:.4g} after {first.value:.4g}"
