"""What people prove themselves by, beside a password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime, new_id


class Factor(Base):
    """One factor of one account, confirmed. What its kind knows of it hangs on this row."""

    __tablename__ = "gatehouse_factor"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    #: Names it in lists and records, and opens nothing.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: Which kind it is of, such as `totp`.
    method: Mapped[str] = mapped_column(String(16))
    #: What the person calls it.
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        """Name the factor by its public id only."""
        return f"<Factor {self.public_id}>"


class RequiredSince(Base):
    """An account of which a factor is required, and since when. Written once."""

    __tablename__ = "gatehouse_mfa_account"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    required_since: Mapped[datetime] = mapped_column(UtcDateTime)


class TrustedDevice(Base):
    """A browser in which one account is not asked for its second step for a while."""

    __tablename__ = "gatehouse_trusted_device"

    #: Keyed hash of what the browser holds.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    #: Names it in lists and records, and opens nothing.
    public_id: Mapped[str] = mapped_column(Exact(22), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: The account's epoch when it was trusted: whatever raises it voids the trust.
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(256))


class FactorReset(Base):
    """An account whose factors are taken away when the time has come, unless somebody stops it.

    Whoever deletes the row decides: of carrying it out and stopping it the database lets one be.
    """

    __tablename__ = "gatehouse_factor_reset"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    #: Which administrator asked; None where the command line did.
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
