"""The one place that asks what time it is.

Every expiry is decided by this clock, so that a drift between two clocks can neither revive nor
kill anything, and a test can move it.
"""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta


class Clock(ABC):
    """Tells the time in UTC."""

    @abstractmethod
    def now(self) -> datetime:
        """Return an aware datetime in UTC."""


class SystemClock(Clock):
    """The machine's clock; keep it right with NTP."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class MovedClock(Clock):
    """A clock that stands still until it is moved; for tests."""

    def __init__(self, at: datetime) -> None:
        """Stand at `at`, an aware datetime."""
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return where the clock stands."""
        return self._at

    def move(self, by: timedelta) -> None:
        """Move the clock by `by`, which may be negative."""
        self._at += by
