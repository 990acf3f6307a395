"""Sessions as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime


class Session(Base):
    """One handle in one browser. Ending a session deletes its row."""

    __tablename__ = "gatehouse_session"
    __table_args__ = (CheckConstraint("(user_id IS NULL) <> (subject IS NULL)", name="one_owner"),)

    #: Keyed hash of the handle, which is stored nowhere.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    #: Names the session in lists and records, and opens nothing.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    #: What one sign-in opened: the session of the browser and the remembered one beside it.
    sign_in_id: Mapped[str] = mapped_column(Exact(22), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: What the host's `get_id()` returned, where the host keeps its own users.
    subject: Mapped[str | None] = mapped_column(Exact(255), index=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    #: The account's epoch when the session was opened; a raised epoch ends the session.
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When the person last proved who they are in this session; None is never fresh.
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    #: How it was proven, such as `password`; separated by spaces.
    methods: Mapped[str] = mapped_column(String(128))
    #: Authenticator assurance level. Source: NIST SP 800-63B-4 section 2.
    assurance: Mapped[int] = mapped_column(SmallInteger)
    #: Who really acts, while somebody views the site as somebody else.
    actor_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(256))
    #: What the person calls the browser; the same on every row of one sign-in.
    device_name: Mapped[str | None] = mapped_column(String(64))

    def __repr__(self) -> str:
        """Name the session by its public id only."""
        return f"<Session {self.public_id}>"
