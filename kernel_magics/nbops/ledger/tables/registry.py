"""Models, their versions and where they stand; gates, approvals and cards; the audit log."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text

from nbops.ledger.tables.base import metadata

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
