"""What MLflow's registry and webhooks have been told. It can be lost and is not part of the registry."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Integer, String, Table, Text

from nbops.ledger.tables.base import metadata

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
