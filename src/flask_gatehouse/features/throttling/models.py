"""Counters as rows."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, UtcDateTime


class Counter(Base):
    """How often something was tried within the window that is open."""

    __tablename__ = "gatehouse_throttle"

    #: Keyed hash of the limit and of what it counts: names and addresses are not kept.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    count: Mapped[int]
    #: Set once, when the window opens: later attempts do not push it away.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
