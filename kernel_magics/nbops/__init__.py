"""nbops: MLOps without leaving the notebook.

``%load_ext nbops`` gives the magics, ``nbops.track(...)`` the same in a script. Importing this package imports the
standard library only; everything else is imported when it is first used.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# Not from typing, which takes as long to import as all else that a build with nothing to do needs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbops.data.fingerprint import fingerprint
    from nbops.display import Pipeline, drift, gates, promotion
    from nbops.display.drift_explorer import drift_explorer
    from nbops.display.model_report import model_report
    from nbops.display.performance_report import performance
    from nbops.display.profile_report import profile
    from nbops.display.report_comparison import compare_reports
    from nbops.errors import NbopsError
    from nbops.pipelines.engine import run_pipeline
    from nbops.pipelines.outputs import output
    from nbops.registry import load_model, register
    from nbops.tracking.tracker import track
    from nbops.validating import validate
    from nbops.views.summary import summary
    from nbops.workspace import find_workspace

_PUBLIC = {
    "NbopsError": "nbops.errors:NbopsError",
    "Pipeline": "nbops.display:Pipeline",
    "card": "nbops.display:card",
    "compare_reports": "nbops.display.report_comparison:compare_reports",
    "drift": "nbops.display:drift",
    "drift_explorer": "nbops.display.drift_explorer:drift_explorer",
    "find_workspace": "nbops.workspace:find_workspace",
    "fingerprint": "nbops.data.fingerprint:fingerprint",
    "gates": "nbops.display:gates",
    "load_model": "nbops.registry:load_model",
    "model_report": "nbops.display.model_report:model_report",
    "output": "nbops.pipelines.outputs:output",
    "performance": "nbops.display.performance_report:performance",
    "promotion": "nbops.display:promotion",
    "profile": "nbops.display.profile_report:profile",
    "register": "nbops.registry:register",
    "run_pipeline": "nbops.pipelines.engine:run_pipeline",
    "summary": "nbops.views.summary:summary",
    "track": "nbops.tracking.tracker:track",
    "validate": "nbops.validating:validate",
}

__all__ = [
    "NbopsError",
    "Pipeline",
    "__version__",
    "card",
    "compare_reports",
    "drift",
    "drift_explorer",
    "find_workspace",
    "fingerprint",
    "gates",
    "load_ipython_extension",
    "load_model",
    "model_report",
    "output",
    "performance",
    "profile",
    "promotion",
    "register",
    "run_pipeline",
    "summary",
    "track",
    "unload_ipython_extension",
    "validate",
]


def __getattr__(name: str) -> Any:
    try:
        module, _, attribute = _PUBLIC[name].partition(":")
    except KeyError:
        raise AttributeError(f"module 'nbops' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """Register the magics in an IPython shell (``%load_ext nbops``)."""
    from nbops.magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics and hooks out again (``%unload_ext nbops``)."""
    from nbops.magics import unload_ipython_extension as unload

    unload(shell)
