"""Who was warned."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, UtcDateTime


class IdleWarning(Base):
    """An account whose owner was warned. Whatever uses the account later makes it void."""

    __tablename__ = "gatehouse_idle_warning"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
