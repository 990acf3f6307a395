"""Delete what was kept for long enough, so that what is left still verifies.

Only the beginning of a lane is ever deleted, and the lane then says, sealed, where it begins.
"""

import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.audit import chain, rules, verifying
from flask_gatehouse.features.audit.errors import RecordDamaged
from flask_gatehouse.features.audit.events import RecordPruned
from flask_gatehouse.features.audit.reading import PAGE, RECORD
from flask_gatehouse.features.audit.rules import Head
from flask_gatehouse.features.audit.settings import AuditSettings


def prune(works: Works, origin: Origin) -> int:
    """Delete what the settings no longer keep, a thousand rows a transaction; return how many.

    Raises:
        RecordDamaged: what comes next does not verify, and stays. What went before is gone.
    """
    settings = works.house.settings[AuditSettings]
    now = works.house.clock.now()
    limits = {False: now - settings.retention, True: now - settings.refusal_retention}
    gone = 0
    try:
        for lane in rules.LANES:
            for count in _batches(works, origin, lane, limits[rules.holds_refusals(lane)]):
                gone += count
    finally:
        if gone:
            with works.begin(origin) as work:
                work.record(RecordPruned(rows=gone))
    return gone


def _batches(works: Works, origin: Origin, lane: int, limit: datetime) -> Iterator[int]:
    while True:
        with works.begin(origin) as work:
            count = prune_some(work, lane=lane, limit=limit)
        yield count
        if count < PAGE:
            return


def prune_some(work: Work, *, lane: int, limit: datetime) -> int:
    """Delete at most a thousand rows from the beginning of a lane; return how many.

    Args:
        limit: rows of before go, up to the first that is not older.
    Raises:
        RecordDamaged: they do not verify.
    """
    if not _is_due(work, lane, limit):
        return 0
    head = chain.held(work, lane)
    first = select(RECORD).where(RECORD.c.lane == lane).order_by(RECORD.c.sequence)
    rows = chain.connection(work).execute(first.limit(PAGE)).all()
    old = _older(rows, limit)
    if not old:
        return 0
    last = old[-1]
    if not _verifies(work, head, old):
        raise RecordDamaged(lane=lane)
    gone = delete(RECORD).where(RECORD.c.lane == lane, RECORD.c.sequence <= last.sequence)
    chain.connection(work).execute(gone)
    chain.keep(work, head._replace(begins_after=last.sequence, begins_mac=last.mac))
    return len(old)


def _is_due(work: Work, lane: int, limit: datetime) -> bool:
    """Look before holding anything: most lanes have nothing that is old."""
    first = select(RECORD.c.at).where(RECORD.c.lane == lane).order_by(RECORD.c.sequence).limit(1)
    with work.reading() as db:
        at = db.scalar(first)
    return at is not None and at < limit


def _older(rows: Sequence[Row[Any]], limit: datetime) -> list[Row[Any]]:
    """Return the rows up to the first that is not older than the limit."""
    young = next((number for number, row in enumerate(rows) if row.at >= limit), len(rows))
    return list(rows[:young])


def _verifies(work: Work, head: Head, rows: Sequence[Row[Any]]) -> bool:
    """Whether rows are the beginning of a lane, as they were written."""
    walk = verifying.Walk(work.house.keys, head.lane, head)
    if any(True for _ in walk.over(rows)):
        return False
    last = rows[-1]
    return last.sequence != head.sequence or hmac.compare_digest(last.mac, head.mac)
