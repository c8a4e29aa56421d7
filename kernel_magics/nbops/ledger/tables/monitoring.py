"""Rules of data, monitors and what became of each look, retraining."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from nbops.ledger.tables.base import metadata

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
