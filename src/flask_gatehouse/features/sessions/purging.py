"""Clear away sessions that are past their limit, a few at a time.

By `expires_at`, which has an index and never changes. What is only idle stays until then: it opens
nothing, and an index on the idle limit would make each "last seen" dearer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final, cast

from sqlalchemy import Delete, Table, bindparam, delete, select
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
        """Delete some; what another process has in hand is left to it."""
        most = usual_batch(works)
        return purge(works, most=most).deleted == most


@dataclass(frozen=True)
class Swept:
    """What became of one batch."""

    deleted: int
    #: Whether there may be more that is over.
    more: bool


def usual_batch(works: Works) -> int:
    """Return how many rows to delete at once on this database."""
    return BATCH_ON_SQLITE if works.engine.dialect.name == "sqlite" else BATCH


def purge(works: Works, *, most: int) -> Swept:
    """Delete some rows that are past their limit, in a short transaction.

    Args:
        most: rows to delete.
    Raises:
        DatabaseUnavailable: it may pass.
    """
    with works.begin(_ORIGIN, joined=False) as work:
        return sweep(work.db, now=work.now, most=most)


def sweep(db: DbSession, *, now: datetime, most: int) -> Swept:
    """Delete some rows that are past their limit, in this transaction.

    Rows that somebody else holds are left to the next sweep, so that several sweep side by side.
    Looked for without a lock, and then locked and deleted by the primary key alone: MariaDB would
    lock one index after the other, and two that sweep would wait for each other.
    """
    over = select(Session.digest).where(Session.expires_at <= now).order_by(Session.expires_at)
    found = db.scalars(over.limit(most)).all()
    if not found:
        return Swept(0, more=False)
    free = select(Session.digest).where(Session.digest.in_(found))
    held = db.scalars(free.with_for_update(skip_locked=True)).all()
    if held:
        db.connection().execute(_by_digest(), [{"which": digest} for digest in held])
    return Swept(len(held), more=len(found) == most)


@cache
def _by_digest() -> Delete:
    """Return the statement for one row: for a list, MariaDB may read and lock the whole table."""
    table = cast("Table", Session.__table__)
    return delete(table).where(table.c.digest == bindparam("which"))
