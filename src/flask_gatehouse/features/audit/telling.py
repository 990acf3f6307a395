"""A row of the record as programs read it."""

from datetime import UTC
from typing import Any, Final

from sqlalchemy import Row

#: What is told of each row, in this order.
NAMES: Final = (
    "time",
    "id",
    "event",
    "outcome",
    "user_id",
    "actor_id",
    "session_id",
    "channel",
    "address",
    "agent",
    "request_id",
    "facts",
)


def told(row: Row[Any]) -> dict[str, object]:
    """Return a row as plain values."""
    values = (
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(row.id),
        row.name,
        row.outcome,
        str(row.user_id) if row.user_id else None,
        str(row.actor_id) if row.actor_id else None,
        row.session_id,
        row.channel,
        row.address,
        row.agent,
        row.request_id,
        row.facts,
    )
    return dict(zip(NAMES, values, strict=True))
