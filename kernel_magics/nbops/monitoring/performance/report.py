"""What is known of a model's performance at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbops.monitoring.performance.realised import Figure

PERFORMANCE_MIME = "application/vnd.nbops.performance.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceWindow:
    """One window: how many predictions, how many of them have labels, what these say, and what is estimated of all.

    ``start`` and ``end`` are seconds since the epoch, ``delay_median`` and ``delay_p90`` seconds from prediction to first label.
    ``hindsight`` says that the estimate was made from labels that came after the window had closed.
    """

    label: str
    start: float
    end: float
    rows: int
    labelled: int
    delay_median: float | None = None
    delay_p90: float | None = None
    realised: Figure | None = None
    estimated: Figure | None = None
    metrics: Mapping[str, Figure] = field(default_factory=dict)
    estimates: Mapping[str, Figure] = field(default_factory=dict)
    note: str = ""
    hindsight: bool = False

    @property
    def share(self) -> float | None:
        """Share of the predictions whose label has arrived."""
        return self.labelled / self.rows if self.rows else None

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {
            "label": self.label,
            "start": self.start,
            "end": self.end,
            "n": self.rows,
            "labelled": self.labelled,
            "share": self.share,
            "delay_median": self.delay_median,
            "delay_p90": self.delay_p90,
            "realised": None if self.realised is None else self.realised.to_dict(),
            "estimated": None if self.estimated is None else self.estimated.to_dict(),
            "metrics": {name: figure.to_dict() for name, figure in self.metrics.items()},
            "estimates": {name: figure.to_dict() for name, figure in self.estimates.items()},
            "note": self.note,
            "hindsight": self.hindsight,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceReport:
    """Performance as known at ``as_of``: by window, by segment, over all.

    ``estimate`` says how the estimates were made and how far they were from what was realised; ``arrival`` whether labels arrive
    for some outputs more than for others; ``calibration`` how probabilities agree with what happened; ``costs`` what the
    predictions have cost. They are empty where there is nothing to say. ``unknown_labels`` counts labels of no prediction that is
    there, ``None`` where only a part of the log was read.
    """

    model: str
    task: str
    metric: str
    greater_is_better: bool
    as_of: float
    window: str
    total: PerformanceWindow
    windows: tuple[PerformanceWindow, ...] = ()
    by: str = ""
    segments: tuple[PerformanceWindow, ...] = ()
    versions: tuple[int, ...] = ()
    unknown_labels: int | None = None
    sentence: str = ""
    positive: str = ""
    estimate: Mapping[str, Any] = field(default_factory=dict)
    arrival: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {
            "model": self.model,
            "task": self.task,
            "metric": self.metric,
            "greater_is_better": self.greater_is_better,
            "as_of": self.as_of,
            "window": self.window,
            "sentence": self.sentence,
            "positive": self.positive,
            "versions": list(self.versions),
            "unknown_labels": self.unknown_labels,
            "total": self.total.to_dict(),
            "windows": [window.to_dict() for window in self.windows],
            "by": self.by,
            "segments": [segment.to_dict() for segment in self.segments],
            "estimate": dict(self.estimate),
            "arrival": dict(self.arrival),
            "calibration": dict(self.calibration),
            "costs": dict(self.costs),
        }
