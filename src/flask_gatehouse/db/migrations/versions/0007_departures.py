"""Accounts that their owners closed."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "gatehouse_departure",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("erase_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_departure_user_id"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_departure"),
    )
    op.create_index("ix_gatehouse_departure_erase_at", "gatehouse_departure", ["erase_at"])


def downgrade() -> None:
    """Drop it; accounts that were closed stay closed."""
    op.drop_table("gatehouse_departure")
