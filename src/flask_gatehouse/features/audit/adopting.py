"""Chain rows as they are: those from before there were lanes, and, on demand, damaged lanes.

Adopting proves nothing about what happened before it. It says so in the record itself, and from
then on every change is found again. Adopted rows stand in lanes of their own, by their time, and so
are pruned when they are due.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db import patience
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.audit import chain, reading, rules, verifying
from flask_gatehouse.features.audit.events import RecordAdopted
from flask_gatehouse.features.audit.reading import PAGE, RECORD

_MOVE: Final = (
    update(RECORD)
    .where(RECORD.c.at == bindparam("its_at"), RECORD.c.id == bindparam("its_id"))
    .values(
        {
            name: bindparam(name)
            for name in ("lane", "sequence", "mac", "key_id", "personal", "salt")
        }
    )
)


def adopt(works: Works, origin: Origin, *, damaged: Collection[int] = ()) -> int:
    """Chain what stands in no lane, and all rows of damaged lanes; return how many rows.

    Args:
        damaged: lanes that do not verify, and begin anew.
    """
    for lane in sorted(damaged):
        with works.begin(origin) as work:
            release(work, lane=lane)
    count = sum(_batches(works, origin))
    if count or damaged:
        with works.begin(origin) as work:
            work.record(RecordAdopted(rows=count, lanes=tuple(sorted(damaged))))
    return count


def release(work: Work, *, lane: int) -> None:
    """Take every row out of a lane, which then is as if nothing had been written."""
    chain.begin_anew(work, lane)
    nowhere = {"lane": None, "sequence": None, "mac": None, "key_id": None}
    taken_out = update(RECORD).where(RECORD.c.lane == lane).values(nowhere)
    db = chain.connection(work)
    # One statement for a whole lane, which may be long.
    with patience.lifted(db):
        db.execute(taken_out)


def adopt_some(work: Work, *, after: Row[Any] | None = None) -> Sequence[Row[Any]]:
    """Chain at most a thousand rows that stand in no lane, the oldest first; return them.

    Args:
        after: the last row that was looked at. What came before it has its place by now, and
            reading over it again would cost more with every thousand.
    """
    heads = {outcome: chain.held(work, lane) for outcome, lane in rules.ADOPTED.items()}
    wanted = select(RECORD).where(verifying.outside()).order_by(RECORD.c.at, RECORD.c.id)
    if after is not None:
        wanted = wanted.where(reading.later(after))
    moves: list[dict[str, Any]] = []
    db = chain.connection(work)
    rows = db.execute(wanted.limit(PAGE)).all()
    for row in rows:
        kind = "refused" if row.outcome == "refused" else "done"
        heads[kind], chained = chain.link(work, heads[kind], row._mapping)  # noqa: SLF001 - public in all but name
        moves.append({"its_at": row.at, "its_id": row.id, **chained})
    if moves:
        db.execute(_MOVE, moves)
        for head in heads.values():
            chain.keep(work, head)
    return rows


def _batches(works: Works, origin: Origin) -> Iterator[int]:
    last: Row[Any] | None = None
    while True:
        with works.begin(origin) as work:
            rows = adopt_some(work, after=last)
        yield len(rows)
        if len(rows) < PAGE:
            return
        last = rows[-1]
