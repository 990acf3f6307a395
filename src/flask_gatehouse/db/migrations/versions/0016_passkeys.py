"""Passkeys."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, Exact, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_Handle = sa.LargeBinary(64).with_variant(sa.VARBINARY(64), "mysql", "mariadb")


def _key(
    table: str, column: str, other: str, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [other], name=name, ondelete=ondelete)


def upgrade() -> None:
    """Add three tables."""
    table = "gatehouse_passkey"
    op.create_table(
        table,
        sa.Column("factor_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", Digest, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(2048), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("transports", sa.String(length=64), nullable=False),
        sa.Column("aaguid", sa.String(length=36), nullable=False),
        sa.Column("discoverable", sa.Boolean(), nullable=True),
        _key(table, "factor_id", "gatehouse_factor.id", ondelete="CASCADE"),
        _key(table, "user_id", "gatehouse_user.id"),
        sa.PrimaryKeyConstraint("factor_id", name=f"pk_{table}"),
        sa.UniqueConstraint("digest", name=f"uq_{table}_digest"),
    )
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])
    table = "gatehouse_passkey_owner"
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("handle", _Handle, nullable=False),
        sa.Column("offered_in", Exact(22), nullable=True),
        sa.Column("declined", sa.Boolean(), nullable=False),
        _key(table, "user_id", "gatehouse_user.id"),
        sa.PrimaryKeyConstraint("user_id", name=f"pk_{table}"),
        sa.UniqueConstraint("handle", name=f"uq_{table}_handle"),
    )
    table = "gatehouse_passkey_challenge"
    op.create_table(
        table,
        sa.Column("digest", Digest, nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("bound_to", Exact(64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        _key(table, "user_id", "gatehouse_user.id"),
        sa.PrimaryKeyConstraint("digest", name=f"pk_{table}"),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Drop them. Whoever has a passkey and no other way in needs a new one."""
    for name in ("challenge", "owner"):
        op.drop_table(f"gatehouse_passkey_{name}")
    op.drop_table("gatehouse_passkey")
