"""The first tables."""

import sqlalchemy as sa
from alembic import op

from flask_gatehouse.db.base import Digest, Exact, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: In an order in which no table is dropped that another one refers to.
_TABLES = (
    "gatehouse_session",
    "gatehouse_password",
    "gatehouse_invitation",
    "gatehouse_identifier",
    "gatehouse_user",
    "gatehouse_administration",
    "gatehouse_throttle",
    "gatehouse_outbox",
    "gatehouse_audit",
)


def upgrade() -> None:
    """Make them."""
    _audit()
    _mail()
    _throttling()
    _users()
    _sessions()
    _passwords()


def downgrade() -> None:
    """Drop them, with all that they hold."""
    for table in _TABLES:
        op.drop_table(table)


def _audit() -> None:
    op.create_table(
        "gatehouse_audit",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.String(length=22), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=256), nullable=True),
        sa.Column("request_id", sa.String(length=22), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("at", "id", name="pk_gatehouse_audit"),
    )
    op.create_index(
        "ix_gatehouse_audit_user_id_at", "gatehouse_audit", ["user_id", "at"], unique=False
    )


def _mail() -> None:
    op.create_table(
        "gatehouse_outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("dead_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_outbox"),
    )
    op.create_index(
        "ix_gatehouse_outbox_next_try_at", "gatehouse_outbox", ["next_try_at"], unique=False
    )


def _throttling() -> None:
    op.create_table(
        "gatehouse_throttle",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_throttle"),
    )
    op.create_index(
        "ix_gatehouse_throttle_expires_at", "gatehouse_throttle", ["expires_at"], unique=False
    )


def _users() -> None:
    op.create_table(
        "gatehouse_administration",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("setup_digest", Digest, nullable=True),
        sa.Column("setup_closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_gatehouse_administration_single")),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_administration"),
    )
    op.create_table(
        "gatehouse_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gatehouse_user"),
    )
    op.create_table(
        "gatehouse_identifier",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("canonical", Exact(length=254), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("proven_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_identifier_user_id"
        ),
        sa.PrimaryKeyConstraint("kind", "canonical", name="pk_gatehouse_identifier"),
    )
    op.create_index(
        "ix_gatehouse_identifier_user_id", "gatehouse_identifier", ["user_id"], unique=False
    )
    # The one row that changes of administrators wait at.
    op.execute("INSERT INTO gatehouse_administration (id, changes) VALUES (1, 0)")


def _sessions() -> None:
    op.create_table(
        "gatehouse_session",
        sa.Column("digest", Digest, nullable=False),
        sa.Column("public_id", Exact(length=22), nullable=False),
        sa.Column("sign_in_id", Exact(length=22), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("subject", Exact(length=255), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("proven_at", UtcDateTime(), nullable=True),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("idle_expires_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("methods", sa.String(length=128), nullable=False),
        sa.Column("assurance", sa.SmallInteger(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=256), nullable=True),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (subject IS NULL)", name=op.f("ck_gatehouse_session_one_owner")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_session_user_id"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_gatehouse_session"),
        sa.UniqueConstraint("public_id", name="uq_gatehouse_session_public_id"),
    )
    op.create_index(
        "ix_gatehouse_session_expires_at", "gatehouse_session", ["expires_at"], unique=False
    )
    op.create_index(
        "ix_gatehouse_session_sign_in_id", "gatehouse_session", ["sign_in_id"], unique=False
    )
    op.create_index("ix_gatehouse_session_subject", "gatehouse_session", ["subject"], unique=False)
    op.create_index("ix_gatehouse_session_user_id", "gatehouse_session", ["user_id"], unique=False)


def _passwords() -> None:
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
    op.create_index(
        "ix_gatehouse_invitation_expires_at", "gatehouse_invitation", ["expires_at"], unique=False
    )
    op.create_index(
        "ix_gatehouse_invitation_user_id", "gatehouse_invitation", ["user_id"], unique=False
    )
    op.create_table(
        "gatehouse_password",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("encoded", Exact(length=512), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatehouse_user.id"], name="fk_gatehouse_password_user_id"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_gatehouse_password"),
    )
