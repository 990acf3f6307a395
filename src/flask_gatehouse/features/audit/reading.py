"""Read the record: some rows, or all of them page by page, so that any number fits into memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, or_, select
from sqlalchemy.orm import Session

from flask_gatehouse.db.work import Works
from flask_gatehouse.features.audit.models import AuditLane, AuditRow
from flask_gatehouse.features.audit.places import Place

#: Rows read at once.
PAGE: Final = 1000

#: The record as a table: its rows are read by the thousand, and never changed.
RECORD: Final = cast("Table", AuditRow.__table__)
_columns: Final = RECORD.c


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows somebody asks for; whatever is None does not matter."""

    user_id: UUID | None = None
    event: str | None = None
    #: Only events of these names.
    among: frozenset[str] | None = None
    outcome: str | None = None
    address: str | None = None
    actor_id: UUID | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> list[ColumnElement[bool]]:
        """Return what the rows have to meet."""
        exact = {
            _columns.user_id: self.user_id,
            _columns.outcome: self.outcome,
            _columns.address: self.address,
            _columns.actor_id: self.actor_id,
            _columns.request_id: self.request_id,
        }
        found = [column == value for column, value in exact.items() if value is not None]
        if self.event is not None:
            # `login` means every event whose name begins with `login.`.
            family = _columns.name.startswith(f"{self.event}.", autoescape=True)
            found.append(or_(_columns.name == self.event, family))
        if self.among is not None:
            found.append(_columns.name.in_(sorted(self.among)))
        if self.since is not None:
            found.append(_columns.at >= self.since)
        if self.until is not None:
            found.append(_columns.at < self.until)
        return found

    def takes(self, row: Row[Any]) -> bool:
        """Whether one row, which was read otherwise, is wanted."""
        wrong = (
            self.user_id is not None and row.user_id != self.user_id,
            self.outcome is not None and row.outcome != self.outcome,
            self.address is not None and row.address != self.address,
            self.actor_id is not None and row.actor_id != self.actor_id,
            self.request_id is not None and row.request_id != self.request_id,
            self.event is not None and not f"{row.name}.".startswith(f"{self.event}."),
            self.among is not None and row.name not in self.among,
            self.since is not None and row.at < self.since,
            self.until is not None and row.at >= self.until,
        )
        return not any(wrong)


def done_by_another(row: Row[Any]) -> bool:
    """Whether somebody who is signed in did something to the account of somebody else."""
    return row.actor_id is not None and row.actor_id != row.user_id


def newest(db: Session, wanted: Wanted, *, limit: int) -> list[Row[Any]]:
    """Return the newest rows, newest first."""
    found = select(RECORD).where(*wanted.condition())
    ordered = found.order_by(_columns.at.desc(), _columns.id.desc()).limit(limit)
    return list(db.execute(ordered).all())


def oldest_first(works: Works, wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield every row by its time, a page at a time; nothing is locked or held open meanwhile."""
    return all_that(works, *wanted.condition())


def all_that(works: Works, *condition: ColumnElement[bool]) -> Iterator[Row[Any]]:
    """Yield every row that meets a condition, by its time."""
    found = select(RECORD).where(*condition).order_by(_columns.at, _columns.id)
    last: Row[Any] | None = None
    while True:
        page = _page(works, found if last is None else found.where(later(last)))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]


def of_lane(lane: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the question for a lane's rows in the order of their places.

    A row without a place, which nobody but a stranger writes, stands in no lane: `verify` tells it
    by itself.

    Args:
        columns: what is wanted of each row; all, if nothing is said.
    """
    found = select(*columns) if columns else select(RECORD)
    found = found.where(_columns.lane == lane, _columns.sequence.is_not(None))
    return found.order_by(_columns.sequence, _columns.at, _columns.id)


def in_lane(works: Works, lane: int, *, since: int | None = None) -> Iterator[Row[Any]]:
    """Yield every row of a lane in the order of its places, also those that share one.

    Args:
        since: the first place that is wanted.
    """
    found = of_lane(lane)
    if since is not None:
        found = found.where(_columns.sequence >= since)
    last: Row[Any] | None = None
    while True:
        page = _page(works, found if last is None else found.where(_further(last)))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]


def ends(db: Session) -> Mapping[int, Row[Any]]:
    """Return both ends of every lane that there is."""
    table = cast("Table", AuditLane.__table__)
    return {row.lane: row for row in db.execute(select(table))}


def oldest_keys(db: Session, lanes: Iterable[int]) -> set[str]:
    """Return the keys that the oldest row of each lane, and its seal, name.

    In a lane the keys follow each other as they came into force, so a key that none of these names
    has no row. Each look is one step in an index, however long the record is.
    """
    first = (db.scalar(of_lane(lane, _columns.key_id).limit(1)) for lane in lanes)
    return {key_id for key_id in first if key_id} | {row.key_id for row in ends(db).values()}


def _page(works: Works, found: Select[Any]) -> list[Row[Any]]:
    with works.reading() as db:
        return list(db.execute(found.limit(PAGE)).all())


def later(last: Row[Any] | Place) -> ColumnElement[bool]:
    """Return the condition that a row comes after another one by its time."""
    here = and_(_columns.at == last.at, _columns.id > last.id)
    return and_(_columns.at >= last.at, or_(_columns.at > last.at, here))


def earlier(place: Place) -> ColumnElement[bool]:
    """Return the condition that a row comes before a place by its time."""
    here = and_(_columns.at == place.at, _columns.id < place.id)
    return and_(_columns.at <= place.at, or_(_columns.at < place.at, here))


def _further(last: Row[Any]) -> ColumnElement[bool]:
    here = and_(_columns.sequence == last.sequence, later(last))
    beyond = or_(_columns.sequence > last.sequence, here)
    return and_(_columns.sequence >= last.sequence, beyond)


def rows_written(db: Session) -> int:
    """Return how many rows were ever written, also those that were pruned since."""
    return int(db.scalar(select(func.sum(AuditLane.sequence))) or 0)
