"""Who is leaving."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, UtcDateTime


class Departure(Base):
    """An account that its owner closed, to be erased later."""

    __tablename__ = "gatehouse_departure"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    #: The account's epoch as it was left; whatever raises it ends the departure.
    epoch: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erase_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
