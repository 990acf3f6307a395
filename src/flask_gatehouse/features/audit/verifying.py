"""Find whatever was changed in the record past this program."""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, or_, select

from flask_gatehouse.core.keys import KeyRing
from flask_gatehouse.db.work import Works
from flask_gatehouse.features.audit import reading, rules
from flask_gatehouse.features.audit.reading import RECORD
from flask_gatehouse.features.audit.rules import Head

Kind = Literal["changed", "missing", "added", "cut", "unsealed", "unchained", "unknown key"]

#: What each kind of damage means, for people.
MEANINGS: Final[dict[Kind, str]] = {
    "changed": "was changed or moved",
    "missing": "is missing",
    "added": "was added past this program",
    "cut": "has lost its end",
    "unsealed": "has ends that this program did not write",
    "unchained": "was never chained",
    "unknown key": "was written with a key that is no longer known",
}

#: How often a lane is read again if it was pruned meanwhile.
_TRIES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One thing that is not as it was written."""

    kind: Kind
    lane: int | None = None
    sequence: int | None = None
    #: The last of several places that are missing in a row.
    through: int | None = None
    id: UUID | None = None
    at: datetime | None = None


@dataclass
class Tally:
    """What a walk over the record has seen so far."""

    rows: int = 0


def damages(works: Works, tally: Tally) -> Iterator[Damage]:
    """Yield every damage, lane by lane; a record of any size is read a page at a time."""
    with works.reading() as db:
        lanes = reading.ends(db)
    yield from _not_in_a_lane(works, tally)
    if not lanes and not _anything_in_lanes(works):
        return  # nothing was ever written
    for lane in rules.LANES:
        yield from _lane(works, lane, tally)


def _lane(works: Works, lane: int, tally: Tally) -> Iterator[Damage]:
    for _ in range(_TRIES):
        before = _ends_of(works, lane)
        head = rules.empty(lane) if before is None else head_of(before)
        seen = Walk(works.house.keys, lane, head)
        found = list(_first_of_each(seen.over(reading.in_lane(works, lane))))
        after = _ends_of(works, lane)
        # Pruned meanwhile: what was read began where the lane no longer begins.
        if _beginning(before) == _beginning(after):
            break
    tally.rows += seen.rows
    yield from (damage for damage in found if not _was_pruned(damage, after, works.house.keys))
    yield from seen.judge(before, after)


def _was_pruned(damage: Damage, after: Row[Any] | None, keys: KeyRing) -> bool:
    """Whether places are missing because we pruned them while they were read, again and again."""
    if damage.kind != "missing" or after is None or not _is_sealed(after, keys):
        return False
    return damage.through is not None and damage.through <= after.begins_after


def _first_of_each(found: Iterable[Damage]) -> Iterator[Damage]:
    """Yield at most a thousand damages of a lane: more of them say nothing more."""
    for number, damage in enumerate(found):
        if number < reading.PAGE:
            yield damage


class Walk:
    """One walk over a lane, from its first row to its last."""

    def __init__(self, keys: KeyRing, lane: int, head: Head) -> None:
        """Args: head: the ends of the lane before the walk."""
        self._keys = keys
        self._lane = lane
        self._head = head
        self._place, self._before = head.begins_after, head.begins_mac
        #: Whether the row at which the lane ended before the walk has the hash that it had.
        self._met = head.sequence == head.begins_after and head.mac == head.begins_mac
        self.rows = 0

    def over(self, rows: Iterable[Row[Any]]) -> Iterator[Damage]:
        """Walk; yield the damages of rows."""
        for row in rows:
            self.rows += 1
            if row.sequence <= self._place:
                yield self._damage("added", row)
                continue
            if row.sequence > self._place + 1:
                yield Damage(
                    kind="missing",
                    lane=self._lane,
                    sequence=self._place + 1,
                    through=row.sequence - 1,
                )
                yield from self._look(row, linked=False)
            else:
                yield from self._look(row, linked=True)
            self._place, self._before = row.sequence, row.mac or rules.NOTHING
            if row.sequence == self._head.sequence:
                self._met = hmac.compare_digest(self._before, self._head.mac)

    def judge(self, before: Row[Any] | None, after: Row[Any] | None) -> Iterator[Damage]:
        """Yield the damages of the lane's ends, given what they were before and after the walk."""
        if before is None or after is None:
            yield Damage(kind="unsealed", lane=self._lane)
            return
        for ends in (before, after):
            if not _is_sealed(ends, self._keys):
                known = self._keys.named(rules.PURPOSE, ends.key_id) is not None
                yield Damage(kind="unsealed" if known else "unknown key", lane=self._lane)
                return
        # The row at which the lane ended may have been pruned while it was read.
        met = self._met or before.sequence <= after.begins_after
        if not met or self._place > after.sequence:
            yield Damage(kind="cut", lane=self._lane, sequence=self._head.sequence)

    def _look(self, row: Row[Any], *, linked: bool) -> Iterator[Damage]:
        """Look at one row; after a gap its own hash cannot be computed, and the gap is told."""
        key = self._keys.named(rules.PURPOSE, row.key_id or "")
        if key is None:
            yield self._damage("unknown key" if row.key_id else "added", row)
        elif linked:
            mac = rules.mac_of(
                key,
                row=row._mapping,  # noqa: SLF001 - public in all but name
                lane=self._lane,
                sequence=row.sequence,
                before=self._before,
            )
            as_written = rules.is_as_written(self._keys, row._mapping)  # noqa: SLF001 - as above
            if not as_written or not hmac.compare_digest(mac, row.mac or rules.NOTHING):
                yield self._damage("changed", row)

    def _damage(self, kind: Kind, row: Row[Any]) -> Damage:
        return Damage(kind=kind, lane=self._lane, sequence=row.sequence, id=row.id, at=row.at)


def head_of(ends: Row[Any]) -> Head:
    """Return the ends of a lane without their seal."""
    return Head(ends.lane, ends.sequence, ends.mac, ends.begins_after, ends.begins_mac)


def _is_sealed(ends: Row[Any], keys: KeyRing) -> bool:
    return rules.is_sealed(keys, head_of(ends), seal=ends.seal, key_id=ends.key_id)


def _beginning(ends: Row[Any] | None) -> object:
    return None if ends is None else ends.begins_after


def _ends_of(works: Works, lane: int) -> Row[Any] | None:
    with works.reading() as db:
        return reading.ends(db).get(lane)


def outside() -> Any:  # noqa: ANN401 - a condition as SQLAlchemy has it
    """Return the condition that a row stands in no lane."""
    lanes = RECORD.c.lane
    return or_(lanes.is_(None), lanes.not_in(list(rules.LANES)), RECORD.c.sequence.is_(None))


def _not_in_a_lane(works: Works, tally: Tally) -> Iterator[Damage]:
    for row in reading.all_that(works, outside()):
        tally.rows += 1
        plain = row.lane is None and row.sequence is None and row.mac is None
        yield Damage(kind="unchained" if plain else "added", id=row.id, at=row.at)


def _anything_in_lanes(works: Works) -> bool:
    with works.reading() as db:
        return (
            db.execute(select(RECORD.c.id).where(RECORD.c.lane.is_not(None)).limit(1)).first()
            is not None
        )
