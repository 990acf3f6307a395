"""Write down which sessions are in use: collected, and for many of them at once.

Losing what was collected is harmless: a session ends early by what was lost, never late.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import Table, Update, bindparam, select, update
from sqlalchemy.orm import Session as DbSession

from flask_gatehouse.core.events import Origin
from flask_gatehouse.core.house import House
from flask_gatehouse.db.base import UtcDateTime
from flask_gatehouse.db.upkeep import Chore, Upkeep
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.sessions.models import Session

_ORIGIN: Final = Origin(channel="worker")

#: Sessions that wait in one process; for one more the request writes by itself.
_MOST: Final = 10_000

#: Sessions written in one transaction.
_TOGETHER: Final = 500


@dataclass(frozen=True, slots=True)
class Use:
    """A session was in use at a moment, and is idle again from then on."""

    digest: bytes
    at: datetime
    idle_expires_at: datetime


class LastSeen(Chore):
    """Collects which sessions are in use, and writes it down now and then."""

    every = timedelta(seconds=30)

    #: A session that would be over before so much time has passed is not kept waiting.
    margin: Final = 2 * every

    def __init__(self, house: House, *, most: int = _MOST) -> None:
        """Wait for nothing yet. Args: most: sessions that may wait."""
        self._house = house
        self._most = most
        self.begin()

    @property
    def waiting(self) -> int:
        """How many sessions wait to be written."""
        return len(self._waiting)

    def begin(self) -> None:
        """Forget what waits in another process, which writes it itself."""
        self._lock = threading.Lock()
        self._waiting: dict[bytes, Use] = {}
        self._nudged = False

    def take(self, use: Use) -> bool:
        """Keep a use for the next turn; return False where nobody would write it, or none fits."""
        upkeep = self._house.part(Upkeep)
        if not upkeep.running:
            return False
        with self._lock:
            fits = use.digest in self._waiting or len(self._waiting) < self._most
            if fits:
                self._waiting[use.digest] = use
            nudge = not fits and not self._nudged
            self._nudged = self._nudged or nudge
        if nudge:
            upkeep.nudge(self)
        return fits

    def do(self, works: Works) -> bool:
        """Write what waits. What could not be written waits on."""
        with self._lock:
            taken, self._waiting, self._nudged = self._waiting, {}, False
        try:
            write_all(works, taken.values())
        except BaseException:
            with self._lock:
                both = {**taken, **self._waiting}
                # What came last stays: an outage must not fill the memory.
                self._waiting = dict(list(both.items())[-self._most :])
            raise
        return False

    def finish(self, works: Works) -> None:
        """Write what waits, before the process ends."""
        self.do(works)


def write(works: Works, use: Use) -> None:
    """Write one use in a transaction of its own, at once."""
    with DbSession(works.engine) as session, session.begin():
        session.execute(_in_use(), _parameters(use, works.house.clock.now()))


def write_all(works: Works, uses: Iterable[Use]) -> None:
    """Write many uses, some hundreds in each transaction.

    Rows that somebody else holds at this moment are left out: they are being ended, or renewed, and
    nobody who signs out may have to wait for this. In one order, so that two processes pass.

    Raises:
        DatabaseUnavailable: the rest is not written.
    """
    ordered = sorted(uses, key=lambda use: use.digest)
    for first in range(0, len(ordered), _TOGETHER):
        some = ordered[first : first + _TOGETHER]
        with works.begin(_ORIGIN, joined=False) as work:
            wanted = select(Session.digest).where(Session.digest.in_([use.digest for use in some]))
            free = wanted.order_by(Session.digest).with_for_update(skip_locked=True)
            held = set(work.db.scalars(free))
            found = [_parameters(use, work.now) for use in some if use.digest in held]
            if found:
                work.db.execute(_in_use(), found)


@cache
def _in_use() -> Update:
    """Return the one statement that says when a session was in use.

    It finds no row that was ended, none that is over by now, and none that was used later: so
    whoever comes late can neither revive a session nor turn its clock back.
    """
    table = cast("Table", Session.__table__)
    until = bindparam("until", type_=UtcDateTime())
    good = (
        (table.c.digest == bindparam("which"))
        & (table.c.idle_expires_at < until)
        & (table.c.idle_expires_at > bindparam("now", type_=UtcDateTime()))
    )
    return update(table).where(good).values(last_seen_at=bindparam("at"), idle_expires_at=until)


def _parameters(use: Use, now: datetime) -> dict[str, Any]:
    return {"which": use.digest, "at": use.at, "until": use.idle_expires_at, "now": now}
