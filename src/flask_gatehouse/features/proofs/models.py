"""What letters have been sent out to prove, and not been brought back yet."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime


class Proof(Base):
    """One secret that was sent out. Bringing it back deletes the row."""

    __tablename__ = "gatehouse_proof"

    #: Keyed hash of the secret in the link.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    #: Names the row to the browser that asked, where it may type the code. Opens nothing.
    ticket: Mapped[str] = mapped_column(Exact(22), unique=True)
    #: Keyed hash of ticket and code.
    code_digest: Mapped[bytes] = mapped_column(Digest)
    purpose: Mapped[str] = mapped_column(String(32))
    #: Whose account it is about; None where there is none yet.
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: The mailbox, in its canonical form.
    address: Mapped[str] = mapped_column(Exact(254), index=True)
    #: The account's epoch when it was made; None if it outlives what raises that.
    epoch: Mapped[int | None]
    #: What the purpose needs to know later. No secret.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Codes that were tried, counted before each is looked at.
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
