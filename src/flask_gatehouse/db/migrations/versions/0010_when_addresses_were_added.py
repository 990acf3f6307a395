"""When an account got each of its addresses."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; it may be empty, so an older release works beside it."""
    op.add_column("gatehouse_identifier", sa.Column("added_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.drop_column("gatehouse_identifier", "added_at")
