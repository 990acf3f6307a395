"""Accounts whose address nobody has proven yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime


class Registration(Base):
    """What a new account says its address is. Proving it deletes the row.

    Any number of accounts may say the same of one address; the first to prove it gets it.
    """

    __tablename__ = "gatehouse_registration"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    #: The address as it was typed.
    shown: Mapped[str] = mapped_column(String(254))
    canonical: Mapped[str] = mapped_column(Exact(254), index=True)
    #: Names the newest letter to the browser that registered. Opens nothing without the letter.
    ticket: Mapped[str] = mapped_column(Exact(22), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When the account is erased.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
