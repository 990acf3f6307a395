"""Rows that are over, cleared away a few at a time beside the requests."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works

_ORIGIN: Final = Origin(channel="worker")

#: Rows deleted in one transaction.
_BATCH: Final = 100


class Purge(Chore):
    """Deletes the rows of one table that nobody can use any more."""

    every = timedelta(hours=1)

    def __init__(
        self, key: InstrumentedAttribute[Any], expires_at: InstrumentedAttribute[datetime]
    ) -> None:
        """Args: key: the primary key. expires_at: when a row is over; it has an index."""
        self._key = key
        self._expires_at = expires_at

    @property
    def label(self) -> str:
        """Say of which table."""
        table = str(self._key.class_.__tablename__).removeprefix("gatehouse_").replace("_", " ")
        return f"Purge: {table}"

    def do(self, works: Works) -> bool:
        """Delete some; what somebody else holds is being used up, or left to the next turn."""
        with works.begin(_ORIGIN, joined=False) as work:
            return delete_over(work.db, self._key, self._expires_at, now=work.now) == _BATCH


def delete_over(
    db: Session,
    key: InstrumentedAttribute[Any],
    expires_at: InstrumentedAttribute[datetime],
    *,
    now: datetime,
) -> int:
    """Delete some rows that are over and that nobody holds; return how many."""
    over = select(key).where(expires_at <= now).order_by(expires_at)
    found = db.scalars(over.limit(_BATCH)).all()
    if not found:
        return 0
    # Looked for without a lock, and then locked by the primary key alone: MariaDB would lock one
    # index after the other, and two that sweep would wait for each other.
    free = db.scalars(select(key).where(key.in_(found)).with_for_update(skip_locked=True)).all()
    for each in free:
        db.execute(delete(key.class_).where(key == each))
    return len(free)
