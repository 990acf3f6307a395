"""Who is invited, and has no account yet."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "gatehouse_invited",
        sa.Column("canonical", Exact(254), nullable=False),
        sa.Column("public_id", Exact(22), nullable=False),
        sa.Column("shown", sa.String(length=254), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["gatehouse_user.id"], name="fk_gatehouse_invited_invited_by"
        ),
        sa.PrimaryKeyConstraint("canonical", name="pk_gatehouse_invited"),
        sa.UniqueConstraint("public_id", name="uq_gatehouse_invited_public_id"),
    )
    for column in ("invited_by", "expires_at"):
        op.create_index(f"ix_gatehouse_invited_{column}", "gatehouse_invited", [column])


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.drop_table("gatehouse_invited")
