"""Performance of models from labels that arrive late: what is known at a time, and what can be estimated before."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.monitoring.performance.measuring import performance
    from nbops.monitoring.performance.realised import Figure
    from nbops.monitoring.performance.report import PERFORMANCE_MIME, PerformanceReport, PerformanceWindow

__all__ = ["PERFORMANCE_MIME", "Figure", "PerformanceReport", "PerformanceWindow", "performance"]

__getattr__, __dir__ = late(
    __name__,
    {
        "measuring": ["performance"],
        "realised": ["Figure"],
        "report": ["PERFORMANCE_MIME", "PerformanceReport", "PerformanceWindow"],
    },
)
