"""How rows are chained and lanes are sealed. Pure rules.

A row's keyed hash covers the hash before it in its lane, so nothing can be changed, taken out, put
in or moved without the key. The seal of a lane covers both of its ends, so no end can be cut.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from flask_gatehouse.core.keys import Key, KeyRing

#: What the key of the record is derived for.
PURPOSE: Final = "the record"

#: Lanes into which what happens is written: what was done, and what was refused, because the two
#: are kept for different times and only the beginning of a lane can be pruned.
DONE: Final = range(16)
REFUSED: Final = range(16, 32)

#: Lanes of rows that were adopted, in the same order.
ADOPTED: Final = {"done": 32, "refused": 33}

LANES: Final = range(34)

#: What stands before the first row of a lane.
NOTHING: Final = bytes(32)

#: Columns that a row's hash covers, in its order.
COVERED: Final = (
    "at",
    "id",
    "name",
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

_WRITER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Head(NamedTuple):
    """Both ends of a lane: the newest row, and the newest one that was pruned."""

    lane: int
    sequence: int
    mac: bytes
    begins_after: int
    begins_mac: bytes


def lanes_of(outcome: str) -> range:
    """Return the lanes into which an event of this outcome may be written."""
    return REFUSED if outcome == "refused" else DONE


def holds_refusals(lane: int) -> bool:
    """Whether a lane holds what was refused, which is kept for a shorter time."""
    return lane in REFUSED or lane == ADOPTED["refused"]


def empty(lane: int) -> Head:
    """Return the ends of a lane in which nothing was written."""
    return Head(lane, 0, NOTHING, 0, NOTHING)


def mac_of(key: Key, *, row: Mapping[Any, Any], lane: int, sequence: int, before: bytes) -> bytes:
    """Return the keyed hash of a row.

    Args:
        row: the columns in `COVERED`, as Python has them.
        before: the hash of the row before it in its lane.
    """
    said = [_plain(row[name]) for name in COVERED]
    return _digest(key, ["row 1", key.id, before.hex(), lane, sequence, *said])


def seal_of(key: Key, head: Head) -> bytes:
    """Return the keyed hash of both ends of a lane."""
    ends = [head.lane, head.sequence, head.mac.hex(), head.begins_after, head.begins_mac.hex()]
    return _digest(key, ["lane 1", key.id, *ends])


def is_sealed(keys: KeyRing, head: Head, *, seal: bytes, key_id: str) -> bool:
    """Whether the ends of a lane are as we left them, by a key that is still in force."""
    key = keys.named(PURPOSE, key_id)
    return key is not None and hmac.compare_digest(seal_of(key, head), seal)


def _digest(key: Key, said: list[object]) -> bytes:
    """Hash what is written without ambiguity: JSON on one line, in ASCII, with sorted names."""
    return hmac.digest(key.value, _WRITER.encode(said).encode("ascii"), "sha256")


def _plain(value: object) -> object:
    """Return a column as every database gives it back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return value.hex
    return value
