"""What a counter is about, waits that grow, and failures in a row of a password."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and a table. All have a default, so an older release works beside it."""
    counters = "gatehouse_throttle"
    named = sa.Column("limit_name", sa.String(length=32), nullable=False, server_default="")
    op.add_column(counters, named)
    op.add_column(counters, sa.Column("who", Digest, nullable=True))
    op.add_column(counters, sa.Column("place", sa.String(length=45), nullable=True))
    strikes = sa.Column("strikes", sa.Integer(), nullable=False, server_default="0")
    op.add_column(counters, strikes)
    op.add_column(counters, sa.Column("blocked_until", UtcDateTime(), nullable=True))
    failures = sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    op.add_column("gatehouse_password", failures)
    op.create_table(
        "gatehouse_first_sign_in",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["gatehouse_user.id"],
            name="fk_gatehouse_first_sign_in_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_first_sign_in"),
    )
    _tell_who_signed_in_before()


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.drop_table("gatehouse_first_sign_in")
    op.drop_column("gatehouse_password", "failures")
    for name in ("blocked_until", "strikes", "place", "who", "limit_name"):
        op.drop_column("gatehouse_throttle", name)


def _tell_who_signed_in_before() -> None:
    """Take them from the record: otherwise nobody of today would hear of their next new device."""
    users = sa.table("gatehouse_user", sa.column("id", sa.Uuid()))
    record = sa.table(
        "gatehouse_audit",
        sa.column("user_id", sa.Uuid()),
        sa.column("at", UtcDateTime()),
        sa.column("name", sa.String()),
    )
    first = sa.table(
        "gatehouse_first_sign_in",
        sa.column("user_id", sa.Uuid()),
        sa.column("at", UtcDateTime()),
    )
    signed_in = (
        sa.select(users.c.id, sa.func.min(record.c.at))
        .join(record, record.c.user_id == users.c.id)
        .where(record.c.name == "login.succeeded")
        .group_by(users.c.id)
    )
    op.execute(sa.insert(first).from_select(["user_id", "at"], signed_in))
