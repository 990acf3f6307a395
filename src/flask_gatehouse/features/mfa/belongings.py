"""What `mfa` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa import service
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.users.belongings import Belongings


class FactorBelongings(Belongings):
    """What a person proves themselves by."""

    name = "factors"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return what they are called, without what proves anything."""
        return [
            {
                "method": each.method,
                "name": each.name,
                "created_at": each.created_at,
                "last_used_at": each.last_used_at,
            }
            for each in service.of(db, user_id=user_id)
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Take all of them away; what their kinds know of them goes with them."""
        gone = delete(Factor).where(Factor.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> FactorBelongings:
    """Return what is kept of a person here."""
    del house
    return FactorBelongings()
