"""Recovery codes that were not used yet."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, Exact

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "gatehouse_recovery_code",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("factor_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", Exact(8), nullable=False),
        sa.ForeignKeyConstraint(
            ["factor_id"],
            ["gatehouse_factor.id"],
            name="fk_gatehouse_recovery_code_factor_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_recovery_code"),
    )
    op.create_index(
        "ix_gatehouse_recovery_code_factor_id", "gatehouse_recovery_code", ["factor_id"]
    )


def downgrade() -> None:
    """Drop it; the sets stay in the list of factors, with nothing in them."""
    op.drop_table("gatehouse_recovery_code")
