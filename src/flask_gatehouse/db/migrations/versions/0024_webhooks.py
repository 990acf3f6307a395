"""Receivers of events, and what is on its way to them."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "gatehouse_webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", Exact(22), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("wants", sa.JSON(), nullable=False),
        sa.Column("secret", sa.String(length=255), nullable=False),
        sa.Column("former_secret", sa.String(length=255), nullable=True),
        sa.Column("former_until", UtcDateTime(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["gatehouse_user.id"], name="fk_gatehouse_webhook_created_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_webhook"),
        sa.UniqueConstraint("public_id", name="uq_gatehouse_webhook_public_id"),
    )
    op.create_index("ix_gatehouse_webhook_created_by", "gatehouse_webhook", ["created_by"])
    op.create_table(
        "gatehouse_webhook_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tried_since", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("forgiven", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_webhook_delivery"),
    )
    for column in ("webhook_id", "next_try_at"):
        op.create_index(
            f"ix_gatehouse_webhook_delivery_{column}", "gatehouse_webhook_delivery", [column]
        )


def downgrade() -> None:
    """Drop them: nobody is told any more."""
    op.drop_table("gatehouse_webhook_delivery")
    op.drop_table("gatehouse_webhook")
