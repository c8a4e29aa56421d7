"""``%load_ext nbops``: registers the magics, each imported when it is first used. Standard library only."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable
from typing import Any, Literal

from nbops.magics.header import remove_track

_Kind = Literal["line", "cell", "line_cell"]

# Name to module, kind and the first lines of `%name?`.
MAGICS: dict[str, tuple[str, _Kind, str]] = {
    "track": ("nbops.magics.track", "cell", "Track this cell: what it reads, makes and measures becomes a run."),
    "runs": ("nbops.magics.runs", "line", "List the runs of this workspace."),
    "compare": ("nbops.magics.runs", "line", "Compare two runs."),
    "models": ("nbops.magics.models", "line", "List the registered models."),
    "register": ("nbops.magics.models", "line", "Register the model of a run, by default of the last one."),
    "gates": ("nbops.magics.gates", "line_cell", "Judge a version by gates, of nbops.toml or of the cell."),
    "promote": ("nbops.magics.promotion", "line", "Show a version against the holder of a stage, or promote it."),
    "rollback": ("nbops.magics.promotion", "line", "Give a lifecycle stage or alias back to a former holder."),
    "request": ("nbops.magics.promotion", "line", "Ask for a promotion."),
    "approve": ("nbops.magics.promotion", "line", "Let a version through to a lifecycle stage or alias."),
    "reject": ("nbops.magics.promotion", "line", "Say no to a version, with a reason."),
    "lineage": ("nbops.magics.lineage", "line", "What something came from and what came from it."),
    "card": ("nbops.magics.lineage", "line", "Show the model card of a version, with a form to write in."),
    "nbops": ("nbops.magics.status", "line", "Show what is in force in this workspace, or `%nbops doctor`."),
    "profile": ("nbops.magics.profile", "line", "Show what the columns of a frame are, and what to look at."),
    "drift": ("nbops.magics.drift", "line", "Compare two frames and say what has drifted."),
    "performance": (
        "nbops.magics.performance",
        "line",
        "Show how good a model is by the labels that have arrived: `%performance NAME`.",
    ),
    "validate": ("nbops.magics.validate", "line", "Check data against rules: `%validate df --against train.csv`."),
    "rules": ("nbops.magics.validate", "line_cell", "List, show or save rules of data."),
    "report": ("nbops.magics.report", "line", "Everything known of a model, for a meeting: `%report churn`."),
    "pipeline": ("nbops.magics.pipeline", "line", "Run, show, explain or resume a pipeline: `%pipeline run FILE`."),
    "monitor": ("nbops.magics.monitor", "line", "Watch models and data: `%monitor add NAME --check drift …`."),
    "retrain": (
        "nbops.magics.retrain",
        "line",
        "Train models anew: `%retrain set churn --pipeline pipeline.toml --on drift`.",
    ),
    "schedule": ("nbops.magics.schedule", "line", "Start pipelines by themselves: `%schedule add NAME FILE --cron …`."),
}
# MLflow used in a kernel should neither phone home nor fetch a price list; what a person has set stays.
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_MODEL_CATALOG_URI": ""}

_loaded: dict[int, _Extension] = {}


def load_ipython_extension(shell: Any) -> None:
    """Register the magics; doing so twice changes nothing."""
    if id(shell) not in _loaded:
        extension = _Extension(shell)
        extension.load()
        _loaded[id(shell)] = extension


def unload_ipython_extension(shell: Any) -> None:
    """Take everything out again."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.unload()


class _Extension:
    """What nbops has put into one shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._tracker: Any = None
        self._stop: Any = None
        self._environment: dict[str, str] = {}
        self._replaced: dict[tuple[str, str], Any] = {}

    def load(self) -> None:
        shell = self._shell
        for name, (_, kind, _) in MAGICS.items():
            function = _lazy(name)
            for part in ("line", "cell") if kind == "line_cell" else (kind,):
                self._replaced[part, name] = shell.magics_manager.magics[part].get(name)
                shell.register_magic_function(function, magic_kind=part, magic_name=name)
        # First, so that blank lines and indentation after the removed line are treated as if it had not been there.
        shell.input_transformers_cleanup.insert(0, remove_track)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        self._set_environment()

    def unload(self) -> None:
        shell = self._shell
        if self._tracker is not None:
            self._tracker.close()
        shell.events.unregister("pre_run_cell", self._before)
        shell.events.unregister("post_run_cell", self._after)
        if remove_track in shell.input_transformers_cleanup:
            shell.input_transformers_cleanup.remove(remove_track)
        for (kind, name), earlier in self._replaced.items():
            if earlier is None:
                shell.magics_manager.magics[kind].pop(name, None)
            else:
                shell.magics_manager.magics[kind][name] = earlier
        for name, value in self._environment.items():
            if os.environ.get(name) == value:
                del os.environ[name]
        from nbops.workspace.environment import withdraw_mlflow

        withdraw_mlflow()

    def _before(self, info: Any) -> None:
        if "%%track" in info.raw_cell:
            from nbops.tracking.interrupts import held_back

            with held_back() as held:
                if self._tracker is None:
                    from nbops.magics.tracker import CellTracker

                    self._tracker = CellTracker(self._shell)
                self._tracker.begin(info, held)
            if held.came:
                from nbops.magics.stopping import Stop

                self._stop = Stop(self._shell)

    def _after(self, result: Any) -> None:
        if self._stop is not None:
            self._stop.remove()
            self._stop = None
        if self._tracker is not None:
            self._tracker.end(result)

    def _set_environment(self) -> None:
        for name, value in _QUIET.items():
            if name not in os.environ:
                os.environ[name] = self._environment[name] = value
        from nbops.errors import NbopsError
        from nbops.workspace import find_workspace
        from nbops.workspace.environment import offer_mlflow

        session = os.environ.get("JPY_SESSION_NAME", "")
        start = session if session.endswith(".ipynb") and os.path.isabs(session) else None
        # What is wrong is said when a cell is tracked or `%nbops` is asked; loading must work anywhere.
        with contextlib.suppress(NbopsError):
            offer_mlflow(find_workspace(os.environ.get("NBOPS_NOTEBOOK") or start).mlflow_uri)


def _lazy(name: str) -> Callable[..., Any]:
    module, kind, summary = MAGICS[name]

    def magic(line: str, cell: str | None = None) -> Any:
        function = getattr(importlib.import_module(module), name)
        return function(line) if cell is None and kind == "line" else function(line, cell)

    sign = "%%" if kind == "cell" else "%"
    magic.__name__ = magic.__qualname__ = name
    # IPython would put texts in place of {expressions} that are ours to evaluate, to frames for example.
    magic._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]
    magic.__doc__ = f"{summary}\n\nSee ``{sign}{name} -h`` for its options."
    return magic
