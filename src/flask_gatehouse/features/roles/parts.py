"""What `roles` puts into the house."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.roles import purging, service
from flask_gatehouse.features.roles.models import UserRole
from flask_gatehouse.features.users.belongings import Belongings


class RoleBelongings(Belongings):
    """The roles that a person has."""

    name = "roles"

    def __init__(self, house: House) -> None:
        """Args: house: tells the time."""
        self._clock = house.clock

    def tell(self, db: Session, user_id: UUID) -> list[Mapping[str, object]]:
        """Return which they are."""
        return [
            {"role": each.name, "given_at": each.given_at, "until": each.until}
            for each in service.given(db, user_id=user_id, now=self._clock.now())
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """Take all of them away."""
        gone = delete(UserRole).where(UserRole.user_id == user_id)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> RoleBelongings:
    """Return what is kept of a person here."""
    return RoleBelongings(house)


def purge(house: House) -> Chore:
    """Return what clears away roles whose time is over."""
    del house
    return purging.RolesOver()
