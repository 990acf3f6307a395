"""Hashes of passwords, and invitations to choose one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime
from flask_gatehouse.features.users.models import User


class Password(Base):
    """The hash of an account's password, in a table of its own."""

    __tablename__ = "gatehouse_password"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    #: A PHC string of argon2id, or a hash that another system made and that is replaced.
    encoded: Mapped[str] = mapped_column(Exact(512))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Wrong passwords in a row. Counted before each is looked at, so that none is free.
    failures: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship(
        backref=backref("password_row", uselist=False, cascade="save-update, merge")
    )

    def __repr__(self) -> str:
        """Show nothing of the hash."""
        return f"<Password of {self.user_id}>"


class Invitation(Base):
    """One unused link for choosing a password. Redeeming deletes the row."""

    __tablename__ = "gatehouse_invitation"

    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: The account's epoch when the link was made; whatever raises it voids the link.
    epoch: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
