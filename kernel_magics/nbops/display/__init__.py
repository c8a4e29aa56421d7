"""Objects that show themselves in a notebook: records of the lower floors joined with their views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from nbops.display.drift_report import DRIFT_MIME, ShownDriftReport, described
from nbops.display.performance_report import ShownPerformanceReport, performance
from nbops.display.references import resolved, with_rows
from nbops.monitoring import drift as engine
from nbops.monitoring.ruling import asks_for, ruled
from nbops.pipelines.declaration.building import PipelineBuilder
from nbops.records import GateReport, ModelCard, PromotionView, to_wire
from nbops.views.model_card import card_html, card_text
from nbops.views.pipeline_graph import graph_html, graph_text
from nbops.views.promotion import PROMOTION_MIME, promotion_view_html, promotion_view_text
from nbops.workspace import Workspace, find_workspace

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

_WIDGET = "application/vnd.jupyter.widget-view+json"


class Pipeline(PipelineBuilder):
    """A pipeline declared in Python, which shows its graph in a notebook and a terminal.

    ``nbops.Pipeline("churn").stage("clean", notebook="clean.ipynb").stage("train", template="train", after="clean").run()``
    """

    def show(self) -> None:
        """Show the graph with what would run."""
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        plan = self.plan()
        if get_ipython() is None:
            print(graph_text(plan))
        else:
            display({"text/plain": graph_text(plan), "text/html": graph_html(plan)}, raw=True)  # type: ignore[no-untyped-call]

    def why(self, stage: str = "") -> None:
        """Say of each stage, of one, or of those of one grid, in what it differs from its last good run.

        Raises
        ------
        PipelineError
            There is no such stage.
        """
        from nbops.pipelines.staleness.explain import why
        from nbops.views.explanation import explanation_text

        print(explanation_text(why(self.as_file(), stage)))


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = 0.05,
    min_effect: float | None = None,
    thresholds: str | Mapping[str, Any] = "calibrated",
    reference_windows: int | Sequence[Any] | None = None,
    importance: Mapping[str, float] | None = None,
    prediction: str | Sequence[str] = (),
    target: str | Sequence[str] = (),
    by: str | int | None = None,
    time: str | Sequence[str] | None = None,
    against: str = "reference",
    segments: bool | str | Sequence[str] = False,
    errors: str | Sequence[str] | None = None,
    multivariate: bool = False,
    concept: str = "",
    duplicates: bool = False,
    rules: Any = None,
    workspace: Workspace | None = None,
) -> ShownDriftReport:
    """Compare two data sets; see :func:`nbops.monitoring.drift.drift`. The result shows itself in a notebook.

    Parameters
    ----------
    reference, current
        DataFrames or paths of files. The reference may be a stored profile: ``models:/NAME/3`` or ``models:/NAME@champion``
        of the training data of that version; ``run:WHICH/FRAME``, ``data:FINGERPRINT``, or the id of a run or a fingerprint alone,
        of a frame that a tracked run has seen.
    columns
        Only these; all by default.
    alpha
        Largest probability of any false alarm in the whole report; of one column, a fifth of it.
    min_effect
        Smallest KS distance (numbers) and total variation (categories) that counts; 0.028 and 0.05 by default.
    thresholds, reference_windows
        ``calibrated`` by both sample sizes, ``learned`` from windows of the reference, or fixed ones by statistic.
    importance
        Weight of each column in the model; orders the report and tells whether what drifted matters.
    prediction, target
        Columns that hold these; what became of them is said first.
    by, time, against
        Compare windows as well: ``by="week", time="date", against="first"``.
    segments, errors
        Find where it is worst, or compare within the values of these columns; where predictions became worse.
    multivariate, concept
        Look at all columns together; at the relation of the columns to this target.
    duplicates
        Count the rows that repeat an earlier one, on both sides.
    rules
        Check the current rows as well: ``True`` against rules inferred from the reference, or what :func:`nbops.validate` takes.
    workspace
        Where that model or run is; the workspace of the working directory by default.

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``alpha``, ``min_effect`` or a threshold is out of range, or a column does not exist.
    """
    named = resolved(reference, workspace)
    with_rows(current)
    about = described(reference, current) | ({"reference": named.words} if named.words else {})
    importance = named.importance or None if importance is None else importance
    found = engine.drift(
        named.data,
        current,
        columns=columns,
        alpha=alpha,
        min_effect=min_effect,
        thresholds=thresholds,
        reference_windows=reference_windows,
        importance=importance,
        prediction=prediction,
        target=target,
        by=by,
        time=time,
        against=against,
        segments=segments,
        errors=errors,
        multivariate=multivariate,
        concept=concept,
        duplicates=duplicates,
        rules=ruled(rules, named.data, workspace) if asks_for(rules) else None,
    )
    return ShownDriftReport(**{field.name: getattr(found, field.name) for field in fields(found)}, about=about)


def promotion(
    name: str,
    version: int | str,
    target: str = "Production",
    *,
    buttons: bool = True,
    workspace: Workspace | None = None,
) -> PromotionView:
    """Show a version against the holder of a lifecycle stage or alias, with buttons where widgets live.

    The static picture is always shown as well as stored, so that a saved notebook still tells what was decided on.

    Parameters
    ----------
    name, version, target
        What is to be decided.
    buttons
        Whether to add the buttons that request, approve, reject, promote and roll back.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    UsageError
        ``target`` cannot be one.
    """
    from IPython.display import display

    from nbops.panel import PromotionPanel
    from nbops.registry import promotion_view

    workspace = workspace or find_workspace()
    view = promotion_view(workspace, name, version, target)
    bundle: dict[str, Any] = {
        PROMOTION_MIME: to_wire(view),
        "text/html": promotion_view_html(view),
        "text/plain": promotion_view_text(view),
    }
    if buttons:
        panel = PromotionPanel(workspace, name, view.version, view.target)
        # One output: the widget where widgets live, the picture where they do not.
        bundle[_WIDGET] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": panel.widget.model_id,
        }
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
    return view


def gates(
    name: str,
    version: int | str,
    checks: Sequence[Mapping[str, Any]] | None = None,
    target: str = "Production",
    *,
    data: str = "",
    truth: str = "",
    timeout: float = 600.0,
    workspace: Workspace | None = None,
) -> GateReport:
    """Judge a version by the gates of ``nbops.toml``, or by those declared here in the same form, and show the report.

    Parameters
    ----------
    name, version
        What is judged; ``version`` is a number or an alias.
    checks
        A mapping a gate, with the keys of ``[[gates.check]]``; without them those of ``nbops.toml`` are judged.
    target
        ``Production``, ``Staging`` or an alias.
    data, truth, timeout
        Held-out rows, the column with the truth, and seconds a gate may take, for those of ``checks`` that name none.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    RegistryError
        No gate is declared for it.
    SettingsError
        A gate is declared wrongly.
    """
    from IPython.display import display

    from nbops.registry.gates import read_specs, run_gates
    from nbops.registry.targets import target_name
    from nbops.views.gates import gates_html, gates_text

    workspace, specs = workspace or find_workspace(), None
    if checks is not None:
        table = {"data": data, "target": truth, "timeout": timeout, "check": list(checks)}
        target = target_name(target)
        specs = read_specs(table, name, target, "this cell", root=workspace.root, targets=(target,))
    report = run_gates(workspace, name, version, target, specs=specs)
    bundle = {"text/html": gates_html(report), "text/plain": gates_text(report)}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
    return report


def card(name: str, version: int | str, *, form: bool = True, workspace: Workspace | None = None) -> ModelCard:
    """Show the model card of a version, with a form to write in where widgets live.

    Parameters
    ----------
    name, version
        Whose card.
    form
        Whether to add the form.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    """
    from IPython.display import display

    from nbops.cardform import CardForm
    from nbops.registry.card import model_card

    workspace = workspace or find_workspace()
    found = model_card(workspace, name, version)
    bundle: dict[str, Any] = {"text/html": card_html(found), "text/plain": card_text(found)}
    if form:
        bundle[_WIDGET] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": CardForm(workspace, name, found.version).widget.model_id,
        }
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
    return found
