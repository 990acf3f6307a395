"""What `sessions` keeps of a person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session as DbSession

from flask_gatehouse.core.house import House
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.sessions.models import Session
from flask_gatehouse.features.users.belongings import Belongings


class SessionBelongings(Belongings):
    """Where somebody is signed in."""

    name = "sessions"

    def tell(self, db: DbSession, user_id: UUID) -> list[Mapping[str, object]]:
        """Return the rows, without what opens them."""
        mine = select(Session).where(Session.user_id == user_id, Session.actor_id.is_(None))
        mine = mine.order_by(Session.created_at)
        return [
            {
                "created_at": row.created_at,
                "last_seen_at": row.last_seen_at,
                "expires_at": row.expires_at,
                "methods": row.methods.split(),
                "address": row.address,
                "browser": row.agent,
                "device_name": row.device_name,
            }
            for row in db.scalars(mine)
        ]

    def erase(self, work: Work, user_id: UUID) -> None:
        """End all of them, and those in which the person looked at another account."""
        theirs = or_(Session.user_id == user_id, Session.actor_id == user_id)
        gone = delete(Session).where(theirs)
        work.db.execute(gone.execution_options(synchronize_session=False))


def belongings(house: House) -> SessionBelongings:
    """Return what is kept of a person here."""
    del house
    return SessionBelongings()
