"""Where a row of the record stands, as an address names it. Pure rules."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands: by its time, and among those of one moment by its id."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        """Write it for an address: microseconds since 1970, and the id."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.id.hex}"


def place(text: str | None) -> Place | None:
    """Return the place that an address names; None if it names none."""
    found = re.fullmatch(r"([0-9]{1,17})-([0-9a-f]{32})", text or "")
    if found is None:
        return None
    return Place(_EPOCH + timedelta(microseconds=int(found[1])), UUID(hex=found[2]))
