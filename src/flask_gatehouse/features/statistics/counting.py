"""Count the record, an hour or a day at a time.

Whoever counts a bucket holds its row, counts it from the beginning, and writes what is so: counting
again changes nothing, and of several processes one follows the other. A bucket is over for good
some time after its end, because an event has the time at which its work began and may be
committed later.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from flask_gatehouse.core.events import Origin
from flask_gatehouse.db.statements import added
from flask_gatehouse.db.work import Work, Works
from flask_gatehouse.features.audit.reading import RECORD
from flask_gatehouse.features.mfa.models import Factor
from flask_gatehouse.features.sessions import service as sessions
from flask_gatehouse.features.statistics import rules
from flask_gatehouse.features.statistics.models import CountedBucket, Statistic
from flask_gatehouse.features.statistics.rules import DAY, HOUR
from flask_gatehouse.features.users import service as users

#: How many buckets are counted, also backwards, and for how long they are kept.
_COUNTED: Final = {HOUR: 49, DAY: 90}
_KEPT: Final = {HOUR: timedelta(days=4), DAY: timedelta(days=400)}

#: Facts by which some events are counted as well: kind, event, fact.
_BY_FACT: Final = (
    ("method", "login.succeeded", "methods"),
    ("limit", "throttling.limit_reached", "limit"),
)

GAUGE: Final = "gauge"
_LONGEST: Final = 64
_ORIGIN: Final = Origin(channel="worker")


def step(works: Works) -> bool:
    """Count what is due, and at most one bucket of the past; return whether there is more."""
    now = works.house.clock.now()
    with works.reading() as db:
        known = {(row.span, row.bucket): row for row in db.execute(_KNOWN)}
        has_gauges = _has_gauges(db, rules.begin(now, HOUR))
    newest = known.get((HOUR, rules.begin(now, HOUR)))
    if newest is None or now - newest.counted_at >= rules.COUNTED_EVERY:
        count(works, hours=HOUR, bucket=rules.begin(now, HOUR))
    if not has_gauges:
        _look_at_gauges(works, rules.begin(now, HOUR))
    for hours, bucket in _past(now):
        row = known.get((hours, bucket))
        if row is None or (not row.final and rules.is_over(bucket, hours, now)):
            count(works, hours=hours, bucket=bucket)
            return True
    _forget(works, now)
    return False


def count(works: Works, *, hours: int, bucket: datetime) -> None:
    """Count one bucket, unless it was counted for good."""
    own = (CountedBucket.span == hours) & (CountedBucket.bucket == bucket)
    # By itself and first: who finds the row there, and then asks for it, waits for nobody who
    # waits for them.
    with works.begin(_ORIGIN, joined=False) as work:
        if work.db.scalar(select(CountedBucket.final).where(own)) is None:
            values = {"span": hours, "bucket": bucket, "counted_at": work.now, "final": False}
            added(work.db, CountedBucket, **values)
    with works.begin(_ORIGIN, joined=False) as work:
        held = select(CountedBucket.final).where(own).with_for_update()
        if work.db.scalar(held) is not False:
            return
        numbers = list(_numbers(work.db, bucket, bucket + timedelta(hours=hours)))
        if hours == DAY:
            numbers += _gauges_of_day(work.db, bucket)
        _write(work, hours, bucket, numbers)
        over = rules.is_over(bucket, hours, work.now)
        work.db.execute(update(CountedBucket).where(own).values(counted_at=work.now, final=over))


def begin_anew(work: Work) -> None:
    """Let everything that is still in the record be counted again."""
    for hours, number in _COUNTED.items():
        oldest = rules.buckets(work.now, hours, number)[0]
        again = (CountedBucket.span == hours) & (CountedBucket.bucket >= oldest)
        work.db.execute(delete(CountedBucket).where(again))


_KNOWN: Final = select(
    CountedBucket.span, CountedBucket.bucket, CountedBucket.counted_at, CountedBucket.final
)


def _past(now: datetime) -> Iterator[tuple[int, datetime]]:
    """Yield the buckets that are closed, the newest first; a day once nothing comes into it."""
    for hours, number in _COUNTED.items():
        for bucket in reversed(rules.buckets(now, hours, number)[:-1]):
            if hours == HOUR or rules.is_over(bucket, hours, now):
                yield hours, bucket


def _numbers(db: Session, since: datetime, until: datetime) -> Iterator[tuple[str, str, int]]:
    within = (RECORD.c.at >= since) & (RECORD.c.at < until)
    by_name = select(RECORD.c.name, func.count()).where(within).group_by(RECORD.c.name)
    found = [(name, number) for name, number in db.execute(by_name)]
    yield from (("event", name, number) for name, number in found)
    happened = {name for name, _ in found}
    for kind, event, fact in _BY_FACT:
        if event in happened:
            yield from ((kind, *each) for each in _by_fact(db, within, event, fact))


def _by_fact(db: Session, within: Any, event: str, fact: str) -> list[tuple[str, int]]:  # noqa: ANN401 - a condition as SQLAlchemy has it
    said = select(RECORD.c.facts[fact].as_string().label("said"))
    some = said.where(RECORD.c.name == event, within).subquery()
    rows = db.execute(select(some.c.said, func.count()).group_by(some.c.said))
    summed: dict[str, int] = {}
    for text, number in rows:
        name = _plain(text)
        summed[name] = summed.get(name, 0) + number
    return list(summed.items())


def _plain(text: str | None) -> str:
    """Return a fact as a name. What was forgotten, because the account was erased, has none."""
    if not text:
        return "unknown"
    if text.startswith("["):
        return " + ".join(str(each) for each in json.loads(text))[:_LONGEST] or "unknown"
    return text[:_LONGEST]


def _write(work: Work, hours: int, bucket: datetime, numbers: list[tuple[str, str, int]]) -> None:
    own = (Statistic.span == hours) & (Statistic.bucket == bucket)
    if hours == HOUR:
        # What was looked at cannot be counted again.
        own = own & (Statistic.kind != GAUGE)
    gone = delete(Statistic).where(own)
    work.db.execute(gone.execution_options(synchronize_session=False))
    rows = [
        {"span": hours, "bucket": bucket, "kind": kind, "name": name, "count": number}
        for kind, name, number in numbers
    ]
    if rows:
        work.db.execute(insert(Statistic), rows)


def _has_gauges(db: Session, bucket: datetime) -> bool:
    own = (Statistic.span == HOUR) & (Statistic.bucket == bucket) & (Statistic.kind == GAUGE)
    return db.scalar(select(Statistic.name).where(own).limit(1)) is not None


def _look_at_gauges(works: Works, bucket: datetime) -> None:
    """Count what there is, once an hour: at a million accounts that takes a moment."""
    with works.reading() as db:
        people = users.census(db)
        factors = db.execute(select(Factor.method, func.count()).group_by(Factor.method)).all()
        seen = {
            "people": people.people,
            "administrators": people.administrators,
            **{f"accounts {state}": number for state, number in users.states(db).items()},
            "sessions": sessions.count_open(db, now=works.house.clock.now()),
            **{f"factor {method}": number for method, number in factors},
        }
    with works.begin(_ORIGIN, joined=False) as work:
        for name, number in seen.items():
            whose = {"span": HOUR, "bucket": bucket, "kind": GAUGE, "name": name}
            added(work.db, Statistic, **whose, count=number)


def _gauges_of_day(db: Session, day: datetime) -> list[tuple[str, str, int]]:
    """Return the last that was seen of each gauge in a day."""
    hours = (Statistic.span == HOUR) & (Statistic.kind == GAUGE)
    within = (Statistic.bucket >= day) & (Statistic.bucket < day + timedelta(hours=DAY))
    found = select(Statistic.name, Statistic.count).where(hours, within)
    last = dict(db.execute(found.order_by(Statistic.bucket)).all())
    return [(GAUGE, name, number) for name, number in last.items()]


def _forget(works: Works, now: datetime) -> None:
    with works.begin(_ORIGIN, joined=False) as work:
        for hours, kept in _KEPT.items():
            for table in (Statistic, CountedBucket):
                old = (table.span == hours) & (table.bucket < now - kept)
                gone = delete(table).where(old)
                work.db.execute(gone.execution_options(synchronize_session=False))
