"""What `idle_accounts` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.idle_accounts.models import IdleWarning
from flask_gatehouse.features.users.belongings import Belongings


class WarningBelongings(Belongings):
    """When somebody was warned that their account is idle."""

    name = "idle_warning"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return when, if ever."""
        row = db.get(IdleWarning, user_id)
        return {"at": row.at if row is not None else None}

    def erase(self, work: Work, user_id: UUID) -> None:
        """Forget it."""
        gone = delete(IdleWarning).where(IdleWarning.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> WarningBelongings:
    """Return what is kept of a person here."""
    del house
    return WarningBelongings()
