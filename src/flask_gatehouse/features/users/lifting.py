"""Suspensions that are over, lifted also where nobody comes to sign in."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from flask_gatehouse.core.errors import Refusal
from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.users import service
from flask_gatehouse.features.users.models import User

_ORIGIN: Final = Origin(channel="worker")

#: Accounts in one turn, each in a transaction of its own.
_BATCH: Final = 100


class Lifting(Chore):
    """Restores whose suspension has come to its end."""

    every = timedelta(minutes=5)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is over stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Restore some; return whether there may be more."""
        over = select(User.id).where(
            User.active.is_(False), User.suspended_until <= works.house.clock.now()
        )
        with works.reading() as db:
            found = db.scalars(over.order_by(User.suspended_until).limit(_BATCH)).all()
        for user_id in found:
            try:
                with works.begin(_ORIGIN, joined=False) as work:
                    service.lift(work, user=service.by_id(work.db, user_id))
            except Refusal:
                continue  # Erased meanwhile.
        return len(found) == _BATCH
