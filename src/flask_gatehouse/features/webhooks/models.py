"""Receivers, and what is on its way to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Exact, UtcDateTime, new_id
from flask_gatehouse.features.webhooks.rules import LONGEST_REASON, LONGEST_URL


class Webhook(Base):
    """One receiver: where it is, what it is told, and the sealed secret that signs it."""

    __tablename__ = "gatehouse_webhook"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: Names it in addresses of pages, on the command line and in the record.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    #: Names of events and of families, as they were asked for.
    wants: Mapped[list[str]] = mapped_column(JSON)
    secret: Mapped[str] = mapped_column(String(255))
    #: The secret of before, which signs as well until then.
    former_secret: Mapped[str | None] = mapped_column(String(255))
    former_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    enabled: Mapped[bool] = mapped_column(default=True)
    #: When it was given up because it failed for too long; None if somebody paused it.
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Since when no delivery was taken; None if the last one was.
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Who added it; None for the command line, and if the account is gone.
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)

    def __repr__(self) -> str:
        """Name it by its public id only."""
        return f"<Webhook {self.public_id}>"


class Delivery(Base):
    """One event for one receiver, written in the transaction of the event.

    No foreign keys, so that a change never waits for, or fails with, a receiver that is removed.
    """

    __tablename__ = "gatehouse_webhook_delivery"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[UUID] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(64))
    #: What is sent; empty once it was taken.
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: From when the time counts after which it is given up.
    tried_since: Mapped[datetime] = mapped_column(UtcDateTime)
    #: How often it was taken up; each attempt is known by its number.
    attempts: Mapped[int] = mapped_column(default=0)
    #: How many of them do not count, because it was handed back untried or is tried anew.
    forgiven: Mapped[int] = mapped_column(default=0)
    #: When to look at it next: to try it, or, once it is over, to forget it.
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    #: Until then some process is delivering it.
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: What was answered last, and why that was not enough.
    status: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))

    @property
    def tries(self) -> int:
        """How many attempts count."""
        return self.attempts - self.forgiven

    @property
    def message_id(self) -> str:
        """What the receiver knows it by, the same at each attempt."""
        return f"msg_{self.id.hex}"
