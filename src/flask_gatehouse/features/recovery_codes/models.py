"""Recovery codes that were not used yet."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flask_gatehouse.db.base import Base, Digest, Exact


class RecoveryCode(Base):
    """One code. Using it deletes the row; a new set deletes all of the one before."""

    __tablename__ = "gatehouse_recovery_code"

    #: Keyed hash of the code.
    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    #: The set that it belongs to.
    factor_id: Mapped[UUID] = mapped_column(
        ForeignKey("gatehouse_factor.id", ondelete="CASCADE"), index=True
    )
    #: By which key it was hashed: when that is gone, the code can be counted out.
    key_id: Mapped[str] = mapped_column(Exact(8))
