"""Factors of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime, new_id


class Factor(Base):
    """One confirmed factor of an account."""

    __tablename__ = "gatehouse_factor"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
