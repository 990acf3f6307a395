"""What `mfa` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.mfa import service
from flask_gatehouse.features.mfa.models import Factor, FactorReset, RequiredSince, TrustedDevice
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


class DemandBelongings(Belongings):
    """What is asked of a person, and what was asked about them."""

    name = "factor_demands"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return since when a factor is required, and when theirs are taken away, if ever."""
        since, reset = db.get(RequiredSince, user_id), db.get(FactorReset, user_id)
        return {
            "required_since": None if since is None else since.required_since,
            "reset_asked_at": None if reset is None else reset.asked_at,
            "reset_due_at": None if reset is None else reset.due_at,
        }

    def erase(self, work: Work, user_id: UUID) -> None:
        """Forget it; what they asked about others is over, because nobody answers for it."""
        mine = (
            delete(RequiredSince).where(RequiredSince.user_id == user_id),
            delete(FactorReset).where(FactorReset.user_id == user_id),
            delete(FactorReset).where(FactorReset.asked_by == user_id),
        )
        for statement in mine:
            work.db.execute(statement.execution_options(synchronize_session=False))


class TrustedBelongings(Belongings):
    """The browsers that are let off the second step."""

    name = "trusted_devices"

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return which they are, without what they hold."""
        mine = select(TrustedDevice).where(TrustedDevice.user_id == user_id)
        return [
            {
                "browser": row.agent,
                "address": row.address,
                "created_at": row.created_at,
                "last_used_at": row.last_used_at,
                "expires_at": row.expires_at,
            }
            for row in db.scalars(mine.order_by(TrustedDevice.created_at))
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Trust none of them any more."""
        gone = delete(TrustedDevice).where(TrustedDevice.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def demands(house: House) -> DemandBelongings:
    """Return what is kept of a person here because something is asked of them."""
    del house
    return DemandBelongings()


def trusted(house: House) -> TrustedBelongings:
    """Return what is kept of a person here about browsers."""
    del house
    return TrustedBelongings()
