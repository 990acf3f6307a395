"""What `users` puts into the house."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.features.audit.names import Names
from flask_gatehouse.features.users import service
from flask_gatehouse.features.users.models import User


class AccountNames(Names):
    """Answers from the table of accounts."""

    def id_of(self, db: Session, text: str) -> UUID:
        """Return whose user name or address this is. Raises: UnknownUser."""
        return service.named(db, text).id

    def of(self, db: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return the user names of those that still exist."""
        if not ids:
            return {}
        found = db.execute(select(User.id, User.username).where(User.id.in_(ids)))
        return {row.id: row.username for row in found}


def names(house: House) -> AccountNames:
    """Return who knows the accounts by name."""
    del house
    return AccountNames()
