"""What was counted, as pages and commands show it. The record itself is not read here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flask_gatehouse.features.statistics import rules
from flask_gatehouse.features.statistics.counting import GAUGE
from flask_gatehouse.features.statistics.models import CountedBucket, Statistic
from flask_gatehouse.features.statistics.rules import DAY, HOUR, Span

_REFUSED: Final = ("login.refused", "login.second_step_refused")

#: Series of events, in this order: picture, label, and which events are added up.
_EVENTS: Final = (
    ("sign-ins", "Signed in", ("login.succeeded",)),
    ("sign-ins", "Refused", _REFUSED),
    ("limits", "Limits reached", ("throttling.limit_reached",)),
    ("letters", "Sent", ("mail.sent",)),
    ("letters", "Given up", ("mail.dead",)),
)


@dataclass(frozen=True)
class Series:
    """One number over time; None where nobody looked."""

    picture: str
    label: str
    values: list[int | None]

    @property
    def total(self) -> int:
        """Return all of it."""
        return sum(value or 0 for value in self.values)


@dataclass(frozen=True)
class Look:
    """What happened in one span."""

    span: Span
    buckets: list[datetime]
    series: list[Series]
    #: How often each way in was used, the most used first; and which limits were reached.
    ways: list[tuple[str, int]]
    limits: list[tuple[str, int]]
    #: What there was when somebody last looked.
    gauges: Mapping[str, int]
    counted_at: datetime | None


_Numbers = dict[tuple[datetime, str, str], int]


def look(db: Session, *, now: datetime, span: Span) -> Look:
    """Return what was counted in a span; what was not is nought."""
    buckets = rules.buckets(now, span.hours, span.buckets)
    numbers = _numbers(db, span.hours, buckets[0])
    if span.hours == DAY:
        numbers = {**_of_days_by_hours(db, now), **numbers}
    return Look(
        span=span,
        buckets=buckets,
        series=[
            *(
                Series(picture, label, [_sum(numbers, each, names) for each in buckets])
                for picture, label, names in _EVENTS
            ),
            Series(
                "sessions",
                "Open sessions",
                [numbers.get((each, GAUGE, "sessions")) for each in buckets],
            ),
        ],
        ways=_totals(numbers, "method"),
        limits=_totals(numbers, "limit"),
        gauges=gauges(db),
        counted_at=counted_at(db),
    )


def gauges(db: Session) -> dict[str, int]:
    """Return what there was when somebody last looked: people, sessions, factors of each kind."""
    own = (Statistic.span == HOUR) & (Statistic.kind == GAUGE)
    newest = select(Statistic.bucket).where(own).order_by(Statistic.bucket.desc()).limit(1)
    bucket = db.scalar(newest)
    if bucket is None:
        return {}
    found = select(Statistic.name, Statistic.count).where(own, Statistic.bucket == bucket)
    return dict(db.execute(found).all())


def today(db: Session, *, now: datetime) -> dict[tuple[str, str], int]:
    """Return what was counted since midnight UTC, by kind and name."""
    since = (Statistic.span == HOUR) & (Statistic.bucket >= rules.begin(now, DAY))
    summed = select(Statistic.kind, Statistic.name, func.sum(Statistic.count))
    found = summed.where(since, Statistic.kind != GAUGE).group_by(Statistic.kind, Statistic.name)
    return {(kind, name): int(number) for kind, name, number in db.execute(found)}


def counted_at(db: Session) -> datetime | None:
    """Return when the newest hour was counted; None if nobody counted yet."""
    own = select(CountedBucket.counted_at).where(CountedBucket.span == HOUR)
    return db.scalar(own.order_by(CountedBucket.bucket.desc()).limit(1))


def factors(look: Look) -> list[tuple[str, int]]:
    """Return how many factors of each kind there are."""
    prefix = "factor "
    return sorted(
        (name.removeprefix(prefix), number)
        for name, number in look.gauges.items()
        if name.startswith(prefix)
    )


def last_day(db: Session, *, now: datetime) -> dict[str, int]:
    """Return what happened in the last 24 hours, by what it is called; empty if nobody counted."""
    buckets = rules.buckets(now, HOUR, DAY + 1)
    counted = select(CountedBucket.span).where(CountedBucket.span == HOUR)
    if db.scalar(counted.where(CountedBucket.bucket >= buckets[0]).limit(1)) is None:
        return {}
    numbers = _numbers(db, HOUR, buckets[1])
    return {
        f"{picture} {label}": sum(_sum(numbers, each, names) for each in buckets)
        for picture, label, names in _EVENTS
    }


def _numbers(db: Session, hours: int, since: datetime) -> _Numbers:
    found = select(Statistic).where(Statistic.span == hours, Statistic.bucket >= since)
    return {(row.bucket, row.kind, row.name): row.count for row in db.scalars(found)}


def _of_days_by_hours(db: Session, now: datetime) -> _Numbers:
    """Return what the hours say of days that were not counted by themselves yet."""
    since = rules.begin(now, DAY) - timedelta(days=1)
    summed: _Numbers = {}
    hours = sorted(_numbers(db, HOUR, since).items())
    for (bucket, kind, name), number in hours:
        key = (rules.begin(bucket, DAY), kind, name)
        summed[key] = number if kind == GAUGE else summed.get(key, 0) + number
    return summed


def _sum(numbers: _Numbers, bucket: datetime, names: Iterable[str]) -> int:
    return sum(numbers.get((bucket, "event", name), 0) for name in names)


def _totals(numbers: _Numbers, wanted: str) -> list[tuple[str, int]]:
    summed: dict[str, int] = {}
    for (_, kind, name), number in numbers.items():
        if kind == wanted:
            summed[name] = summed.get(name, 0) + number
    return sorted(summed.items(), key=lambda each: (-each[1], each[0]))
