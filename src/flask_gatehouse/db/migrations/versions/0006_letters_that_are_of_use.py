"""Until when a letter is of use, and which of its attempts do not count."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns. Both may be left out, so an older release works beside it."""
    forgiven = sa.Column("forgiven", sa.Integer(), nullable=False, server_default="0")
    op.add_column("gatehouse_outbox", forgiven)
    op.add_column("gatehouse_outbox", sa.Column("good_until", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("gatehouse_outbox", "good_until")
    op.drop_column("gatehouse_outbox", "forgiven")
