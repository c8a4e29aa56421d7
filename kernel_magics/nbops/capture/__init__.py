"""Executed code -> a run: source, names, parameters, metrics, frames, models, figures, environment.

Reads only. Imports the standard library only; pandas, numpy, scikit-learn and MLflow are looked up in ``sys.modules``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbops.capture.analysis import Analysis, analyse
    from nbops.capture.captured import Captured, Options
    from nbops.capture.probe import Probe

_MODULES = {
    "Analysis": "analysis",
    "Captured": "captured",
    "Options": "captured",
    "Probe": "probe",
    "analyse": "analysis",
}
__all__ = ["Analysis", "Captured", "Options", "Probe", "analyse"]


def __getattr__(name: str) -> Any:
    # Late: what looks at cells is costly to import, and few need all of it.
    if name not in _MODULES:
        raise AttributeError(f"module 'nbops.capture' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"nbops.capture.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
