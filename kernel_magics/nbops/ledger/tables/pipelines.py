"""Runs of pipelines, schedules, and what is told of them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from nbops.ledger.tables.base import metadata

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
