"""What `registration` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.registration.models import Registration
from flask_gatehouse.features.users.belongings import Belongings


class RegistrationBelongings(Belongings):
    """The address that a new account says is its own."""

    name = "registration"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return it while it is not proven."""
        row = db.get(Registration, user_id)
        if row is None:
            return {}
        return {
            "address": row.shown,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
        }

    def erase(self, work: Work, user_id: UUID) -> None:
        """Delete it."""
        gone = delete(Registration).where(Registration.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> RegistrationBelongings:
    """Return what is kept of a person here."""
    del house
    return RegistrationBelongings()
