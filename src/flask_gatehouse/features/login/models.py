"""Who has signed in before, and who is about to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime


class FirstSignIn(Base):
    """An account in which somebody has signed in: every device after the first one is a new one."""

    __tablename__ = "gatehouse_first_sign_in"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("gatehouse_user.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PendingSignIn(Base):
    """Somebody proved who they are, and owes something more. Using it deletes the row."""

    __tablename__ = "gatehouse_pending_sign_in"

    #: Keyed hash of what the browser holds.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    #: Names it where something is bound to it, and opens nothing.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: The account's epoch when it was proven.
    epoch: Mapped[int]
    #: How it was proven so far; separated by spaces.
    methods: Mapped[str] = mapped_column(String(128))
    #: False if whoever proved it was not asked just now, as a host may say of its own way in.
    fresh: Mapped[bool]
    #: `factor`, or `enrolment` where there is no factor and one is wanted.
    owes: Mapped[str] = mapped_column(String(16))
    #: Public id of the session that is being confirmed; None if one is to be opened.
    confirms: Mapped[str | None] = mapped_column(Exact(22))
    #: What the person wanted: to be remembered, for how many seconds, which page, which form.
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Second steps that were tried, counted before each is looked at.
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
