"""Delete what was kept for long enough, so that what is left still verifies.

Only the beginning of a lane is ever deleted, and the lane then says, sealed, where it begins.
"""

import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Row, delete

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.audit import chain, reading, rules, verifying
from flask_gatehouse.features.audit.errors import RecordBusy, RecordDamaged
from flask_gatehouse.features.audit.events import RecordPruned
from flask_gatehouse.features.audit.reading import PAGE, RECORD
from flask_gatehouse.features.audit.rules import Head
from flask_gatehouse.features.audit.settings import AuditSettings

_FORMER: Final = "by_former_key"


def prune(works: Works, origin: Origin) -> int:
    """Delete what the settings no longer keep, a thousand rows a transaction; return how many.

    Raises:
        RecordDamaged: some lanes do not verify, and stay. What was due in the others is gone.
    """
    settings = works.house.settings[AuditSettings]
    now = works.house.clock.now()
    limits = {False: now - settings.retention, True: now - settings.refusal_retention}
    gone = 0
    damaged: list[RecordDamaged] = []
    try:
        for lane in rules.LANES:
            try:
                for count in _batches(works, origin, lane, limits[rules.holds_refusals(lane)]):
                    gone += count
            except RecordDamaged as found:
                # One damaged lane must not keep the others for ever: they are about people.
                damaged.append(found)
    finally:
        if gone:
            with works.begin(origin) as work:
                work.record(RecordPruned(rows=gone))
    if damaged:
        raise RecordDamaged(lanes=_all(damaged, "lanes"), by_former_key=_all(damaged, _FORMER))
    return gone


def _all(damaged: Sequence[RecordDamaged], fact: str) -> tuple[object, ...]:
    return tuple(lane for each in damaged for lane in cast("tuple[int, ...]", each.facts[fact]))


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
    try:
        head = chain.held(work, lane)
    except RecordBusy:
        # Rows, and no lane that they stand in: somebody took it away.
        raise RecordDamaged(lanes=(lane,), by_former_key=()) from None
    rows = chain.connection(work).execute(reading.of_lane(lane).limit(PAGE)).all()
    old = _older(rows, limit)
    if not old:
        return 0
    last = old[-1]
    _refuse_damaged(work, head, old)
    gone = delete(RECORD).where(RECORD.c.lane == lane, RECORD.c.sequence <= last.sequence)
    chain.connection(work).execute(gone)
    chain.keep(work, head._replace(begins_after=last.sequence, begins_mac=last.mac))
    return len(old)


def _is_due(work: Work, lane: int, limit: datetime) -> bool:
    """Look before holding anything: most lanes have nothing that is old."""
    with work.reading() as db:
        at = db.scalar(reading.of_lane(lane, RECORD.c.at).limit(1))
    return at is not None and at < limit


def _older(rows: Sequence[Row[Any]], limit: datetime) -> list[Row[Any]]:
    """Return the rows up to the first that is not older than the limit."""
    young = next((number for number, row in enumerate(rows) if row.at >= limit), len(rows))
    return list(rows[:young])


def _refuse_damaged(work: Work, head: Head, rows: Sequence[Row[Any]]) -> None:
    """Let rows pass that are the beginning of a lane, as written. Raises: RecordDamaged."""
    walk = verifying.Walk(work.house.keys, head.lane, head)
    kinds = {damage.kind for damage in walk.over(rows)}
    if kinds == {"unknown key"}:
        raise RecordDamaged(lanes=(), by_former_key=(head.lane,))
    last = rows[-1]
    ends_well = last.sequence != head.sequence or hmac.compare_digest(last.mac, head.mac)
    if kinds or not ends_well:
        raise RecordDamaged(lanes=(head.lane,), by_former_key=())
