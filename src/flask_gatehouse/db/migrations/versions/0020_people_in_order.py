"""What lists of people are put in order and narrowed by.

Each index is one short statement of its own, which reads the table once: with a million accounts a
second or two in which PostgreSQL lets everybody read, and nobody write to the table.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_gatehouse_user_created_at_id": ["created_at", "id"],
    "ix_gatehouse_user_signed_in_at_id": ["signed_in_at", "id"],
    "ix_gatehouse_user_active_id": ["active", "id"],
    "ix_gatehouse_user_is_admin_id": ["is_admin", "id"],
}
_BEGINNINGS = "ix_gatehouse_identifier_canonical"


def upgrade() -> None:
    """Add the indexes."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "gatehouse_user", columns)
    # PostgreSQL finds beginnings by it, whatever the collation of the database.
    op.create_index(
        _BEGINNINGS,
        "gatehouse_identifier",
        ["canonical"],
        postgresql_ops={"canonical": "varchar_pattern_ops"},
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index(_BEGINNINGS, "gatehouse_identifier")
    for name in _INDEXES:
        op.drop_index(name, "gatehouse_user")
