"""Lifecycle stages, gates, approvals, the audit chain; what MLflow was told stands apart from the registry.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the registry's governance."""
    op.create_table(
        "alias_mirrors",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("writing", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("model", "alias", name=op.f("pk_alias_mirrors")),
    )
    op.create_table(
        "audit_events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index("ix_audit_events_model", ["model", "seq"], unique=False)
        batch_op.create_index("ix_audit_events_action", ["action", "seq"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "foreign_changes",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), server_default="", nullable=False),
        sa.Column("found", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "kind", "name", name=op.f("pk_foreign_changes")),
    )
    op.create_table(
        "gate_specs",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_gate_specs")),
    )
    op.create_table(
        "version_mirrors",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mlflow_version", sa.String(length=32), server_default="", nullable=False),
        sa.Column("mlflow_model_id", sa.Text(), server_default="", nullable=False),
        sa.Column("stage", sa.String(length=16), server_default="", nullable=False),
        sa.Column("writing", sa.String(length=16), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("model", "version", name=op.f("pk_version_mirrors")),
    )
    op.create_table(
        "model_mirrors",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("store", sa.String(length=64), server_default="", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mac", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_model_mirrors")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("hook", "seq", name=op.f("pk_webhook_deliveries")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=32), server_default="", nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("gate_report", sa.String(length=64), server_default="", nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("self_approved", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_approvals_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index("ix_approvals_model", ["model", "version", "target"], unique=False)

    op.create_table(
        "gate_reports",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("artifact_digest", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("champion", sa.Integer(), nullable=True),
        sa.Column("spec_digest", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_gate_reports_model")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_gate_reports")),
    )
    with op.batch_alter_table("gate_reports", schema=None) as batch_op:
        batch_op.create_index("ix_gate_reports_model", ["model", "version", "target", "created_at"], unique=False)

    op.create_table(
        "model_cards",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_model_cards_model")),
        sa.PrimaryKeyConstraint("model", "version", "revision", name=op.f("pk_model_cards")),
    )
    op.create_table(
        "placements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("gate_report", sa.String(length=64), server_default="", nullable=False),
        sa.Column("self_approved", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_placements_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
    )
    with op.batch_alter_table("placements", schema=None) as batch_op:
        batch_op.create_index("ix_placements_model", ["model", "target", "id"], unique=False)

    op.create_table(
        "promotion_requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("gate_report", sa.String(length=64), server_default="", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.Double(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_promotion_requests_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_requests")),
    )
    with op.batch_alter_table("promotion_requests", schema=None) as batch_op:
        batch_op.create_index("ix_promotion_requests_model", ["model", "status"], unique=False)

    _carry_over()
    with op.batch_alter_table("model_aliases", schema=None) as batch_op:
        batch_op.drop_column("mirrored")

    op.add_column("runs", sa.Column("workspace", sa.String(length=32), server_default="", nullable=False))
    with op.batch_alter_table("model_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lifecycle_stage", sa.String(length=16), server_default="None", nullable=False))
        batch_op.add_column(sa.Column("files", sa.JSON(), server_default="[]", nullable=False))
        batch_op.drop_column("mlflow_version")


def _carry_over() -> None:
    op.execute("INSERT INTO audit_head (id, seq, mac) VALUES (1, 0, '')")
    op.execute(
        "INSERT INTO version_mirrors (model, version, mlflow_version) "
        "SELECT model, version, mlflow_version FROM model_versions WHERE mlflow_version <> ''"
    )
    op.execute(
        "INSERT INTO alias_mirrors (model, alias, version) "
        "SELECT model, alias, mirrored FROM model_aliases WHERE mirrored <> 0"
    )
    # Who held an alias before there was a history; event 0 is before the first of the chain.
    op.execute(
        "INSERT INTO placements (model, target, version, at, actor, kind, seq) "
        "SELECT model, alias, version, set_at, actor, 'alias', 0 FROM model_aliases ORDER BY set_at"
    )
