"""What the record is searched by."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_AUDIT = "gatehouse_audit"
_COLUMNS = ("name", "address", "actor_id")


def upgrade() -> None:
    """Add an index for each; the rows stay as they are."""
    for column in _COLUMNS:
        op.create_index(f"ix_gatehouse_audit_{column}_at", _AUDIT, [column, "at"], unique=False)


def downgrade() -> None:
    """Drop them: pages that search by these read more of the record."""
    for column in _COLUMNS:
        op.drop_index(f"ix_gatehouse_audit_{column}_at", _AUDIT)
