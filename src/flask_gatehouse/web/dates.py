"""Dates as people read them."""

from datetime import UTC, datetime


def shown_date(moment: datetime) -> str:
    """Return `24 November 2026, 10:42 UTC`."""
    there = moment.astimezone(UTC)
    return f"{there.day} {there:%B %Y, %H:%M} UTC"
