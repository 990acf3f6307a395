"""What people prove themselves by, beside a password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime, new_id


class Factor(Base):
    """One factor of one account, confirmed. What its kind knows of it hangs on this row."""

    __tablename__ = "gatehouse_factor"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: Names it in lists and records, and opens nothing.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: Which kind it is of, such as `totp`.
    method: Mapped[str] = mapped_column(String(16))
    #: What the person calls it.
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        """Name the factor by its public id only."""
        return f"<Factor {self.public_id}>"
