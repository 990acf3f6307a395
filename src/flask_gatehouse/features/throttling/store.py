"""Where counters are kept: the socket, and the database as its first answer."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Table,
    and_,
    bindparam,
    case,
    delete,
    or_,
    select,
    update,
)

from flask_gatehouse.db.base import MYSQL, UtcDateTime
from flask_gatehouse.db.errors import DatabaseUnavailable
from flask_gatehouse.db.statements import changed
from flask_gatehouse.db.work import Work
from flask_gatehouse.features.throttling.models import Counter
from flask_gatehouse.features.throttling.rules import MEMORY, Hit, Tally, wait

_log = logging.getLogger("gatehouse")

#: Purpose of the key under which counters are kept.
PURPOSE: Final = "throttling.key"

#: Keys whose first byte is smaller sweep when their window opens: one in 32.
_SWEEPERS: Final = 8

#: Rows deleted at once when counters that are over are cleared away.
_PURGE: Final = 100

#: Blocks that are told of at once.
_TOLD: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Block:
    """Somebody or something that has to wait at the moment."""

    limit: str
    #: 32 bytes that stand for the name, if the limit is about one.
    who: bytes | None
    place: str | None
    seconds_left: int
    #: Attempts within the window, those refused included.
    count: int
    #: How often the limit was crossed in a row.
    strikes: int


_counters: Final = cast("Table", Counter.__table__)
_STATE: Final = (_counters.c.count, _counters.c.expires_at, _counters.c.strikes)
_MINE: Final = _counters.c.digest == bindparam("key")
_COUNTED: Final = select(*_STATE).where(_MINE)
_CLEAR: Final = delete(_counters).where(_MINE)
_LESS: Final = (
    update(_counters)
    .where(_MINE, _counters.c.count.between(1, bindparam("times")))
    .values(count=_counters.c.count - 1)
)


class Store(ABC):
    """Counts. One atomic step each, shared by all workers that use the same store."""

    @abstractmethod
    def hit(
        self,
        work: Work,
        tallies: Sequence[Tally],
        *,
        then: Callable[[Work], None] | None = None,
    ) -> list[Hit]:
        """Count one more for each, up to the first that is passed, whatever becomes of `work`.

        Args:
            then: called if none is passed, in a work whose transaction stays as well.

        Returns a hit for each that was counted: the last one may be passed, those before are not.
        """

    @abstractmethod
    def clear(self, work: Work, key: bytes) -> None:
        """Forget a counter."""

    @abstractmethod
    def take_back(self, work: Work, key: bytes, times: int) -> None:
        """Count one less, unless nothing is counted or more than `times` are."""

    @abstractmethod
    def blocks(self, work: Work) -> list[Block]:
        """Return what has to wait at the moment; at most a thousand."""

    @abstractmethod
    def lift(self, work: Work, *, who: Sequence[bytes] | None, place: str | None) -> int:
        """Forget counters by name, by network, by both, or all; return how many there were."""


class DatabaseStore(Store):
    """Counts in the database of the accounts, in a short transaction of its own."""

    def hit(
        self,
        work: Work,
        tallies: Sequence[Tally],
        *,
        then: Callable[[Work], None] | None = None,
    ) -> list[Hit]:
        """Count by one upsert a key; the database serialises those that come at once."""
        found: list[Hit] = []
        with work.apart() as own:
            db = own.db.connection(bind_arguments={"mapper": Counter})
            for tally in tallies:
                found.append(self._one(db, work.now, tally))
                if found[-1].count > tally.rate.times:
                    break
            else:
                if then is not None:
                    # In the same transaction: to begin and to commit another one costs more.
                    then(own)
        # So the table stays as small as the traffic is.
        opened = [tally.key for hit, tally in zip(found, tallies, strict=False) if hit.count == 1]
        if any(key[0] < _SWEEPERS for key in opened):
            self._sweep(work)
        return found

    def clear(self, work: Work, key: bytes) -> None:
        """Delete the row, in the transaction of the success that clears it."""
        work.db.execute(_CLEAR, {"key": key})

    def take_back(self, work: Work, key: bytes, times: int) -> None:
        """Count one less, in the transaction of the success that takes it back."""
        work.db.execute(_LESS, {"key": key, "times": times})

    def blocks(self, work: Work) -> list[Block]:
        """Read the rows whose wait is not over."""
        waiting = select(Counter).where(Counter.blocked_until > work.now)
        with work.reading() as db:
            rows = db.scalars(waiting.order_by(Counter.blocked_until.desc()).limit(_TOLD)).all()
        return [
            Block(
                limit=row.limit_name,
                who=row.who,
                place=row.place,
                seconds_left=_seconds(row.expires_at, work.now),
                count=row.count,
                strikes=row.strikes,
            )
            for row in rows
        ]

    def lift(self, work: Work, *, who: Sequence[bytes] | None, place: str | None) -> int:
        """Delete the rows, in the transaction of whoever lifts them."""
        meant: list[ColumnElement[bool]] = []
        meant += [] if who is None else [Counter.who.in_(who)]
        meant += [] if place is None else [Counter.place == place]
        return changed(work.db, delete(Counter).where(*meant))

    def _one(self, db: Connection, now: datetime, tally: Tally) -> Hit:
        tells = db.dialect.insert_returning
        counted = db.execute(_upsert(db.dialect.name, tells=tells), _parameters(tally, now))
        if not tells:
            # The row is ours until the commit, so this is the count that the upsert made.
            counted = db.execute(_COUNTED, {"key": tally.key})
        count, expires_at, strikes = counted.one()
        if count == tally.rate.times + 1:
            # Crossed just now, which happens once in a window: only this pushes its end.
            expires_at = max(expires_at, now + wait(strikes))
            pushed = (
                update(_counters)
                .where(_MINE)
                .values(expires_at=expires_at, blocked_until=expires_at, strikes=strikes + 1)
            )
            db.execute(pushed, {"key": tally.key})
        return Hit(count, _seconds(expires_at, now))

    def _sweep(self, work: Work) -> None:
        """Delete some counters that are over, apart from what was counted: it may fail."""
        gone = _forgotten(work.now)
        over = select(Counter.digest).where(gone).limit(_PURGE)
        try:
            with work.apart() as own:
                digests = own.db.scalars(over).all()
                # Still over: another worker may have opened a window again meanwhile.
                own.db.execute(delete(Counter).where(Counter.digest.in_(digests), gone))
        except DatabaseUnavailable as error:
            # MariaDB lets one of two go first and tells the other to come back: the next sweep.
            _log.info("counters were not swept: %s", error.__cause__)


def _seconds(until: datetime, now: datetime) -> int:
    return max(1, int((until - now).total_seconds() + 0.999))


def _forgotten(now: datetime) -> ColumnElement[bool]:
    """Say which rows nobody needs: those of a window that is over, and after a wait the memory."""
    plain = and_(Counter.blocked_until.is_(None), Counter.expires_at <= now)
    return and_(Counter.expires_at <= now, or_(plain, Counter.expires_at <= now - MEMORY))


@cache
def _upsert(dialect: str, *, tells: bool) -> Insert:
    """Return the statement that opens a window with one, or counts one more.

    If the database can, it `tells` what the row has become.

    Made once, so that SQLAlchemy knows it again. The dialects are imported where they are spoken:
    together they cost a start more than Flask.
    """
    now, end, memory = (bindparam(name, type_=UtcDateTime()) for name in ("now", "end", "memory"))
    values: dict[str, Any] = {
        "digest": bindparam("key"),
        "count": 1,
        "expires_at": end,
        "limit_name": bindparam("limit"),
        "who": bindparam("whose"),
        "place": bindparam("where"),
        "strikes": 0,
    }
    over = _counters.c.expires_at <= now
    long_ago = _counters.c.blocked_until <= memory
    # In this order: MariaDB assigns from left to right and would see the new values.
    then = [
        ("strikes", case((over & long_ago, 0), else_=_counters.c.strikes)),
        ("count", case((over, 1), else_=_counters.c.count + 1)),
        ("expires_at", case((over, end), else_=_counters.c.expires_at)),
    ]
    if dialect in MYSQL:
        from sqlalchemy.dialects import mysql  # noqa: PLC0415 - only where it is spoken

        counting: Insert = mysql.insert(_counters).values(values).on_duplicate_key_update(then)
    elif dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - only where it is spoken

        on_postgres = postgresql.insert(_counters).values(values)
        counting = on_postgres.on_conflict_do_update(index_elements=["digest"], set_=dict(then))
    else:
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - only where it is spoken

        on_sqlite = sqlite.insert(_counters).values(values)
        counting = on_sqlite.on_conflict_do_update(index_elements=["digest"], set_=dict(then))
    return counting.returning(*_STATE) if tells else counting


def _parameters(tally: Tally, now: datetime) -> dict[str, object]:
    return {
        "now": now,
        "end": now + tally.rate.window,
        "memory": now - MEMORY,
        "key": tally.key,
        "limit": tally.limit,
        "whose": tally.who,
        "where": tally.place,
    }
