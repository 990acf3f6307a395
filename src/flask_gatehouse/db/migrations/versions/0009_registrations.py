"""Accounts whose address nobody has proven yet."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "gatehouse_registration",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("shown", sa.String(length=254), nullable=False),
        sa.Column("canonical", Exact(254), nullable=False),
        sa.Column("ticket", Exact(22), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_registration_user_id"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_registration"),
        sa.UniqueConstraint("ticket", name="uq_gatehouse_registration_ticket"),
    )
    for column in ("canonical", "expires_at"):
        op.create_index(f"ix_gatehouse_registration_{column}", "gatehouse_registration", [column])


def downgrade() -> None:
    """Drop it; what was not proven by then never will be."""
    op.drop_table("gatehouse_registration")
