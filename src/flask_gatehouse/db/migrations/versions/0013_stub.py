"""Factors of accounts."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "gatehouse_factor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", Exact(22), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_factor_user_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_factor"),
        sa.UniqueConstraint("public_id", name="uq_gatehouse_factor_public_id"),
    )
    op.create_index("ix_gatehouse_factor_user_id", "gatehouse_factor", ["user_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("gatehouse_factor")
