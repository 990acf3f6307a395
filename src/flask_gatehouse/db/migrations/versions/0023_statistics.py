"""Numbers of hours and days."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables; what happened before is counted by the upkeep of the site."""
    op.create_table(
        "gatehouse_statistic",
        sa.Column("span", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", Exact(64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("span", "bucket", "kind", "name", name="pk_gatehouse_statistic"),
    )
    op.create_table(
        "gatehouse_statistic_bucket",
        sa.Column("span", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", UtcDateTime(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("span", "bucket", name="pk_gatehouse_statistic_bucket"),
    )


def downgrade() -> None:
    """Drop them; they can be counted again for as long as the record is kept."""
    op.drop_table("gatehouse_statistic_bucket")
    op.drop_table("gatehouse_statistic")
