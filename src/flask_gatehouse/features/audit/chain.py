"""Take a lane, and write at its end.

A writer holds the row of a lane until its commit. It never waits for one: whoever finds a lane held
takes the next, so that people who sign in at once do not queue, and no two writers wait for each
other. On SQLite the writer has the whole file, and the first lane is always free.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.errors import DatabaseUnavailable
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.audit import rules
from flask_gatehouse.features.audit.errors import RecordBusy
from flask_gatehouse.features.audit.models import AuditLane, AuditRow
from flask_gatehouse.features.audit.reading import RECORD
from flask_gatehouse.features.audit.rules import Head

#: How often, and for how many seconds between, a writer asks again while every lane is held.
_TRIES: Final = 500
_PAUSE: Final = 0.01

#: Lanes are tables here, not objects: an event costs three statements and nothing else.
_LANES: Final = cast("Table", AuditLane.__table__)
_lanes: Final = _LANES.c
_columns: Final = (
    _lanes.lane,
    _lanes.sequence,
    _lanes.mac,
    _lanes.begins_after,
    _lanes.begins_mac,
    _lanes.seal,
    _lanes.key_id,
)
_ANY: Final = select(_lanes.lane).limit(1)
_SEALS: Final = select(_lanes.lane, _lanes.key_id)
_FREE: Final = (
    select(*_columns)
    .where(_lanes.lane.between(bindparam("first"), bindparam("last")))
    .order_by(_lanes.lane)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ONE: Final = select(*_columns).where(_lanes.lane == bindparam("of")).with_for_update()
_ONE_IF_FREE: Final = (
    select(*_columns).where(_lanes.lane == bindparam("of")).with_for_update(skip_locked=True)
)
_MOVE: Final = update(_LANES).where(_lanes.lane == bindparam("of"))
_ADD: Final = insert(RECORD)


def connection(work: Work) -> Connection:
    """Return the connection of this work, past the session: nothing else is flushed by it."""
    return work.db.connection(bind_arguments={"mapper": AuditRow})


def seals(works: Works) -> dict[int, str]:
    """Return by which key each lane that there is was sealed. Reads, and locks nothing."""
    with works.reading() as db:
        return {row.lane: row.key_id for row in db.execute(_SEALS)}


def make_lanes(works: Works) -> None:
    """Make the lanes, in a transaction of its own: others may be about to write as well."""
    with suppress(IntegrityError), works.begin(Origin(), joined=False) as own:
        _insert_lanes(own)


def seal_anew(works: Works, found: Mapping[int, str]) -> None:
    """Seal with the newest key every lane that a former key sealed, so that none lags behind.

    Otherwise a lane in which nothing happens keeps a seal that nobody can prove once the former key
    is gone. Whoever holds a lane seals it anyway; what has no good seal is left as evidence.

    Args:
        found: by which key each lane was sealed.
    """
    former = {key.id for key in works.house.keys.keys(rules.PURPOSE)[1:]}
    for lane in (lane for lane, key_id in found.items() if key_id in former):
        # Nothing that happens is refused because of this: the next process tries again.
        with suppress(DatabaseUnavailable), works.begin(Origin(), joined=False) as own:
            _seal_one_anew(own, lane)


def append(work: Work, row: Mapping[str, Any]) -> None:
    """Write a row at the end of a free lane.

    Raises:
        RecordBusy: every lane was held for too long.
    """
    db = connection(work)
    head = _free(db, work, rules.lanes_of(row["outcome"]))
    moved, chained = link(work, head, row)
    db.execute(_ADD, {**row, **chained})
    db.execute(_MOVE, {"of": moved.lane, **_sealed(work, moved)})


def link(work: Work, head: Head, row: Mapping[Any, Any]) -> tuple[Head, dict[str, Any]]:
    """Return the head that a row makes, and what the row carries for it."""
    key = work.house.keys.newest(rules.PURPOSE)
    place = head.sequence + 1
    mac = rules.mac_of(key, row=row, lane=head.lane, sequence=place, before=head.mac)
    chained = {"lane": head.lane, "sequence": place, "mac": mac, "key_id": key.id}
    return head._replace(sequence=place, mac=mac), chained


def held(work: Work, lane: int) -> Head:
    """Hold one lane, waiting for it, and return its ends. Raises: RecordBusy: there is none."""
    found = connection(work).execute(_ONE, {"of": lane}).first()
    if found is None:
        raise RecordBusy
    return _trusted(work, found)


def keep(work: Work, head: Head) -> None:
    """Write the ends of a lane down, sealed."""
    connection(work).execute(_MOVE, {"of": head.lane, **_sealed(work, head)})


def begin_anew(work: Work, lane: int) -> None:
    """Make a lane as if nothing had been written into it, whether it was there or not."""
    db = connection(work)
    db.execute(delete(_LANES).where(_lanes.lane == lane))
    db.execute(insert(_LANES), {"lane": lane, **_sealed(work, rules.empty(lane))})


def _free(db: Connection, work: Work, lanes: range) -> Head:
    """Hold a lane that nobody holds. Raises: RecordBusy: there was none for too long."""
    for _ in range(_TRIES):
        found = db.execute(_FREE, {"first": lanes[0], "last": lanes[-1]}).first()
        if found is not None:
            return _trusted(work, found)
        if db.execute(_ANY).first() is None:
            if db.dialect.name != "sqlite":
                break
            # The transaction that made them was a host's, and was rolled back. Here, nobody else
            # can be writing.
            _insert_lanes(work)
            continue
        time.sleep(_PAUSE)
    raise RecordBusy


def _trusted(work: Work, found: Sequence[Any]) -> Head:
    """Return the ends of a lane; if somebody else moved them, one place further on.

    The record goes on, and the gap stays: sealing the lane again must not hide that it was cut.
    """
    *ends, seal, key_id = found
    head = Head(*ends)
    if rules.is_sealed(work.house.keys, head, seal=seal, key_id=key_id):
        return head
    return head._replace(sequence=head.sequence + 1)


def _seal_one_anew(work: Work, lane: int) -> None:
    db = connection(work)
    found = db.execute(_ONE_IF_FREE, {"of": lane}).first()
    if found is None:
        return
    *ends, seal, key_id = found
    head = Head(*ends)
    if rules.is_sealed(work.house.keys, head, seal=seal, key_id=key_id):
        db.execute(_MOVE.where(_lanes.seal == seal), {"of": lane, **_sealed(work, head)})


def _insert_lanes(work: Work) -> None:
    heads = [rules.empty(lane) for lane in rules.LANES]
    fresh = [{"lane": head.lane, **_sealed(work, head)} for head in heads]
    connection(work).execute(insert(_LANES), fresh)


def _sealed(work: Work, head: Head) -> dict[str, Any]:
    key = work.house.keys.newest(rules.PURPOSE)
    return {
        "sequence": head.sequence,
        "mac": head.mac,
        "begins_after": head.begins_after,
        "begins_mac": head.begins_mac,
        "seal": rules.seal_of(key, head),
        "key_id": key.id,
    }
