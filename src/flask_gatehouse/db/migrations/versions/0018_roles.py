"""Roles, what they allow, and who has them."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Exact, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "gatehouse_role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", Exact(64), nullable=False),
        sa.Column("about", sa.String(length=254), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_role"),
        sa.UniqueConstraint("name", name="uq_gatehouse_role_name"),
    )
    op.create_table(
        "gatehouse_role_permission",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", Exact(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id"], ["gatehouse_role.id"], name="fk_gatehouse_role_permission_role_id"
        ),
        sa.PrimaryKeyConstraint("role_id", "permission", name="pk_gatehouse_role_permission"),
    )
    op.create_table(
        "gatehouse_user_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_user_role_user_id"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["gatehouse_role.id"], name="fk_gatehouse_user_role_role_id"
        ),
        sa.PrimaryKeyConstraint("user_id", "role_id", name="pk_gatehouse_user_role"),
    )
    for column in ("role_id", "until"):
        op.create_index(f"ix_gatehouse_user_role_{column}", "gatehouse_user_role", [column])


def downgrade() -> None:
    """Drop them: only administrators may do more than others."""
    op.drop_table("gatehouse_user_role")
    op.drop_table("gatehouse_role_permission")
    op.drop_table("gatehouse_role")
