"""Who sees the site as whom at this moment."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "gatehouse_viewing",
        sa.Column("view", Exact(22), nullable=False),
        sa.Column("sign_in_id", Exact(22), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_viewing_user_id"
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["gatehouse_user.id"], name="fk_gatehouse_viewing_actor_id"
        ),
        sa.PrimaryKeyConstraint("view", name="pk_gatehouse_viewing"),
    )
    for column in ("user_id", "actor_id", "expires_at"):
        op.create_index(f"ix_gatehouse_viewing_{column}", "gatehouse_viewing", [column])


def downgrade() -> None:
    """End every view, and drop the table: the release before knows no such sessions."""
    session = sa.table("gatehouse_session", sa.column("actor_id", sa.Uuid()))
    op.execute(session.delete().where(session.c.actor_id.is_not(None)))
    op.drop_table("gatehouse_viewing")
