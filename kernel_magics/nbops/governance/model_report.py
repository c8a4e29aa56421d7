"""Everything known of a version of a model, joined for a meeting; each part is asked of its owner."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import select

from nbops.errors import NbopsError
from nbops.governance.lineage import lineage
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import head, read_events
from nbops.ledger.verification import verify
from nbops.monitoring import arguments
from nbops.monitoring.monitors import monitor_report, summaries
from nbops.records import ModelReport, ModelVersion, MonitorSummary, RetrainDecision, from_wire
from nbops.registry import get_version, holder, promotion_view
from nbops.registry.card import model_card
from nbops.registry.facts import facts_of
from nbops.registry.reading import get_model
from nbops.registry.targets import PRODUCTION, STAGES, target_name
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

_EVENTS, _DECISIONS, _NODES = 30, 20, 60
_COLUMNS = ("id", "model", "at", "cause", "outcome", "ended_at", "run_id")
Part = TypeVar("Part")


def model_report(workspace: Workspace, which: str) -> ModelReport:
    """Gather what is known of a version.

    Parameters
    ----------
    workspace
        Where the model is.
    which
        ``churn`` (what is in Production, else the newest version), ``churn@champion``, ``churn@Staging``, ``churn/3``.

    Raises
    ------
    NotFoundError
        There is no such model or version, or nobody holds that target.
    LedgerError
        The ledger does not answer.
    """
    version, target = _version(workspace, which)
    missing: dict[str, str] = {}

    def part(name: str, ask: Callable[[], Part], otherwise: Part) -> Part:
        # One part that is damaged must not take the others from the meeting.
        try:
            return ask()
        except NbopsError as error:
            missing[name] = str(error).splitlines()[0]
            return otherwise

    name = version.model
    nothing: tuple[dict[str, Any], float | None] = ({}, None)
    unwatched: tuple[MonitorSummary, ...] = ()
    watched = part("monitors", lambda: _watched(workspace, name), unwatched)
    drift, drift_at = part("drift", lambda: _drift(workspace, watched), nothing)
    seq, mac = head(workspace)
    found = ModelReport(
        version=version,
        card=model_card(workspace, name, version.version),
        target=target,
        made_at=time.time(),
        training=part("training", lambda: facts_of(workspace, version), {}),
        view=part("gates", lambda: promotion_view(workspace, name, version.version, target), None),
        drift=drift,
        drift_at=drift_at,
        performance=part("performance", lambda: _performance(workspace, version), {}),
        monitors=watched,
        decisions=part("retraining", lambda: _decisions(workspace, name), ()),
        lineage=part("lineage", lambda: lineage(workspace, f"{name}@{version.version}", most=_NODES), None),
        events=read_events(workspace, model=name, limit=_EVENTS, newest=True),
        audit=part("audit", lambda: verify(workspace), None),
        audit_head=f"{seq}:{mac}" if seq else "",
        missing=missing,
    )
    missing |= _absent(found)
    return found


def _version(workspace: Workspace, which: str) -> tuple[ModelVersion, str]:
    """Give the version that is meant and the target it is looked at for."""
    from nbops.errors import NotFoundError

    name, slash, number = arguments.text(which, "which", "churn@champion").rpartition("/")
    if slash:
        return get_version(workspace, name, number), PRODUCTION
    name, at, wanted = which.partition("@")
    if at and wanted.isdigit():
        return get_version(workspace, name, wanted), PRODUCTION
    target = target_name(wanted) if at else PRODUCTION
    held = holder(workspace, name, target) if target in STAGES else None
    if target not in STAGES:
        return get_version(workspace, name, target), target
    if held is None and at:
        raise NotFoundError(f"No version of {name!r} is in {target}.", hint=f"Promote one: nbops promote {name} …")
    if held is None:
        versions = get_model(workspace, name).versions
        if not versions:
            raise NotFoundError(f"The model {name!r} has no version.", hint=f"Register one: nbops register {name} …")
        held = versions[0].version
    return get_version(workspace, name, held), target


def _watched(workspace: Workspace, name: str) -> tuple[MonitorSummary, ...]:
    return tuple(one for one in summaries(workspace) if one.monitor.model.partition("@")[0] == name)


def _drift(workspace: Workspace, watched: tuple[MonitorSummary, ...]) -> tuple[dict[str, Any], float | None]:
    looks = [one.last for one in watched if one.last is not None and one.last.report]
    if not looks:
        return {}, None
    last = max(looks, key=lambda look: look.at)
    return monitor_report(workspace, last.id), last.at


def _performance(workspace: Workspace, version: ModelVersion) -> dict[str, Any]:
    from nbops.monitoring.performance import performance

    found = performance(workspace, version.model, window="1 week").to_dict()
    return found if found["total"]["n"] else {}


def _decisions(workspace: Workspace, name: str) -> tuple[RetrainDecision, ...]:
    d = tables.retrain_decisions
    query = select(d).where(d.c.workspace == workspace_id(workspace), d.c.model == name)
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(query.order_by(d.c.at.desc(), d.c.id.desc()).limit(_DECISIONS)).all()
    return tuple(
        from_wire(RetrainDecision, {"message": "", **row.detail, **{key: getattr(row, key) for key in _COLUMNS}})
        for row in rows
    )


def _absent(found: ModelReport) -> dict[str, str]:
    """Say of parts that are not there why, and how they come to be; what could not be read has said so itself."""
    name = found.version.model
    said = {
        "gates": (found.view is not None and found.view.report is not None, "no gates have been run for this version"),
        "monitors": (bool(found.monitors), f"nothing watches it; `nbops monitor add` declares a monitor of {name}"),
        "drift": (bool(found.drift), "no monitor has kept a drift report of it yet"),
        "performance": (bool(found.performance), "its prediction log is empty, so nothing is known of it in use"),
        "retraining": (bool(found.decisions), "no retraining has been decided on"),
        "training": (bool(found.training.get("training")), "the run kept no facts of the data it was trained on"),
    }
    return {part: why for part, (there, why) in said.items() if not there and part not in found.missing}
