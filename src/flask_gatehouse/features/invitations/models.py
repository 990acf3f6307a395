"""Who is invited, and has no account yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime


class Invited(Base):
    """One open invitation. Accepting it, or taking it back, deletes the row.

    The secret of the letter is a proof, which names this row; without the row it opens nothing.
    """

    __tablename__ = "gatehouse_invited"

    #: The address in its canonical form: one open invitation for each.
    canonical: Mapped[str] = mapped_column(Exact(254), primary_key=True)
    #: Names the row in forms; a new one whenever the letter is sent. Opens nothing.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    #: The address as it was typed.
    shown: Mapped[str] = mapped_column(String(254))
    admin: Mapped[bool]
    #: None where the command line invited.
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
