"""The tables of the ledger. A change here needs a migration in ``nbops/ledger/migrations/versions``.

Times are seconds since the epoch, durations seconds, sizes bytes. JSON columns hold what has no need of an index.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row; its value grows with every transaction that changes something a person can see.
revision = Table(
    "revision", metadata, Column("id", Integer, primary_key=True), Column("value", BigInteger, nullable=False)
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("parent_id", String(64), nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("author", Text, nullable=False, server_default=""),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("duration", Double),
    Column("cpu", Double),
    Column("peak_memory", BigInteger),
    Column("tracking", Double),
    Column("notebook", Text, nullable=False, server_default=""),
    Column("cell_id", Text, nullable=False, server_default=""),
    Column("cell_key", Text, nullable=False, server_default=""),
    Column("cell_source", String(32), nullable=False, server_default=""),
    Column("execution_count", Integer),
    Column("code", Text, nullable=False, server_default=""),
    Column("code_digest", String(64), nullable=False, server_default=""),
    Column("error_type", Text, nullable=False, server_default=""),
    Column("error_message", Text, nullable=False, server_default=""),
    Column("redactions", Integer, nullable=False, server_default="0"),
    Column("uses_mlflow", Boolean, nullable=False, server_default="0"),
    Column("process", Text, nullable=False, server_default=""),
    Column("has_model", Boolean, nullable=False, server_default="0"),
    # stdout, stderr, traceback, names_read, names_written, metric_functions, models, git, environment
    Column("detail", JSON, nullable=False),
    Column("delivery", String(16), nullable=False, server_default="ledger"),
    Column("delivery_error", Text, nullable=False, server_default=""),
    Column("mlflow_run_id", String(64), nullable=False, server_default=""),
    Column("mlflow_experiment_id", String(64), nullable=False, server_default=""),
    # Id of the workspace whose outbox and content store the run is in; several may share a ledger.
    Column("workspace", String(32), nullable=False, server_default=""),
    Column("updated_at", Double, nullable=False),
    Index("ix_runs_started_at", "started_at"),
    Index("ix_runs_notebook", "notebook", "started_at"),
    Index("ix_runs_experiment", "experiment", "started_at"),
    Index("ix_runs_status", "status"),
    Index("ix_runs_delivery", "delivery"),
    Index("ix_runs_cell_key", "cell_key", "started_at"),
    Index("ix_runs_parent_id", "parent_id"),
    Index("ix_runs_mlflow_run_id", "mlflow_run_id"),
)


def _run() -> Column[str]:
    return Column("run_id", String(64), ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True)


params = Table(
    "params",
    metadata,
    _run(),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_params_name", "name"),
)

# Every point of every series. ``value`` is null for NaN and infinities, which ``special`` then names.
metrics = Table(
    "metrics",
    metadata,
    _run(),
    Column("name", Text, primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("timestamp", Double, primary_key=True),
    Column("value", Double),
    Column("special", String(9), nullable=False, server_default=""),
)

latest_metrics = Table(
    "latest_metrics",
    metadata,
    _run(),
    Column("name", Text, primary_key=True),
    Column("value", Double),
    Column("special", String(9), nullable=False, server_default=""),
    Index("ix_latest_metrics_name", "name", "value"),
)

tags = Table("tags", metadata, _run(), Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

data_refs = Table(
    "data_refs",
    metadata,
    _run(),
    Column("name", Text, primary_key=True),
    Column("context", String(16), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("columns", Integer, nullable=False),
    Column("schema", JSON, nullable=False),
    Column("origin", Text, nullable=False, server_default=""),
    Column("position", Integer, nullable=False, server_default="0"),
    Index("ix_data_refs_fingerprint", "fingerprint"),
)

artifacts = Table(
    "artifacts",
    metadata,
    _run(),
    Column("path", Text, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("kind", String(32), nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", Double, nullable=False),
    # Grows only, so that a number is never given twice.
    Column("last_version", Integer, nullable=False, server_default="0"),
    Column("origin", String(16), nullable=False, server_default="nbops"),
)

model_versions = Table(
    "model_versions",
    metadata,
    Column("model", Text, ForeignKey("models.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("run_id", String(64), nullable=False, server_default=""),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("class_name", Text, nullable=False, server_default=""),
    Column("flavor", String(32), nullable=False, server_default=""),
    Column("serialization", String(32), nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("lifecycle_stage", String(16), nullable=False, server_default="None"),
    # [{path, digest, size}]; empty for versions of nbops 0.1, whose digest is that of one pickle
    Column("files", JSON, nullable=False, server_default="[]"),
    # metrics, params, data, features, feature_types, task, description, problem, captured (digest of the run's model)
    Column("detail", JSON, nullable=False),
    Column("origin", String(16), nullable=False, server_default="nbops"),
    Index("ix_model_versions_run_id", "run_id"),
)

model_aliases = Table(
    "model_aliases",
    metadata,
    Column("model", Text, ForeignKey("models.name"), primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("set_at", Double, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
)

# Who held a target (``Production``, ``champion``) from when on. Rows are only ever added; a null version: nobody.
placements = Table(
    "placements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model", Text, ForeignKey("models.name"), nullable=False),
    Column("target", Text, nullable=False),
    Column("version", Integer),
    Column("previous", Integer),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("digest", String(64), nullable=False, server_default=""),
    Column("gate_report", String(64), nullable=False, server_default=""),
    Column("self_approved", Boolean, nullable=False, server_default="0"),
    # The audit event that made it.
    Column("seq", BigInteger, nullable=False),
    Index("ix_placements_model", "model", "target", "id"),
)

# Gates as they were declared, by the sha256 of their canonical JSON.
gate_specs = Table(
    "gate_specs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("content", JSON, nullable=False),
    Column("first_seen", Double, nullable=False),
)

gate_reports = Table(
    "gate_reports",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("model", Text, ForeignKey("models.name"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("artifact_digest", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("champion", Integer),
    Column("spec_digest", String(64), nullable=False),
    Column("run_id", String(64), nullable=False, server_default=""),
    Column("actor", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    # The gates' results: a list of GateResult on the wire.
    Column("content", JSON, nullable=False),
    Index("ix_gate_reports_model", "model", "version", "target", "created_at"),
)

promotion_requests = Table(
    "promotion_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("model", Text, ForeignKey("models.name"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("expected", Integer),
    Column("gate_report", String(64), nullable=False, server_default=""),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", Double, nullable=False),
    Column("status", String(16), nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("closed_by", Text, nullable=False, server_default=""),
    Column("closed_at", Double),
    Index("ix_promotion_requests_model", "model", "status"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request_id", String(32), nullable=False, server_default=""),
    Column("model", Text, ForeignKey("models.name"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("gate_report", String(64), nullable=False, server_default=""),
    Column("verdict", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("source", String(16), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("at", Double, nullable=False),
    Column("expires_at", Double),
    Column("self_approved", Boolean, nullable=False, server_default="0"),
    # Number of the audit event of the promotion that rested on it; an approval serves once.
    Column("used_by", BigInteger),
    Index("ix_approvals_model", "model", "version", "target"),
)

model_cards = Table(
    "model_cards",
    metadata,
    Column("model", Text, ForeignKey("models.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("revision", Integer, primary_key=True),
    # Field name -> text, as a person wrote it.
    Column("content", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Double, nullable=False),
)

# Every change of state, chained: ``mac`` is keyed over the one before, the number, the key's id and the body.
audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("model", Text, nullable=False, server_default=""),
    Column("version", Integer),
    # Canonical JSON, as text: what the chain covers byte for byte.
    Column("body", Text, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("mac", String(64), nullable=False),
    Index("ix_audit_events_model", "model", "seq"),
    Index("ix_audit_events_action", "action", "seq"),
)

# One row, locked by whoever adds an event.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),
)

# From here on: what MLflow's registry and webhooks have been told. It can be lost and is not part of the registry.
version_mirrors = Table(
    "version_mirrors",
    metadata,
    Column("model", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("mlflow_version", String(32), nullable=False, server_default=""),
    Column("mlflow_model_id", Text, nullable=False, server_default=""),
    # The lifecycle stage as its tag was last written, and the one that is being written: a courier may die between.
    Column("stage", String(16), nullable=False, server_default=""),
    Column("writing", String(16), nullable=False, server_default=""),
)

alias_mirrors = Table(
    "alias_mirrors",
    metadata,
    Column("model", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    # 0: none; likewise the one that is being written.
    Column("version", Integer, nullable=False),
    Column("writing", Integer),
)

# In which store a model is mirrored, and the head of the audit log last noted there.
model_mirrors = Table(
    "model_mirrors",
    metadata,
    Column("model", Text, primary_key=True),
    Column("store", String(64), nullable=False, server_default=""),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("mac", String(64), nullable=False, server_default=""),
)

# What stands otherwise in MLflow's registry than here, at the last look.
foreign_changes = Table(
    "foreign_changes",
    metadata,
    Column("model", Text, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("expected", Text, nullable=False, server_default=""),
    Column("found", Text, nullable=False, server_default=""),
    Column("seen_at", Double, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("hook", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Double, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
)

# Runs of pipelines. ``owner`` is the process that carries it (see nbops.tracking.process), ``heartbeat_at`` when it last said so.
pipeline_runs = Table(
    "pipeline_runs",
    metadata,
    # Also the id of the tracked run.
    Column("run_id", String(64), primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("trigger", String(16), nullable=False, server_default="manual"),
    Column("schedule", Text, nullable=False, server_default=""),
    Column("runner", Text, nullable=False, server_default="local"),
    Column("owner", Text, nullable=False),
    Column("heartbeat_at", Double, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("error", Text, nullable=False, server_default=""),
    Column("resumed_from", String(64), nullable=False, server_default=""),
    # What it was asked to do: force, only, from, parameters, on, jobs.
    Column("options", JSON, nullable=False),
    Index("ix_pipeline_runs_pipeline", "workspace", "pipeline", "started_at"),
    Index("ix_pipeline_runs_status", "status"),
    Index("ix_pipeline_runs_ended", "workspace", "ended_at"),
)

stage_runs = Table(
    "stage_runs",
    metadata,
    Column("run_id", String(64), ForeignKey("pipeline_runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("key", String(64), nullable=False, server_default=""),
    Column("track_id", String(64), nullable=False, server_default=""),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("cell", Integer, nullable=False, server_default="0"),
    Column("cells", Integer, nullable=False, server_default="0"),
    # The rest of a StageRun: group, after, reason, line, kernel, notebook, error, failed_cell, resumable, resume_problem.
    Column("detail", JSON, nullable=False),
)

schedules = Table(
    "schedules",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("trigger", String(16), nullable=False),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("author", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("next_at", Double),
    # Up to where it has been looked: a time for cron, what was seen of the data or the last signal for the others.
    Column("mark", JSON, nullable=False),
    # The rest of a Schedule.
    Column("detail", JSON, nullable=False),
    Index("ix_schedules_next_at", "workspace", "next_at"),
)

schedule_runs = Table(
    "schedule_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("schedule", Text, nullable=False),
    # What makes it one and the same, however many leaders see it: the due time, or the number of a signal.
    Column("occasion", Text, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("status", String(16), nullable=False),
    Column("evidence", Text, nullable=False, server_default=""),
    Column("run_id", String(64), nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("error", Text, nullable=False, server_default=""),
    UniqueConstraint("workspace", "schedule", "occasion"),
    Index("ix_schedule_runs_status", "workspace", "status"),
    Index("ix_schedule_runs_schedule", "workspace", "schedule", "due_at"),
)

# What is to be told of a scheduled run that failed, and whether it has arrived.
alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("schedule_run", Integer, nullable=False),
    # webhook:NAME, email or email:ADDRESS.
    Column("channel", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Double, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False),
    UniqueConstraint("workspace", "schedule_run", "channel"),
    Index("ix_alerts_state", "state"),
)

# Who may do what only one may, until when.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
)

# What happened that a trigger may wait for: drift found, performance lost, …
signals = Table(
    "signals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("ix_signals_kind", "workspace", "kind", "subject", "id"),
)

# Rules of data, each version as it was saved.
rule_sets = Table(
    "rule_sets",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", Double, nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("rules", JSON, nullable=False),
)

# Monitors and what became of each look.
monitors = Table(
    "monitors",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("model", Text, nullable=False),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
    Column("next_at", Double),
    # The rest of a Monitor.
    Column("detail", JSON, nullable=False),
    Index("ix_monitors_next_at", "workspace", "next_at"),
)

monitor_runs = Table(
    "monitor_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("monitor", Text, nullable=False),
    # What makes it one and the same, however many leaders see it: the due time, or a number of its own by hand.
    Column("occasion", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("window_start", Double),
    Column("window_end", Double),
    Column("rows", Integer, nullable=False, server_default="0"),
    # ``queued``, then ``running`` while somebody owns it, then that of a MonitorRun.
    Column("state", String(16), nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # The rest of a MonitorRun.
    Column("detail", JSON, nullable=False),
    UniqueConstraint("workspace", "monitor", "occasion"),
    Index("ix_monitor_runs_monitor", "workspace", "monitor", "at"),
    Index("ix_monitor_runs_state", "workspace", "state"),
)

# A row a check and look: what sparklines are drawn from.
check_results = Table(
    "check_results",
    metadata,
    Column("run", Integer, ForeignKey("monitor_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("check", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("value", Double),
    Column("limit", Double),
    # The rest of a CheckResult.
    Column("detail", JSON, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("monitor", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("state", String(16), nullable=False),
    # Empty while it is open or acknowledged, its own number afterwards: one open incident a check.
    Column("closed", Text, nullable=False, server_default=""),
    Column("opened_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("recovered_at", Double),
    Column("reminded_at", Double),
    Column("detail", JSON, nullable=False),
    UniqueConstraint("workspace", "monitor", "check", "closed"),
    Index("ix_incidents_state", "workspace", "state"),
)

# What is to be told of incidents, and whether it has arrived.
incident_alerts = Table(
    "incident_alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("incident", Integer, nullable=False),
    # opened, reminder 1, reminder 2, …, recovered.
    Column("event", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Double, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False),
    UniqueConstraint("workspace", "incident", "event", "channel"),
    Index("ix_incident_alerts_state", "state"),
)

retrain_policies = Table(
    "retrain_policies",
    metadata,
    Column("workspace", String(32), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("paused", Boolean, nullable=False, server_default="0"),
    Column("next_at", Double),
    # Up to where it has been looked: the last signal, the labels seen.
    Column("mark", JSON, nullable=False),
    # The rest of a RetrainPolicy.
    Column("detail", JSON, nullable=False),
)

retrain_decisions = Table(
    "retrain_decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(32), nullable=False),
    Column("model", Text, nullable=False),
    # What makes it one and the same, however many leaders see it.
    Column("occasion", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("ended_at", Double),
    Column("run_id", String(64), nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
    Column("heartbeat_at", Double, nullable=False, server_default="0"),
    # The rest of a RetrainDecision.
    Column("detail", JSON, nullable=False),
    UniqueConstraint("workspace", "model", "occasion"),
    Index("ix_retrain_decisions_model", "workspace", "model", "at"),
    Index("ix_retrain_decisions_outcome", "outcome"),
)
