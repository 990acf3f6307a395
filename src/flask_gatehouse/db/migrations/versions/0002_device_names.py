"""What people call their browsers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; it may be empty, so an older release works beside it."""
    op.add_column(
        "gatehouse_session", sa.Column("device_name", sa.String(length=64), nullable=True)
    )


def downgrade() -> None:
    """Drop it, with all names."""
    op.drop_column("gatehouse_session", "device_name")
