"""The outbox as rows: no foreign keys, so that no deletion is held up by a letter."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, UtcDateTime, new_id
from flask_gatehouse.features.mail.rules import LONGEST_ADDRESS, LONGEST_SUBJECT, USEFUL_FOR


class Letter(Base):
    """One letter to one person, written in the transaction of what it tells of.

    Its text holds links that open something, so it is wiped when the letter is sent, and when it
    is of no use any more.
    """

    __tablename__ = "gatehouse_outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: Name of the letter, which is the name of its folder of templates.
    kind: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[UUID | None]
    recipient: Mapped[str] = mapped_column(String(LONGEST_ADDRESS))
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: How often it was taken up; each attempt is known by its number.
    attempts: Mapped[int] = mapped_column(default=0)
    #: How many of them do not count: it was handed back untried, or somebody asks for it anew. The
    #: number of the attempt itself only ever grows, so that it names one attempt.
    forgiven: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Until then what it says is of use; None, by an older release, is a week.
    good_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: When to look at it next: to try it, or, once it is sent or given up, to wipe or forget it. So
    #: the index finds what is to be done without reading what is done.
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    #: Until then some process is delivering it.
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def tries(self) -> int:
        """How many attempts count."""
        return self.attempts - self.forgiven

    @property
    def of_use_until(self) -> datetime:
        """When to wipe what it says, whatever has become of it."""
        return self.good_until or self.created_at + USEFUL_FOR
