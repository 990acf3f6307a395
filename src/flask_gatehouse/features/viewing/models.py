"""Who sees the site as whom at this moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime


class Viewing(Base):
    """Somebody sees the site as somebody else. Ending it deletes the row."""

    __tablename__ = "gatehouse_viewing"

    #: Public id of the session of the view.
    view: Mapped[str] = mapped_column(Exact(22), primary_key=True)
    #: The sign-in of whoever looks, to which the view belongs.
    sign_in_id: Mapped[str] = mapped_column(Exact(22))
    #: Whom it shows.
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: Who looks.
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
