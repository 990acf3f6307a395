"""The record as rows: no foreign keys, so that neither deletion nor archiving is held up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, UtcDateTime, new_id


class AuditRow(Base):
    """One event. Rows are added, and never changed."""

    __tablename__ = "gatehouse_audit"
    __table_args__ = (Index(None, "user_id", "at"),)

    #: Time first, so that the table can be cut into months later.
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    #: Whose account it is about.
    user_id: Mapped[UUID | None]
    #: Who did it.
    actor_id: Mapped[UUID | None]
    #: Public id of the session.
    session_id: Mapped[str | None] = mapped_column(String(22))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(256))
    request_id: Mapped[str | None] = mapped_column(String(22))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
