"""Accounts that their owners put aside."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import UtcDateTime

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column. It may be left out, so an older release works beside it."""
    op.add_column("gatehouse_user", sa.Column("deactivated_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Drop it; accounts that were put aside stay closed, as if suspended."""
    op.drop_column("gatehouse_user", "deactivated_at")
