"""Accounts that nobody uses, or that are gone: what is known of them, and no more."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: As far back as the record goes, it knows who signed in; of nobody before that is known when.
_FROM_THE_RECORD = sa.text(
    "UPDATE gatehouse_user SET signed_in_at = (SELECT MAX(at) FROM gatehouse_audit "
    "WHERE gatehouse_audit.user_id = gatehouse_user.id AND name = 'login.succeeded')"
)


def upgrade() -> None:
    """Add columns, which may be left out, so an older release works beside it; and tables."""
    for name in ("deactivated_at", "signed_in_at"):
        op.add_column("gatehouse_user", sa.Column(name, UtcDateTime(), nullable=True))
    op.execute(_FROM_THE_RECORD)
    for name in ("personal", "salt"):
        op.add_column("gatehouse_audit", sa.Column(name, Digest, nullable=True))
    op.create_table(
        "gatehouse_idle_warning",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_idle_warning_user_id"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_idle_warning"),
    )
    op.create_table(
        "gatehouse_kept_name",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_kept_name"),
    )
    op.create_index("ix_gatehouse_kept_name_until", "gatehouse_kept_name", ["until"])


def downgrade() -> None:
    """Drop all of it; accounts that were put aside stay closed, as if suspended.

    Rows of the record that were written since can no longer be proven: `audit adopt --damaged`.
    """
    for name in ("salt", "personal"):
        op.drop_column("gatehouse_audit", name)
    op.drop_table("gatehouse_kept_name")
    op.drop_table("gatehouse_idle_warning")
    op.drop_column("gatehouse_user", "signed_in_at")
    op.drop_column("gatehouse_user", "deactivated_at")
