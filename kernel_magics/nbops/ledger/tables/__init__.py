"""The tables of the ledger. A change here needs a migration in ``nbops/ledger/migrations/versions``.

Times are seconds since the epoch, durations seconds, sizes bytes. JSON columns hold what has no need of an index.
"""

from nbops.ledger.tables.base import metadata, revision
from nbops.ledger.tables.mirrors import (
    alias_mirrors,
    foreign_changes,
    model_mirrors,
    version_mirrors,
    webhook_deliveries,
)
from nbops.ledger.tables.monitoring import (
    check_results,
    incident_alerts,
    incidents,
    monitor_runs,
    monitors,
    retrain_decisions,
    retrain_policies,
    rule_sets,
)
from nbops.ledger.tables.pipelines import alerts, leases, pipeline_runs, schedule_runs, schedules, signals, stage_runs
from nbops.ledger.tables.registry import (
    approvals,
    audit_events,
    audit_head,
    gate_reports,
    gate_specs,
    model_aliases,
    model_cards,
    model_versions,
    models,
    placements,
    promotion_requests,
)
from nbops.ledger.tables.tracking import artifacts, data_refs, latest_metrics, metrics, params, runs, tags

__all__ = [
    "alerts",
    "alias_mirrors",
    "approvals",
    "artifacts",
    "audit_events",
    "audit_head",
    "check_results",
    "data_refs",
    "foreign_changes",
    "gate_reports",
    "gate_specs",
    "incident_alerts",
    "incidents",
    "latest_metrics",
    "leases",
    "metadata",
    "metrics",
    "model_aliases",
    "model_cards",
    "model_mirrors",
    "model_versions",
    "models",
    "monitor_runs",
    "monitors",
    "params",
    "pipeline_runs",
    "placements",
    "promotion_requests",
    "retrain_decisions",
    "retrain_policies",
    "revision",
    "rule_sets",
    "runs",
    "schedule_runs",
    "schedules",
    "signals",
    "stage_runs",
    "tags",
    "version_mirrors",
    "webhook_deliveries",
]
