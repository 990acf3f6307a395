"""The record in lanes."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AUDIT = "gatehouse_audit"
_INDEX = "ix_gatehouse_audit_lane_sequence"


def upgrade() -> None:
    """Add the columns; they may be empty, so an older release works beside it."""
    op.add_column(_AUDIT, sa.Column("lane", sa.SmallInteger(), nullable=True))
    op.add_column(_AUDIT, sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column(_AUDIT, sa.Column("mac", Digest, nullable=True))
    op.add_column(_AUDIT, sa.Column("key_id", sa.String(length=8), nullable=True))
    op.create_index(_INDEX, _AUDIT, ["lane", "sequence"], unique=False)
    # No rows: a lane is sealed with a key, and a migration has none.
    op.create_table(
        "gatehouse_audit_lane",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("mac", Digest, nullable=False),
        sa.Column("begins_after", sa.BigInteger(), nullable=False),
        sa.Column("begins_mac", Digest, nullable=False),
        sa.Column("seal", Digest, nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_gatehouse_audit_lane"),
    )


def downgrade() -> None:
    """Drop the lanes; the rows stay, and nothing can be verified any more."""
    op.drop_table("gatehouse_audit_lane")
    op.drop_index(_INDEX, _AUDIT)
    for name in ("key_id", "mac", "sequence", "lane"):
        op.drop_column(_AUDIT, name)
