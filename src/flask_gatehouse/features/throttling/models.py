"""Counters as rows."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, UtcDateTime


class Counter(Base):
    """How often something was tried within the window that is open."""

    __tablename__ = "gatehouse_throttle"

    #: Keyed hash of the limit and of what it counts: names are not kept.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    count: Mapped[int]
    #: Set once, when the window opens, and pushed once, when the limit is crossed: no further
    #: attempt moves it.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    limit_name: Mapped[str] = mapped_column(String(32), default="")
    #: Keyed hash of the name that was typed, by which a block is found and lifted. People type
    #: passwords there, so it is never kept itself.
    who: Mapped[bytes | None] = mapped_column(Digest)
    #: The network, as it counts.
    place: Mapped[str | None] = mapped_column(String(45))
    #: How often the limit was crossed in a row.
    strikes: Mapped[int] = mapped_column(default=0)
    #: Until when whoever crossed it last has to wait.
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
