"""The record as rows: no foreign keys, so that neither deletion nor archiving is held up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, UtcDateTime, new_id


class AuditRow(Base):
    """One event, chained to the one before it in its lane. Rows are only changed to forget."""

    __tablename__ = "gatehouse_audit"
    # No index is unique: a table cut by time could not have one without the time.
    __table_args__ = (
        Index(None, "user_id", "at"),
        Index(None, "lane", "sequence"),
        # What the record is searched by, the newest first: each costs every event one more entry.
        Index(None, "name", "at"),
        Index(None, "address", "at"),
        Index(None, "actor_id", "at"),
    )

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
    #: Which chain it belongs to; None, as the three below, if it is older than the chains.
    lane: Mapped[int | None] = mapped_column(SmallInteger)
    #: Its place in the lane, without gaps.
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    #: Keyed hash of the above, `personal` and the `mac` before it in the lane.
    mac: Mapped[bytes | None] = mapped_column(Digest)
    #: Which key made the `mac`.
    key_id: Mapped[str | None] = mapped_column(String(8))
    #: Hash of address, agent, request_id and facts, which the `mac` covers in their place; None in
    #: rows from before they could be forgotten.
    personal: Mapped[bytes | None] = mapped_column(Digest)
    #: Random, and with it `personal` is made; or the proof that we forgot them.
    salt: Mapped[bytes | None] = mapped_column(Digest)


class AuditLane(Base):
    """Where one lane of the record begins and ends. Whoever writes into a lane holds its row."""

    __tablename__ = "gatehouse_audit_lane"

    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: Place and `mac` of the newest row.
    sequence: Mapped[int] = mapped_column(BigInteger)
    mac: Mapped[bytes] = mapped_column(Digest)
    #: Place and `mac` of the newest row that was pruned; zero if none was.
    begins_after: Mapped[int] = mapped_column(BigInteger)
    begins_mac: Mapped[bytes] = mapped_column(Digest)
    #: Keyed hash of all of the above, so that nobody cuts a lane unseen, at either end.
    seal: Mapped[bytes] = mapped_column(Digest)
    #: Which key made the seal.
    key_id: Mapped[str] = mapped_column(String(8))
