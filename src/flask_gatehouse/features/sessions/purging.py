"""Clear away sessions that are past their limit, a few at a time.

By `expires_at`, which has an index and never changes. What is only idle stays until then: it opens
nothing, and an index on the idle limit would make each "last seen" dearer.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.upkeep import Chore
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.sessions.models import Session

_ORIGIN: Final = Origin(channel="worker")

#: Rows deleted in one transaction.
BATCH: Final = 500

#: The same where one transaction writes at a time: whoever signs in meanwhile waits for it.
BATCH_ON_SQLITE: Final = 100


class Purge(Chore):
    """Clears sessions away beside the requests."""

    every = timedelta(minutes=5)

    def __init__(self, house: House) -> None:
        """Keep nothing: what is due stands in the table."""
        del house

    def do(self, works: Works) -> bool:
        """Delete some; there may be more if there were so many."""
        most = usual_batch(works)
        return purge(works, most=most) == most


def usual_batch(works: Works) -> int:
    """Return how many rows to delete at once on this database."""
    return BATCH_ON_SQLITE if works.engine.dialect.name == "sqlite" else BATCH


def purge(works: Works, *, most: int) -> int:
    """Delete some rows that are past their limit, in a short transaction; return how many.

    Args:
        most: rows to delete.
    Raises:
        DatabaseUnavailable: it may pass.
    """
    with works.begin(_ORIGIN, joined=False) as work:
        return sweep(work.db, now=work.now, most=most)


def sweep(db: DbSession, *, now: datetime, most: int) -> int:
    """Delete some rows that are past their limit, in this transaction; return how many.

    Rows that somebody else holds are left to the next sweep, so that several sweep side by side.
    """
    over = select(Session.digest).where(Session.expires_at <= now).order_by(Session.expires_at)
    digests = db.scalars(over.limit(most).with_for_update(skip_locked=True)).all()
    if digests:
        db.execute(delete(Session).where(Session.digest.in_(digests)))
    return len(digests)
