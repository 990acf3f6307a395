"""Hashes of passwords."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from flask_gatehouse.db.base import Base, Exact, UtcDateTime
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
