"""What `passwords` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.passwords.models import Password
from flask_gatehouse.features.users.belongings import Belongings


class PasswordBelongings(Belongings):
    """A password."""

    name = "password"

    def tell(self, db: Session, user_id: UUID) -> Mapping[str, object]:
        """Return when it was set. Nothing of the hash."""
        row = db.get(Password, user_id)
        return {"changed_at": row.changed_at if row is not None else None}

    def erase(self, work: Work, user_id: UUID) -> None:
        """Delete it."""
        gone = delete(Password).where(Password.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> PasswordBelongings:
    """Return what is kept of a person here."""
    del house
    return PasswordBelongings()
