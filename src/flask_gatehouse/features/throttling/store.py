"""Where counters are kept: the socket, and the database as its first answer."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Insert, case, delete, literal, select
from sqlalchemy.orm import Session

from flask_gatehouse.db.base import MYSQL, UtcDateTime
from flask_gatehouse.db.errors import DatabaseUnavailable
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.throttling.rules import Hit

_log = logging.getLogger("gatehouse")

#: Keys whose first byte is smaller sweep when their window opens: one in 32.
_SWEEPERS: Final = 8

#: Rows deleted at once when counters that are over are cleared away.
_PURGE: Final = 100


class Store(ABC):
    """Counts. One atomic step each, shared by all workers that use the same store."""

    @abstractmethod
    def hit(self, work: Work, keys: Sequence[tuple[bytes, timedelta]]) -> list[Hit]:
        """Count one more for each key and return the new counts, whatever becomes of `work`."""

    @abstractmethod
    def clear(self, work: Work, key: bytes) -> None:
        """Forget a counter."""


class DatabaseStore(Store):
    """Counts in the database of the accounts, in a short transaction of its own."""

    def hit(self, work: Work, keys: Sequence[tuple[bytes, timedelta]]) -> list[Hit]:
        """Count by one upsert a key; the database serialises those that come at once."""
        with work.apart() as own:
            found = [self._one(own.db, work.now, key, window) for key, window in keys]
        # So the table stays as small as the traffic is.
        opened = [key for hit, (key, _) in zip(found, keys, strict=True) if hit.count == 1]
        if any(key[0] < _SWEEPERS for key in opened):
            self._sweep(work)
        return found

    def clear(self, work: Work, key: bytes) -> None:
        """Delete the row, in the transaction of the success that clears it."""
        work.db.execute(delete(Counter).where(Counter.digest == key))

    def _one(self, db: Session, now: datetime, key: bytes, window: timedelta) -> Hit:
        db.execute(_upsert(db.get_bind().dialect.name, key, now, window))
        # The row is ours until the commit, so this is the count that the upsert made.
        count, expires_at = db.execute(
            select(Counter.count, Counter.expires_at).where(Counter.digest == key)
        ).one()
        return Hit(count, max(1, int((expires_at - now).total_seconds() + 0.999)))

    def _sweep(self, work: Work) -> None:
        """Delete some counters that are over, apart from what was counted: it may fail."""
        over = select(Counter.digest).where(Counter.expires_at <= work.now).limit(_PURGE)
        try:
            with work.apart() as own:
                digests = own.db.scalars(over).all()
                # Still over: another worker may have opened a window again meanwhile.
                gone = Counter.digest.in_(digests) & (Counter.expires_at <= work.now)
                own.db.execute(delete(Counter).where(gone))
        except DatabaseUnavailable as error:
            # MariaDB lets one of two go first and tells the other to come back: the next sweep.
            _log.info("counters were not swept: %s", error.__cause__)


def _upsert(dialect: str, key: bytes, now: datetime, window: timedelta) -> Insert:
    """Return the statement that opens a window with one, or counts one more.

    The dialects are imported where they are spoken: together they cost a start more than Flask.
    """
    values: dict[str, Any] = {"digest": key, "count": 1, "expires_at": now + window}
    over = Counter.expires_at <= literal(now, UtcDateTime)
    # In this order: MariaDB assigns from left to right and would see the new expiry.
    then = [
        ("count", case((over, 1), else_=Counter.count + 1)),
        ("expires_at", case((over, literal(now + window, UtcDateTime)), else_=Counter.expires_at)),
    ]
    if dialect in MYSQL:
        from sqlalchemy.dialects import mysql  # noqa: PLC0415 - only where it is spoken

        return mysql.insert(Counter).values(values).on_duplicate_key_update(then)
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only where it is spoken

        on_postgres = postgresql.insert(Counter).values(values)
        return on_postgres.on_conflict_do_update(index_elements=[Counter.digest], set_=dict(then))
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - only where it is spoken

    on_sqlite = sqlite.insert(Counter).values(values)
    return on_sqlite.on_conflict_do_update(index_elements=[Counter.digest], set_=dict(then))
