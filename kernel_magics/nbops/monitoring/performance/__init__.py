"""Performance of models from labels that arrive late: what is known at a time, and what can be estimated before."""

from nbops.monitoring.performance.measuring import performance
from nbops.monitoring.performance.realised import Figure
from nbops.monitoring.performance.report import PERFORMANCE_MIME, PerformanceReport, PerformanceWindow

__all__ = ["PERFORMANCE_MIME", "Figure", "PerformanceReport", "PerformanceWindow", "performance"]
