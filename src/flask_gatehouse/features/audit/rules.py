"""How rows are chained and lanes are sealed. Pure rules.

A row's keyed hash covers the hash before it in its lane, so nothing can be changed, taken out, put
in or moved without the key. The seal of a lane covers both of its ends, so no end can be cut. What
is personal is covered by a hash of its own, made with a random salt, so that it can be forgotten
and the rest still be proven.
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

#: Columns that can be forgotten when the account is erased; a row's hash covers a hash of them.
PERSONAL: Final = ("address", "agent", "request_id", "facts")

#: What stands in them then.
FORGOTTEN: Final[Mapping[str, object]] = {
    "address": None,
    "agent": None,
    "request_id": None,
    "facts": {},
}

#: Columns that a row's hash covers, in its order: the personal ones by a hash of them, and only in
#: rows from before as such.
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
        row: the columns in `COVERED`, as Python has them, and `personal`.
        before: the hash of the row before it in its lane.
    """
    place = [key.id, before.hex(), lane, sequence]
    if row["personal"] is None:
        # From before anything could be forgotten.
        return _digest(key.value, ["row 1", *place, *(_plain(row[name]) for name in COVERED)])
    said = [_plain(row[name]) for name in COVERED if name not in PERSONAL]
    return _digest(key.value, ["row 2", *place, *said, row["personal"].hex()])


def personal_of(salt: bytes, row: Mapping[Any, Any]) -> bytes:
    """Return the hash of what can be forgotten, which tells nothing of it without the salt."""
    return _digest(salt, ["personal 1", *(_plain(row[name]) for name in PERSONAL)])


def forgotten_by(key: Key, user_id: UUID) -> bytes:
    """Return what stands in place of the salt once an account is erased: only we can write it."""
    return _digest(key.value, ["forgotten 1", user_id.hex])


def is_as_written(keys: KeyRing, row: Mapping[Any, Any]) -> bool:
    """Whether what can be forgotten is as it was written, or was forgotten by us."""
    if row["personal"] is None:
        return True
    salt = row["salt"] or NOTHING
    return hmac.compare_digest(personal_of(salt, row), row["personal"]) or was_forgotten(keys, row)


def was_forgotten(keys: KeyRing, row: Mapping[Any, Any]) -> bool:
    """Whether we emptied what can be forgotten, because the account was erased."""
    salt = row["salt"] or NOTHING
    if row["user_id"] is None or any(row[name] != empty for name, empty in FORGOTTEN.items()):
        return False
    ours = (forgotten_by(key, row["user_id"]) for key in keys.keys(PURPOSE))
    return any(hmac.compare_digest(salt, each) for each in ours)


def seal_of(key: Key, head: Head) -> bytes:
    """Return the keyed hash of both ends of a lane."""
    ends = [head.lane, head.sequence, head.mac.hex(), head.begins_after, head.begins_mac.hex()]
    return _digest(key.value, ["lane 1", key.id, *ends])


def is_sealed(keys: KeyRing, head: Head, *, seal: bytes, key_id: str) -> bool:
    """Whether the ends of a lane are as we left them, by a key that is still in force."""
    key = keys.named(PURPOSE, key_id)
    return key is not None and hmac.compare_digest(seal_of(key, head), seal)


def _digest(key: bytes, said: list[object]) -> bytes:
    """Hash what is written without ambiguity: JSON on one line, in ASCII, with sorted names."""
    return hmac.digest(key, _WRITER.encode(said).encode("ascii"), "sha256")


def _plain(value: object) -> object:
    """Return a column as every database gives it back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return value.hex
    return value
