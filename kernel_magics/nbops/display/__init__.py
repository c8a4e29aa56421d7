"""Objects that show themselves in a notebook: records of the lower floors joined with their views."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.display.comparing import drift
    from nbops.display.drift_report import DRIFT_MIME, ShownDriftReport
    from nbops.display.performance_report import ShownPerformanceReport, performance
    from nbops.display.pipeline import Pipeline
    from nbops.display.versions import card, gates, promotion

__all__ = [
    "DRIFT_MIME",
    "Pipeline",
    "ShownDriftReport",
    "ShownPerformanceReport",
    "card",
    "drift",
    "gates",
    "performance",
    "promotion",
]

__getattr__, __dir__ = late(
    __name__,
    {
        "comparing": ["drift"],
        "drift_report": ["DRIFT_MIME", "ShownDriftReport"],
        "performance_report": ["ShownPerformanceReport", "performance"],
        "pipeline": ["Pipeline"],
        "versions": ["card", "gates", "promotion"],
    },
)
