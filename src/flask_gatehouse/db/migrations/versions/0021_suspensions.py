"""Since when, until when and why an account is suspended."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three columns, empty: of suspensions of before nobody wrote it down."""
    op.add_column("gatehouse_user", sa.Column("suspended_at", UtcDateTime(), nullable=True))
    op.add_column("gatehouse_user", sa.Column("suspended_until", UtcDateTime(), nullable=True))
    op.add_column(
        "gatehouse_user", sa.Column("suspended_reason", sa.String(length=500), nullable=True)
    )
    op.create_index("ix_gatehouse_user_suspended_until", "gatehouse_user", ["suspended_until"])


def downgrade() -> None:
    """Drop them: whoever is suspended stays so until somebody restores them."""
    op.drop_index("ix_gatehouse_user_suspended_until", "gatehouse_user")
    op.drop_column("gatehouse_user", "suspended_reason")
    op.drop_column("gatehouse_user", "suspended_until")
    op.drop_column("gatehouse_user", "suspended_at")
