"""Follow what is added to the record, lane by lane: in a lane no row comes in late."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from flask_gatehouse.db.work import Works
from flask_gatehouse.features.audit import reading


@dataclass(frozen=True)
class _Seen:
    """The newest row of a lane that was told."""

    sequence: int
    mac: bytes


class Follower:
    """Knows how far each lane was told, and says what it could not tell."""

    def __init__(self, works: Works, warn: Callable[[str], None]) -> None:
        """Begin at what there is now. Args: warn: called with a sentence about what was missed."""
        self._works = works
        self._warn = warn
        with works.reading() as db:
            now = reading.ends(db)
        self._seen = {lane: _Seen(ends.sequence, ends.mac) for lane, ends in now.items()}

    def comes_later(self, row: Row[Any]) -> bool:
        """Whether a row was written since the beginning, and so is told by its lane."""
        seen = self._seen.get(row.lane)
        return seen is not None and row.sequence is not None and row.sequence > seen.sequence

    def added(self) -> Iterator[Row[Any]]:
        """Yield what was added since the last look."""
        with self._works.reading() as db:
            now = reading.ends(db)
        for lane, ends in now.items():
            seen = self._seen.get(lane, _Seen(ends.begins_after, ends.begins_mac))
            if (ends.sequence, ends.mac) != (seen.sequence, seen.mac):
                yield from self._added_to(lane, ends, seen)

    def _added_to(self, lane: int, ends: Row[Any], seen: _Seen) -> Iterator[Row[Any]]:
        beginning = _Seen(ends.begins_after, ends.begins_mac)
        if beginning.sequence > seen.sequence:
            self._warn(
                f"Lane {lane}: rows {seen.sequence + 1} to {beginning.sequence} were pruned before "
                "they were printed."
            )
            seen = beginning
        elif not self._goes_on(lane, beginning, seen):
            self._warn(
                f"Lane {lane} no longer goes on where it was: it began anew, or lost rows. It is "
                "printed from its beginning; each row has an id."
            )
            seen = beginning
        self._seen[lane] = seen
        for row in reading.in_lane(self._works, lane, since=seen.sequence + 1):
            self._seen[lane] = _Seen(row.sequence, row.mac)
            yield row

    def _goes_on(self, lane: int, beginning: _Seen, seen: _Seen) -> bool:
        """Whether the row that was told last is still where it was."""
        if beginning.sequence == seen.sequence:
            return beginning.mac == seen.mac
        last = next(reading.in_lane(self._works, lane, since=seen.sequence), None)
        return last is not None and (last.sequence, last.mac) == (seen.sequence, seen.mac)
