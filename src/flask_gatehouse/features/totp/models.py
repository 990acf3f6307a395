"""Authenticator apps that people have, and those that they are about to add."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime

#: Characters of a sealed seed, with room for another version of the seal.
_SEALED = 128


class Totp(Base):
    """One authenticator app that was confirmed. It goes with its row of `gatehouse_factor`."""

    __tablename__ = "gatehouse_totp"

    factor_id: Mapped[UUID] = mapped_column(
        ForeignKey("gatehouse_factor.id", ondelete="CASCADE"), primary_key=True
    )
    #: Sealed for this column of this row of this owner.
    seed: Mapped[str] = mapped_column(Exact(_SEALED))
    #: Of the newest code that was taken: no code of it or of a step before is taken again.
    last_step: Mapped[int]


class TotpSetUp(Base):
    """An app of which nobody has shown yet that it knows the seed. It counts nowhere."""

    __tablename__ = "gatehouse_totp_setup"

    public_id: Mapped[str] = mapped_column(Exact(22), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: The sign-in, whole or pending, in which it was begun, and in which alone it can be finished.
    bound_to: Mapped[str] = mapped_column(Exact(64))
    #: What the app will be called in the list of factors.
    name: Mapped[str] = mapped_column(String(64))
    #: Sealed for this column of this row of this owner.
    seed: Mapped[str] = mapped_column(Exact(_SEALED))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
