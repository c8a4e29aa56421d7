"""Runs and what was recorded of them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text

from nbops.ledger.tables.base import metadata

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
