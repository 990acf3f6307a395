"""Beginnings of names are found without looking at the rows.

The index has whose name it is as well. With two million names PostgreSQL builds it in about a
second, in which everybody may read the table, and nobody write to it.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NAME = "ix_gatehouse_identifier_canonical"
_PATTERNS = {"canonical": "varchar_pattern_ops"}


def upgrade() -> None:
    """Make the index anew."""
    op.drop_index(_NAME, "gatehouse_identifier")
    op.create_index(
        _NAME, "gatehouse_identifier", ["canonical", "user_id"], postgresql_ops=_PATTERNS
    )


def downgrade() -> None:
    """Make it as it was."""
    op.drop_index(_NAME, "gatehouse_identifier")
    op.create_index(_NAME, "gatehouse_identifier", ["canonical"], postgresql_ops=_PATTERNS)
