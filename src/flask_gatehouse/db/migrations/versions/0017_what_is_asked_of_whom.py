"""Since when a factor is required of whom, browsers that are let off it, and resets that wait."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, Exact, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ACCOUNT = "gatehouse_user.id"


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "gatehouse_mfa_account",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("required_since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], [_ACCOUNT], name="fk_gatehouse_mfa_account_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_mfa_account"),
    )
    op.create_table(
        "gatehouse_trusted_device",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("public_id", Exact(22), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=256), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], [_ACCOUNT], name="fk_gatehouse_trusted_device_user_id"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_trusted_device"),
        sa.UniqueConstraint("public_id", name="uq_gatehouse_trusted_device_public_id"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(
            f"ix_gatehouse_trusted_device_{column}", "gatehouse_trusted_device", [column]
        )
    op.create_table(
        "gatehouse_factor_reset",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], [_ACCOUNT], name="fk_gatehouse_factor_reset_user_id"),
        sa.ForeignKeyConstraint(
            ["asked_by"], [_ACCOUNT], name="fk_gatehouse_factor_reset_asked_by"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_factor_reset"),
    )
    for column in ("due_at", "asked_by"):
        op.create_index(f"ix_gatehouse_factor_reset_{column}", "gatehouse_factor_reset", [column])


def downgrade() -> None:
    """Drop them: nobody has to have a factor, and no browser is let off."""
    op.drop_table("gatehouse_factor_reset")
    op.drop_table("gatehouse_trusted_device")
    op.drop_table("gatehouse_mfa_account")
