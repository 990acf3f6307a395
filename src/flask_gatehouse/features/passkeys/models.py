"""Passkeys, whose they are, and what browsers were asked to sign."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, VARBINARY, BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact, UtcDateTime
from flask_gatehouse.features.passkeys.rules import HANDLE_BYTES

#: Bytes by which a keeper of passkeys knows a person of this site.
Handle: Final = LargeBinary(HANDLE_BYTES).with_variant(VARBINARY(HANDLE_BYTES), "mysql", "mariadb")


class Passkey(Base):
    """The public half of a key pair, of which the other half never leaves its keeper."""

    __tablename__ = "gatehouse_passkey"

    factor_id: Mapped[UUID] = mapped_column(
        ForeignKey("gatehouse_factor.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: SHA-256 of the credential id: one passkey is of one account, whichever.
    digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023))
    #: As a COSE key.
    public_key: Mapped[bytes] = mapped_column(LargeBinary(2048))
    #: How often it was used, as it says itself; zero if it does not count.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    #: Whether its keeper may copy it to other devices, which never changes; and whether it has.
    backup_eligible: Mapped[bool]
    backed_up: Mapped[bool]
    #: How a browser reaches it; separated by spaces.
    transports: Mapped[str] = mapped_column(String(64))
    #: The make of its keeper, as it says itself; nothing is decided by it.
    aaguid: Mapped[str] = mapped_column(String(36))
    #: Whether it is found without being named; None if the browser did not say.
    discoverable: Mapped[bool | None]


class PasskeyOwner(Base):
    """By which bytes keepers of passkeys know an account, and whether it was asked to make one."""

    __tablename__ = "gatehouse_passkey_owner"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("gatehouse_user.id"), primary_key=True)
    #: Random, and told to nobody but keepers of passkeys.
    handle: Mapped[bytes] = mapped_column(Handle, unique=True)
    #: The sign-in in which a passkey was offered; in others it is not.
    offered_in: Mapped[str | None] = mapped_column(Exact(22))
    #: Whether the person wants to be asked no more.
    declined: Mapped[bool] = mapped_column(default=False)


class PasskeyChallenge(Base):
    """Something a browser was asked to sign. Whoever brings it back deletes the row."""

    __tablename__ = "gatehouse_passkey_challenge"

    #: Keyed hash of the challenge.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    #: Whose passkey is wanted; None if whoever has one may answer.
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("gatehouse_user.id"), index=True)
    #: The session, the pending sign-in or the browser that was asked.
    bound_to: Mapped[str] = mapped_column(Exact(64))
    #: What the purpose needs to know later.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
