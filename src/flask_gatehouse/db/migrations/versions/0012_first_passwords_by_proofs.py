"""Links for choosing a first password are proofs like all others."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop their table. Open links die: what is stored of them was made with another key."""
    op.drop_table("gatehouse_invitation")


def downgrade() -> None:
    """Make it again, empty."""
    op.create_table(
        "gatehouse_invitation",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_invitation_user_id"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_invitation"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"ix_gatehouse_invitation_{column}", "gatehouse_invitation", [column])
