"""Executed code -> a run: source, names, parameters, metrics, frames, models, figures, environment.

Reads only. Imports the standard library only; pandas, numpy, scikit-learn and MLflow are looked up in ``sys.modules``.
"""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.capture.analysis import Analysis, analyse
    from nbops.capture.captured import Captured, Options
    from nbops.capture.probe import Probe

__all__ = ["Analysis", "Captured", "Options", "Probe", "analyse"]

# What looks at cells is costly to import, and few need all of it.
__getattr__, __dir__ = late(
    __name__,
    {"analysis": ["Analysis", "analyse"], "captured": ["Captured", "Options"], "probe": ["Probe"]},
)
