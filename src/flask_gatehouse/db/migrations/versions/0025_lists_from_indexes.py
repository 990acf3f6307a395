"""Lists of people are found in the indexes, without looking at the rows.

The index of names has whose name it is as well, and on PostgreSQL the one of who is in use has what
lists of the others ask for. With a million accounts PostgreSQL builds each in about a second, in
which everybody may read the table, and nobody write to it.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NAMES = "ix_gatehouse_identifier_canonical"
_PATTERNS = {"canonical": "varchar_pattern_ops"}
_IN_USE = "ix_gatehouse_user_active_id"
_ASKED = ["created_at", "signed_in_at", "suspended_at", "deactivated_at", "epoch"]


def upgrade() -> None:
    """Make the indexes anew."""
    op.drop_index(_NAMES, "gatehouse_identifier")
    op.create_index(
        _NAMES, "gatehouse_identifier", ["canonical", "user_id"], postgresql_ops=_PATTERNS
    )
    op.drop_index(_IN_USE, "gatehouse_user")
    op.create_index(_IN_USE, "gatehouse_user", ["active", "id"], postgresql_include=_ASKED)


def downgrade() -> None:
    """Make them as they were."""
    op.drop_index(_IN_USE, "gatehouse_user")
    op.create_index(_IN_USE, "gatehouse_user", ["active", "id"])
    op.drop_index(_NAMES, "gatehouse_identifier")
    op.create_index(_NAMES, "gatehouse_identifier", ["canonical"], postgresql_ops=_PATTERNS)
