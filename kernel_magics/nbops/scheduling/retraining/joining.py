"""Monitors with what is known of the retraining of their models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nbops.records import MonitorSummary
from nbops.scheduling.retraining.editing import policies
from nbops.scheduling.retraining.history import last_decisions
from nbops.workspace import Workspace


def with_retraining(workspace: Workspace, summaries: Iterable[MonitorSummary]) -> tuple[MonitorSummary, ...]:
    """Add to each monitor the policy of its model and the last decision about it."""
    known, decided = {one.model: one for one in policies(workspace)}, last_decisions(workspace)
    found = []
    for summary in summaries:
        model = summary.monitor.model.partition("@")[0]
        found.append(replace(summary, policy=known.get(model), retrain=decided.get(model)) if model else summary)
    return tuple(found)
