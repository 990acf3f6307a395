"""Sign-ins that are half done, and the factors that the other half asks for."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, Exact, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "gatehouse_pending_sign_in",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("public_id", Exact(22), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("methods", sa.String(length=128), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("owes", sa.String(length=16), nullable=False),
        sa.Column("confirms", Exact(22), nullable=True),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_pending_sign_in_user_id"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_pending_sign_in"),
        sa.UniqueConstraint("public_id", name="uq_gatehouse_pending_sign_in_public_id"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(
            f"ix_gatehouse_pending_sign_in_{column}", "gatehouse_pending_sign_in", [column]
        )
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
    """Drop both: nobody is asked for a second step any more."""
    op.drop_table("gatehouse_factor")
    op.drop_table("gatehouse_pending_sign_in")
