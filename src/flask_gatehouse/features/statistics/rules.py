"""Hours and days, and when one of them is over for good. Pure rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

#: Hours of a bucket.
HOUR: Final = 1
DAY: Final = 24

#: After the end of a bucket no event of it is committed any more: work takes seconds.
SETTLES: Final = timedelta(minutes=15)

#: How often what is not over is counted again.
COUNTED_EVERY: Final = timedelta(seconds=45)


@dataclass(frozen=True)
class Span:
    """One way to look back."""

    key: str
    label: str
    hours: int
    buckets: int


SPANS: Final = (
    Span("hours", "By hour, two days", HOUR, 48),
    Span("days", "By day, ninety days", DAY, 90),
)


def span(key: str | None) -> Span:
    """Return the span of this name, or the first."""
    return next((each for each in SPANS if each.key == key), SPANS[0])


def begin(at: datetime, hours: int) -> datetime:
    """Return when the hour or the day began, in UTC."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return hour if hours == HOUR else hour.replace(hour=0)


def buckets(now: datetime, hours: int, count: int) -> list[datetime]:
    """Return when each of the last buckets begins, the open one last."""
    newest = begin(now, hours)
    return [newest - timedelta(hours=hours) * n for n in range(count - 1, -1, -1)]


def is_over(bucket: datetime, hours: int, now: datetime) -> bool:
    """Whether nothing can come into a bucket any more."""
    return now >= bucket + timedelta(hours=hours) + SETTLES
