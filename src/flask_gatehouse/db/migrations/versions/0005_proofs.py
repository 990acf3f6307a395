"""Secrets that travel in letters, and addresses as they were typed."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, Exact, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and a column."""
    op.add_column("gatehouse_identifier", sa.Column("shown", sa.String(length=254), nullable=True))
    op.create_table(
        "gatehouse_proof",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("ticket", Exact(22), nullable=False),
        sa.Column("code_digest", Digest, nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("address", Exact(254), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_proof_user_id"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_proof"),
        sa.UniqueConstraint("ticket", name="uq_gatehouse_proof_ticket"),
    )
    for column in ("user_id", "address", "expires_at"):
        op.create_index(f"ix_gatehouse_proof_{column}", "gatehouse_proof", [column])


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("gatehouse_proof")
    op.drop_column("gatehouse_identifier", "shown")
