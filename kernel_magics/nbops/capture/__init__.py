"""Executed code -> a run: source, names, parameters, metrics, frames, models, figures, environment, redaction.

Reads only. Imports the standard library only; pandas, numpy, scikit-learn and MLflow are looked up in ``sys.modules``.
"""

from nbops.capture.analysis import Analysis, analyse
from nbops.capture.captured import Captured, Options
from nbops.capture.probe import Probe
from nbops.capture.redaction import redact

__all__ = ["Analysis", "Captured", "Options", "Probe", "analyse", "redact"]
