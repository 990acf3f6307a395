"""Authenticator apps, and those that are about to be added."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "gatehouse_totp",
        sa.Column("factor_id", sa.Uuid(), nullable=False),
        sa.Column("seed", Exact(128), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["factor_id"],
            ["gatehouse_factor.id"],
            name="fk_gatehouse_totp_factor_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("factor_id", name="pk_gatehouse_totp"),
    )
    op.create_table(
        "gatehouse_totp_setup",
        sa.Column("public_id", Exact(22), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("bound_to", Exact(64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("seed", Exact(128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_totp_setup_user_id"
        ),
        sa.PrimaryKeyConstraint("public_id", name="pk_gatehouse_totp_setup"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"ix_gatehouse_totp_setup_{column}", "gatehouse_totp_setup", [column])


def downgrade() -> None:
    """Drop them. Whoever had an app is let in without it."""
    op.drop_table("gatehouse_totp_setup")
    op.drop_table("gatehouse_totp")
