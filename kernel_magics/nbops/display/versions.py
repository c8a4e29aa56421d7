"""A version of a model shown: against the holder of a target, by its gates, as its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbops.records import GateReport, ModelCard, PromotionView, to_wire
from nbops.views.model_card import card_html, card_text
from nbops.views.promotion import PROMOTION_MIME, promotion_view_html, promotion_view_text
from nbops.workspace import Workspace, find_workspace

_WIDGET = "application/vnd.jupyter.widget-view+json"


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
