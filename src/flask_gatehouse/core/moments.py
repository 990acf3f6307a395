"""Moments as people type them: `2h` ago, a day, or a time."""

from datetime import UTC, datetime

from flask_gatehouse.core.settings import duration


def moment(text: str, *, now: datetime) -> datetime:
    """Return what is meant by `2h` (so long ago), `2026-01-31` or `2026-01-31T12:00+01:00`.

    What names no zone is UTC.

    Raises:
        ValueError: it is none of these, or in UTC in no year from 1 to 9999.
    """
    try:
        return now - duration(text)
    except ValueError:
        found = datetime.fromisoformat(text.strip())
    except OverflowError as error:
        raise ValueError(text) from error
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
