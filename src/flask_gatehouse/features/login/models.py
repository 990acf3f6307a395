"""Who has signed in before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, UtcDateTime


class FirstSignIn(Base):
    """An account in which somebody has signed in: every device after the first one is a new one."""

    __tablename__ = "gatehouse_first_sign_in"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("gatehouse_user.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
